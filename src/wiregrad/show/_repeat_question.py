"""The lines of Python that repeat an attribution or a lesion screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..experiments import LesionScreen, lesion_screen
from ..gradients import Attribution, attribution
from ..network import MultilayeredNetwork
from ._calls import call_text, given_texts, left_open, literal
from ._repeat import setup_lines

__all__ = [
    "attribution_lines",
    "lesion_lines",
    "require_asked",
    "stimulus_lines",
]

_MOST_WRITTEN = 400  # entries of a stimulus
_OPEN = ("baseline", "initial_state", "manipulations")  # what no literal is written of


def attribution_lines(found: Attribution, network: MultilayeredNetwork | None) -> str:
    """Write a program that repeats an attribution, as far as it remembers."""
    arguments = found.arguments | {"method": found.method}
    given = given_texts(_without_arrays(arguments), attribution) | _open_texts(arguments)
    targets = given.pop("targets", "...")
    if found.null_share is not None:
        given["nulls"] = left_open("the null models, as they were given")
    call = call_text(
        "wg.attribution", ["network", "stimulus", targets], given | {"seed": repr(found.seed)}
    )
    return _program(
        network,
        found.provenance,
        found.version,
        [stimulus_lines(found.stimulus), f"found = {call}"],
    )


def lesion_lines(screen: LesionScreen, network: MultilayeredNetwork | None) -> str:
    """Write a program that repeats a lesion screen, as far as it remembers."""
    given = given_texts(_without_arrays(screen.arguments), lesion_screen)
    given |= _open_texts(screen.arguments)
    targets = given.pop("targets", "...")
    if "nulls" in given:
        given["connectome"] = "connectome"
    stimulus = "stimulus = ...  # (sensory, step)"
    if screen.stimulus is not None:
        stimulus = stimulus_lines(screen.stimulus)
    call = call_text("wg.lesion_screen", ["network", "stimulus", targets], given)
    return _program(network, screen.provenance, screen.version, [stimulus, f"screen = {call}"])


def _without_arrays(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in _OPEN}


def _open_texts(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Write arguments that are known in words alone, or are arrays."""
    texts = {}
    for name in _OPEN:
        value = arguments.get(name)
        if value is None or (name == "manipulations" and not value):
            continue
        said = "as it was given: found.arguments" if name != "manipulations" else str(value)
        texts[name] = left_open(said)
    return texts


def stimulus_lines(stimulus: npt.NDArray[np.floating]) -> str:
    """Write a stimulus by its entries other than 0, or leave it open where these are too many.

    Examples
    --------
    >>> print(stimulus_lines(np.array([[1.0, 0.0], [1.0, 0.5]])))
    stimulus = np.zeros((2, 2))  # (sensory, step)
    stimulus[[0, 1], 0] = 1.0
    stimulus[[1], 1] = 0.5
    """
    axes = "(batch, sensory, step)" if stimulus.ndim == 3 else "(sensory, step)"
    entries = np.argwhere(stimulus)
    if len(entries) > _MOST_WRITTEN:
        return f"stimulus = ...  # {axes}, {stimulus.shape}, as it was given: found.stimulus"
    lines = [f"stimulus = np.zeros({stimulus.shape})  # {axes}"]
    rows: dict[tuple[Any, ...], list[int]] = {}
    for entry in entries.tolist():
        *members, row, step = entry
        value = float(str(stimulus[tuple(entry)]))  # of a float32, the shortest that is the same
        rows.setdefault((*members, step, value), []).append(row)
    for (*members, step, value), sensory in rows.items():
        place = ", ".join([*map(str, members), literal(sensory), str(step)])
        lines.append(f"stimulus[{place}] = {value!r}")
    return "\n".join(lines)


def require_asked(
    network: MultilayeredNetwork | None,
    provenance: Mapping[str, Any],
    shape: Sequence[int] | None,
) -> None:
    """Refuse a network that is not the one a result is of.

    Raises
    ------
    ValueError
        If its stimulus has another shape, or it was made from another connectome.
    """
    if network is None:
        return
    own = (len(network.sensory_indices), network.num_layers)
    if shape is not None and own != tuple(shape):
        raise ValueError(
            f"the result is of a stimulus of {shape[0]:,} sensory neurons in {shape[1]} steps, but "
            f"the network has {own[0]:,} and {own[1]}: pass the network that was asked"
        )
    checksums = [each.get("checksum") for each in (provenance, network.provenance)]
    if checksums[0] != checksums[1]:
        raise ValueError(
            "the network was made from another connectome than the result: pass the network that "
            "was asked"
        )


def _program(
    network: MultilayeredNetwork | None,
    provenance: Mapping[str, Any],
    version: str,
    parts: Sequence[str],
) -> str:
    setup = setup_lines(network, provenance, version)
    setup[0] = f"import numpy as np\n{setup[0]}"
    return "\n\n".join([*setup, *parts]) + "\n"

"""A network in a folder: parameters by name, how they came about, and what wiring they are for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .._messages import few
from .._version import __version__
from .._whole_files import write_file
from ..connectome import Connectome
from ..network import MultilayeredNetwork
from ._checkpoint import digest
from ._fit_result import FitResult
from ._kinds import KINDS

__all__ = ["load_network", "save_network"]

_PAGE, _FORMAT = "network.json", 1

#: What a network is set to besides its wiring and its parameters.
_SETTINGS = (
    *("threshold", "tanh_steepness", "default_bias", "signed_biases", "divisive_rule"),
    "input_range",
)

# A network with time constants is made with these, which are then replaced.
_ANY_TAU = 2.0

#: What `from_connectome` was given that says how weights come from the connectome.
_CHOICES = ("group_by", "sign", "transmitter_signs")


def save_network(
    network: MultilayeredNetwork, folder: str | Path, training: FitResult | None = None
) -> None:
    """Write a network's parameters, by name, with what is needed to make it again.

    Parameters
    ----------
    network : MultilayeredNetwork
        One made by `from_connectome`. The wiring itself is not written, its checksum is.
    folder : path
        Made if need be. An interrupted save leaves what was there.
    training : FitResult, optional
        How it was trained: settings, losses, stimuli held out and the table of parameters are
        kept.

    Raises
    ------
    ValueError
        If the network was made from bare weights, is manipulated, or has an activation function or
        dynamics of your own or a sign rule that is a function, which cannot be written.

    Notes
    -----
    `network.json` can be read by anyone. Factors on single connections, where they were trained,
    go into an npz beside it.

    Examples
    --------
    >>> import tempfile
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    >>> network.slope.data[network.groups.position("AVA")] = 3.5
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wg.save_network(network, folder)
    ...     again = wg.load_network(folder, worm, device="cpu")
    >>> again.slope[again.groups.position("AVA")].item()
    3.5
    """
    folder = Path(folder)
    choices = network.provenance.get("choices")
    if choices is None:
        raise ValueError(
            "only a network made by from_connectome can be saved: one made from bare weights does "
            "not know its connectome; save its state_dict() with torch.save"
        )
    if network.custom_activation_function is not None:
        raise ValueError("a network with an activation function of your own cannot be saved")
    if network.dynamics is not None:
        raise ValueError("a network with dynamics of its own (`dynamics=`) cannot be saved")
    if network.manipulations:
        raise ValueError(
            f"this network is manipulated ({network.manipulations}): save the one that it was made "
            "of, and manipulate it again when it is loaded"
        )
    folder.mkdir(parents=True, exist_ok=True)
    arrays = f"connections-{uuid.uuid4().hex[:12]}.npz"
    page = {
        "format": _FORMAT,
        "wiregrad": __version__,
        "connectome": network.provenance["connectome"],
        "checksum": network.provenance["checksum"],
        "pattern": _pattern(network),
        "steps": network.num_layers,
        "inputs": network.sensory_indices.tolist(),
        "choices": {
            **{name: choices[name] for name in _CHOICES if name in choices},
            "unknown_sign": network.provenance["signs"].get("unknown_sign", 0),
        },
        "settings": {name: getattr(network, name) for name in _SETTINGS},
        "divisive_normalization": _pairs(network),
        "groups": None if network.groups is None else [str(n) for n in network.groups.names],
        "parameters": _parameters(network),
        "connections": arrays,
        "training": None if training is None else _training(training),
    }
    try:
        text = json.dumps(page, indent=1, default=_plain)
    except TypeError as error:
        raise ValueError(
            f"this network cannot be written: {error}. A sign rule or selection that is a function "
            "has no text; make the network with a dict or a column instead"
        ) from None
    weights: dict[str, Any] = {"weights": network.weights.values.detach().cpu().numpy()}
    if network.divisive_strength is not None:
        weights["divisive"] = network.divnorm_weights.detach().cpu().numpy()
    old = _connections_of(folder)
    np.savez_compressed(folder / arrays, **weights)
    # Until this is done the old page names the old file.
    write_file(folder / _PAGE, lambda part: part.write_text(text, encoding="utf-8"))
    if old is not None:
        old.unlink(missing_ok=True)


def load_network(
    folder: str | Path, connectome: Connectome, device: torch.device | str | None = None
) -> MultilayeredNetwork:
    """Make a network as it was saved, on the connectome that it was made of.

    Parameters
    ----------
    folder : path
        What `save_network` wrote.
    connectome : Connectome
        The same wiring, with the same names.
    device : torch.device, optional
        By default CUDA if there is one, else the CPU.

    Returns
    -------
    MultilayeredNetwork
        How it was trained is in `provenance["training"]`.

    Raises
    ------
    ValueError
        If the folder holds no saved network, or the connectome is another one.
    """
    folder = Path(folder)
    page = _read_page(folder)
    if page["checksum"] != connectome.checksum:
        raise ValueError(
            f"{folder} holds a network of the connectome {page['connectome']!r} (checksum "
            f"{page['checksum'][:12]}), and this one is {connectome.name!r} (checksum "
            f"{connectome.checksum[:12]}): its wiring, names or signs differ, so the parameters "
            "would belong to other neurons. Load the connectome that the network was made of, or "
            "fit this one anew"
        )
    network = MultilayeredNetwork.from_connectome(
        connectome,
        page["inputs"],
        page["steps"],
        **page["choices"],
        **page["settings"],
        **_parts(page),
        device=device,
    )
    if page["pattern"] != _pattern(network):
        raise ValueError(
            f"{folder} was saved with other connections than this version makes of the same "
            "connectome: fit it anew"
        )
    _set_parameters(network, page, folder)
    network.provenance["training"] = page["training"]
    return network


def _read_page(folder: Path) -> dict[str, Any]:
    try:
        page: dict[str, Any] = json.loads((folder / _PAGE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} holds no saved network: there is no {_PAGE} in it") from error
    if page.get("format") != _FORMAT:
        raise ValueError(
            f"{folder} is of format {page.get('format')!r}, and this version of wiregrad "
            f"({__version__}) reads format {_FORMAT}"
        )
    return page


def _connections_of(folder: Path) -> Path | None:
    try:
        return folder / str(_read_page(folder)["connections"])
    except (ValueError, KeyError):
        return None


def _pattern(network: MultilayeredNetwork) -> str:
    """Return a checksum of which connections there are, with the divisive ones."""
    matrix = network.weights
    parts = [matrix.ccol, matrix.row, torch.sign(matrix.values.detach()).to(torch.int8)]
    if network.divisive_strength is not None:
        parts.append(network.divnorm_indices)
    return digest(*(part.cpu().numpy() for part in parts))


def _parameters(network: MultilayeredNetwork) -> dict[str, dict[str, float]]:
    """Return the values of every group, by name."""
    found = {}
    for name, kind in KINDS.items():
        if kind.gain or kind.tensor(network) is None:
            continue
        units = kind.units(network, "group").names
        found[name] = {
            str(unit): float(value)
            for unit, value in zip(units, kind.value(network).tolist(), strict=True)
        }
    return found


def _set_parameters(network: MultilayeredNetwork, page: Mapping[str, Any], folder: Path) -> None:
    with torch.no_grad():
        for name, values in page["parameters"].items():
            tensor = KINDS[name].tensor(network) if name in KINDS else None
            names = [] if tensor is None else KINDS[name].units(network, "group").names
            units = [str(unit) for unit in names]
            if tensor is None or sorted(units) != sorted(values):
                missing = [unit for unit in units if unit not in values] or list(values)
                raise ValueError(
                    f"{folder} has {name!r} for other groups than this network ({few(missing)}); "
                    "the connectome's labels, or the version of wiregrad, differ"
                )
            tensor.copy_(torch.tensor([values[unit] for unit in units], dtype=tensor.dtype))
        with np.load(folder / page["connections"], allow_pickle=False) as file:
            network.weights.values.copy_(torch.from_numpy(file["weights"]))
            if "divisive" in file.files:
                network.divnorm_weights.copy_(torch.from_numpy(file["divisive"]))


def _pairs(network: MultilayeredNetwork) -> list[list[Any]] | None:
    pairs = network.divisive_normalization
    if not pairs:
        return None
    return [
        [pre, [posts] if isinstance(posts, str) else list(posts)] for pre, posts in pairs.items()
    ]


def _parts(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes the parameters that not every network has."""
    pairs = page["divisive_normalization"]
    divisive = {} if pairs is None else {"divisive_normalization": dict(pairs)}
    return divisive | ({"tau": _ANY_TAU} if "tau" in page["parameters"] else {})


def _training(result: FitResult) -> dict[str, Any]:
    parameters = result.parameters.astype(object)
    return {
        "arguments": {name: _text(value) for name, value in result.arguments.items()},
        "seed": result.seed,
        "wiregrad": result.version,
        "train_loss": _number(result.train_loss),
        "held_out_loss": _number(result.held_out_loss),
        "first_train_loss": _number(result.first_train_loss),
        "first_held_out_loss": _number(result.first_held_out_loss),
        "radius": _number(result.radius),
        "held_out_members": result.held_out_members.tolist(),
        "train_members": result.train_members.tolist(),
        "seconds": result.seconds,
        "parameters": parameters.where(parameters.notna(), None).to_dict("records"),
    }


def _text(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _plain(value: Any) -> Any:
    """Write numpy's numbers and arrays; refuse what has no text."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {value!r} has no text")

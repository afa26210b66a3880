"""How to repeat a result: the lines of Python, written from what the result remembers."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..gradients import activation_maximisation
from ..network import MultilayeredNetwork
from ..tables import neuron_labels

if TYPE_CHECKING:
    from ..gradients import MaximisationResult

__all__ = [
    "changed_since",
    "given_options",
    "literal",
    "python_lines",
    "search_options",
    "setup_lines",
]

#: Where the package's own connectomes come from.
_BUNDLED = {"wiregrad.datasets.celegans", "wiregrad.datasets.flyvis_column"}

_MOST_LISTED = 400
_LEFT_OPEN = "...,  # "
_AS_GIVEN = f"{_LEFT_OPEN}as it was given"


def python_lines(result: MaximisationResult, network: MultilayeredNetwork) -> str:
    """Write a program that repeats a result, as far as the result and the network remember.

    What they do not remember, such as a file that a connectome was read from, is left as `...`
    with a comment that says what belongs there.
    """
    parts = [
        *setup_lines(network, result.provenance, result.version),
        _target_lines(result.target_neurons, network),
        _call_lines(result, network),
    ]
    return "\n\n".join(parts) + "\n"


def setup_lines(
    network: MultilayeredNetwork | None,
    provenance: Mapping[str, Any],
    version: str,
    which: str = "the one that was asked",
) -> list[str]:
    """Write the paragraphs of a program that make a network.

    One that is not there is left open, with a comment that says which it is.
    """
    first = f"import wiregrad as wg  # wiregrad {_comment(version)}"
    if network is None:
        origin = _comment(str(provenance.get("connectome", "bare weights")))
        return [first, f"connectome = ...  # {origin}\nnetwork = ...  # {which}"]
    return [
        first,
        _connectome_lines(provenance),
        _network_lines(network, provenance),
    ]


def given_options(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices a network was made by, but for its inputs, where they are not the default.

    The device is left out: it does not change the answer.
    """
    defaults = _defaults(MultilayeredNetwork.from_connectome, MultilayeredNetwork.__init__)
    unknown_sign = provenance["signs"]["unknown_sign"]
    choices = {**provenance.get("choices", {}), "unknown_sign": unknown_sign}
    for name in ("inputs", "steps", "device"):
        choices.pop(name, None)
    return {name: value for name, value in choices.items() if _differs(value, defaults.get(name))}


def search_options(result: MaximisationResult) -> dict[str, Any]:
    """Return the arguments of the search that are not the default, but for the seed."""
    defaults = _defaults(activation_maximisation)
    given = {name: value for name, value in result.arguments.items() if name in defaults}
    return {name: value for name, value in given.items() if _differs(value, defaults[name])}


def changed_since(network: MultilayeredNetwork, choices: Mapping[str, Any]) -> list[str]:
    """Write what was set on a network after it was made."""
    defaults = _defaults(MultilayeredNetwork.__init__) | {**choices}
    lines = [
        f"network.{name} = {getattr(network, name)!r}"
        for name in ("threshold", "tanh_steepness", "default_bias")
        if getattr(network, name) != defaults[name]
    ]
    for name, values, usual in (
        ("slope", network.slope, defaults["tanh_steepness"]),
        ("raw_biases", network.biases, defaults["default_bias"]),
    ):
        by_group = {"slope": "slope_dict", "raw_biases": "bias_dict"}[name]
        if values is None or defaults.get(by_group):
            continue
        if not np.allclose(values.detach().cpu().numpy(), usual):
            lines.append(f"network.{name} = ...  # was trained, or set by hand")
    return lines


def _connectome_lines(provenance: Mapping[str, Any]) -> str:
    if not provenance:
        return "weights = ...  # W[post, pre]: the network was made from bare weights"
    source = provenance.get("connectome_source")
    if source in _BUNDLED and "connectome_cut_from" not in provenance:
        electrical = "electrical" in str(provenance.get("connectome_connections", ""))
        call = f"wg.{str(source).removeprefix('wiregrad.')}"
        made = f"{call}({'gap_junctions=True' if electrical else ''})"
    elif "connectome_path" in provenance and "connectome_cut_from" not in provenance:
        as_saved = "connectome_saved" in provenance
        options = {} if as_saved else provenance.get("connectome_options", {})
        arguments = [repr(provenance["connectome_path"])]
        arguments += [f"{name}={value!r}" for name, value in options.items()]
        made = f"wg.Connectome.load({', '.join(arguments)})"
    else:
        made = f"...  # the connectome {_comment(provenance['connectome'])}"
    return (
        f"connectome = {made}\n"
        f"# its wiring is the same if connectome.checksum is\n"
        f"# {_comment(provenance['checksum'])}"
    )


def _network_lines(network: MultilayeredNetwork, provenance: Mapping[str, Any]) -> str:
    choices = provenance.get("choices", {})
    sensory = network.sensory_indices.tolist()
    if provenance:
        first, make = "connectome", "wg.MultilayeredNetwork.from_connectome"
        inputs = choices.get("inputs")
        given = {"inputs": inputs if isinstance(inputs, (str, int)) or _texts(inputs) else sensory}
        given |= {"steps": network.num_layers, **given_options(provenance)}
    else:
        first, make = "weights", "wg.MultilayeredNetwork"
        given = {"sensory_indices": sensory, "num_layers": network.num_layers}
        given |= {} if network.idx_to_group is None else {"idx_to_group": network.idx_to_group}
    arguments = [first, *(f"{name}={literal(value)}" for name, value in given.items())]
    lines = [f"network = {make}(\n{_arguments(arguments)}\n)", *changed_since(network, choices)]
    return "\n".join(lines)


def _target_lines(targets: pd.DataFrame, network: MultilayeredNetwork) -> str:
    if len(targets) > _MOST_LISTED:
        where = "target_neurons" if "target" in targets else "targets"
        return f"targets = ...  # the {len(targets):,} rows of result.{where}"
    names = targets["neuron"].tolist()
    if network.neurons is not None and network.neurons["id"].dtype.kind not in "iuf":
        names = neuron_labels(network)["id"].iloc[names].tolist()
    rows = targets.assign(neuron=names, value=targets["value"].round(9))
    if rows["batch"].max() == 0 and "target" not in rows:
        asked: dict[int, dict[Any, float]] = {}
        for layer, neuron, value in rows[["layer", "neuron", "value"]].itertuples(index=False):
            asked.setdefault(layer, {})[neuron] = value
        return f"targets = wg.TargetActivation({literal(asked)})"
    named = ["target", "weight"] if "target" in rows else []
    rows = rows.astype(dict.fromkeys(named, object)).where(rows.notna(), None)
    columns = {name: rows[name].tolist() for name in ("batch", "layer", "neuron", "value", *named)}
    lines = [f"    {name!r}: {literal(values)}," for name, values in columns.items()]
    table = "pd.DataFrame({\n" + "\n".join(lines) + "\n})"
    return f"import pandas as pd\n\ntargets = wg.TargetActivation({table})"


def _call_lines(result: MaximisationResult, network: MultilayeredNetwork) -> str:
    given = [
        f"{name}={literal(value)}" if name != "input_tensor" else f"{name}={_AS_GIVEN}"
        for name, value in search_options(result).items()
        if name != "manipulations"
    ]
    if network.manipulations:  # also those that the network had been given before
        given.append(f"manipulations=wg.{network.manipulations!r}")
    lines = _arguments(["network", "targets", *given, f"seed={result.seed!r}"])
    return f"result = wg.activation_maximisation(\n{lines}\n)\nwg.report(result)"


def _defaults(*functions: Any) -> dict[str, Any]:
    parameters = [inspect.signature(function).parameters for function in functions]
    return {name: p.default for group in parameters for name, p in group.items()}


def _differs(value: Any, default: Any) -> bool:
    """Whether a value is not the default; what cannot be compared is not."""
    simple = value is None or isinstance(value, (str, bool, int, float))
    return bool(value != default) if simple else True


def _texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def literal(value: Any) -> str:
    """Write a value as Python, or leave it open where it cannot be written or is too long."""
    if not _plain(value):
        return _AS_GIVEN
    if isinstance(value, (list, tuple)) and len(value) > 2 and _plain_numbers(value):
        start, n = value[0], len(value)
        if list(value) == list(range(start, start + n)):
            return f"range({start}, {start + n})"
    if isinstance(value, (list, tuple, dict)) and len(value) > _MOST_LISTED:
        return f"{_LEFT_OPEN}{len(value):,} entries, as they were given"
    return _wrapped(value)


def _plain(value: Any) -> bool:
    """Whether the `repr` of a value is Python for it."""
    if isinstance(value, Mapping):
        return type(value) is dict and all(map(_plain, [*value, *value.values()]))
    if isinstance(value, (list, tuple)):
        return all(map(_plain, value))
    return value is None or type(value) in (str, bool, int, float)


def _plain_numbers(values: Any) -> bool:
    return all(type(value) is int for value in values)


def _wrapped(value: Any) -> str:
    """Write a value; the entries of a long list or dict go on several lines."""
    text = repr(value)
    if len(text) <= 84 or not isinstance(value, (list, tuple, dict)):
        return text
    pairs = value.items() if isinstance(value, dict) else ()
    entries = [f"{key!r}: {_wrapped(item)}," for key, item in pairs] or [f"{v!r}," for v in value]
    if isinstance(value, dict) and any(isinstance(item, dict) for item in value.values()):
        lines = entries
    else:
        lines = _packed(entries)
    body = textwrap.indent("\n".join(lines), "    ")
    return f"{text[0]}\n{body}\n{text[-1]}"


def _packed(entries: list[str]) -> list[str]:
    """Put as many entries on a line as fit; they are not broken, since they may hold any text."""
    lines = [""]
    for entry in entries:
        if lines[-1] and len(lines[-1]) + len(entry) > 84:
            lines.append("")
        lines[-1] += f" {entry}" if lines[-1] else entry
    return lines


def _arguments(lines: list[str]) -> str:
    """Write arguments below each other; one that is left open has its comma and a comment."""
    closed = (line if f"={_LEFT_OPEN}" in line else f"{line}," for line in lines)
    return textwrap.indent("\n".join(closed), "    ")


def _comment(value: object) -> str:
    """Return a text that cannot leave the comment it stands in."""
    return " ".join(str(value).split())

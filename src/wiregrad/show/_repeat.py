"""How to repeat a result: the lines of Python, written from what the result remembers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..gradients import activation_maximisation
from ..network import MultilayeredNetwork
from ..tables import neuron_labels
from ._calls import call_text, comment, defaults_of, differs, left_open, literal

if TYPE_CHECKING:
    from ..gradients import MaximisationResult

__all__ = [
    "changed_since",
    "given_options",
    "python_lines",
    "search_options",
    "setup_lines",
]

#: Where the package's own connectomes come from.
_BUNDLED = {"wiregrad.datasets.celegans", "wiregrad.datasets.flyvis_column"}

_MOST_LISTED = 400  # rows of targets


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
    first = f"import wiregrad as wg  # wiregrad {comment(version)}"
    if network is None:
        origin = comment(str(provenance.get("connectome", "bare weights")))
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
    defaults = defaults_of(MultilayeredNetwork.from_connectome, MultilayeredNetwork.__init__)
    unknown_sign = provenance["signs"]["unknown_sign"]
    choices = {**provenance.get("choices", {}), "unknown_sign": unknown_sign}
    for name in ("inputs", "steps", "device"):
        choices.pop(name, None)
    return {name: value for name, value in choices.items() if differs(value, defaults.get(name))}


def search_options(result: MaximisationResult) -> dict[str, Any]:
    """Return the arguments of the search that are not the default, but for the seed."""
    defaults = defaults_of(activation_maximisation)
    given = {name: value for name, value in result.arguments.items() if name in defaults}
    return {name: value for name, value in given.items() if differs(value, defaults[name])}


def changed_since(network: MultilayeredNetwork, choices: Mapping[str, Any]) -> list[str]:
    """Write what was set on a network after it was made."""
    defaults = defaults_of(MultilayeredNetwork.__init__) | {**choices}
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
        made = f"...  # the connectome {comment(provenance['connectome'])}"
    return (
        f"connectome = {made}\n"
        f"# its wiring is the same if connectome.checksum is\n"
        f"# {comment(provenance['checksum'])}"
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
    call = call_text(make, [first], {name: literal(value) for name, value in given.items()})
    return "\n".join([f"network = {call}", *changed_since(network, choices)])


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
    options = search_options(result)
    options.pop("manipulations", None)
    given = {name: literal(value) for name, value in options.items()}
    if "input_tensor" in given:
        given["input_tensor"] = left_open("as it was given")
    if network.manipulations:  # also those that the network had been given before
        given["manipulations"] = f"wg.{network.manipulations!r}"
    call = call_text(
        "wg.activation_maximisation", ["network", "targets"], given | {"seed": repr(result.seed)}
    )
    return f"result = {call}\nwg.report(result)"


def _texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)

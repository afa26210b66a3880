"""How to repeat a result from the command line, where the command can ask the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..network import MultilayeredNetwork
from ..tables import neuron_labels
from ._repeat import changed_since, given_options, search_options

if TYPE_CHECKING:
    from ..gradients import MaximisationResult

__all__ = ["command_line"]

_MOST_TARGETS = 12

_BUDGET = ("max_active", "input_steps", "binary")

#: Choices that the command has an option for.
_OPTIONS = {"sign": "--sign", "unknown_sign": "--unknown-sign", "group_by": "--group-by"}


def command_line(result: MaximisationResult, network: MultilayeredNetwork) -> str | None:
    """Write the command that repeats a result; None where it takes Python.

    The command knows the package's own connectomes, selections as inputs, and targets of one value
    at one step.
    """
    connectome = _connectome(result.provenance)
    targets = _targets(result.targets, network)
    if connectome is None or targets is None or not _usual_search(result):
        return None
    if network.manipulations:
        return None
    choices = result.provenance["choices"]
    options = given_options(result.provenance)
    inputs = [choices["inputs"]] if isinstance(choices["inputs"], str) else choices["inputs"]
    if not isinstance(inputs, (list, tuple)) or not all(isinstance(i, str) for i in inputs):
        return None
    if set(options) - set(_OPTIONS) or changed_since(network, choices):
        return None
    if not all(isinstance(value, (str, int)) for value in options.values()):
        return None
    words = ["wiregrad", "maximise", connectome]
    words += [word for selection in inputs for word in ("--inputs", selection)]
    words += [word for target in targets for word in ("--targets", target)]
    words += ["--steps", str(network.num_layers), *_when_and_how_much(result, network)]
    words += [word for name, value in options.items() for word in (_OPTIONS[name], str(value))]
    limit = result.arguments.get("num_iterations")
    words += [] if limit is None else ["--iterations", str(limit)]
    words += _budget(result)
    return shlex.join([*words, "--seed", str(result.seed), "--out", "report.html"])


def _connectome(provenance: Mapping[str, Any]) -> str | None:
    """Return the name or the path that the command knows a connectome by."""
    if "connectome_cut_from" in provenance:
        return None
    if "connectome_path" in provenance:
        plain = "connectome_saved" in provenance or not provenance.get("connectome_options")
        return str(provenance["connectome_path"]) if plain else None
    electrical = "electrical" in str(provenance.get("connectome_connections", ""))
    names = {
        "wiregrad.datasets.celegans": "celegans+gap" if electrical else "celegans",
        "wiregrad.datasets.flyvis_column": "flyvis_column",
    }
    return names.get(str(provenance.get("connectome_source")))


def _targets(targets: pd.DataFrame, network: MultilayeredNetwork) -> list[str] | None:
    """Return the targets as whole groups, else as ids; None if they are too many or differ."""
    if "target" in targets or len(targets[["batch", "layer", "value"]].drop_duplicates()) != 1:
        return None
    ids = neuron_labels(network)["id"]
    types = _types(network, ids)
    neurons = targets["neuron"].to_numpy()
    groups = types.iloc[neurons].drop_duplicates()
    if len(groups) <= _MOST_TARGETS and types.isin(groups).sum() == len(neurons):
        return groups.tolist()
    return ids.iloc[neurons].tolist() if len(neurons) <= _MOST_TARGETS else None


def _types(network: MultilayeredNetwork, ids: pd.Series) -> pd.Series:
    """Return the cell types, which is what the command takes a bare name for."""
    if network.neurons is None:
        return ids
    return network.neurons["cell_type"].astype("string").reset_index(drop=True).fillna(ids)


def _usual_search(result: MaximisationResult) -> bool:
    """Whether nothing but the number of passes, the budget and the seed was chosen."""
    return set(search_options(result)) <= {"num_iterations", *_BUDGET}


def _budget(result: MaximisationResult) -> list[str]:
    """Return the options that limit the stimulus."""
    given = {name: search_options(result).get(name) for name in _BUDGET}
    words = []
    most, steps = given["max_active"], given["input_steps"]
    if most is not None:
        named = isinstance(most, Mapping)
        said = ",".join(f"{k}={n}" for k, n in most.items()) if named else str(most)
        words += ["--max-active", said]
    if steps is not None:
        listed = [steps] if isinstance(steps, (int, np.integer)) else steps
        words += [f"--input-steps={','.join(map(str, listed))}"]
    return [*words, "--binary"] if given["binary"] else words


def _when_and_how_much(result: MaximisationResult, network: MultilayeredNetwork) -> list[str]:
    first = result.targets.iloc[0]
    step = int(first["layer"]) + 1
    when = [] if step == network.num_layers else ["--at-step", str(step)]
    return [*when, "--value", f"{first['value']:.9g}"]

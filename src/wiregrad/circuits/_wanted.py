"""Where the targets of a circuit are: neurons, and steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ..tables import read_neurons
from ._walks import Mask

__all__ = ["TargetsLike", "wanted_places"]

#: {layer: neurons}, or a table with the columns layer and neuron.
TargetsLike: TypeAlias = Mapping[int, Any] | pd.DataFrame

IndexArray = npt.NDArray[np.int64]


def wanted_places(targets: TargetsLike, network: MultilayeredNetwork, n_states: int) -> Mask:
    """Mark the targets of a circuit.

    Parameters
    ----------
    targets : dict or DataFrame
        See `circuit`.
    network : MultilayeredNetwork
    n_states : int
        Steps, and 1 for the start.

    Returns
    -------
    ndarray of bool, shape (n_neurons, n_states)
        State l is that after l steps.

    Raises
    ------
    ValueError
        If they belong to several batch members, or lie outside the network.
    TypeError
        If they are neither a dict nor a table.

    Examples
    --------
    >>> network = MultilayeredNetwork(np.eye(3), [0], num_layers=2, device="cpu")
    >>> wanted_places({-1: [1, 2]}, network, 3).astype(int).tolist()
    [[0, 0, 0], [0, 0, 1], [0, 0, 1]]
    """
    if isinstance(targets, pd.DataFrame):
        layer, neuron = _of_table(targets)
    elif isinstance(targets, Mapping):
        layer, neuron = _of_dict(targets, network, n_states - 1)
    else:
        raise TypeError(f"targets is {{layer: neurons}} or a table, not {type(targets).__name__}")
    outside = (layer < 0) | (layer > n_states - 2) | (neuron < 0) | (neuron >= network.n_neurons)
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        raise ValueError(
            f"the target of neuron {neuron[first]} at layer {layer[first]} is out of range: there "
            f"are {network.n_neurons:,} neurons and {n_states - 1} layers (0 to {n_states - 2})"
        )
    wanted = np.zeros((network.n_neurons, n_states), dtype=bool)
    wanted[neuron, layer + 1] = True
    return wanted


def _of_table(targets: pd.DataFrame) -> tuple[IndexArray, IndexArray]:
    members = set(targets["batch"]) if "batch" in targets.columns else set()
    if len(members) > 1:
        raise ValueError(
            f"the targets belong to {len(members):,} batch members: pass those of "
            "one, for example targets[targets['batch'] == 0]"
        )
    return targets["layer"].to_numpy(np.int64), targets["neuron"].to_numpy(np.int64)


def _of_dict(
    targets: Mapping[int, Any], network: MultilayeredNetwork, n_layers: int
) -> tuple[IndexArray, IndexArray]:
    layers, neurons = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for layer, what in targets.items():
        found = read_neurons(what, "targets", network.n_neurons, network)
        place = int(layer) + n_layers if layer < 0 else int(layer)
        layers.append(np.full(len(found), place))
        neurons.append(found)
    return np.concatenate(layers), np.concatenate(neurons)

"""The activations of the neurons or groups that do most, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import few
from ..network import MultilayeredNetwork
from ._arrays import ArrayLike
from ._finite import finite_array
from ._group_means import ThresholdLike, passing, threshold_of
from ._index_array import to_nparray
from ._mapping import GroupsLike, group_labels

__all__ = ["get_activations"]


def get_activations(
    array: ArrayLike,
    global_indices: Any = None,
    idx_map: GroupsLike | None = None,
    top_n: int | None = None,
    threshold: ThresholdLike = None,
    *,
    network: MultilayeredNetwork | None = None,
) -> dict[int, dict[Any, float]]:
    """Collect the activations of each column, by neuron or by group.

    Parameters
    ----------
    array : ndarray or Tensor, shape (neuron, step)
        Activations or a stimulus, dimensionless.
    global_indices : number, list, tuple, range, array, Series, Index, tensor or set, optional
        The neuron of each row, in this order; a set, which has none, is sorted. With a network:
        any selection; all its neurons if left out.
    idx_map : dict, Series or str, optional
        {neuron index: group}; groups get the mean of those members that are collected. With a
        network also "id" or another column of its labels, and its groups if left out.
    top_n : int, optional
        Collect at most this many neurons a column, those that do most. Which of several equal
        ones are taken is not defined.
    threshold : float or dict, optional
        Smallest activation that is collected, of those left by `top_n`. At 0 or below, all are.
        {column: threshold} gives each column its own.
    network : MultilayeredNetwork, optional
        Where names come from.

    Returns
    -------
    dict
        {column: {neuron or group: activation}}, by ascending activation; groups where the first of
        their members comes.

    Raises
    ------
    ValueError
        If the rows are not as many as the indices, an index is repeated or has no group, a value is
        NaN or infinite, or `top_n` is below 1.
    TypeError
        If an argument is of another kind.

    Notes
    -----
    Cost: a sort of each column.

    Examples
    --------
    >>> activations = np.array([[0.2, 0.0], [0.9, 0.4], [0.5, 0.0]])
    >>> get_activations(activations, [7, 3, 5], threshold=0.1)
    {0: {7: 0.2, 5: 0.5, 3: 0.9}, 1: {3: 0.4}}
    >>> get_activations(activations, [7, 3, 5], {3: "a", 5: "b", 7: "a"}, top_n=2)[0]
    {'b': 0.5, 'a': 0.9}
    """
    values = finite_array(array, "array")
    neurons = _neurons(values, global_indices, network)
    if top_n is not None and top_n < 1:
        raise ValueError(f"top_n={top_n} collects nothing: give at least 1, or None for all")
    names, group = neurons, None
    if idx_map is not None or network is not None:
        labels = group_labels(idx_map, neurons, "idx_map", network)
        group, names = pd.factorize(labels, use_na_sentinel=False)
    return {
        column: _collect(
            values[:, column], names, group, top_n, threshold_of(threshold, column, "threshold")
        )
        for column in range(values.shape[1])
    }


def _neurons(
    values: npt.NDArray[Any], global_indices: Any, network: MultilayeredNetwork | None
) -> npt.NDArray[Any]:
    if values.ndim != 2:
        raise ValueError(
            f"array has shape {values.shape}, but needs (neurons, steps): of a batch, pass one "
            "member"
        )
    if global_indices is None:
        if network is None:
            raise ValueError(
                "global_indices is missing: pass the neuron of each row, or network= if the rows "
                "are all its neurons"
            )
        neurons: npt.NDArray[Any] = np.arange(network.n_neurons)
    elif network is not None:
        neurons = network.find(global_indices)
    else:
        unordered = isinstance(global_indices, (set, frozenset))
        neurons = to_nparray(global_indices, unique=unordered)
    if len(neurons) != len(values):
        raise ValueError(
            f"global_indices names {len(neurons):,} neurons, but array has {len(values):,} rows: "
            "pass one index for each row"
        )
    repeated = neurons[pd.Series(neurons).duplicated()]
    if len(repeated):
        raise ValueError(f"global_indices are repeated: {few(pd.unique(repeated))}")
    return neurons


def _collect(
    values: npt.NDArray[Any],
    names: npt.NDArray[Any],
    group: npt.NDArray[np.intp] | None,
    top_n: int | None,
    threshold: float,
) -> dict[Any, float]:
    chosen = np.argsort(values)
    if top_n is not None:
        chosen = chosen[-top_n:]
    chosen = chosen[passing(values[chosen], threshold)]
    if group is None:
        return dict(zip(names[chosen].tolist(), values[chosen].tolist(), strict=True))
    members = group[chosen]
    count = np.bincount(members, minlength=len(names))
    total = np.bincount(members, weights=values[chosen], minlength=len(names))
    in_order = pd.unique(members)
    means = (total[in_order] / count[in_order]).tolist()
    return dict(zip(names[in_order].tolist(), means, strict=True))

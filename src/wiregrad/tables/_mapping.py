"""The group of each neuron, from a dict or from the labels of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._index_keys import mend_of_text_keys, read_keys
from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork
from ._labels import neuron_labels

__all__ = ["GroupsLike", "group_labels"]

#: {neuron index: group}; a Series does as well; or the name of a column of a network's labels.
GroupsLike: TypeAlias = Mapping[int, Any] | pd.Series | str


def group_labels(
    groups: GroupsLike | None,
    indices: npt.NDArray[np.integer],
    argument: str,
    network: MultilayeredNetwork | None = None,
) -> npt.NDArray[np.generic]:
    """Look up the group of some neurons.

    Parameters
    ----------
    groups : dict, Series, str or None
        {index: group}, with any further entries; or, with a network, "group", "id" or a column of
        its neurons table. None: the network's groups, or without a network each index itself.
    indices : ndarray of int, shape (n,)
        Neurons; one may stand there several times.
    argument : str
        What the caller calls `groups`, for the errors.
    network : MultilayeredNetwork, optional

    Returns
    -------
    ndarray, shape (n,)
        The groups as they are in the dict (dtype object), missing ones among them; the indices
        (int64) if there is nothing else to go by.

    Raises
    ------
    ValueError
        If a neuron is not in the dict, a key of the Series is repeated, or a column is named that
        there is not.
    TypeError
        If `groups` is of another kind.

    Notes
    -----
    Cost: one pass over the dict.

    Examples
    --------
    >>> group_labels({0: "a", 1: "b", 2: "a"}, np.array([2, 1]), "idx_to_group").tolist()
    ['a', 'b']
    >>> group_labels(None, np.array([2, 1]), "idx_to_group").tolist()
    [2, 1]
    """
    if groups is None and network is None:
        return np.asarray(indices, dtype=np.int64)
    if groups is None or isinstance(groups, str):
        return _from_network(groups or "group", indices, argument, network)
    if not isinstance(groups, (Mapping, pd.Series)):
        raise TypeError(
            f"{argument} is a dict from neuron index to group, not {type(groups).__name__}"
        )
    keys = read_keys(groups, argument)
    values = np.empty(len(groups), dtype=object)
    values[:] = list(groups.values() if isinstance(groups, Mapping) else groups)
    place = keys.get_indexer(pd.Index(indices))
    if (place < 0).any():
        strangers = pd.unique(np.asarray(indices)[place < 0])
        raise ValueError(
            f"{len(strangers):,} neurons have no group in {argument}: {few(strangers)}; "
            f"give every neuron one{mend_of_text_keys(keys, argument)}"
        )
    found: npt.NDArray[np.generic] = values[place]
    return found


def _from_network(
    column: str,
    indices: npt.NDArray[np.integer],
    argument: str,
    network: MultilayeredNetwork | None,
) -> npt.NDArray[np.generic]:
    if network is None:
        raise ValueError(
            f"{argument}={column!r} names a column, but there is no network to take it from: pass "
            f"network=, or a dict from neuron index to group"
        )
    labels = neuron_labels(network)
    if column not in labels.columns:
        columns = [] if network.neurons is None else list(network.neurons.columns)
        if network.neurons is None or column not in columns:
            names = [*labels.columns, *columns]
            raise ValueError(
                f"{argument}={column!r} is no column of this network's labels"
                f"{did_you_mean(column, names)}; there are {few(dict.fromkeys(names), 12)}"
            )
        labels = network.neurons
    found: npt.NDArray[np.generic] = labels[column].to_numpy(dtype=object)[indices]
    return found

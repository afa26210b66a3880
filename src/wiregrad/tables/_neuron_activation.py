"""Activations of chosen neurons or their groups, over time, as a table."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ._arrays import ArrayLike
from ._mapping import GroupsLike, group_labels
from ._member_means import SortedGroups, member_means
from ._neurons import read_neurons
from ._states import read_states

__all__ = ["get_neuron_activation", "time_columns"]


def get_neuron_activation(
    activations: ArrayLike,
    neuron_indices: Any,
    batch_names: Any = None,
    idx_to_group: GroupsLike | None = None,
    *,
    network: MultilayeredNetwork | None = None,
) -> pd.DataFrame:
    """Average the activations of neurons by group, for every batch member and step.

    Parameters
    ----------
    activations : ndarray or Tensor, shape (batch, n_neurons, step) or (n_neurons, step)
        Dimensionless; as the network returns them.
    neuron_indices : int, mask, or a collection of int; with a network any selection
        The neurons to look at; repeats count once.
    batch_names : sequence, optional
        A name for each batch member, "batch_0", "batch_1", ... if left out. Members of the same
        name are averaged. Without a batch they are ignored, with a warning.
    idx_to_group : dict, Series or str, optional
        {neuron index: group}. With a network also "id" or a column of its neurons, and its groups
        if left out. Without either, each neuron is a group of its own.
    network : MultilayeredNetwork, optional
        Where labels come from.

    Returns
    -------
    DataFrame
        `batch_name` (for a batch only), `group`, and the mean over the chosen members of the group
        in `time_0`, `time_1`, ...; time t is the state after t + 1 steps. A row for each batch
        member and group: members in the order given, in each the groups sorted. Neurons whose
        group is missing are the last group, named NaN.

    Raises
    ------
    ValueError
        If shapes do not fit, a neuron is out of range, matches nothing or has no entry in
        `idx_to_group`, or an activation is NaN or infinite.
    TypeError
        If an argument is of another kind.

    Notes
    -----
    Cost: one pass over the activations of the chosen neurons, and a copy of them.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "ASH", steps=2, device="cpu")
    >>> activations = network(np.ones((2, 2)))
    >>> get_neuron_activation(activations, ["AVA", "AVD"], network=network).round(2)
      group  time_0  time_1
    0   AVA     0.1    0.10
    1   AVD     0.5    0.52
    """
    n_neurons = None if network is None else network.n_neurons
    states = read_states(activations, "activations", n_neurons, batched=True)
    neurons = read_neurons(neuron_indices, "neuron_indices", states.shape[-2], network)
    groups = SortedGroups.of(group_labels(idx_to_group, neurons, "idx_to_group", network))
    means = member_means(states[..., neurons, :], groups.of_neuron, len(groups.names))
    if means.ndim == 3:
        names, means = _merge_members(batch_names, means)
        place = np.tile(np.arange(len(groups.names)), len(names))
        labels = {"batch_name": names.take(np.repeat(np.arange(len(names)), len(groups.names)))}
    else:
        if batch_names is not None:
            warnings.warn("batch_names are ignored: the activations are no batch", stacklevel=2)
        place, labels = np.arange(len(groups.names)), {}
    labels["group"] = groups.names.take(place)
    rows = means.reshape(len(place), means.shape[-1])
    labels = {name: label.reset_index(drop=True) for name, label in labels.items()}
    return pd.DataFrame({**labels, **time_columns(rows)})


def time_columns(rows: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """Name the columns of an array by time: `time_0`, `time_1`, ..."""
    return {f"time_{time}": rows[:, time] for time in range(rows.shape[1])}


def _merge_members(
    batch_names: Any, means: npt.NDArray[np.floating]
) -> tuple[pd.Series, npt.NDArray[np.floating]]:
    """Name the members of a batch, shape (batch, group, step); average those of the same name."""
    n_members = len(means)
    if batch_names is None:
        batch_names = [f"batch_{member}" for member in range(n_members)]
    listed = [batch_names] if isinstance(batch_names, str) else list(batch_names)
    if len(listed) != n_members:
        raise ValueError(
            f"batch_names has {len(listed):,} names, but the batch has {n_members:,} members: "
            "give each a name"
        )
    names = pd.Series(listed, dtype=None if listed else object)
    missing = np.flatnonzero(names.isna())
    if len(missing):
        raise ValueError(f"batch_names has no name for member {missing[0]}: give each a name")
    codes, _ = pd.factorize(names)
    first = np.unique(codes, return_index=True)[1]
    if len(first) < n_members:
        flat = member_means(means.reshape(n_members, -1), codes, len(first))
        means = flat.reshape(len(first), *means.shape[1:])
    return names.take(first), means

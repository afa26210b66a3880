"""A stimulus as a table: by group, over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .._messages import few
from ..network import MultilayeredNetwork
from ._arrays import ArrayLike
from ._group_means import known_threshold, passing
from ._mapping import GroupsLike, group_labels
from ._member_means import SortedGroups, member_means
from ._neuron_activation import time_columns
from ._neurons import IndexArray, needed, read_neurons, read_sensory
from ._states import read_states

__all__ = ["get_input_activation"]


def get_input_activation(
    model_in: ArrayLike,
    sensory_indices: Any = None,
    idx_to_group: GroupsLike | None = None,
    selected_indices: Any = None,
    activation_threshold: float = 0,
    *,
    network: MultilayeredNetwork | None = None,
) -> pd.DataFrame:
    """Average a stimulus by group of sensory neurons.

    Parameters
    ----------
    model_in : ndarray or Tensor, shape (sensory, step)
        The stimulus, dimensionless; as it is given, not as the network's threshold leaves it.
    sensory_indices : sequence of int, optional
        The neuron of each row, in this order. With a network any selection; its own sensory
        neurons if left out.
    idx_to_group : dict, Series or str, optional
        {neuron index: group}. With a network also "id" or a column of its neurons, and its groups
        if left out.
    selected_indices : int, mask, or a collection of int, optional
        The sensory neurons to look at, all if left out. With a network any selection.
    activation_threshold : float
        A neuron counts if |input| reaches this at any step. At 0 all do.
    network : MultilayeredNetwork, optional
        Where neurons and labels come from.

    Returns
    -------
    DataFrame
        Indexed by `group`, sorted; neurons whose group is missing are the last, NaN. `time_0`,
        `time_1`, ...: the mean over those members that count; time 0 is the start. Groups of which
        none counts are left out.

    Raises
    ------
    ValueError
        If the stimulus is a batch, its rows are not as many as the sensory neurons, a value is NaN
        or infinite, the threshold is NaN, a selected neuron is not sensory or a neuron has no
        entry in `idx_to_group`; or if neither an argument nor a network to take it from is given.
    TypeError
        If an argument is of another kind.

    Notes
    -----
    Cost: two passes over the stimulus.

    Examples
    --------
    >>> stimulus = np.array([[1.0, 0.0], [0.2, 0.0], [0.0, -0.6]])
    >>> get_input_activation(stimulus, [7, 3, 5], {3: "a", 5: "b", 7: "a"}).reset_index()
      group  time_0  time_1
    0     a     0.6     0.0
    1     b     0.0    -0.6
    """
    if idx_to_group is None and network is None:
        raise needed("idx_to_group")
    n_neurons = None if network is None else network.n_neurons
    sensory = read_sensory(sensory_indices, n_neurons, network)
    inputs = read_states(model_in, "model_in", len(sensory), "sensory neurons")
    threshold = known_threshold(activation_threshold, "activation_threshold")
    counts = passing(np.abs(inputs), threshold).any(axis=1)
    if selected_indices is not None:
        selected = read_neurons(selected_indices, "selected_indices", n_neurons, network)
        _refuse_strangers(selected, sensory)
        counts &= np.isin(sensory, selected)
    labels = group_labels(idx_to_group, sensory[counts], "idx_to_group", network)
    groups = SortedGroups.of(labels)
    means = member_means(inputs[counts], groups.of_neuron, len(groups.names))
    return pd.DataFrame(time_columns(means), index=pd.Index(groups.names, name="group"))


def _refuse_strangers(selected: IndexArray, sensory: IndexArray) -> None:
    strangers = np.setdiff1d(selected, sensory)
    if len(strangers):
        raise ValueError(
            f"selected_indices names {len(strangers):,} neurons that are not sensory: "
            f"{few(strangers)}; select from sensory_indices"
        )

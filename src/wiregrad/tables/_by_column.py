"""Activity along the columns of a columnar structure, as a long table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork
from ._arrays import ArrayLike
from ._mapping import GroupsLike, group_labels
from ._match_names import labelled_neurons, match_names
from ._member_means import SortedGroups, member_means
from ._neurons import needed, read_sensory
from ._states import read_states

__all__ = ["activity_by_column"]

IndexArray = npt.NDArray[np.int64]


def activity_by_column(
    activity: ArrayLike,
    idx_to_group: GroupsLike | None = None,
    idx_to_column: GroupsLike | None = None,
    selected_group: Any = None,
    model_input: ArrayLike | None = None,
    sensory_indices: Any = None,
    *,
    network: MultilayeredNetwork | None = None,
) -> pd.DataFrame:
    """Average activity by group and column, as a long table.

    Parameters
    ----------
    activity : ndarray or Tensor, shape (n_neurons, step)
        Dimensionless; as the network returns it.
    idx_to_group : dict, Series or str, optional
        {neuron index: group}. With a network also "id" or a column of its neurons, and its groups
        if left out.
    idx_to_column : dict, Series or str
        {neuron index: number of its column}, for all neurons of the selected groups; with a network
        also the name of a column of its neurons. Neurons without a number are in no column.
    selected_group : str or collection of groups
    model_input : ndarray or Tensor, shape (sensory, step), optional
        The stimulus; its column 0 becomes time step 0.
    sensory_indices : sequence of int, optional
        The neuron of each row of `model_input`, in this order. With a network any selection; its
        own sensory neurons if left out.
    network : MultilayeredNetwork, optional
        Where neurons and labels come from.

    Returns
    -------
    DataFrame
        A row for each time step, group and column, in this order:

        - `normalised_column`: number of the column divided by the largest of any member of the
          group, for the stimulus too;
        - `cell_group`: the group;
        - `time_point`: "time_0", "time_1", ...; the stimulus is "time_0" as well;
        - `activation`: mean over the group's neurons in the column, or over its sensory neurons;
        - `time_step`: steps taken; 0 for the stimulus.

    Raises
    ------
    ValueError
        If a group is unknown, a column is no number, the largest of a group is not above 0 or
        there is none, shapes do not fit, a value is NaN or infinite, or an argument is missing.
    TypeError
        If an argument is of another kind.

    Notes
    -----
    Cost: one pass over the activity of the selected neurons, and 60 bytes a row.

    Examples
    --------
    >>> activity = np.array([[0.2, 0.0], [0.4, 0.0], [0.6, 0.1]])
    >>> activity_by_column(activity, {0: "a", 1: "a", 2: "a"}, {0: 1, 1: 1, 2: 2}, "a").round(2)
       normalised_column cell_group time_point  activation  time_step
    0                0.5          a     time_0         0.3          1
    1                1.0          a     time_0         0.6          1
    2                0.5          a     time_1         0.0          2
    3                1.0          a     time_1         0.1          2
    """
    if idx_to_group is None and network is None:
        raise needed("idx_to_group")
    if idx_to_column is None or selected_group is None:
        absent = "idx_to_column" if idx_to_column is None else "selected_group"
        raise ValueError(f"{absent} is missing: give it")
    if (model_input is None) != (sensory_indices is None) and (
        model_input is None or network is None
    ):
        raise ValueError(
            "model_input and sensory_indices go together: give both or neither (with network=, "
            "sensory_indices may be left out)"
        )
    n_neurons = None if network is None else network.n_neurons
    states = read_states(activity, "activity", n_neurons)
    cells = _Cells.find(idx_to_group, idx_to_column, selected_group, len(states), network)
    means = member_means(states[cells.members], cells.of_member, len(cells.group))
    parts = [
        _Part(np.arange(len(cells.group)), means[:, t], t, t + 1) for t in range(means.shape[1])
    ]
    if model_input is not None:
        sensory = read_sensory(sensory_indices, len(states), network)
        inputs = read_states(model_input, "model_input", len(sensory), "sensory neurons")
        parts.insert(0, _input_part(cells, inputs, sensory, len(states)))
    return _long_table(cells, parts)


@dataclass(frozen=True, eq=False)
class _Cells:
    """The columns of the selected groups, by group, then column, and who is in them."""

    names: pd.Series
    group: IndexArray  # of each cell, position in names
    normalised: npt.NDArray[np.float64]
    members: IndexArray  # neurons
    of_member: IndexArray  # cell of each

    @classmethod
    def find(
        cls,
        idx_to_group: GroupsLike | None,
        idx_to_column: GroupsLike,
        selected_group: Any,
        n_neurons: int,
        network: MultilayeredNetwork | None,
    ) -> _Cells:
        neurons, labels = labelled_neurons(idx_to_group, n_neurons, "idx_to_group", network)
        names = _sorted_names(selected_group)
        group = match_names(labels, names.to_numpy())
        _refuse_unknown(names, group, labels)
        members, group = neurons[group >= 0], group[group >= 0]
        column = _columns(idx_to_column, members, network)
        known = ~np.isnan(column)
        members, group, column = members[known], group[known], column[known]
        largest = np.full(len(names), np.nan)
        np.fmax.at(largest, group, column)
        _refuse_without_scale(names, largest)
        order = np.lexsort((column, group))
        members, group, column = members[order], group[order], column[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(group) != 0) | (np.diff(column) != 0)
        normalised = column[first] / largest[group[first]]
        return cls(names, group[first], normalised, members, np.cumsum(first) - 1)


@dataclass(frozen=True, eq=False)
class _Part:
    """One time step of the table: cells, what they do, and what the time is called."""

    cells: IndexArray
    activation: npt.NDArray[np.floating]
    time_point: int
    time_step: int


def _input_part(
    cells: _Cells, inputs: npt.NDArray[np.floating], sensory: IndexArray, n_neurons: int
) -> _Part:
    cell_of_neuron = np.full(n_neurons, -1)
    cell_of_neuron[cells.members] = cells.of_member
    cell = cell_of_neuron[sensory]
    driven, of_row = np.unique(cell[cell >= 0], return_inverse=True)
    means = member_means(inputs[cell >= 0, :1], of_row, len(driven))
    return _Part(driven, means[:, 0], 0, 0)


def _long_table(cells: _Cells, parts: list[_Part]) -> pd.DataFrame:
    cell = np.concatenate([part.cells for part in parts])
    length = [len(part.cells) for part in parts]
    times = pd.Series([f"time_{part.time_point}" for part in parts])
    return pd.DataFrame(
        {
            "normalised_column": cells.normalised[cell],
            "cell_group": cells.names.take(cells.group[cell]).array,
            "time_point": times.take(np.repeat(np.arange(len(parts)), length)).array,
            "activation": np.concatenate([part.activation for part in parts]),
            "time_step": np.repeat(np.array([part.time_step for part in parts]), length),
        }
    )


def _sorted_names(selected_group: Any) -> pd.Series:
    single = isinstance(selected_group, str) or not hasattr(selected_group, "__iter__")
    listed = [selected_group] if single else list(selected_group)
    if not listed:
        raise ValueError("selected_group is empty: name at least one group")
    labels = np.empty(len(listed), dtype=object)
    labels[:] = listed
    return SortedGroups.of(labels).names


def _refuse_unknown(
    names: pd.Series, group: npt.NDArray[np.intp], labels: npt.NDArray[np.generic]
) -> None:
    unknown = names[~np.isin(np.arange(len(names)), group)]
    if len(unknown):
        known = pd.unique(labels)
        raise ValueError(
            f"selected_group names what is no group: {few(unknown)}; there are {few(known)}"
            f"{did_you_mean(str(unknown.iloc[0]), known)}"
        )


def _columns(
    idx_to_column: GroupsLike, members: IndexArray, network: MultilayeredNetwork | None
) -> npt.NDArray[np.float64]:
    labels = pd.Series(group_labels(idx_to_column, members, "idx_to_column", network))
    numbers = pd.to_numeric(labels, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    texts = labels[np.isnan(numbers) & labels.notna()]
    if len(texts):
        raise ValueError(
            f"idx_to_column must give numbers of columns, not {few(pd.unique(texts))}: number them "
            "from 1 in the order in which they lie"
        )
    return np.asarray(numbers)


def _refuse_without_scale(names: pd.Series, largest: npt.NDArray[np.float64]) -> None:
    bad = ~((largest > 0) & np.isfinite(largest))
    if bad.any():
        found = [
            f"{name!r} {'has none' if np.isnan(n) else f'{n:g}'}"
            for name, n in zip(names[bad], largest[bad], strict=True)
        ]
        raise ValueError(
            f"the largest column of a group must be above 0, as columns are divided by it: "
            f"{few(found)}; number columns from 1"
        )

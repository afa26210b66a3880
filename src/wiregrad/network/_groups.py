"""Groups of neurons that share their parameters."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few

__all__ = ["Groups", "group_values", "read_groups"]

IndexArray: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Groups:
    """Which group every neuron belongs to.

    Attributes
    ----------
    names : list
        The groups, sorted.
    of_neuron : ndarray of int64, shape (n_neurons,)
        Position in `names` of each neuron's group.
    """

    names: list[object]
    of_neuron: IndexArray

    def position(self, name: object) -> int | None:
        """Return the position of a group, or None if there is no such group."""
        try:
            return self.names.index(name)
        except ValueError:
            return None

    def members(self, name: object) -> IndexArray:
        """Return the indices of a group's neurons; empty if there is no such group."""
        position = self.position(name)
        return np.flatnonzero(self.of_neuron == (-1 if position is None else position))


def read_groups(idx_to_group: Mapping[int, object], n_neurons: int) -> Groups:
    """Read a dict from neuron index to group; entries for other indices are allowed.

    Raises
    ------
    ValueError
        If a neuron has no group, or a missing one.

    Examples
    --------
    >>> groups = read_groups({0: "b", 1: "a", 2: "b"}, 3)
    >>> groups.names, groups.of_neuron.tolist()
    (['a', 'b'], [1, 0, 1])
    """
    if not isinstance(idx_to_group, Mapping):
        raise TypeError(
            f"idx_to_group is a dict from neuron index to group, not {type(idx_to_group).__name__}"
        )
    without = [i for i in range(n_neurons) if i not in idx_to_group]
    if without:
        raise ValueError(
            f"{len(without):,} of {n_neurons:,} neurons have no group in idx_to_group: "
            f"{few(without)}; give every neuron one"
        )
    labels = [idx_to_group[i] for i in range(n_neurons)]
    missing = np.flatnonzero(pd.isna(pd.Series(labels, dtype=object)))
    if len(missing):
        raise ValueError(
            f"the group of {len(missing):,} neurons in idx_to_group is missing (NaN or None): "
            f"{few(missing)}; give every neuron a group, for example its own id"
        )
    names = _sorted(set(labels))
    position = {name: i for i, name in enumerate(names)}
    return Groups(names, np.array([position[label] for label in labels], dtype=np.int64))


def _sorted(names: set[object]) -> list[object]:
    try:
        return sorted(names)  # type: ignore[type-var]
    except TypeError:  # numbers and texts mixed have no order of their own
        return sorted(names, key=str)


def group_values(
    groups: Groups, default: float, given: Mapping[object, float] | None, argument: str
) -> npt.NDArray[np.float64]:
    """Give every group a value: its own entry of the dict, else the default.

    Raises
    ------
    ValueError
        If a value is not finite, or no name of the dict is a group. If only some are not, that is
        one warning.
    """
    values = np.full(len(groups.names), float(default))
    position = {name: i for i, name in enumerate(groups.names)}
    strangers = [name for name in given or {} if name not in position]
    if strangers:
        message = (
            f"{argument} names what is no group: {few(strangers)}"
            f"{did_you_mean(str(strangers[0]), groups.names)}"
        )
        if len(strangers) == len(given or {}):
            raise ValueError(message)
        warnings.warn(message, stacklevel=4)
    for name, value in (given or {}).items():
        if name in position:
            values[position[name]] = float(value)
    if not np.isfinite(values).all():
        bad = [groups.names[i] for i in np.flatnonzero(~np.isfinite(values))]
        raise ValueError(f"{argument} is NaN or infinite for the groups {few(bad)}")
    return values

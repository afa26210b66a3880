"""Groups in the order of their names, and what their members do on average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

__all__ = ["SortedGroups", "member_means"]


@dataclass(frozen=True, eq=False)
class SortedGroups:
    """Which group each of some neurons belongs to.

    Attributes
    ----------
    names : Series, length n_groups
        Sorted: numbers before text, a missing name last. Names of other kinds that cannot be
        compared are sorted by their text.
    of_neuron : ndarray of int, shape (n,)
        Position in `names` of each neuron's group.
    """

    names: pd.Series
    of_neuron: npt.NDArray[np.intp]

    @classmethod
    def of(cls, labels: npt.NDArray[np.generic]) -> SortedGroups:
        """Sort neurons into groups by their labels; those without a label are one group.

        Notes
        -----
        Cost: a sort of the different labels.

        Examples
        --------
        >>> groups = SortedGroups.of(np.array(["b", None, 10, "b", 9], dtype=object))
        >>> groups.names.tolist(), groups.of_neuron.tolist()
        ([9, 10, 'b', nan], [2, 3, 1, 2, 0])
        """
        codes, names = _factorize(labels)
        listed = names.tolist()
        if (codes < 0).any():
            codes = np.where(codes < 0, len(listed), codes)
            listed.append(np.nan)
        # An empty list would become a column of objects.
        return cls(pd.Series(listed) if listed else pd.Series(names), codes)


def _factorize(labels: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
    try:
        codes, names = pd.factorize(labels, sort=True)
    except TypeError:  # tuples beside numbers, for example
        codes, names = pd.factorize(labels)
        order = sorted(range(len(names)), key=lambda place: str(names[place]))
        rank = np.empty(len(order) + 1, dtype=np.intp)
        rank[order], rank[-1] = np.arange(len(order)), -1  # a missing label stays at -1
        codes, names = rank[codes], names[order]
    return codes, np.asarray(names)


def member_means(
    values: npt.NDArray[np.floating], group: npt.NDArray[np.integer], n_groups: int
) -> npt.NDArray[np.floating]:
    """Average the rows of each group.

    Parameters
    ----------
    values : ndarray of float, shape (n, step) or (batch, n, step)
    group : ndarray of int, shape (n,)
        Group of each row, from 0.
    n_groups : int

    Returns
    -------
    ndarray, shape (n_groups, step) or (batch, n_groups, step)
        In the dtype of `values`, summed up as float64; NaN for a group without members.

    Notes
    -----
    Cost: one pass over the values, and 8 bytes for each of one batch member.

    Examples
    --------
    >>> member_means(np.array([[0.2], [0.4], [1.0]]), np.array([1, 1, 0]), 3).round(3).tolist()
    [[1.0], [0.3], [nan]]
    """
    n = len(group)
    sums = sparse.csc_array((np.ones(n), group, np.arange(n + 1)), shape=(n_groups, n))
    count = np.bincount(group, minlength=n_groups)[:, None]
    size = np.where(count > 0, count, np.nan)
    means = np.empty((*values.shape[:-2], n_groups, values.shape[-1]), dtype=values.dtype)
    if values.ndim == 2:
        means[:] = (sums @ values.astype(np.float64)) / size
    else:
        for place, member in enumerate(values):
            means[place] = (sums @ member.astype(np.float64)) / size
    return means

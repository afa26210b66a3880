"""In-edges of a few neurons of a matrix that is too large for a layout by post."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ._layouts import Arrays

__all__ = ["FEW_AT_HAND", "RowsAtHand", "SomeRows"]

#: Only neurons with this share of all in-edges between them are worth it.
FEW_AT_HAND = 0.01

# Rows are fetched once they have been lacking so many times: that takes as long as three or four
# products. Those that are there already stay if they are no more than this share of all edges.
_TIMES, _MOST = 3, 0.04

_Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SomeRows:
    """The in-edges of some neurons, sorted by post.

    Attributes
    ----------
    there : ndarray of bool, shape (n_neurons,)
        Whose they are.
    starts : ndarray, shape (n_neurons + 1,)
        Where each neuron's begin.
    indices, values : ndarray, shape (n_edges,)
    bounds : ndarray of int64, shape (n_blocks + 1,)
        Blocks of presynaptic neurons.
    split : ndarray, shape (n_blocks + 1, n_neurons)
        Where each neuron's edges enter each block.
    """

    there: _Marks
    starts: npt.NDArray[Any]
    indices: npt.NDArray[Any]
    values: npt.NDArray[Any]
    bounds: npt.NDArray[np.int64]
    split: npt.NDArray[Any]


class RowsAtHand:
    """Fetches rows that have been lacking, and keeps them.

    Examples
    --------
    >>> chain = np.array([0, 1, 2, 2]), np.array([1, 2]), np.array([0.5, 0.25])  # 0 -> 1 -> 2
    >>> rows, in_edges, bounds = RowsAtHand(), np.array([0, 0, 1, 2]), np.array([0, 3])
    >>> for _ in range(3):
    ...     rows.lack(np.array([2]), n_neurons=3)
    >>> some = rows.get(chain, in_edges, bounds)
    >>> some.there.tolist(), some.indices.tolist(), some.values.tolist()
    ([False, False, True], [1], [0.25])
    """

    def __init__(self) -> None:
        self._some: SomeRows | None = None
        self._lacking: _Marks | None = None
        self._times = 0

    def lack(self, rows: npt.NDArray[np.integer], n_neurons: int) -> None:
        """Note that some rows, if any, would have been of use."""
        if not len(rows):
            return
        if self._lacking is None:
            self._lacking = np.zeros(n_neurons, bool)
        self._lacking[rows] = True
        self._times += 1

    def get(
        self, by_pre: Arrays, in_edges: npt.NDArray[Any], bounds: npt.NDArray[np.int64]
    ) -> SomeRows | None:
        """Return what is there, with blocks that end at some bounds.

        Notes
        -----
        Cost: a pass over all edges where rows are fetched, one over theirs for other bounds, else
        nothing.
        """
        if self._lacking is not None and self._times >= _TIMES:
            there, self._lacking, self._times = self._lacking, None, 0
            if self._some is not None:
                both = there | self._some.there
                there = both if np.diff(in_edges)[both].sum() <= _MOST * in_edges[-1] else there
            self._some = _fetch(by_pre, in_edges, there, bounds)
        some = self._some
        if some is not None and not np.array_equal(some.bounds, bounds):
            split = _split(some.starts, some.indices, bounds)
            self._some = replace(some, bounds=bounds, split=split)
        return self._some


def _fetch(
    by_pre: Arrays,
    in_edges: npt.NDArray[Any],
    there: _Marks,
    bounds: npt.NDArray[np.int64],
) -> SomeRows:
    from ._kernels import fetch_rows  # numba is loaded when it is first needed

    starts = np.zeros_like(in_edges)
    np.cumsum(np.where(there, np.diff(in_edges), 0), out=starts[1:])
    indices = np.empty(int(starts[-1]), by_pre[1].dtype)
    values = np.empty(len(indices), by_pre[2].dtype)
    fetch_rows(*by_pre, there, starts[:-1].copy(), indices, values)
    split = _split(starts, indices, bounds)
    return SomeRows(there, starts, indices, values, bounds, split)


def _split(
    starts: npt.NDArray[Any], indices: npt.NDArray[Any], bounds: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    from ._kernels import split_rows

    split = np.empty((len(bounds), len(starts) - 1), starts.dtype)
    split_rows(starts, indices, bounds, split)
    return split

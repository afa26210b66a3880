"""Connections listed more than once, added up pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["MergedPairs", "merge_pairs"]

IndexArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MergedPairs:
    """Distinct pairs, by pre and then post, and which of them each listed connection is.

    Attributes
    ----------
    pre, post : ndarray of int64, shape (n_pairs,)
    slot : ndarray of int64, shape (n_listed,)
        Position of each listed connection's pair.
    """

    pre: IndexArray
    post: IndexArray
    slot: IndexArray

    def add(self, amounts: FloatArray) -> FloatArray:
        """Add amounts up: (n_listed,) to (n_pairs,)."""
        total = np.bincount(self.slot, weights=amounts, minlength=len(self.pre))
        return total.astype(np.float64, copy=False)


def merge_pairs(pre: IndexArray, post: IndexArray, n: int) -> MergedPairs:
    """Find the distinct pairs among connections between `n` neurons or groups.

    Notes
    -----
    Cost: a sort of the connections.

    Examples
    --------
    >>> pairs = merge_pairs(np.array([1, 0, 1]), np.array([0, 1, 0]), 2)
    >>> pairs.pre.tolist(), pairs.post.tolist(), pairs.add(np.array([2.0, 1.0, 3.0])).tolist()
    ([0, 1], [1, 0], [1.0, 5.0])
    """
    pair, slot = np.unique(pre * n + post, return_inverse=True)
    return MergedPairs(pair // n, pair % n, slot)

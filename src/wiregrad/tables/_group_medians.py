"""Medians over groups of columns of a sparse matrix, zeros counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ._arrays import FloatArray

__all__ = ["median_by_column_group"]


def median_by_column_group(
    matrix: sparse.csr_array, group: npt.NDArray[np.integer], n_groups: int
) -> sparse.csr_array:
    """Take the median of each row over the columns of each group.

    Parameters
    ----------
    matrix : csr_array, shape (n, m)
        Without duplicates.
    group : ndarray of int, shape (m,)
        Group of each column.
    n_groups : int

    Returns
    -------
    csr_array of float64, shape (n, n_groups)

    Notes
    -----
    Cost: a sort of the entries. What is not stored counts as 0 but is never written out: the zeros
    of a group are known to lie between its negative and its positive entries.

    Examples
    --------
    >>> matrix = sparse.csr_array([[0.1, 0.3, 0.0], [0.0, -0.2, -0.4]])
    >>> median_by_column_group(matrix, np.array([0, 0, 0]), 1).toarray().ravel().tolist()
    [0.1, -0.2]
    """
    coo = matrix.tocoo()
    cell = coo.row.astype(np.int64) * n_groups + group[coo.col]
    order = np.lexsort((coo.data, cell))
    cells, start, stored = np.unique(cell[order], return_index=True, return_counts=True)
    values = coo.data[order]
    negative = np.add.reduceat(values < 0, start, dtype=np.int64) if len(start) else start
    size = np.bincount(group, minlength=n_groups)[cells % n_groups]

    def ranked(rank: npt.NDArray[Any]) -> FloatArray:
        """Return the entry of each cell at a rank, from the smallest."""
        after_zeros = rank >= negative + size - stored
        is_zero = ~after_zeros & (rank >= negative)
        at = np.where(is_zero, start, start + rank - np.where(after_zeros, size - stored, 0))
        return np.where(is_zero, 0.0, values[at])

    medians = (ranked((size - 1) // 2) + ranked(size // 2)) / 2
    return sparse.csr_array(
        (medians, (cells // n_groups, cells % n_groups)), shape=(matrix.shape[0], n_groups)
    )

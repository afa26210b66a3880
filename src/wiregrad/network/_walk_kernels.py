"""The kernel that follows walks, hop by hop; compiled on first use and cached on disk."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy.typing as npt

from ..product.compiled import kernel

__all__ = ["next_neurons"]

Array: TypeAlias = npt.NDArray[Any]


@kernel
def next_neurons(
    indptr: Array,
    indices: Array,
    values: Array,
    frontier: Array,
    hops: int,
    walks: Array,
    found: Array,
) -> int:  # pragma: no cover - compiled
    """Find the neurons that are reached for the first time, one hop beyond a frontier.

    Parameters
    ----------
    indptr, indices, values : ndarray
        The weights in CSR form by pre; those of 0 connect nothing.
    frontier : ndarray of int
    hops : int
        Noted in `walks`, which is negative for neurons not reached before.
    found : ndarray of int64, shape (n_neurons,)
        Its beginning is filled with what was found; the number is returned.
    """
    n = 0
    for row in frontier:
        for k in range(indptr[row], indptr[row + 1]):
            if values[k] != 0 and walks[indices[k]] < 0:
                walks[indices[k]] = hops
                found[n] = indices[k]
                n += 1
    return n

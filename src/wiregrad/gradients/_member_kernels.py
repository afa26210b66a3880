"""Sums over each member of a batch, compiled on first use and cached on disk."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numba
import numpy.typing as npt

from ..product.compiled import kernel, parallel_kernel

__all__ = ["l1_plus_l2_of_members"]

Array: TypeAlias = npt.NDArray[Any]


@parallel_kernel
def l1_plus_l2_of_members(
    rows: Array, cost: Array, slope: Array
) -> None:  # pragma: no cover - compiled
    """Fill in the sum of absolute values plus the Euclidean norm of each row, and its gradient.

    Parameters
    ----------
    rows : ndarray, shape (batch, n)
    cost : ndarray, shape (batch,)
    slope : ndarray, shape (batch, n)
        The norm has no slope at 0: taken as 0.

    Notes
    -----
    Sums are taken in float64 and in order, so a member's are the same bits in any batch.
    """
    for b in numba.prange(rows.shape[0]):
        cost[b] = _l1_plus_l2(rows[b], slope[b])


@kernel
def _l1_plus_l2(row: Array, slope: Array) -> Any:  # pragma: no cover - compiled
    one, zero = row.dtype.type(1), row.dtype.type(0)
    size = square = 0.0
    for x in row:
        size += abs(x)
        square += float(x) * x
    length = row.dtype.type(math.sqrt(square))
    divisor = length if length > zero else one
    for i in range(len(row)):
        x = row[i]
        sign = one if x > zero else (-one if x < zero else zero)
        slope[i] = sign + x / divisor
    return size + length

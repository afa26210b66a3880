"""Arrays that begin where a cache line does, with rows of whole registers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["aligned", "row_width", "widened"]

# Bytes that a processor moves at a time: of 16 columns of float32, one row.
_LINE = 64

# Columns that a register holds.
_REGISTER = 8


def aligned(
    shape: tuple[int, ...],
    dtype: Any,
    make: Callable[[int, Any], npt.NDArray[Any]] = np.empty,
) -> npt.NDArray[Any]:
    """Make an array that begins at a cache line.

    numpy's large arrays begin 16 bytes beyond one. Then each row of a batch of 16 lies in two
    lines, and a product that reads rows here and there takes a quarter longer or more.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    make : callable
        `numpy.empty` or `numpy.zeros`.

    Examples
    --------
    >>> aligned((3, 16), np.float32).ctypes.data % 64
    0
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    room = make(size + _LINE, np.uint8)
    begin = -room.ctypes.data % _LINE
    array: npt.NDArray[Any] = room[begin : begin + size].view(dtype).reshape(shape)
    return array


def row_width(batch: int) -> int:
    """Return how many columns kernels want for a batch: 1, or the next multiple of 8.

    They hold rows in registers of 8 or 16; a row of 13 columns would take a half-used one, and lie
    in two cache lines where one of 16 lies in one.

    Examples
    --------
    >>> [row_width(batch) for batch in (0, 1, 2, 8, 13, 17)]
    [0, 1, 8, 8, 16, 24]
    """
    return batch if batch <= 1 else -(-batch // _REGISTER) * _REGISTER


def widened(batch: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a batch, (n, batch), with as many columns as kernels want; the others are 0.

    It is the batch itself if it has so many and is contiguous.

    Examples
    --------
    >>> widened(np.ones((1, 3))).tolist()
    [[1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    *shape, n = batch.shape
    if row_width(n) == n:
        return np.ascontiguousarray(batch)
    wide = aligned((*shape, row_width(n)), batch.dtype, np.zeros)
    wide[..., :n] = batch
    return wide

"""Arrays that begin where a cache line does, with rows of whole registers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["aligned", "row_width"]

# Bytes that a processor moves at a time: of 16 columns of float32, one row.
_LINE = 64

# Columns that a register holds, and the fewest that a line does.
_FEW, _REGISTER, _WIDE = 4, 8, 16


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
    """Return how many columns to give a batch where some may be empty.

    A row of 13 columns lies in two cache lines and takes two registers; one of 16 takes half the
    time.

    Examples
    --------
    >>> [row_width(batch) for batch in (0, 1, 2, 3, 7, 13, 20, 40)]
    [0, 1, 2, 4, 8, 16, 24, 48]
    """
    if batch <= 2:
        return batch
    for width in (_FEW, _REGISTER, _WIDE):
        if batch <= width:
            return width
    unit = _REGISTER if batch <= 2 * _WIDE else _WIDE
    return -(-batch // unit) * unit

"""The two ways along the edges, pull and push, for some rows; other kernels are built on them.

Both add a row's inputs in ascending order of the index, one rounded operation at a time, and a
batch's columns side by side: so a column's result is the same bits by either way, alone and in any
batch. Batches are of one column or of a multiple of 8: see `row_width`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._compile import kernel
from ._lanes import add_product, load, prefetch, store, zeros

__all__ = ["pull_rows", "push_block", "push_rows"]

Array: TypeAlias = npt.NDArray[Any]

# Edges are asked for so many ahead: else the short rows of a connectome take a fifth longer.
_AHEAD = np.uint64(512)

_NONE = np.uint64(0)


@kernel
def _pull_one(
    indptr: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Pull a batch of one."""
    h, y = h.reshape(-1), y.reshape(-1)
    for row in rows:
        total = values.dtype.type(0)
        for k in range(indptr[row], indptr[row + 1]):
            prefetch(values, k + _AHEAD)
            prefetch(col, k + _AHEAD)
            total += values[k] * h[col[k]]
        y[row] = total


@kernel
def _push_one(
    first: Array, stop: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Push a batch of one."""
    h, y = h.reshape(-1), y.reshape(-1)
    for row in rows:
        x = h[row]
        for k in range(first[row], stop[row]):
            y[col[k]] += values[k] * x


def _pull_with(n: int) -> Callable[..., None]:
    """Make a pull for batches of a multiple of `n` columns, a register of `n` lanes at a time."""
    lanes = np.uint64(n)

    @kernel
    def pull(
        indptr: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
    ) -> None:  # pragma: no cover - compiled
        batch, flat, out = np.uint64(h.shape[1]), h.reshape(-1), y.reshape(-1)
        for row in rows:
            b = _NONE
            while b < batch:
                total = zeros(n, values)
                for k in range(indptr[row], indptr[row + 1]):
                    prefetch(values, k + _AHEAD)
                    prefetch(col, k + _AHEAD)
                    x = load(n, flat, np.uint64(col[k]) * batch + b)
                    total = add_product(total, values[k], x)
                store(out, np.uint64(row) * batch + b, total)
                b += lanes

    return pull


def _push_with(n: int) -> Callable[..., None]:
    """Make a push likewise."""
    lanes = np.uint64(n)

    @kernel
    def push(
        first: Array, stop: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
    ) -> None:  # pragma: no cover - compiled
        batch, flat, out = np.uint64(h.shape[1]), h.reshape(-1), y.reshape(-1)
        for row in rows:
            b = _NONE
            while b < batch:
                x = load(n, flat, np.uint64(row) * batch + b)
                for k in range(first[row], stop[row]):
                    target = np.uint64(col[k]) * batch + b
                    store(out, target, add_product(load(n, out, target), values[k], x))
                b += lanes

    return push


_pull_eight, _pull_sixteen = _pull_with(8), _pull_with(16)
_push_eight, _push_sixteen = _push_with(8), _push_with(16)


@kernel
def pull_rows(
    indptr: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Set some rows of `y` to the sum of what leads to them."""
    batch = h.shape[1]
    if batch == 1:
        _pull_one(indptr, col, values, rows, h, y)
    elif batch % 16 == 0:
        _pull_sixteen(indptr, col, values, rows, h, y)
    else:
        _pull_eight(indptr, col, values, rows, h, y)


@kernel
def push_rows(
    first: Array, stop: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Add some rows of `h` to what they lead to, along the edges from `first` to `stop`."""
    batch = h.shape[1]
    if batch == 1:
        _push_one(first, stop, col, values, rows, h, y)
    elif batch % 16 == 0:
        _push_sixteen(first, stop, col, values, rows, h, y)
    else:
        _push_eight(first, stop, col, values, rows, h, y)


@kernel
def push_block(
    first: int,
    stop: int,
    split: Array,
    col: Array,
    values: Array,
    rows: Array,
    h: Array,
    y: Array,
) -> None:  # pragma: no cover - compiled
    """Set rows `first` to `stop` of `y` to what some rows of `h` lead to there.

    Row i has the edges from `split[0, i]` to `split[1, i]` to them.
    """
    y[first:stop] = 0
    push_rows(split[0], split[1], col, values, rows, h, y)

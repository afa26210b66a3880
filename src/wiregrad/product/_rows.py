"""The two ways along the edges, pull and push, for some rows; other kernels are built on them.

Both add a row's inputs in ascending order of the index, one rounded operation at a time, and a
batch's columns side by side: so a column's result is the same bits by either way, alone and in any
batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._compile import kernel
from ._lanes import add_product, load, prefetch, store, zeros

__all__ = ["fits_sixteen", "pull_rows", "push_block", "push_rows"]

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


@kernel
def fits_sixteen(batch: Any) -> bool:  # pragma: no cover - compiled
    """Say whether registers of 16 hold all columns, if the last two of a batch may overlap."""
    sixteen, pair = np.uint64(16), np.uint64(32)
    batch = np.uint64(batch)
    return bool(batch >= sixteen and (batch + sixteen) // pair * pair >= batch)


@kernel
def _pair(number: Any, lanes: Any, batch: Any) -> Any:  # pragma: no cover - compiled
    """Return where two neighbouring registers begin that hold a part of the batch.

    Pairs and registers overlap where the batch is no multiple: what overlaps is computed twice,
    to the same bits.
    """
    if batch < lanes + lanes:
        return _NONE, batch - lanes
    first = min(number * (lanes + lanes), batch - lanes - lanes)
    return first, first + lanes


def _pull_with(n: int) -> Callable[..., None]:
    """Make a pull for batches of at least `n` columns, in registers of `n` lanes: one, or pairs."""
    lanes = np.uint64(n)

    @kernel
    def pull(
        indptr: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
    ) -> None:  # pragma: no cover - compiled
        batch = np.uint64(h.shape[1])
        n_pairs = (batch + lanes + lanes - np.uint64(1)) // (lanes + lanes)
        flat, out = h.reshape(-1), y.reshape(-1)
        for row in rows:
            target = np.uint64(row) * batch
            if batch == lanes:
                total = zeros(n, values)
                for k in range(indptr[row], indptr[row + 1]):
                    prefetch(values, k + _AHEAD)
                    prefetch(col, k + _AHEAD)
                    x = load(n, flat, np.uint64(col[k]) * lanes)
                    total = add_product(total, values[k], x)
                store(out, target, total)
                continue
            for number in range(n_pairs):
                first, second = _pair(number, lanes, batch)
                a, b = zeros(n, values), zeros(n, values)
                for k in range(indptr[row], indptr[row + 1]):
                    prefetch(values, k + _AHEAD)
                    prefetch(col, k + _AHEAD)
                    weight, source = values[k], np.uint64(col[k]) * batch
                    a = add_product(a, weight, load(n, flat, source + first))
                    b = add_product(b, weight, load(n, flat, source + second))
                store(out, target + first, a)
                store(out, target + second, b)

    return pull


def _push_with(n: int) -> Callable[..., None]:
    """Make a push likewise."""
    lanes = np.uint64(n)

    @kernel
    def push(
        first: Array, stop: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
    ) -> None:  # pragma: no cover - compiled
        batch = np.uint64(h.shape[1])
        # Unlike in a pull, no column may be added to by two pairs.
        n_pairs = (batch + lanes) // (lanes + lanes)
        done = min(n_pairs * (lanes + lanes), batch)
        flat, out = h.reshape(-1), y.reshape(-1)
        for row in rows:
            source = np.uint64(row) * batch
            if batch == lanes:
                x = load(n, flat, source)
                for k in range(first[row], stop[row]):
                    target = np.uint64(col[k]) * lanes
                    store(out, target, add_product(load(n, out, target), values[k], x))
                continue
            for number in range(n_pairs):
                one = number * (lanes + lanes)
                two = min(one + lanes, batch - lanes)
                x, z = load(n, flat, source + one), load(n, flat, source + two)
                for k in range(first[row], stop[row]):
                    weight, target = values[k], np.uint64(col[k]) * batch
                    # Both are loaded before either is stored: they may overlap.
                    a = add_product(load(n, out, target + one), weight, x)
                    b = add_product(load(n, out, target + two), weight, z)
                    store(out, target + one, a)
                    store(out, target + two, b)
            if done < batch:
                for k in range(first[row], stop[row]):
                    weight, target = values[k], np.uint64(col[k]) * batch
                    for c in range(done, batch):
                        out[target + c] += weight * flat[source + c]

    return push


_pull_two, _pull_eight, _pull_sixteen = _pull_with(2), _pull_with(8), _pull_with(16)
_push_two, _push_eight, _push_sixteen = _push_with(2), _push_with(8), _push_with(16)


@kernel
def pull_rows(
    indptr: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Set some rows of `y` to the sum of what leads to them."""
    batch = h.shape[1]
    if batch == 1:
        _pull_one(indptr, col, values, rows, h, y)
    elif batch < 8:
        _pull_two(indptr, col, values, rows, h, y)
    elif fits_sixteen(batch):
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
    elif batch < 8:
        _push_two(first, stop, col, values, rows, h, y)
    elif fits_sixteen(batch):
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

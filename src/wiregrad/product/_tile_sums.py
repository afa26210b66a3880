"""Products of a matrix in tiles: W h and W' g, in the same pass over the same entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._compile import kernel
from ._lanes import add_product, load, prefetch, store
from ._tile_shape import COLUMN_BITS, DIAGONAL_BITS
from ._tiles import Array, Tiles

__all__ = ["pull_tiles"]

# The parts of a key.
_DIAGONAL_BITS, _COLUMN_BITS = np.uint16(DIAGONAL_BITS), np.uint16(COLUMN_BITS)
_DIAGONAL_ROW = np.uint16((1 << DIAGONAL_BITS) - 1)
_COLUMN_ROW = np.uint16((1 << COLUMN_BITS) - 1)
# Entries are asked for so many ahead: they stream from memory while the arithmetic runs in cache.
_AHEAD = np.uint64(1024)

_NONE, _ONE, _TWO, _THREE, _FOUR, _EIGHT = (np.uint64(i) for i in (0, 1, 2, 3, 4, 8))


def _adder(back: bool) -> Callable[..., None]:
    """Make what adds a tile's products with a column alone: those of W x, or of W' x."""

    @kernel
    def add(
        keys: Array, values: Array, first: Any, stop: Any, x: Array, y: Array
    ) -> None:  # pragma: no cover - compiled
        k, s = first, _NONE
        while k + _FOUR <= stop:
            prefetch(values, k + _AHEAD)
            prefetch(keys, k + _AHEAD)
            a, b, c, d = keys[k], keys[k + _ONE], keys[k + _TWO], keys[k + _THREE]
            row_a, row_b, row_c, row_d = (
                a & _DIAGONAL_ROW,
                b & _DIAGONAL_ROW,
                c & _DIAGONAL_ROW,
                d & _DIAGONAL_ROW,
            )
            sum_a = s + (a >> _DIAGONAL_BITS)
            sum_b = sum_a + (b >> _DIAGONAL_BITS)
            sum_c = sum_b + (c >> _DIAGONAL_BITS)
            s = sum_c + (d >> _DIAGONAL_BITS)
            column_a, column_b, column_c, column_d = (
                sum_a - row_a,
                sum_b - row_b,
                sum_c - row_c,
                s - row_d,
            )
            if back:
                of_a, of_b = values[k] * x[row_a], values[k + _ONE] * x[row_b]
                of_c, of_d = values[k + _TWO] * x[row_c], values[k + _THREE] * x[row_d]
                y[column_a] += of_a
                y[column_b] += of_b
                y[column_c] += of_c
                y[column_d] += of_d
            else:
                of_a, of_b = values[k] * x[column_a], values[k + _ONE] * x[column_b]
                of_c, of_d = values[k + _TWO] * x[column_c], values[k + _THREE] * x[column_d]
                y[row_a] += of_a
                y[row_b] += of_b
                y[row_c] += of_c
                y[row_d] += of_d
            k += _FOUR
        while k < stop:
            row = keys[k] & _DIAGONAL_ROW
            s += keys[k] >> _DIAGONAL_BITS
            if back:
                y[s - row] += values[k] * x[row]
            else:
                y[row] += values[k] * x[s - row]
            k += _ONE

    return add


def _batch_adder(n: int, back: bool) -> Callable[..., None]:
    """Make the same for batches of at least `n` columns, in pairs of registers of `n` lanes."""
    lanes = np.uint64(n)

    @kernel
    def add_pair(
        y: Array, added: Any, weight: Any, x: Array, read: Any, batch: Any, number: Any
    ) -> None:  # pragma: no cover - compiled
        one = number * (lanes + lanes)
        two = min(one + lanes, batch - lanes)
        # Both registers are loaded before either is stored: they may overlap.
        a = add_product(load(n, y, added + one), weight, load(n, x, read + one))
        b = add_product(load(n, y, added + two), weight, load(n, x, read + two))
        store(y, added + one, a)
        store(y, added + two, b)

    @kernel
    def add(
        keys: Array, values: Array, first: Any, stop: Any, x: Array, y: Array, batch: Any
    ) -> None:  # pragma: no cover - compiled
        # No column may be added to by two pairs.
        n_pairs = (batch + lanes) // (lanes + lanes)
        done = min(n_pairs * (lanes + lanes), batch)
        column = _NONE
        if n_pairs == _ONE:  # a loop of one turn, for every entry, would take a fifth longer
            for k in range(first, stop):
                prefetch(values, k + _AHEAD)
                prefetch(keys, k + _AHEAD)
                row = np.uint64(keys[k] & _COLUMN_ROW)
                column += keys[k] >> _COLUMN_BITS
                read, added = (row, column) if back else (column, row)
                add_pair(y, added * batch, values[k], x, read * batch, batch, _NONE)
        else:
            for k in range(first, stop):
                row = np.uint64(keys[k] & _COLUMN_ROW)
                column += keys[k] >> _COLUMN_BITS
                read, added = (row, column) if back else (column, row)
                for number in range(n_pairs):
                    add_pair(y, added * batch, values[k], x, read * batch, batch, number)
        if done < batch:
            column = _NONE
            for k in range(first, stop):
                row = np.uint64(keys[k] & _COLUMN_ROW)
                column += keys[k] >> _COLUMN_BITS
                read, added = (row, column) if back else (column, row)
                for c in range(done, batch):
                    y[added * batch + c] += values[k] * x[read * batch + c]

    return add


_add_one, _add_one_back = _adder(False), _adder(True)
_add_two, _add_two_back = _batch_adder(2, False), _batch_adder(2, True)
_add_eight, _add_eight_back = _batch_adder(8, False), _batch_adder(8, True)


@kernel
def _add_tile(
    diagonal: bool,
    back: bool,
    keys: Array,
    values: Array,
    first: Any,
    stop: Any,
    x: Array,
    y: Array,
    batch: Any,
) -> None:  # pragma: no cover - compiled
    """Add the products of one tile with the part of a batch that it reads, raveled."""
    if diagonal:
        if back:
            _add_one_back(keys, values, first, stop, x, y)
        else:
            _add_one(keys, values, first, stop, x, y)
    elif batch < _EIGHT:
        if back:
            _add_two_back(keys, values, first, stop, x, y, batch)
        else:
            _add_two(keys, values, first, stop, x, y, batch)
    elif back:
        _add_eight_back(keys, values, first, stop, x, y, batch)
    else:
        _add_eight(keys, values, first, stop, x, y, batch)


@kernel
def pull_tiles(
    tiles: Tiles, back: bool, first: int, stop: int, busy: Array, x: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Set rows `first` to `stop` of `y` to those of W x, or of W' x if `back`.

    Parameters
    ----------
    tiles : Tiles
        In diagonal order if there is one column, by column if there are more.
    back : bool
    first, stop : int
        Bounds of tiles, or the number of neurons.
    busy : ndarray of bool, shape (n,)
        The ranges of `x` with anything in them that is not 0: see `mark_tiles`.
    x, y : ndarray, shape (n_neurons, batch)
    """
    if first >= stop:  # a thread without neurons of its own
        return
    starts, keys, values, width, diagonal = tiles
    y[first:stop] = 0
    n, n_batch = len(busy), x.shape[1]
    size = n_batch << width
    batch = np.uint64(n_batch)
    flat_x, flat_y = x.reshape(-1), y.reshape(-1)
    begin, end = first >> width, (stop + (1 << width) - 1) >> width
    # In the order in which tiles lie in memory: that of rows, whatever is added to.
    for i in range(0 if back else begin, n if back else end):
        if back and not busy[i]:
            continue
        of_rows = slice(i * size, (i + 1) * size)
        for j in range(begin if back else 0, end if back else n):
            if not (back or busy[j]):
                continue
            of_columns = slice(j * size, (j + 1) * size)
            read, added = (of_rows, of_columns) if back else (of_columns, of_rows)
            x_here, y_here = flat_x[read], flat_y[added]
            one, two = starts[i * n + j], starts[i * n + j + 1]
            _add_tile(diagonal, back, keys, values, one, two, x_here, y_here, batch)

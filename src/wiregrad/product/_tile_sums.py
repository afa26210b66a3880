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
# Rows of a batch that are read here and there from a further cache are asked for so many ahead.
_SOON = np.uint64(32)
# Tiles with fewer entries in a column are sparse: see `pull_tiles`.
_SPARSE = 2

_NONE, _ONE, _TWO, _THREE, _FOUR, _SIXTEEN = (np.uint64(i) for i in (0, 1, 2, 3, 4, 16))


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
    """Make the same for batches of a multiple of `n` columns, in registers of `n` lanes."""
    lanes = np.uint64(n)

    @kernel
    def add_row(
        y: Array, added: Any, weight: Any, x: Array, read: Any
    ) -> None:  # pragma: no cover - compiled
        store(y, added, add_product(load(n, y, added), weight, load(n, x, read)))

    @kernel
    def add(
        keys: Array,
        values: Array,
        first: Any,
        stop: Any,
        x: Array,
        y: Array,
        batch: Any,
        far: bool,
    ) -> None:  # pragma: no cover - compiled
        column = _NONE
        if batch == lanes:  # a loop of one turn, for every entry, would take a fifth longer
            for k in range(first, stop):
                prefetch(values, k + _AHEAD)
                prefetch(keys, k + _AHEAD)
                if far:
                    soon = keys[min(k + _SOON, stop - _ONE)]
                    prefetch(x, np.uint64(soon & _COLUMN_ROW) * lanes)
                row = np.uint64(keys[k] & _COLUMN_ROW)
                column += keys[k] >> _COLUMN_BITS
                read, added = (row, column) if back else (column, row)
                add_row(y, added * lanes, values[k], x, read * lanes)
        else:
            for k in range(first, stop):
                row = np.uint64(keys[k] & _COLUMN_ROW)
                column += keys[k] >> _COLUMN_BITS
                read, added = (row, column) if back else (column, row)
                b = _NONE
                while b < batch:
                    add_row(y, added * batch + b, values[k], x, read * batch + b)
                    b += lanes

    return add


_add_one, _add_one_back = _adder(False), _adder(True)
_add_eight, _add_eight_back = _batch_adder(8, False), _batch_adder(8, True)
_add_sixteen, _add_sixteen_back = _batch_adder(16, False), _batch_adder(16, True)


@kernel
def _add_tile(
    tiles: Tiles, tile: int, back: bool, far: bool, x: Array, y: Array, batch: Any
) -> None:  # pragma: no cover - compiled
    """Add the products of one tile with the part of a batch that it reads, raveled.

    `far`: what is read lies in no near cache.
    """
    starts, keys, values, _, diagonal = tiles
    first, stop = starts[tile], starts[tile + 1]
    if diagonal:
        if back:
            _add_one_back(keys, values, first, stop, x, y)
        else:
            _add_one(keys, values, first, stop, x, y)
    elif batch % _SIXTEEN:
        if back:
            _add_eight_back(keys, values, first, stop, x, y, batch, far)
        else:
            _add_eight(keys, values, first, stop, x, y, batch, far)
    elif back:
        _add_sixteen_back(keys, values, first, stop, x, y, batch, far)
    else:
        _add_sixteen(keys, values, first, stop, x, y, batch, far)


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
        Of one column or of a multiple of 8.
    """
    if first >= stop:  # a thread without neurons of its own
        return
    width, batch = tiles[3], np.uint64(x.shape[1])
    begin, end, n = first >> width, (stop + (1 << width) - 1) >> width, len(busy)
    flat_x, flat_y, size = x.reshape(-1), y.reshape(-1), x.shape[1] << width
    sparse = len(tiles[1]) < _SPARSE * n * len(y)
    if back and (tiles[4] or not sparse):
        # In the order in which tiles lie in memory, that of rows. The sums of all columns go
        # through the caches again and again, but one after another.
        y[first:stop] = 0
        for i in range(n):
            for j in range(begin, end if busy[i] else begin):
                x_here = flat_x[i * size : (i + 1) * size]
                y_here = flat_y[j * size : (j + 1) * size]
                _add_tile(tiles, i * n + j, back, False, x_here, y_here, batch)
    else:
        # The sums stay where they are; what is read goes through the caches, here and there.
        for i in range(begin, end):
            y[i << width : min((i + 1) << width, stop)] = 0
            y_here = flat_y[i * size : (i + 1) * size]
            for j in range(n):
                if busy[j]:
                    tile = j * n + i if back else i * n + j
                    x_here = flat_x[j * size : (j + 1) * size]
                    _add_tile(tiles, tile, back, back, x_here, y_here, batch)

"""A square sparse matrix in tiles: what a pass over all its entries reads.

Rows and columns are cut into ranges of equal width, so that what an entry reads and what it adds
to, within one tile, lie in the nearest cache: a row of a CSR matrix gathers from everywhere. Within
a tile entries are sorted by row + column. Then neighbouring entries have hardly ever a row or a
column in common, and need not wait for the sum of the one before; yet the entries of every row come
in ascending order of the column, and those of every column in ascending order of the row. So one
order serves W h and W' g alike, with the same sums, to the bit, as the rows of a CSR matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._compile import kernel
from ._lanes import add_product, load, prefetch, store

__all__ = [
    "Tiles",
    "make_tiles",
    "mark_tiles",
    "marks_for",
    "no_tiles",
    "pull_tiles",
    "width_of_tiles",
]

Array: TypeAlias = npt.NDArray[Any]

#: Where each of n * n tiles begins, and where the last one ends; the key of each entry; its value;
#: width of a tile, as a power of 2. A key holds the row within the tile, and above it how much
#: larger row + column is than at the entry before: so two bytes say where an entry is.
Tiles: TypeAlias = tuple[Array, Array, Array, int]

# Two ranges of 2,048 numbers fit the nearest cache, and a tile still has entries enough.
_WIDEST, _NARROWEST = 11, 6
# Tiles to a side where that leaves them wide enough, for threads to share.
_SHARES = 32

# The parts of a key. Where row + column grows by more than a key can say, entries of weight 0 stand
# in between; so what is multiplied must be finite.
_BITS, _ROW, _FURTHEST = np.uint16(_WIDEST), np.uint16((1 << _WIDEST) - 1), 31
# Entries are asked for so many ahead: they stream from memory while the arithmetic runs in cache.
_AHEAD = np.uint64(1024)

_NONE, _ONE, _TWO, _THREE, _FOUR, _EIGHT = (np.uint64(i) for i in (0, 1, 2, 3, 4, 8))


def width_of_tiles(n_neurons: int) -> int:
    """Choose the width of the tiles of a matrix, as a power of 2.

    Examples
    --------
    >>> width_of_tiles(140_000), width_of_tiles(3_000), width_of_tiles(300)
    (11, 7, 6)
    """
    return min(max(int(np.ceil(np.log2(max(n_neurons, 1) / _SHARES))), _NARROWEST), _WIDEST)


def no_tiles(values: Array) -> Tiles:
    """Stand for tiles that have not been made."""
    return np.zeros(1, np.uint64), np.empty(0, np.uint16), values[:0], _WIDEST


def make_tiles(indptr: Array, indices: Array, values: Array) -> Tiles:
    """Bring a square matrix, by column, into tiles.

    Parameters
    ----------
    indptr, indices, values : ndarray
        The matrix in CSC form, with ascending indices.

    Notes
    -----
    Cost: as long as some dozens of products; 6 bytes an entry of float32, and a few percent for
    those that fill gaps.
    """
    n_neurons = len(indptr) - 1
    width = width_of_tiles(n_neurons)
    n = max(-(-n_neurons // (1 << width)), 1)
    most = len(values) + n * n * ((2 << width) // _FURTHEST + 1)
    # Pages that nothing is written to take no memory.
    starts = np.zeros(n * n + 1, np.uint64)
    keys, tiled = np.empty(most, np.uint16), np.empty(most, values.dtype)
    largest = min(len(values), 1 << 2 * width)
    room = np.empty((2, largest), np.uint32), np.empty((2, largest), values.dtype)
    total = _into_tiles(indptr, indices, values, width, n, starts, keys, tiled, *room)
    return starts, keys[:total], tiled[:total], width


@kernel
def _into_tiles(
    indptr: Array,
    indices: Array,
    values: Array,
    width: int,
    n: int,
    starts: Array,
    keys: Array,
    tiled: Array,
    ends: Array,
    weights: Array,
) -> int:  # pragma: no cover - compiled
    """Fill tile after tile; return how many entries there are in all."""
    n_neurons, size = len(indptr) - 1, 1 << width
    next_entry = indptr[:-1].copy()
    total = 0
    for i in range(n):
        bound = (i + 1) << width
        for j in range(n):
            found = 0
            for column in range(j << width, min((j + 1) << width, n_neurons)):
                k = next_entry[column]
                while k < indptr[column + 1] and indices[k] < bound:
                    row = np.int64(indices[k]) - (i << width)
                    ends[0, found] = ((column - (j << width)) << 16) | row
                    weights[0, found] = values[k]
                    found += 1
                    k += 1
                next_entry[column] = k
            _sort_by_sum(ends, weights, found, size)
            n_columns = min(size, n_neurons - (j << width))
            total = _write_tile(ends[1, :found], weights[1], n_columns, total, keys, tiled)
            starts[i * n + j + 1] = total
    return total


@kernel
def _sort_by_sum(
    ends: Array, weights: Array, n: int, size: int
) -> None:  # pragma: no cover - compiled
    """Sort the entries of one tile by row + column, from [0] into [1]: count each sum."""
    place = np.zeros(2 * size + 1, np.int64)
    for k in range(n):
        place[(ends[0, k] & 0xFFFF) + (ends[0, k] >> 16) + 1] += 1
    for s in range(1, len(place)):
        place[s] += place[s - 1]
    for k in range(n):
        s = (ends[0, k] & 0xFFFF) + (ends[0, k] >> 16)
        ends[1, place[s]], weights[1, place[s]] = ends[0, k], weights[0, k]
        place[s] += 1


@kernel
def _write_tile(
    ends: Array, weights: Array, n_columns: int, total: int, keys: Array, tiled: Array
) -> int:  # pragma: no cover - compiled
    """Write the entries of one tile from `total` on; return where the next one begins.

    Entries that fill gaps must lie within the tile too: in its last column, or else in row 0.
    """
    at = np.int64(0)
    for k in range(len(ends)):
        row = np.int64(ends[k] & 0xFFFF)
        s = row + np.int64(ends[k] >> 16)
        while s - at > _FURTHEST:
            at += _FURTHEST
            in_last = at - (n_columns - 1)
            keys[total] = (_FURTHEST << _WIDEST) | (in_last if in_last > 0 else 0)
            tiled[total] = 0
            total += 1
        keys[total] = ((s - at) << _WIDEST) | row
        tiled[total] = weights[k]
        at = s
        total += 1
    return total


def _adder(back: bool) -> Callable[..., None]:
    """Make what adds one tile's products, for a batch of one: those of W x, or of W' x."""

    @kernel
    def add(
        keys: Array, values: Array, first: Any, stop: Any, x: Array, y: Array
    ) -> None:  # pragma: no cover - compiled
        k, s = first, _NONE
        while k + _FOUR <= stop:
            prefetch(values, k + _AHEAD)
            prefetch(keys, k + _AHEAD)
            a, b, c, d = keys[k], keys[k + _ONE], keys[k + _TWO], keys[k + _THREE]
            row_a, row_b, row_c, row_d = a & _ROW, b & _ROW, c & _ROW, d & _ROW
            sum_a = s + (a >> _BITS)
            sum_b = sum_a + (b >> _BITS)
            sum_c = sum_b + (c >> _BITS)
            s = sum_c + (d >> _BITS)
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
            row = keys[k] & _ROW
            s += keys[k] >> _BITS
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
    def add(
        keys: Array, values: Array, first: Any, stop: Any, x: Array, y: Array, batch: Any
    ) -> None:  # pragma: no cover - compiled
        # No column may be added to by two pairs.
        n_pairs = (batch + lanes) // (lanes + lanes)
        done = min(n_pairs * (lanes + lanes), batch)
        for number in range(n_pairs):
            one = number * (lanes + lanes)
            two = min(one + lanes, batch - lanes)
            k, s = first, _NONE
            while k + _TWO <= stop:
                prefetch(values, k + _AHEAD)
                prefetch(keys, k + _AHEAD)
                weight, row = values[k], keys[k] & _ROW
                s += keys[k] >> _BITS
                read = (np.uint64(row) if back else s - row) * batch
                added = (s - row if back else np.uint64(row)) * batch
                weight_next, row = values[k + _ONE], keys[k + _ONE] & _ROW
                s += keys[k + _ONE] >> _BITS
                read_next = (np.uint64(row) if back else s - row) * batch
                added_next = (s - row if back else np.uint64(row)) * batch
                # Both registers are loaded before either is stored: they may overlap.
                a = add_product(load(n, y, added + one), weight, load(n, x, read + one))
                b = add_product(load(n, y, added + two), weight, load(n, x, read + two))
                store(y, added + one, a)
                store(y, added + two, b)
                a = load(n, y, added_next + one)
                b = load(n, y, added_next + two)
                a = add_product(a, weight_next, load(n, x, read_next + one))
                b = add_product(b, weight_next, load(n, x, read_next + two))
                store(y, added_next + one, a)
                store(y, added_next + two, b)
                k += _TWO
            if k < stop:
                weight, row = values[k], keys[k] & _ROW
                s += keys[k] >> _BITS
                read = (np.uint64(row) if back else s - row) * batch
                added = (s - row if back else np.uint64(row)) * batch
                a = add_product(load(n, y, added + one), weight, load(n, x, read + one))
                b = add_product(load(n, y, added + two), weight, load(n, x, read + two))
                store(y, added + one, a)
                store(y, added + two, b)
        if done < batch:
            s = _NONE
            for k in range(first, stop):
                weight, row = values[k], keys[k] & _ROW
                s += keys[k] >> _BITS
                read = (np.uint64(row) if back else s - row) * batch
                added = (s - row if back else np.uint64(row)) * batch
                for c in range(done, batch):
                    y[added + c] += weight * x[read + c]

    return add


_add_one, _add_one_back = _adder(False), _adder(True)
_add_two, _add_two_back = _batch_adder(2, False), _batch_adder(2, True)
_add_eight, _add_eight_back = _batch_adder(8, False), _batch_adder(8, True)


@kernel
def _add_tile(
    back: bool, keys: Array, values: Array, first: Any, stop: Any, x: Array, y: Array, batch: Any
) -> None:  # pragma: no cover - compiled
    """Add the products of one tile with the part of a batch that it reads, raveled."""
    if batch == _ONE:
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
def marks_for(tiles: Tiles) -> Array:  # pragma: no cover - compiled
    """Make room for `mark_tiles`: one mark for each of n ranges, where there are n * n tiles."""
    return np.empty(math.floor(math.sqrt(len(tiles[0]))), np.bool_)


@kernel
def mark_tiles(rows: Array, width: int, busy: Array) -> None:  # pragma: no cover - compiled
    """Mark the ranges of tiles that some rows of a batch lie in."""
    busy[:] = False
    for row in rows:
        busy[np.int64(row) >> width] = True


@kernel
def pull_tiles(
    tiles: Tiles, back: bool, first: int, stop: int, busy: Array, x: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Set rows `first` to `stop` of `y` to those of W x, or of W' x if `back`.

    Parameters
    ----------
    tiles : Tiles
    back : bool
    first, stop : int
        Bounds of tiles, or the number of neurons.
    busy : ndarray of bool, shape (n,)
        The ranges of `x` with anything in them that is not 0: see `mark_tiles`.
    x, y : ndarray, shape (n_neurons, batch)
    """
    if first >= stop:  # a thread without neurons of its own
        return
    starts, keys, values, width = tiles
    y[first:stop] = 0
    n, n_batch = len(busy), x.shape[1]
    size = n_batch << width
    batch = np.uint64(n_batch)
    flat_x, flat_y = x.reshape(-1), y.reshape(-1)
    begin, end = first >> width, (stop + (1 << width) - 1) >> width
    # In the order in which tiles lie in memory: that of rows, whatever is added to.
    if back:
        for i in range(n):
            if not busy[i]:
                continue
            read = flat_x[i * size : (i + 1) * size]
            for j in range(begin, end):
                tile = i * n + j
                added = flat_y[j * size : (j + 1) * size]
                _add_tile(True, keys, values, starts[tile], starts[tile + 1], read, added, batch)
        return
    for i in range(begin, end):
        added = flat_y[i * size : (i + 1) * size]
        for j in range(n):
            if busy[j]:
                tile = i * n + j
                read = flat_x[j * size : (j + 1) * size]
                _add_tile(False, keys, values, starts[tile], starts[tile + 1], read, added, batch)

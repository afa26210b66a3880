"""A square sparse matrix in tiles: what a pass over all its entries reads.

Rows and columns are cut into ranges of equal width, so that what an entry reads and what it adds
to, within one tile, lie in the nearest cache: a row of a CSR matrix gathers from everywhere. Within
a tile entries are sorted by row + column. Then neighbouring entries have neither a row nor a column
in common, and none has to wait for the sum of the one before it; yet the entries of every row come
in ascending order of the column, and those of every column in ascending order of the row. So one
order serves W h and W' g alike, with the same sums, to the bit, as the rows of a CSR matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._compile import kernel
from ._lanes import add_product, load, prefetch, store

__all__ = ["Tiles", "make_tiles", "mark_tiles", "no_tiles", "pull_tiles", "width_of_tiles"]

Array: TypeAlias = npt.NDArray[Any]

#: Where each tile begins, shape (n, n + 1) raveled and closed; both ends of each entry within its
#: tile, the row below and the column above 16 bits; values; width of a tile, as a power of 2.
Tiles: TypeAlias = tuple[Array, Array, Array, int]

# Two ranges of 2,048 numbers fit the nearest cache, and a tile still has entries enough.
_WIDEST, _NARROWEST = 11, 6
# Tiles to a side where that leaves them wide enough, for threads to share.
_SHARES = 32

_BITS, _MASK = np.uint32(16), np.uint32(0xFFFF)
# Entries are asked for so many ahead: they stream from memory while the arithmetic runs in cache.
_AHEAD = np.uint64(1024)

_ONE, _TWO, _THREE, _FOUR = (np.uint64(i) for i in range(1, 5))


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
    return np.zeros(1, np.uint64), np.empty(0, np.uint32), values[:0], _WIDEST


def make_tiles(indptr: Array, indices: Array, values: Array) -> Tiles:
    """Bring a square matrix, by column, into tiles.

    Parameters
    ----------
    indptr, indices, values : ndarray
        The matrix in CSC form, with ascending indices.

    Notes
    -----
    Cost: three passes over the entries, and 8 bytes for each.
    """
    n_neurons = len(indptr) - 1
    width = width_of_tiles(n_neurons)
    n = max(-(-n_neurons // (1 << width)), 1)
    starts = np.zeros(n * n + 1, np.uint64)
    ends, sorted_values = np.empty(len(values), np.uint32), np.empty_like(values)
    _into_tiles(indptr, indices, values, width, n, starts, ends, sorted_values)
    _sort_tiles(starts, ends, sorted_values, width)
    return starts, ends, sorted_values, width


@kernel
def _into_tiles(
    indptr: Array,
    indices: Array,
    values: Array,
    width: int,
    n: int,
    starts: Array,
    ends: Array,
    tiled: Array,
) -> None:  # pragma: no cover - compiled
    """Count the entries of each tile, and put every entry into its own."""
    mask = (1 << width) - 1
    counts = np.zeros(n * n + 1, np.int64)
    for column in range(len(indptr) - 1):
        for k in range(indptr[column], indptr[column + 1]):
            counts[(np.int64(indices[k]) >> width) * n + (column >> width) + 1] += 1
    place = np.cumsum(counts)
    starts[:] = place.astype(np.uint64)
    for column in range(len(indptr) - 1):
        for k in range(indptr[column], indptr[column + 1]):
            row = np.int64(indices[k])
            tile = (row >> width) * n + (column >> width)
            ends[place[tile]] = ((column & mask) << 16) | (row & mask)
            tiled[place[tile]] = values[k]
            place[tile] += 1


@kernel
def _sort_tiles(
    starts: Array, ends: Array, tiled: Array, width: int
) -> None:  # pragma: no cover - compiled
    """Sort the entries of each tile by row + column: count how many have each sum."""
    largest = np.uint64(0)
    for tile in range(len(starts) - 1):
        largest = max(largest, starts[tile + 1] - starts[tile])
    old_ends, old_values = np.empty(largest, ends.dtype), np.empty(largest, tiled.dtype)
    place = np.empty((2 << width) + 1, np.int64)
    for tile in range(len(starts) - 1):
        first, stop = starts[tile], starts[tile + 1]
        if stop - first < 2:
            continue
        place[:] = 0
        for k in range(first, stop):
            old_ends[k - first], old_values[k - first] = ends[k], tiled[k]
            place[(ends[k] & _MASK) + (ends[k] >> _BITS) + _ONE] += 1
        for s in range(1, len(place)):
            place[s] += place[s - 1]
        for k in range(stop - first):
            s = (old_ends[k] & _MASK) + (old_ends[k] >> _BITS)
            ends[first + np.uint64(place[s])] = old_ends[k]
            tiled[first + np.uint64(place[s])] = old_values[k]
            place[s] += 1


def _adder(source: int, target: int) -> Callable[..., None]:
    """Make what adds one tile's products, for a batch of one.

    `source` and `target` say where among an entry's bits the index read and the one added to are.
    """
    source_bits, target_bits = np.uint32(source), np.uint32(target)

    @kernel
    def add(
        ends: Array, values: Array, first: Any, stop: Any, x: Array, y: Array
    ) -> None:  # pragma: no cover - compiled
        k = first
        while k + _FOUR <= stop:
            prefetch(values, k + _AHEAD)
            prefetch(ends, k + _AHEAD)
            a, b, c, d = ends[k], ends[k + _ONE], ends[k + _TWO], ends[k + _THREE]
            of_a = values[k] * x[(a >> source_bits) & _MASK]
            of_b = values[k + _ONE] * x[(b >> source_bits) & _MASK]
            of_c = values[k + _TWO] * x[(c >> source_bits) & _MASK]
            of_d = values[k + _THREE] * x[(d >> source_bits) & _MASK]
            y[(a >> target_bits) & _MASK] += of_a
            y[(b >> target_bits) & _MASK] += of_b
            y[(c >> target_bits) & _MASK] += of_c
            y[(d >> target_bits) & _MASK] += of_d
            k += _FOUR
        while k < stop:
            a = ends[k]
            y[(a >> target_bits) & _MASK] += values[k] * x[(a >> source_bits) & _MASK]
            k += _ONE

    return add


def _batch_adder(n: int, source: int, target: int) -> Callable[..., None]:
    """Make the same for batches of at least `n` columns, in pairs of registers of `n` lanes."""
    lanes, source_bits, target_bits = np.uint64(n), np.uint32(source), np.uint32(target)

    @kernel
    def add(
        ends: Array, values: Array, first: Any, stop: Any, x: Array, y: Array, batch: Any
    ) -> None:  # pragma: no cover - compiled
        # No column may be added to by two pairs.
        n_pairs = (batch + lanes) // (lanes + lanes)
        done = min(n_pairs * (lanes + lanes), batch)
        for number in range(n_pairs):
            one = number * (lanes + lanes)
            two = min(one + lanes, batch - lanes)
            for k in range(first, stop):
                prefetch(values, k + _AHEAD)
                prefetch(ends, k + _AHEAD)
                weight = values[k]
                read = np.uint64((ends[k] >> source_bits) & _MASK) * batch
                added = np.uint64((ends[k] >> target_bits) & _MASK) * batch
                # Both are loaded before either is stored: they may overlap.
                a = add_product(load(n, y, added + one), weight, load(n, x, read + one))
                b = add_product(load(n, y, added + two), weight, load(n, x, read + two))
                store(y, added + one, a)
                store(y, added + two, b)
        if done < batch:
            for k in range(first, stop):
                weight = values[k]
                read = np.uint64((ends[k] >> source_bits) & _MASK) * batch
                added = np.uint64((ends[k] >> target_bits) & _MASK) * batch
                for c in range(done, batch):
                    y[added + c] += weight * x[read + c]

    return add


# An entry's row lies in its lower bits, its column above them.
_add_one, _add_one_back = _adder(16, 0), _adder(0, 16)
_add_two, _add_two_back = _batch_adder(2, 16, 0), _batch_adder(2, 0, 16)
_add_four, _add_four_back = _batch_adder(4, 16, 0), _batch_adder(4, 0, 16)
_add_eight, _add_eight_back = _batch_adder(8, 16, 0), _batch_adder(8, 0, 16)


@kernel
def _add_tile(
    back: bool, ends: Array, values: Array, first: Any, stop: Any, x: Array, y: Array, batch: Any
) -> None:  # pragma: no cover - compiled
    """Add the products of one tile with the part of a batch that it reads, raveled."""
    if batch == _ONE:
        if back:
            _add_one_back(ends, values, first, stop, x, y)
        else:
            _add_one(ends, values, first, stop, x, y)
    elif batch < _FOUR:
        if back:
            _add_two_back(ends, values, first, stop, x, y, batch)
        else:
            _add_two(ends, values, first, stop, x, y, batch)
    elif batch < _FOUR + _FOUR:
        if back:
            _add_four_back(ends, values, first, stop, x, y, batch)
        else:
            _add_four(ends, values, first, stop, x, y, batch)
    elif back:
        _add_eight_back(ends, values, first, stop, x, y, batch)
    else:
        _add_eight(ends, values, first, stop, x, y, batch)


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
    starts, ends, values, width = tiles
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
                _add_tile(True, ends, values, starts[tile], starts[tile + 1], read, added, batch)
        return
    for i in range(begin, end):
        added = flat_y[i * size : (i + 1) * size]
        for j in range(n):
            if busy[j]:
                tile = i * n + j
                read = flat_x[j * size : (j + 1) * size]
                _add_tile(False, ends, values, starts[tile], starts[tile + 1], read, added, batch)

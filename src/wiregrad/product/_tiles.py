"""A square sparse matrix in tiles: what a pass over all its entries reads.

Rows and columns are cut into ranges of equal width, so that what an entry reads and what it adds
to, within one tile, lie in a near cache: a row of a CSR matrix gathers from everywhere. Within a
tile the entries of every row come in ascending order of the column, and those of every column in
ascending order of the row. So one order serves W h and W' g alike, with the same sums, to the bit,
as the rows of a CSR matrix. Of such orders there are two:

- diagonal, for a column alone: by row + column. Neighbouring entries have hardly ever a row or a
  column in common, and need not wait for the sum of the one before.
- by column, for batches: rows of the batch are read one after another. Their sums wait less, as
  there are many side by side; so wider tiles are faster, with more entries each.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._compile import kernel
from ._tile_shape import COLUMN_BITS, DIAGONAL_BITS, TileShape

__all__ = ["Tiles", "make_tiles", "mark_tiles", "marks_for", "no_tiles"]

Array: TypeAlias = npt.NDArray[Any]

#: Where each of n * n tiles begins, and where the last one ends; the key of each entry; its value;
#: width of a tile, as a power of 2; whether entries are in diagonal order. The low bits of a key
#: are the row within the tile. The others say how much larger row + column, or the column, is than
#: at the entry before: so two bytes say where an entry is.
Tiles: TypeAlias = tuple[Array, Array, Array, int, bool]


def no_tiles(values: Array) -> Tiles:
    """Stand for tiles that have not been made."""
    return np.zeros(1, np.uint64), np.empty(0, np.uint16), values[:0], DIAGONAL_BITS, True


def make_tiles(indptr: Array, indices: Array, values: Array, shape: TileShape) -> Tiles:
    """Bring a square matrix, by column, into tiles.

    Parameters
    ----------
    indptr, indices, values : ndarray
        The matrix in CSC form, with ascending indices.
    shape : TileShape

    Notes
    -----
    Cost: as long as some dozens of products; 6 bytes an entry of float32, and a few percent for
    those that fill gaps.
    """
    n_neurons, width = len(indptr) - 1, shape.width
    furthest = (1 << (16 - (DIAGONAL_BITS if shape.diagonal else COLUMN_BITS))) - 1
    n = max(-(-n_neurons // (1 << width)), 1)
    most = len(values) + n * n * ((2 << width) // furthest + 1)
    # Pages that nothing is written to take no memory.
    starts = np.zeros(n * n + 1, np.uint64)
    keys, tiled = np.empty(most, np.uint16), np.empty(most, values.dtype)
    largest = min(len(values), 1 << 2 * width)
    room = np.empty((2, largest), np.uint32), np.empty((2, largest), values.dtype)
    total = _into_tiles(
        indptr, indices, values, width, shape.diagonal, n, starts, keys, tiled, *room
    )
    return starts, keys[:total], tiled[:total], width, shape.diagonal


@kernel
def _into_tiles(
    indptr: Array,
    indices: Array,
    values: Array,
    width: int,
    diagonal: bool,
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
            if diagonal:
                _sort_by_sum(ends, weights, found, size)
            n_columns = min(size, n_neurons - (j << width))
            at = int(diagonal)
            total = _write_tile(
                ends[at, :found], weights[at], diagonal, n_columns, total, keys, tiled
            )
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
    ends: Array,
    weights: Array,
    diagonal: bool,
    n_columns: int,
    total: int,
    keys: Array,
    tiled: Array,
) -> int:  # pragma: no cover - compiled
    """Write the entries of one tile from `total` on; return where the next one begins.

    Where an entry is further from the one before than a key can say, entries of weight 0 stand in
    between; so what is multiplied must be finite. They must lie within the tile too.
    """
    bits = DIAGONAL_BITS if diagonal else COLUMN_BITS
    furthest = (1 << (16 - bits)) - 1
    at = np.int64(0)
    for k in range(len(ends)):
        row, column = np.int64(ends[k] & 0xFFFF), np.int64(ends[k] >> 16)
        s = row + column if diagonal else column
        while s - at > furthest:
            at += furthest
            # In diagonal order: in the last column, or else in row 0.
            beyond = at - (n_columns - 1)
            keys[total] = (furthest << bits) | (beyond if diagonal and beyond > 0 else 0)
            tiled[total] = 0
            total += 1
        keys[total] = ((s - at) << bits) | row
        tiled[total] = weights[k]
        at = s
        total += 1
    return total


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

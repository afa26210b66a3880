"""CPU kernels of the sparse product, compiled on first use and cached on disk.

Every kernel adds a neuron's inputs in ascending order of the presynaptic index, one rounded
operation at a time. So a column's result is the same bits alone, in any batch, and on any number
of threads.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from ._aligned import aligned, row_width
from ._compile import kernel, parallel_kernel
from ._row_lists import count_edges, list_active
from ._rows import pull_rows, push_block, push_rows
from ._threads import PARALLEL_FROM, n_threads, run_on
from ._tile_sums import pull_tiles
from ._tiles import Tiles, mark_tiles, marks_for

__all__ = [
    "active_rows",
    "count_entries",
    "edge_products",
    "fetch_rows",
    "pull",
    "pull_all",
    "push",
    "split_rows",
]

Array: TypeAlias = npt.NDArray[Any]


# Rows of a pull are handed to the threads in so many parts, to even out long and short rows.
_PARTS = 64


@parallel_kernel
def _pull_parallel(
    indptr: Array, indices: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    n = len(rows)
    for part in numba.prange(_PARTS):
        own = rows[n * part // _PARTS : n * (part + 1) // _PARTS]
        pull_rows(indptr, indices, values, own, h, y)


@parallel_kernel
def _pull_all_parallel(
    tiles: Tiles, back: bool, bounds: Array, busy: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    for p in numba.prange(len(bounds) - 1):
        pull_tiles(tiles, back, bounds[p], bounds[p + 1], busy, h, y)


@parallel_kernel
def _push_parallel(
    split: Array, bounds: Array, indices: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    for p in numba.prange(len(bounds) - 1):
        push_block(bounds[p], bounds[p + 1], split[p : p + 2], indices, values, rows, h, y)


@kernel
def active_rows(h: Array) -> Array:
    """List the rows of a batch of columns that are not all 0, in ascending order."""
    active = np.empty(h.shape[0], dtype=np.uint64)
    return active[: list_active(h, 0, h.shape[0], active)]


@kernel
def count_entries(indices: Array, counts: Array) -> None:  # pragma: no cover - compiled
    """Count how often each index occurs, beyond what is counted already."""
    for index in indices:
        counts[index] += 1


@kernel
def split_rows(
    indptr: Array, indices: Array, bounds: Array, split: Array
) -> None:  # pragma: no cover - compiled
    """Find where each row of a CSR matrix passes the bounds of blocks of columns.

    `split[p, row]` becomes the first entry of the row whose column is at least `bounds[p]`.
    """
    for row in range(split.shape[1]):
        place = indptr[row]
        for p in range(split.shape[0]):
            while place < indptr[row + 1] and indices[place] < bounds[p]:
                place += 1
            split[p, row] = place


@kernel
def fetch_rows(
    indptr: Array,
    post: Array,
    values: Array,
    wanted: Array,
    place: Array,
    indices: Array,
    fetched: Array,
) -> None:  # pragma: no cover - compiled
    """Collect the entries of some rows of a CSC matrix, in ascending order of the column.

    Those of row i come to stand from `place[i]` on, which is counted up.
    """
    for column in range(len(indptr) - 1):
        for k in range(indptr[column], indptr[column + 1]):
            row = post[k]
            if wanted[row]:
                at = place[row]
                indices[at], fetched[at] = column, values[k]
                place[row] = at + 1


@parallel_kernel
def edge_products(
    indptr: Array, indices: Array, g: Array, h: Array, products: Array
) -> None:  # pragma: no cover - compiled
    """Multiply both ends of every entry of a CSR matrix, summed over the batch.

    `products[k]` becomes the sum of `g[row] * h[indices[k]]`: the gradient of the values.
    """
    for row in numba.prange(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            total = products.dtype.type(0)
            source = h[indices[k]]
            for b in range(g.shape[1]):
                total += g[row, b] * source[b]
            products[k] = total


def _require_registers(h: Array) -> None:
    """Refuse a batch whose rows the kernels would read beyond.

    Raises
    ------
    ValueError
    """
    if row_width(h.shape[1]) != h.shape[1]:
        raise ValueError(
            f"a batch of {h.shape[1]} columns: the kernels take one or a multiple of 8, see widened"
        )


def push(
    indptr: Array,
    indices: Array,
    values: Array,
    active: Array,
    h: Array,
    shares: tuple[Array, Array] | None = None,
) -> Array:
    """Multiply the transpose of a square CSR matrix with a batch that is 0 but for some rows.

    The same bits as a pull through the transposed layout: row after row is added to its targets, so
    that each target receives its inputs in ascending order too, and what is left out is 0.

    Parameters
    ----------
    indptr, indices, values : ndarray
        The matrix in CSR form: row i holds what `h[i]` is passed on to.
    active : ndarray of uint64
        The rows of `h` that are not 0, ascending: see `active_rows`.
    h : ndarray, shape (n, batch)
        Contiguous along the batch, of the dtype of `values`; one column or a multiple of 8.
    shares : (bounds, split), optional
        Blocks of targets for the threads, and where each row enters each: see `Blocks`. By default
        there is one thread.

    Returns
    -------
    ndarray, shape (n, batch)

    Notes
    -----
    Cost: the entries of the active rows, for the whole batch.

    Examples
    --------
    >>> h = np.array([[2.0], [0.0]])
    >>> push(np.array([0, 1, 1]), np.array([1]), np.array([0.5]), active_rows(h), h).tolist()
    [[0.0], [1.0]]
    """
    _require_registers(h)
    if shares is None or count_edges(indptr, active) * h.shape[1] < PARALLEL_FROM:
        y = aligned(h.shape, h.dtype, np.zeros)
        push_rows(indptr[:-1], indptr[1:], indices, values, active, h, y)
        return y
    bounds, split = shares
    y = aligned(h.shape, h.dtype)
    with run_on(len(bounds) - 1):
        _push_parallel(split, bounds, indices, values, active, h, y)
    return y


def pull(indptr: Array, indices: Array, values: Array, h: Array) -> Array:
    """Multiply a CSR matrix with a batch of columns: y[row] = sum of values * h[indices].

    Parameters
    ----------
    indptr, indices, values : ndarray
        The matrix in CSR form, with ascending indices in each row.
    h : ndarray, shape (n_columns, batch)
        Contiguous along the batch, of the dtype of `values`; one column or a multiple of 8.

    Returns
    -------
    ndarray, shape (n_rows, batch)

    Notes
    -----
    Cost: one pass over the edges for the whole batch.

    Examples
    --------
    >>> pull(np.array([0, 1, 1]), np.array([1]), np.array([0.5]), np.array([[1.0], [4.0]])).tolist()
    [[2.0], [0.0]]
    """
    _require_registers(h)
    rows = np.arange(len(indptr) - 1, dtype=np.uint32)
    y = aligned((len(rows), h.shape[1]), values.dtype)
    if len(values) * h.shape[1] < PARALLEL_FROM:
        pull_rows(indptr, indices, values, rows, h, y)
        return y
    with run_on(n_threads()):
        _pull_parallel(indptr, indices, values, rows, h, y)
    return y


def pull_all(tiles: Tiles, back: bool, bounds: Array, active: Array, h: Array) -> Array:
    """Multiply a square matrix in tiles with a batch of columns, or its transpose if `back`.

    The same bits as `pull` and `push`.

    Parameters
    ----------
    tiles : Tiles
        See `make_tiles`.
    back : bool
    bounds : ndarray of int64, shape (n_blocks + 1,)
        Blocks of rows for the threads, which end where tiles do.
    active : ndarray of uint64
        The rows of `h` that are not 0, ascending: see `active_rows`.
    h : ndarray, shape (n, batch)
        Contiguous along the batch, of the dtype of the values; one column or a multiple of 8.

    Returns
    -------
    ndarray, shape (n, batch)

    Notes
    -----
    Cost: one pass over the entries for the whole batch, but for ranges of `h` that are all 0.

    Examples
    --------
    >>> from ._tile_shape import TileShape
    >>> from ._tiles import make_tiles
    >>> shape = TileShape(width=6, diagonal=True)
    >>> tiles = make_tiles(np.array([0, 1, 1]), np.array([1]), np.array([0.5]), shape)
    >>> h = np.array([[1.0], [4.0]])
    >>> pull_all(tiles, False, np.array([0, 2]), active_rows(h), h).tolist()
    [[0.0], [0.5]]
    """
    _require_registers(h)
    values, busy = tiles[2], marks_for(tiles)
    mark_tiles(active, tiles[3], busy)
    y = aligned(h.shape, values.dtype)
    if len(values) * h.shape[1] < PARALLEL_FROM:
        pull_tiles(tiles, back, 0, len(y), busy, h, y)
        return y
    with run_on(n_threads()):
        _pull_all_parallel(tiles, back, bounds, busy, h, y)
    return y

"""Lists of rows, compiled: which are active, ascending, and what they have in common."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._compile import kernel
from ._lanes import any_set, load

__all__ = [
    "all_marked",
    "any_in_row",
    "close_up",
    "count_edges",
    "list_active",
    "list_active_of",
    "merge_rows",
    "within",
    "without",
]

Array: TypeAlias = npt.NDArray[Any]

_EIGHT = np.uint64(8)

# Rows of a batch of one are looked over in chunks of so many.
_CHUNK = 64


@kernel
def merge_rows(a: Array, b: Array, merged: Array) -> int:  # pragma: no cover - compiled
    """Merge two ascending lists without doubles; return how many there are."""
    i = j = n = 0
    while i < len(a) or j < len(b):
        if j == len(b) or (i < len(a) and a[i] < b[j]):
            merged[n] = a[i]
            i += 1
        else:
            if i < len(a) and a[i] == b[j]:
                i += 1
            merged[n] = b[j]
            j += 1
        n += 1
    return n


@kernel
def any_in_row(flat: Array, row: Any, n_batch: Any) -> bool:  # pragma: no cover - compiled
    """Say whether anything in a row of a raveled batch, which begins at `row`, is not 0."""
    if n_batch < _EIGHT:
        return bool(n_batch > 0 and flat[row] != 0)
    stop = row + n_batch
    while row < stop:
        if any_set(load(8, flat, row)):
            return True
        row += _EIGHT
    return False


@kernel
def _list_active_of_one(
    h: Array, first: int, stop: int, active: Array
) -> int:  # pragma: no cover - compiled
    """Do what `list_active` does, for a batch of one, shape (n_neurons,)."""
    n = first
    for begin in range(first, stop, _CHUNK):
        part, n_set = h[begin : min(begin + _CHUNK, stop)], 0
        for x in part:
            n_set += x != 0
        if n_set == 0:  # in many chunks there is nothing
            continue
        listed, k = active[n : n + len(part)], 0
        for i in range(len(part)):
            listed[k] = begin + i
            k += part[i] != 0
        n += n_set
    return n - first


@kernel
def list_active(
    h: Array, first: int, stop: int, active: Array
) -> int:  # pragma: no cover - compiled
    """List the rows that are not all 0, from `active[first]` on; return how many there are."""
    if h.shape[1] == 1:
        return _list_active_of_one(h.reshape(-1), first, stop, active)
    n = first
    flat, n_batch = h.reshape(-1), np.uint64(h.shape[1])
    for i in range(np.uint64(first), np.uint64(stop)):
        active[n] = i
        n += any_in_row(flat, i * n_batch, n_batch)
    return n - first


@kernel
def list_active_of(
    h: Array, rows: Array, first: int, active: Array
) -> int:  # pragma: no cover - compiled
    """List those of some rows that are not all 0, likewise."""
    n = first
    flat, n_batch = h.reshape(-1), np.uint64(h.shape[1])
    for i in rows:
        active[n] = i
        n += any_in_row(flat, np.uint64(i) * n_batch, n_batch)
    return n - first


@kernel
def close_up(active: Array, bounds: Array, counts: Array) -> int:  # pragma: no cover - compiled
    """Move the lists that each block left at its start together; return the length in all.

    Where a block has left no list, its count is -1, and so is what is returned.
    """
    n: int = counts[0]
    for count in counts:
        if count < 0:
            return -1
    for p in range(1, len(counts)):
        for j in range(counts[p]):
            active[n] = active[bounds[p] + j]
            n += 1
    return n


@kernel
def all_marked(rows: Array, marks: Array) -> bool:  # pragma: no cover - compiled
    """Say whether some rows are all marked; where there are no marks, they are."""
    if len(marks) == 0:
        return True
    n = 0
    for row in rows:
        n += marks[row]
    return n == len(rows)


@kernel
def count_edges(indptr: Array, rows: Array) -> int:  # pragma: no cover - compiled
    """Count the entries of some rows of a CSR matrix."""
    n = 0
    for row in rows:
        n += indptr[row + 1] - indptr[row]
    return n


@kernel
def within(rows: Array, first: Any, stop: Any) -> Array:  # pragma: no cover - compiled
    """Return those of some ascending rows that lie in a block."""
    return rows[np.searchsorted(rows, first) : np.searchsorted(rows, stop)]


@kernel
def without(rows: Array, others: Array) -> Array:  # pragma: no cover - compiled
    """List the ascending rows that are not among some other ascending rows."""
    kept = np.empty_like(rows)
    n = j = 0
    for i in rows:
        while j < len(others) and others[j] < i:
            j += 1
        kept[n] = i
        n += j == len(others) or others[j] != i
    return kept[:n]

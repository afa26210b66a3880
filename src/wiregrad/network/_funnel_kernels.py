"""CPU kernel of a funnel: all steps of a few neurons, for many stimuli side by side."""

from __future__ import annotations

from typing import Any, TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from ..product.compiled import kernel, parallel_kernel, pull_rows, row_width
from ._activate_kernels import activate

__all__ = ["run_funnel"]

Array: TypeAlias = npt.NDArray[Any]


@kernel
def _drive_rows(h: Array, rows: Array, given: Array) -> None:  # pragma: no cover - compiled
    """Add what is given to some rows, up to 1."""
    one = h.dtype.type(1)
    for e in range(len(rows)):
        for b in range(given.shape[1]):
            h[rows[e], b] = min(h[rows[e], b] + given[e, b], one)


@kernel
def _run_some(
    edges: tuple[Array, Array, Array],
    begin: Array,
    rows: Array,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    entry_begin: Array,
    entry_row: Array,
    given: Array,
    read_row: Array,
    out: Array,
) -> None:  # pragma: no cover - compiled
    """Run some stimuli through all steps."""
    n = given.shape[1]
    h = np.zeros((len(rows), row_width(n)), given.dtype)
    active = np.empty(len(rows), np.uint32)
    for t in range(len(begin) - 1):
        if t:
            first, stop = begin[t], begin[t + 1]
            pull_rows(edges[0], edges[1], edges[2], rows[first:stop], h, h)
            activate(h, first, stop, slope, bias, threshold, single, h[:0], active)
        own = slice(entry_begin[t], entry_begin[t + 1])
        _drive_rows(h, entry_row[own], given[own])
    for i in range(len(read_row)):
        for b in range(n):
            out[i, b] = h[read_row[i], b]


@parallel_kernel
def run_funnel(
    edges: tuple[Array, Array, Array],
    begin: Array,
    rows: Array,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    entry_begin: Array,
    entry_row: Array,
    given: Array,
    read_row: Array,
    width: int,
    out: Array,
) -> None:  # pragma: no cover - compiled
    """Run stimuli through a funnel, some at a time, shared among threads.

    Parameters
    ----------
    edges : (indptr, indices, values)
        What leads to each row from rows of the step before, in CSR form, ascending.
    begin : ndarray, shape (n_steps + 1,)
        Where the rows of each step begin.
    rows : ndarray, shape (n_rows,)
        0, 1, ...
    slope, bias : ndarray, shape (n_rows,)
    threshold : number
    single : bool
        Whether tanh need only be as good as float32.
    entry_begin : ndarray, shape (n_steps + 1,)
        Where the entries of each step begin.
    entry_row : ndarray, shape (n_entries,)
        The row that each drives.
    given : ndarray, shape (n_entries, n)
        The stimuli, in [threshold, 1] or 0.
    read_row : ndarray, shape (n_targets,)
    width : int
        Stimuli that a thread takes at a time.
    out : ndarray, shape (n_targets, n)
        Filled in: the rows to read.
    """
    n = given.shape[1]
    for c in numba.prange((n + width - 1) // width):
        some = slice(c * width, min((c + 1) * width, n))
        _run_some(
            edges,
            begin,
            rows,
            slope,
            bias,
            threshold,
            single,
            entry_begin,
            entry_row,
            given[:, some],
            read_row,
            out[:, some],
        )

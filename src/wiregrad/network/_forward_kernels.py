"""CPU kernels of the unrolled network forwards, on active neurons only.

Compiled on first use and cached on disk. All arrays are (step, neuron, batch) or a slice of that,
contiguous along the batch. A neuron's inputs are added in ascending order of the presynaptic index
by every path, one rounded operation at a time: so a batch member's result is the same bits alone,
in any batch, and on any number of threads.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from ..product.compiled import (
    Tiles,
    add,
    any_in_row,
    close_up,
    count_edges,
    fill,
    kernel,
    load,
    mark_tiles,
    marks_for,
    parallel_kernel,
    pull_rows,
    pull_tiles,
    push_block,
    store,
    where_positive,
    within,
)
from ._activate_kernels import activate, activate_some, copy_rows

__all__ = ["add_up_active", "forward"]

Array: TypeAlias = npt.NDArray[Any]

_ONE, _EIGHT = np.uint64(1), np.uint64(8)

# The ways along the edges: from the active neurons, along all, or to the neurons that are needed.
_PUSH, _ALL, _SOME = 0, 1, 2


@kernel
def _with_driven(
    h: Array, driven: Array, first: int, n: int, active: Array
) -> int:  # pragma: no cover - compiled
    """Add driven neurons to a list of active ones, both ascending; return the new length.

    The list begins at `active[first]`; `h` is not all 0 at those in it.
    """
    listed = active[first : first + n].copy()
    flat, n_batch = h.reshape(-1), np.uint64(h.shape[1])
    at = first
    j = 0
    for i in driven:
        while j < n and listed[j] < i:
            active[at] = listed[j]
            at += 1
            j += 1
        if j < n and listed[j] == i:
            j += 1
        active[at] = i
        at += any_in_row(flat, np.uint64(i) * n_batch, n_batch)
    for k in range(j, n):
        active[at] = listed[k]
        at += 1
    return at - first


@kernel
def _drive(
    h: Array, sensory: Array, places: Array, given: Array, before: Array
) -> None:  # pragma: no cover - compiled
    """Add the stimulus of one step at some sensory neurons, and note what they were before."""
    one, n_batch = h.dtype.type(1), np.uint64(h.shape[1])
    flat, drive, noted = h.reshape(-1), given.reshape(-1), before.reshape(-1)
    for j in range(len(sensory)):
        row, place = np.uint64(sensory[j]) * n_batch, np.uint64(places[j]) * n_batch
        if n_batch == _ONE:
            a = flat[row]
            noted[place] = a
            flat[row] = min(a + drive[place], one)
            continue
        b = np.uint64(0)
        while b < n_batch:
            a = load(8, flat, row + b)
            store(noted, place + b, a)
            total = add(a, load(8, drive, place + b))
            over = add(total, fill(8, -one))
            store(flat, row + b, where_positive(over, fill(8, one), total))
            b += _EIGHT


@kernel
def add_up_active(
    h: Array, active: Array, size: Array, square: Array
) -> None:  # pragma: no cover - compiled
    """Add the activations of each batch member, and their squares, in ascending order."""
    for row in active:
        for b in range(h.shape[1]):
            value = float(h[row, b])
            size[b] += value
            square[b] += value * value


@kernel
def _copy_some(rows: Array, source: Array, target: Array) -> None:  # pragma: no cover - compiled
    """Copy some rows of a batch."""
    read, written, n_batch = source.reshape(-1), target.reshape(-1), np.uint64(source.shape[1])
    for i in rows:
        row = np.uint64(i) * n_batch
        for k in range(row, row + n_batch):
            written[k] = read[k]


@kernel
def _step_of_block(
    p: int,
    way: int,
    by_pre: tuple[Array, Array, Array],
    by_post: tuple[Array, Array, Array],
    tiles: Tiles,
    split: Array,
    bounds: Array,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    sensory: Array,
    places: Array,
    joining: Array,
    sensory_in_block: Array,
    busy: Array,
    rows: Array,
    needed: Array,
    h: Array,
    y: Array,
    before: Array,
    summed: Array,
    keep_silent: bool,
    active: Array,
) -> int:  # pragma: no cover - compiled
    """Take one step in one block of neurons; list the active ones and return their number."""
    first, stop = bounds[p], bounds[p + 1]
    some = within(needed, first, stop)
    if way == _PUSH:
        push_block(first, stop, split[p : p + 2], by_pre[1], by_pre[2], rows, h, y)
    elif way == _ALL:
        pull_tiles(tiles, False, first, stop, busy, h, y)
    else:
        pull_rows(by_post[0], by_post[1], by_post[2], some, h, y)
    kept = summed[0] if len(summed) else y[:0]
    if len(kept) and keep_silent:
        if way == _SOME:
            _copy_some(some, y, kept)
        else:
            copy_rows(y, first, stop, kept)
        kept = y[:0]
    how = slope, bias, threshold, single, kept, active
    n = activate_some(y, some, first, *how) if way == _SOME else activate(y, first, stop, *how)
    if len(joining):
        own = slice(sensory_in_block[p], sensory_in_block[p + 1])
        _drive(y, sensory[own], places[own], joining[0], before)
        n = _with_driven(y, sensory[own], first, n, active)
    return n


@parallel_kernel
def forward(
    by_pre: tuple[Array, Array, Array],
    by_post: tuple[Array, Array, Array],
    tiles: Tiles,
    split: Array,
    bounds: Array,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    sensory: Array,
    places: Array,
    given: Array,
    sensory_in_block: Array,
    states: Array,
    before: Array,
    summed: Array,
    keep_silent: bool,
    active: Array,
    n_active: Array,
    size: Array,
    square: Array,
    add_up: bool,
    push_below: float,
    needed: Array,
    needed_starts: Array,
) -> int:  # pragma: no cover - compiled
    """Run the network for some steps in a row.

    Parameters
    ----------
    by_pre : (indptr, indices, values)
        The weights, in CSC form.
    by_post : (indptr, indices, values)
        The same in CSR form, if there is anything in `needed`.
    tiles : Tiles
        The weights in tiles, or empty; then everything is pushed.
    split : ndarray, shape (n_blocks + 1, n_neurons)
        Where each row by pre passes the bounds of the blocks of postsynaptic neurons.
    bounds : ndarray, shape (n_blocks + 1,)
        Where tiles end, all of them.
    slope, bias : ndarray, shape (n_neurons,)
    threshold : number
        Above 0.
    single : bool
        Whether tanh need only be as good as float32.
    sensory, places : ndarray, shape (n_sensory,)
        Sensory neurons, ascending, and the row of the stimulus of each.
    given : ndarray, shape (step + 1, sensory, batch), or (step, sensory, batch)
        The stimulus, in [threshold, 1] or 0: [t + 1] is added to the state after t + 1 of these
        steps. Nothing is added to the last state of all, so there is one entry less.
    sensory_in_block : ndarray, shape (n_blocks + 1,)
        Where the sensory neurons of each block begin.
    states : ndarray, shape (step + 1, neuron, batch)
        [0] is where to start; filled in: [t + 1], the state after t + 1 steps.
    before : ndarray, shape (step, sensory, batch)
        Filled in: activation of the sensory neurons before the stimulus was added.
    summed : ndarray, shape (step, neuron, batch), or (0, 0, 0)
        Filled in, if there is room: W h of each step, at the neurons that are active.
    keep_silent : bool
        Whether it is kept for silent neurons too.
    active : ndarray, shape (step + 1, n_neurons)
    n_active : ndarray, shape (step + 1,)
        The active neurons of each state, ascending, and their number: [0] is given, the others are
        filled in; of a state that is left undefined for some, those of the others.
    size, square : ndarray, shape (batch,)
        The sums of activations and of their squares, over neurons and steps, are added to these,
    add_up : bool
        if so wanted.
    push_below : float
        Push along the out-edges of active neurons if they are fewer than this share of all edges.
    needed, needed_starts : ndarray, shape (n,) and (step + 1,)
        The neurons whose state after each of the last steps matters, ascending:
        `needed[needed_starts[t] : needed_starts[t + 1]]`, if there are any; that of the others is
        left undefined. Before, all are needed, and none is listed.

    Returns
    -------
    int
        Steps that would have been faster if there were tiles.

    Notes
    -----
    Cost: a step reads the out-edges of the active neurons, or all edges where these are many, or
    the in-edges of those that are needed.
    """
    n_blocks, n_steps = len(bounds) - 1, len(states) - 1
    counts = np.empty(n_blocks, np.int64)
    n_edges, has_tiles, missed = len(by_pre[1]), len(tiles[1]) > 0, 0
    busy = marks_for(tiles)
    for t in range(n_steps):
        h, y = states[t], states[t + 1]
        rows = active[t, : n_active[t]]
        some = needed[needed_starts[t] : needed_starts[t + 1]]
        n_pushed, n_pulled = count_edges(by_pre[0], rows), count_edges(by_post[0], some)
        way = _PUSH
        if len(some) and n_pulled <= n_pushed:
            way = _SOME
        elif n_pushed >= push_below * n_edges:
            missed += not has_tiles
            if has_tiles:
                way = _ALL
                mark_tiles(rows, tiles[3], busy)
        joining = given[t + 1 : t + 2]
        for p in numba.prange(n_blocks):
            counts[p] = _step_of_block(
                p,
                way,
                by_pre,
                by_post,
                tiles,
                split,
                bounds,
                slope,
                bias,
                threshold,
                single,
                sensory,
                places,
                joining,
                sensory_in_block,
                busy,
                rows,
                some,
                h,
                y,
                before[t],
                summed[t : t + 1],
                keep_silent,
                active[t + 1],
            )
        n_active[t + 1] = close_up(active[t + 1], bounds, counts)
        if add_up:
            add_up_active(y, active[t + 1, : n_active[t + 1]], size, square)
    return missed

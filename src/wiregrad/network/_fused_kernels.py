"""CPU kernels of the whole unrolled network, forward and backward, on active neurons only.

Compiled on first use and cached on disk. All arrays are (step, neuron, batch) or a slice of that,
contiguous along the batch. A neuron's inputs are added in ascending order of the presynaptic index
by every path (and its gradients in ascending order of the postsynaptic index), one rounded
operation at a time: so a batch member's result is the same bits alone, in any batch, and on any
number of threads.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from ..product.compiled import (
    kernel,
    mark_tiles,
    parallel_kernel,
    pull_rows,
    pull_tiles,
    push_rows,
)

__all__ = ["backward", "forward", "hand_back", "list_active", "merge_rows", "take_in"]

Array: TypeAlias = npt.NDArray[Any]

# Neurons are looked over in chunks of so many; those without activity are passed over.
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
def take_in(stimulus: Array, threshold: Any, given: Array) -> None:  # pragma: no cover - compiled
    """Fill in what the network takes in, (step, sensory, batch): in [threshold, 1], or 0.

    The stimulus is (batch, sensory, step).
    """
    zero, one = given.dtype.type(0), given.dtype.type(1)
    for t in range(given.shape[0]):
        for j in range(given.shape[1]):
            for b in range(given.shape[2]):
                x = stimulus[b, j, t]
                given[t, j, b] = min(x, one) if x >= threshold else zero


@kernel
def hand_back(
    d_given: Array, stimulus: Array, threshold: Any, leak: Any, d_stimulus: Array
) -> None:  # pragma: no cover - compiled
    """Carry the gradient of what was taken in back to the stimulus, (batch, sensory, step)."""
    zero = d_given.dtype.type(0)
    for b in range(d_stimulus.shape[0]):
        for j in range(d_stimulus.shape[1]):
            for t in range(d_stimulus.shape[2]):
                x, gradient = stimulus[b, j, t], d_given[t, j, b]
                passed = gradient if x <= 1 else zero
                d_stimulus[b, j, t] = passed if x >= threshold else gradient * leak


@kernel
def _tanh(z: Any) -> Any:  # pragma: no cover - compiled
    """Tanh of a number that is not negative, as good as float32 can hold.

    Plain arithmetic in float64, so that neighbouring numbers share vector instructions:
    exp(-2 z) is the 16th power of exp(-z / 8), and of that one the first terms of the series do.
    """
    u = min(float(z), 10.0) * 0.125  # beyond 10 it is 1
    # exp(-u) - 1, which keeps its digits where u is small, and then that of its squares.
    tail = 1 / 24 + u * (-1 / 120 + u * (1 / 720 + u * (-1 / 5040 + u / 40320)))
    m = u * (-1 + u * (1 / 2 + u * (-1 / 6 + u * tail)))
    m *= 2 + m
    m *= 2 + m
    m *= 2 + m
    m *= 2 + m
    return -m / (2 + m)


@kernel
def _activate_one(
    y: Array,
    first: int,
    stop: int,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    active: Array,
) -> int:  # pragma: no cover - compiled
    """Do what `_activate` does, for a batch of one, shape (n_neurons,).

    Lists the active neurons from `active[first]` on and returns how many they are.
    """
    zero = y.dtype.type(0)
    sums = np.empty(_CHUNK, y.dtype)
    n = first
    for begin in range(first, stop, _CHUNK):
        # Counted from 0 in slices: a loop that might meet a negative index uses no vectors.
        part = y[begin : min(begin + _CHUNK, stop)]
        steepness, offset = slope[begin : begin + len(part)], bias[begin : begin + len(part)]
        n_open = 0
        for i in range(len(part)):
            part[i] = steepness[i] * part[i] + offset[i]
            n_open += part[i] >= threshold
        if n_open == 0:  # most neurons are silent, and in many chunks all of them
            part[:] = zero
            continue
        listed = active[n : n + len(part)]
        n_listed = 0
        for i in range(len(part)):
            listed[n_listed] = i
            sums[n_listed] = part[i]
            n_listed += part[i] >= threshold
            part[i] = zero
        if single:
            for j in range(n_listed):
                sums[j] = _tanh(sums[j])
        else:
            for j in range(n_listed):
                sums[j] = math.tanh(sums[j])
        for j in range(n_listed):
            part[listed[j]] = sums[j]
            listed[j] += begin
        n += n_listed
    return n - first


@kernel
def _activate(
    y: Array,
    first: int,
    stop: int,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
) -> None:  # pragma: no cover - compiled
    """Turn summed inputs into activations, in place."""
    zero = y.dtype.type(0)
    # Flat, here and below: a view of a row takes as long as the row itself in a small batch.
    flat, n_batch = y.reshape(-1), np.uint64(y.shape[1])
    for i in range(np.uint64(first), np.uint64(stop)):
        steepness, offset, row = slope[i], bias[i], i * n_batch
        n_open = 0
        for k in range(row, row + n_batch):
            flat[k] = steepness * flat[k] + offset
            n_open += flat[k] >= threshold
        if n_open == 0:
            for k in range(row, row + n_batch):
                flat[k] = zero
        elif single:
            for k in range(row, row + n_batch):
                h = y.dtype.type(_tanh(max(flat[k], zero)))
                flat[k] = h if flat[k] >= threshold else zero
        else:
            for k in range(row, row + n_batch):
                flat[k] = math.tanh(flat[k]) if flat[k] >= threshold else zero


@kernel
def _with_driven(
    h: Array, driven: Array, first: int, n: int, active: Array
) -> int:  # pragma: no cover - compiled
    """Add driven neurons to a list of active ones, both ascending; return the new length.

    The list begins at `active[first]`; `h`, shape (n_neurons,), is not 0 at those in it.
    """
    listed = active[first : first + n].copy()
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
        at += h[i] != 0
    for k in range(j, n):
        active[at] = listed[k]
        at += 1
    return at - first


@kernel
def _drive_one(
    h: Array, sensory: Array, places: Array, given: Array, before: Array
) -> None:  # pragma: no cover - compiled
    """Do what `_drive` does, for a batch of one, shape (n,)."""
    one = h.dtype.type(1)
    for j in range(len(sensory)):
        i, place = sensory[j], places[j]
        a = h[i]
        before[place] = a
        h[i] = min(a + given[place], one)


@kernel
def _drive(
    h: Array, sensory: Array, places: Array, given: Array, before: Array
) -> None:  # pragma: no cover - compiled
    """Add the stimulus of one step at some sensory neurons, and note what they were before."""
    one = h.dtype.type(1)
    for j in range(len(sensory)):
        row, place = h[sensory[j]], places[j]
        for b in range(h.shape[1]):
            before[place, b] = row[b]
            row[b] = min(row[b] + given[place, b], one)


@kernel
def list_active(
    h: Array, first: int, stop: int, active: Array
) -> int:  # pragma: no cover - compiled
    """List the rows that are not all 0, from `active[first]` on; return how many there are."""
    n = first
    if h.shape[1] == 1:
        column = h.reshape(-1)
        for begin in range(first, stop, _CHUNK):
            part = column[begin : min(begin + _CHUNK, stop)]
            n_on = 0
            for i in range(len(part)):
                n_on += part[i] != 0
            if n_on == 0:
                continue
            for i in range(len(part)):
                active[n] = begin + i
                n += part[i] != 0
        return n - first
    flat, n_batch = h.reshape(-1), np.uint64(h.shape[1])
    for i in range(np.uint64(first), np.uint64(stop)):
        n_on = 0
        for k in range(i * n_batch, (i + np.uint64(1)) * n_batch):
            n_on += flat[k] != 0
        active[n] = i
        n += n_on > 0
    return n - first


@kernel
def _list_active_of(
    h: Array, rows: Array, first: int, active: Array
) -> int:  # pragma: no cover - compiled
    """List those of some rows that are not all 0, likewise."""
    n = first
    flat, n_batch = h.reshape(-1), np.uint64(h.shape[1])
    for i in rows:
        row = np.uint64(i) * n_batch
        n_on = 0
        for k in range(row, row + n_batch):
            n_on += flat[k] != 0
        active[n] = i
        n += n_on > 0
    return n - first


@kernel
def _close_up(active: Array, bounds: Array, counts: Array) -> int:  # pragma: no cover - compiled
    """Move the lists that each block left at its start together; return the length in all.

    Where a block has left none, its count is -1, and so is what is returned.
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
def _count_edges(indptr: Array, rows: Array) -> int:  # pragma: no cover - compiled
    n = 0
    for row in rows:
        n += indptr[row + 1] - indptr[row]
    return n


@kernel
def _add_up(
    h: Array, active: Array, size: Array, square: Array
) -> None:  # pragma: no cover - compiled
    """Add the activations of each batch member, and their squares, in ascending order."""
    for row in active:
        for b in range(h.shape[1]):
            value = float(h[row, b])
            size[b] += value
            square[b] += value * value


@kernel
def _step_of_block(
    p: int,
    pushes: bool,
    by_pre: tuple[Array, Array, Array],
    tiles: tuple[Array, Array, Array, int],
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
    h: Array,
    y: Array,
    before: Array,
    summed: Array,
    active: Array,
) -> int:  # pragma: no cover - compiled
    """Take one step in one block of neurons; list the active ones and return their number."""
    first, stop = bounds[p], bounds[p + 1]
    if pushes:
        y[first:stop] = 0
        push_rows(split[p], split[p + 1], by_pre[1], by_pre[2], rows, h, y)
    else:
        pull_tiles(tiles, False, first, stop, busy, h, y)
    if len(summed):
        summed[0, first:stop] = y[first:stop]
    own = slice(sensory_in_block[p], sensory_in_block[p + 1])
    if y.shape[1] == 1:
        column = y.reshape(-1)
        n = _activate_one(column, first, stop, slope, bias, threshold, single, active)
        if len(joining):
            flat_given, flat_before = joining[0].reshape(-1), before.reshape(-1)
            _drive_one(column, sensory[own], places[own], flat_given, flat_before)
            n = _with_driven(column, sensory[own], first, n, active)
        return n
    _activate(y, first, stop, slope, bias, threshold, single)
    if len(joining):
        _drive(y, sensory[own], places[own], joining[0], before)
    return list_active(y, first, stop, active)


@parallel_kernel
def forward(
    by_pre: tuple[Array, Array, Array],
    tiles: tuple[Array, Array, Array, int],
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
    active: Array,
    n_active: Array,
    size: Array,
    square: Array,
    add_up: bool,
    push_below: float,
) -> int:  # pragma: no cover - compiled
    """Run the network for some steps in a row.

    Parameters
    ----------
    by_pre : (indptr, indices, values)
        The weights, in CSC form.
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
        Filled in, if there is room: W h of each step.
    active : ndarray, shape (step + 1, n_neurons)
    n_active : ndarray, shape (step + 1,)
        The active neurons of each state, ascending, and their number: [0] is given, the others are
        filled in.
    size, square : ndarray, shape (batch,)
        The sums of activations and of their squares, over neurons and steps, are added to these,
    add_up : bool
        if so wanted.
    push_below : float
        Push along the out-edges of active neurons if they are fewer than this share of all edges.

    Returns
    -------
    int
        Steps that would have been faster if there were tiles.

    Notes
    -----
    Cost: a step reads the out-edges of the active neurons, or all edges where these are many.
    """
    n_blocks, n_steps = len(bounds) - 1, len(states) - 1
    counts = np.empty(n_blocks, np.int64)
    n_edges, has_tiles, missed = len(by_pre[1]), len(tiles[1]) > 0, 0
    busy = np.empty(math.floor(math.sqrt(len(tiles[0]))), np.bool_)
    for t in range(n_steps):
        h, y = states[t], states[t + 1]
        rows = active[t, : n_active[t]]
        many = _count_edges(by_pre[0], rows) >= push_below * n_edges
        missed += many and not has_tiles
        pushes = not (many and has_tiles)
        if not pushes:
            mark_tiles(rows, tiles[3], busy)
        joining = given[t + 1 : t + 2]
        for p in numba.prange(n_blocks):
            counts[p] = _step_of_block(
                p,
                pushes,
                by_pre,
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
                h,
                y,
                before[t],
                summed[t : t + 1],
                active[t + 1],
            )
        n_active[t + 1] = _close_up(active[t + 1], bounds, counts)
        if add_up:
            _add_up(y, active[t + 1, : n_active[t + 1]], size, square)
    return missed


@kernel
def _own_gradient(
    g: Any, a: Any, per_size: Any, per_square: Any
) -> Any:  # pragma: no cover - compiled
    """Add what the penalties ask of an activation `a` to its gradient."""
    return g + (per_size + per_square * a) if a > 0 else g


@kernel
def _steepness(a: Any, one: Any, leak: Any) -> Any:  # pragma: no cover - compiled
    """Return the slope of an activation `a` in its summed input, but for the neuron's own slope.

    `one` is 1 in the numbers' own precision.
    """
    return one - a * a if a > 0 else leak


@kernel
def _back_through_one(
    rows: Array,
    h: Array,
    g: Array,
    per_size: Any,
    per_square: Any,
    slope: Array,
    leak: Any,
    d: Array,
) -> None:  # pragma: no cover - compiled
    """Carry gradients of states back to summed inputs, for a batch of one, (n_neurons,) each."""
    one = g.dtype.type(1)
    for i in rows:
        a = h[i]
        d[i] = _own_gradient(g[i], a, per_size, per_square) * _steepness(a, one, leak) * slope[i]


@kernel
def _back_through_all(
    h: Array, g: Array, per_size: Any, per_square: Any, slope: Array, leak: Any, d: Array
) -> int:  # pragma: no cover - compiled
    """Do the same for all neurons of a block; return how many gradients are not 0."""
    one, n = g.dtype.type(1), 0
    for i in range(len(d)):
        a = h[i]
        d[i] = _own_gradient(g[i], a, per_size, per_square) * _steepness(a, one, leak) * slope[i]
        n += d[i] != 0
    return n


@kernel
def _back_through(
    rows: Array,
    h: Array,
    g: Array,
    per_size: Array,
    per_square: Array,
    dense: Array,
    slope: Array,
    leak: Any,
    summed: Array,
    d: Array,
    d_slope: Array,
    d_bias: Array,
) -> None:  # pragma: no cover - compiled
    """Carry gradients of states back to summed inputs, slopes and biases."""
    one, n_batch = g.dtype.type(1), np.uint64(g.shape[1])
    flat_h, flat_g, flat_d = h.reshape(-1), g.reshape(-1), d.reshape(-1)
    for i in rows:
        steepness, row = slope[i], np.uint64(i) * n_batch
        for b in range(n_batch):
            a = flat_h[row + b]
            own = _own_gradient(flat_g[row + b], a, per_size[b], per_square[b])
            if len(dense):
                own += dense[0, i, b]
            flat_d[row + b] = own * _steepness(a, one, leak)
        _into_sum(i, steepness, summed, flat_d, row, n_batch, d_slope, d_bias)


@kernel
def _into_sum(
    i: int,
    steepness: Any,
    summed: Array,
    d: Array,
    row: Any,
    n_batch: Any,
    d_slope: Array,
    d_bias: Array,
) -> None:  # pragma: no cover - compiled
    """Carry gradients of `slope * sum + bias` of neuron i back to the sum, the slope and the bias.

    They stand from `d[row]` on.
    """
    if len(summed):
        of_slope, of_bias = d_slope[i], d_bias[i]
        for b in range(n_batch):
            of_slope += d[row + b] * summed[0, i, b]
            of_bias += d[row + b]
        d_slope[i], d_bias[i] = of_slope, of_bias
    for b in range(n_batch):
        d[row + b] *= steepness


@kernel
def _back_through_driven(
    rows: Array,
    place_of: Array,
    joined: Array,
    before: Array,
    h: Array,
    g: Array,
    per_size: Array,
    per_square: Array,
    dense: Array,
    slope: Array,
    leak: Any,
    summed: Array,
    d: Array,
    d_joined: Array,
    d_slope: Array,
    d_bias: Array,
) -> None:  # pragma: no cover - compiled
    """Do the same for sensory neurons that a stimulus was added to, and note its gradient."""
    zero, one = g.dtype.type(0), g.dtype.type(1)
    n_batch = np.uint64(g.shape[1])
    flat_h, flat_g, flat_d = h.reshape(-1), g.reshape(-1), d.reshape(-1)
    drive, alone, noted = joined.reshape(-1), before.reshape(-1), d_joined.reshape(-1)
    for i in rows:
        row, place = np.uint64(i) * n_batch, np.uint64(place_of[i]) * n_batch
        for b in range(n_batch):
            own = _own_gradient(flat_g[row + b], flat_h[row + b], per_size[b], per_square[b])
            if len(dense):
                own += dense[0, i, b]
            a = alone[place + b]
            if a + drive[place + b] > one:  # capped
                own = zero
            noted[place + b] = own
            flat_d[row + b] = own * _steepness(a, one, leak)
        _into_sum(i, slope[i], summed, flat_d, row, n_batch, d_slope, d_bias)


@kernel
def _back_through_driven_one(
    rows: Array,
    place_of: Array,
    joined: Array,
    before: Array,
    h: Array,
    g: Array,
    per_size: Any,
    per_square: Any,
    slope: Array,
    leak: Any,
    d: Array,
    d_joined: Array,
) -> None:  # pragma: no cover - compiled
    """Do the same for a batch of one, (n,) each: loops over a single column take ten times as long."""
    zero, one = g.dtype.type(0), g.dtype.type(1)
    for i in rows:
        place = place_of[i]
        a = before[place]
        own = _own_gradient(g[i], h[i], per_size, per_square)
        if a + joined[place] > one:  # capped
            own = zero
        d_joined[place] = own
        d[i] = own * _steepness(a, one, leak) * slope[i]


@kernel
def _outside(rows: Array, others: Array) -> Array:  # pragma: no cover - compiled
    """List the ascending rows that are not among some other ascending rows."""
    kept = np.empty_like(rows)
    n = j = 0
    for i in rows:
        while j < len(others) and others[j] < i:
            j += 1
        kept[n] = i
        n += j == len(others) or others[j] != i
    return kept[:n]


@kernel
def _slopes_of_block(
    first: int,
    stop: int,
    rows: Array,
    driven: Array,
    place_of: Array,
    joined: Array,
    before: Array,
    h: Array,
    g: Array,
    per_size: Array,
    per_square: Array,
    dense: Array,
    slope: Array,
    leak: Any,
    summed: Array,
    d: Array,
    d_joined: Array,
    d_slope: Array,
    d_bias: Array,
    changing: Array,
) -> int:  # pragma: no cover - compiled
    """Carry gradients back through the states of one block of neurons.

    Lists the rows whose gradient is not 0 from `changing[first]` on and returns how many they are;
    or -1, and does not list them, if they are most of a block.
    """
    own = rows[np.searchsorted(rows, first) : np.searchsorted(rows, stop)]
    at = driven[np.searchsorted(driven, first) : np.searchsorted(driven, stop)]
    everything, n_changing = len(own) == stop - first, 0
    if not everything:
        d[first:stop] = 0
    if g.shape[1] == 1 and not len(dense) and not len(summed):
        flat_h, flat_g, flat_d = h.reshape(-1), g.reshape(-1), d.reshape(-1)
        size, square = per_size[0], per_square[0]
        if everything:
            n_changing = _back_through_all(
                flat_h[first:stop],
                flat_g[first:stop],
                size,
                square,
                slope[first:stop],
                leak,
                flat_d[first:stop],
            )
        else:
            _back_through_one(own, flat_h, flat_g, size, square, slope, leak, flat_d)
        if len(joined):  # these have the last word
            _back_through_driven_one(
                at,
                place_of,
                joined[0].reshape(-1),
                before.reshape(-1),
                flat_h,
                flat_g,
                size,
                square,
                slope,
                leak,
                flat_d,
                d_joined[0].reshape(-1),
            )
    else:
        others = _outside(own, at) if len(joined) else own
        _back_through(
            others, h, g, per_size, per_square, dense, slope, leak, summed, d, d_slope, d_bias
        )
        if len(joined):
            _back_through_driven(
                at,
                place_of,
                joined[0],
                before,
                h,
                g,
                per_size,
                per_square,
                dense,
                slope,
                leak,
                summed,
                d,
                d_joined[0],
                d_slope,
                d_bias,
            )
    if 2 * n_changing > stop - first:
        return -1
    return _list_active_of(d, own, first, changing)


@kernel
def _add_asked(
    neuron: Array, batch: Array, gradient: Array, first: int, stop: int, g: Array
) -> None:  # pragma: no cover - compiled
    """Add the gradients of single states of one block."""
    for k in range(len(neuron)):
        if first <= neuron[k] < stop:
            g[neuron[k], batch[k]] += gradient[k]


# The ways back along the edges: see `backward`.
_PUSH, _PULL, _ALL = 0, 1, 2


@kernel
def _hand_back(
    way: int,
    by_pre: tuple[Array, Array, Array],
    by_post: tuple[Array, Array, Array],
    tiles: tuple[Array, Array, Array, int],
    split: Array,
    first: int,
    stop: int,
    pushed: Array,
    busy: Array,
    wanted: Array,
    d: Array,
    g: Array,
) -> None:  # pragma: no cover - compiled
    """Hand gradients of summed inputs back to the neurons of one block, which send them."""
    if way == _PUSH:
        g[first:stop] = 0
        push_rows(split[0], split[1], by_post[1], by_post[2], pushed, d, g)
    elif way == _ALL:
        pull_tiles(tiles, True, first, stop, busy, d, g)
    else:
        own = wanted[np.searchsorted(wanted, first) : np.searchsorted(wanted, stop)]
        pull_rows(by_pre[0], by_pre[1], by_pre[2], own, d, g)


@parallel_kernel
def backward(
    by_pre: tuple[Array, Array, Array],
    by_post: tuple[Array, Array, Array],
    tiles: tuple[Array, Array, Array, int],
    bounds: Array,
    split: Array,
    slope: Array,
    leak: Any,
    place_of: Array,
    given: Array,
    states: Array,
    before: Array,
    summed: Array,
    entry: Array,
    wanted: Array,
    wanted_starts: Array,
    wanted_edges: Array,
    driven: Array,
    asked: tuple[Array, Array, Array, Array],
    dense: Array,
    per_size: Array,
    per_square: Array,
    d_given: Array,
    d_slope: Array,
    d_bias: Array,
    g: Array,
    d: Array,
    push_below: float,
    pull_below: float,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Carry gradients back through some steps in a row, to the stimulus, slopes and biases.

    Parameters
    ----------
    by_pre, tiles, slope, given, states, before, summed
        As in `forward`. Without `summed` there are no gradients of slopes and biases.
    by_post : (indptr, indices, values)
        The weights in CSR form, or without indices and values; then nothing is pushed.
    bounds : ndarray, shape (n_blocks + 1,)
        Blocks of neurons for the threads, with about as many out-edges each; they end where tiles
        do.
    split : ndarray, shape (n_blocks + 1, n_neurons)
        Where each row by post passes the bounds, if there is that layout.
    leak : number
        Slope of the surrogate gradient below threshold; 0 gives the true gradient.
    place_of : ndarray, shape (n_neurons,)
        Row of the stimulus of each sensory neuron, -1 for the others.
    entry : ndarray, shape (n,)
        The neurons of the starting state whose gradient is wanted.
    wanted, wanted_starts : ndarray, shape (n,) and (step + 1,)
        The neurons of each step through which a gradient can flow, ascending:
        `wanted[wanted_starts[t] : wanted_starts[t + 1]]`.
    wanted_edges : ndarray, shape (step,)
        The out-edges of the neurons whose gradient each step hands back: those of the step before.
    driven : ndarray, shape (n_sensory,)
        The sensory neurons, ascending.
    asked : (layer, neuron, batch, gradient)
        Gradients of single states, sorted by layer.
    dense : ndarray, shape (step, neuron, batch), or (0, 0, 0)
        Gradients of all states.
    per_size, per_square : ndarray, shape (batch,)
        Every active state's gradient is `per_size + per_square * activation` besides.
    d_given : ndarray, of the shape of `given`
        Filled in but for [0]: the gradient of the stimulus.
    d_slope, d_bias : ndarray, shape (n_neurons,)
        The gradients are added to these.
    g : ndarray, shape (neuron, batch)
        The gradient of the last state from the steps after it; filled in: that of the starting
        state, at the neurons of `entry`.
    d : ndarray, shape (2, neuron, batch)
        Room to work in.
    push_below, pull_below : float
        Push along the in-edges of neurons whose gradient is not 0 if they are fewer than the first
        share of all edges and of those that the step would read otherwise; else pull along the
        out-edges of wanted neurons if they are fewer than the second share of all edges.

    Returns
    -------
    missed_tiles, missed_by_post : int
        Steps that would have been faster if there were these layouts.

    Notes
    -----
    Cost: a step reads the in-edges of the neurons whose gradient is not 0, the out-edges of the
    wanted neurons, or where these are many all edges.
    """
    n_blocks, n_steps, n_neurons = len(bounds) - 1, len(states) - 1, len(slope)
    counts = np.empty(n_blocks, np.int64)
    changing = np.empty((2, n_neurons), np.uint32)
    layer, neuron, batch, gradient = asked
    n_edges, has_tiles, has_by_post = len(by_pre[1]), len(tiles[1]) > 0, len(by_post[1]) > 0
    missed_tiles = missed_by_post = 0
    busy = np.empty(math.floor(math.sqrt(len(tiles[0]))), np.bool_)
    end = len(layer)
    before_it, d = d[0], d[1]
    way = _PULL
    pushed = changing[0, :0]
    for back in range(n_steps):
        t = n_steps - 1 - back
        begin = end
        while begin > 0 and layer[begin - 1] == t:
            begin -= 1
        rows = wanted[wanted_starts[t] : wanted_starts[t + 1]]
        joined, d_joined = given[t + 1 : t + 2], d_given[t + 1 : t + 2]
        # The pull that hands gradients to this step stands here and not at the end of the step
        # before, so that the threads are called once a step: that takes as long as a small step.
        for p in numba.prange(n_blocks):
            first, stop = bounds[p], bounds[p + 1]
            if back > 0:
                _hand_back(
                    way,
                    by_pre,
                    by_post,
                    tiles,
                    split[p : p + 2],
                    first,
                    stop,
                    pushed,
                    busy,
                    rows,
                    before_it,
                    g,
                )
            _add_asked(neuron[begin:end], batch[begin:end], gradient[begin:end], first, stop, g)
            counts[p] = _slopes_of_block(
                first,
                stop,
                rows,
                driven,
                place_of,
                joined,
                before[t],
                states[t + 1],
                g,
                per_size,
                per_square,
                dense[t : t + 1],
                slope,
                leak,
                summed[t : t + 1],
                d,
                d_joined,
                d_slope,
                d_bias,
                changing[t & 1],
            )
        end = begin
        # The other list is being filled while this one is read.
        many = wanted_edges[t] >= pull_below * n_edges
        n_pushed = _close_up(changing[t & 1], bounds, counts)
        pushed = changing[t & 1, : max(n_pushed, 0)]
        limit = push_below * min(2 * wanted_edges[t], n_edges)
        few = n_pushed >= 0 and _count_edges(by_post[0], pushed) < limit
        way = _PULL
        if few and has_by_post:
            way = _PUSH
        elif many and has_tiles:
            way = _ALL
            if n_pushed < 0:
                mark_tiles(wanted[wanted_starts[t] : wanted_starts[t + 1]], tiles[3], busy)
            else:
                mark_tiles(pushed, tiles[3], busy)
        missed_by_post += few and not has_by_post
        missed_tiles += many and not few and not has_tiles
        before_it, d = d, before_it
    for p in numba.prange(n_blocks):
        _hand_back(
            way,
            by_pre,
            by_post,
            tiles,
            split[p : p + 2],
            bounds[p],
            bounds[p + 1],
            pushed,
            busy,
            entry,
            before_it,
            g,
        )
    return missed_tiles, missed_by_post

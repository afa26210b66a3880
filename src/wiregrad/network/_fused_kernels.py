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

__all__ = ["backward", "forward", "list_active", "merge_rows"]

Array: TypeAlias = npt.NDArray[Any]

# Rows of a pull are handed to the threads in so many parts, to even out long and short rows.
_PARTS = 32


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
def _tanh(z: Any) -> Any:  # pragma: no cover - compiled
    """Tanh of a number that is not negative, to one unit in the last place or two."""
    if z < 0.25:  # the quotient below loses digits here
        q = z * z
        series = q * (-17 / 315 + q * (62 / 2835 - q * (1382 / 155925)))
        return z + z * (q * (-1 / 3 + q * (2 / 15) + q * series))
    e = math.exp(-2 * z)
    return (1 - e) / (1 + e)


@numba.njit(cache=True, nogil=True)
def _push(
    first: Array, stop: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Add rows of `h` to what they lead to, in the part of each row between `first` and `stop`."""
    if h.shape[1] == 1:
        for row in rows:
            x = h[row, 0]
            for k in range(first[row], stop[row]):
                y[col[k], 0] += values[k] * x
        return
    for row in rows:
        source = h[row]
        for k in range(first[row], stop[row]):
            weight = values[k]
            target = y[col[k]]
            for b in range(target.shape[0]):
                target[b] += weight * source[b]


@numba.njit(cache=True, nogil=True)
def _pull(
    indptr: Array, col: Array, values: Array, rows: Array, h: Array, y: Array
) -> None:  # pragma: no cover - compiled
    """Set some rows of `y` to the sum of what leads to them."""
    if h.shape[1] == 1:
        for row in rows:
            total = values.dtype.type(0)
            for k in range(indptr[row], indptr[row + 1]):
                total += values[k] * h[col[k], 0]
            y[row, 0] = total
        return
    for row in rows:
        target = y[row]
        target[:] = 0
        for k in range(indptr[row], indptr[row + 1]):
            weight = values[k]
            source = h[col[k]]
            for b in range(target.shape[0]):
                target[b] += weight * source[b]


@numba.njit(cache=True, nogil=True)
def _activate(
    y: Array,
    first: int,
    stop: int,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    room: Array,
) -> None:  # pragma: no cover - compiled
    """Turn summed inputs into activations, in place; `room` is for a list of neurons."""
    n_batch = y.shape[1]
    if n_batch == 1:
        # First the gate, without a branch; then tanh for those that it lets through.
        n, zero = first, y.dtype.type(0)
        for i in range(first, stop):
            z = slope[i] * y[i, 0] + bias[i]
            y[i, 0] = z if z >= threshold else zero
            room[n] = i
            n += z >= threshold
        for i in room[first:n]:
            y[i, 0] = _tanh(y[i, 0]) if single else math.tanh(y[i, 0])
        return
    for i in range(first, stop):
        row = y[i]
        n_open = 0
        for b in range(n_batch):
            n_open += slope[i] * row[b] + bias[i] >= threshold
        if n_open == 0:
            for b in range(n_batch):
                row[b] = 0
            continue
        for b in range(n_batch):
            z = slope[i] * row[b] + bias[i]
            if z >= threshold:
                row[b] = _tanh(z) if single else math.tanh(z)
            else:
                row[b] = 0


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
def list_active(
    h: Array, first: int, stop: int, active: Array
) -> int:  # pragma: no cover - compiled
    """List the rows that are not all 0, from `active[first]` on; return how many there are."""
    n = first
    if h.shape[1] == 1:
        for i in range(first, stop):
            active[n] = i
            n += h[i, 0] != 0
        return n - first
    for i in range(first, stop):
        row = h[i]
        n_on = 0
        for b in range(h.shape[1]):
            n_on += row[b] != 0
        active[n] = i
        n += n_on > 0
    return n - first


@numba.njit(cache=True, nogil=True)
def _list_active_of(
    h: Array, rows: Array, first: int, active: Array
) -> int:  # pragma: no cover - compiled
    """List those of some rows that are not all 0, likewise."""
    n = first
    for i in rows:
        n_on = 0
        for b in range(h.shape[1]):
            n_on += h[i, b] != 0
        active[n] = i
        n += n_on > 0
    return n - first


@numba.njit(cache=True, nogil=True)
def _close_up(active: Array, bounds: Array, counts: Array) -> int:  # pragma: no cover - compiled
    """Move the lists that each block left at its start together; return the length in all."""
    n: int = counts[0]
    for p in range(1, len(counts)):
        for j in range(counts[p]):
            active[n] = active[bounds[p] + j]
            n += 1
    return n


@numba.njit(cache=True, nogil=True)
def _count_edges(indptr: Array, rows: Array) -> int:  # pragma: no cover - compiled
    n = 0
    for row in rows:
        n += indptr[row + 1] - indptr[row]
    return n


@numba.njit(cache=True, nogil=True)
def _add_up(
    h: Array, active: Array, size: Array, square: Array
) -> None:  # pragma: no cover - compiled
    """Add the activations of each batch member, and their squares, in ascending order."""
    for row in active:
        for b in range(h.shape[1]):
            value = float(h[row, b])
            size[b] += value
            square[b] += value * value


@numba.njit(cache=True, nogil=True)
def _step_of_block(
    p: int,
    pushes: bool,
    by_post: tuple[Array, Array, Array],
    by_pre: tuple[Array, Array, Array],
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
    block: Array,
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
        _push(split[p], split[p + 1], by_pre[1], by_pre[2], rows, h, y)
    else:
        _pull(by_post[0], by_post[1], by_post[2], block[first:stop], h, y)
    if len(summed):
        summed[0, first:stop] = y[first:stop]
    _activate(y, first, stop, slope, bias, threshold, single, active)
    if len(joining):
        own = slice(sensory_in_block[p], sensory_in_block[p + 1])
        _drive(y, sensory[own], places[own], joining[0], before)
    return list_active(y, first, stop, active)


@numba.njit(cache=True, nogil=True, parallel=True)
def forward(
    by_post: tuple[Array, Array, Array],
    by_pre: tuple[Array, Array, Array],
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
) -> None:  # pragma: no cover - compiled
    """Run the network for some steps in a row.

    Parameters
    ----------
    by_post, by_pre : (indptr, indices, values)
        The weights in both layouts; `by_pre` may be empty, and nothing is pushed then.
    split : ndarray, shape (n_blocks + 1, n_neurons)
        Where each row by pre passes the bounds of the blocks of postsynaptic neurons.
    bounds : ndarray, shape (n_blocks + 1,)
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

    Notes
    -----
    Cost: a step reads the out-edges of the active neurons, or all edges where these are many.
    """
    n_blocks, n_steps = len(bounds) - 1, len(states) - 1
    counts = np.zeros(n_blocks, np.int64)
    block = np.arange(len(slope)).astype(np.uint32)
    for t in range(n_steps):
        h, y = states[t], states[t + 1]
        rows = active[t, : n_active[t]]
        pushes = len(by_pre[0]) > 0 and (
            _count_edges(by_pre[0], rows) < push_below * len(by_post[1])
        )
        joining = given[t + 1 : t + 2]
        for p in numba.prange(n_blocks):
            counts[p] = _step_of_block(
                p,
                pushes,
                by_post,
                by_pre,
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
                block,
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


@numba.njit(cache=True, nogil=True)
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
    """Carry gradients of states back to summed inputs, for a batch of one."""
    one = g.dtype.type(1)
    zero = g.dtype.type(0)
    for i in rows:
        a = h[i, 0]
        gradient = g[i, 0] + (per_size + per_square * a if a > 0 else zero)
        d[i, 0] = gradient * (one - a * a if a > 0 else leak) * slope[i]


@numba.njit(cache=True, nogil=True)
def _of_state(
    i: int, b: int, h: Array, g: Array, per_size: Array, per_square: Array, dense: Array
) -> Any:  # pragma: no cover - compiled
    """Add up the gradient of one state."""
    gradient = g[i, b]
    if h[i, b] > 0:
        gradient += per_size[b] + per_square[b] * h[i, b]
    if len(dense):
        gradient += dense[0, i, b]
    return gradient


@numba.njit(cache=True, nogil=True)
def _into_sum(
    gradient: Any,
    a: Any,
    i: int,
    b: int,
    slope: Array,
    leak: Any,
    summed: Array,
    d: Array,
    d_slope: Array,
    d_bias: Array,
) -> None:  # pragma: no cover - compiled
    """Carry the gradient of an activation `a` back to its summed input, slope and bias."""
    gradient *= d.dtype.type(1) - a * a if a > 0 else leak
    if len(summed):
        d_slope[i] += gradient * summed[0, i, b]
        d_bias[i] += gradient
    d[i, b] = gradient * slope[i]


@numba.njit(cache=True, nogil=True)
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
    for i in rows:
        for b in range(g.shape[1]):
            gradient = _of_state(i, b, h, g, per_size, per_square, dense)
            _into_sum(gradient, h[i, b], i, b, slope, leak, summed, d, d_slope, d_bias)


@numba.njit(cache=True, nogil=True)
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
    for i in rows:
        place = place_of[i]
        for b in range(g.shape[1]):
            gradient = _of_state(i, b, h, g, per_size, per_square, dense)
            a = before[place, b]
            if a + joined[place, b] > one:  # capped
                gradient = zero
            d_joined[place, b] = gradient
            _into_sum(gradient, a, i, b, slope, leak, summed, d, d_slope, d_bias)


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
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

    Lists the rows whose gradient is not 0 from `changing[first]` on and returns how many they are.
    """
    d[first:stop] = 0
    own = rows[np.searchsorted(rows, first) : np.searchsorted(rows, stop)]
    at = driven[np.searchsorted(driven, first) : np.searchsorted(driven, stop)]
    if g.shape[1] == 1 and not len(dense) and not len(summed):
        _back_through_one(own, h, g, per_size[0], per_square[0], slope, leak, d)
    else:
        others = _outside(own, at) if len(joined) else own
        _back_through(
            others, h, g, per_size, per_square, dense, slope, leak, summed, d, d_slope, d_bias
        )
    if len(joined):  # these have the last word
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
    return _list_active_of(d, own, first, changing)


@numba.njit(cache=True, nogil=True, parallel=True)
def backward(
    by_post: tuple[Array, Array, Array],
    by_pre: tuple[Array, Array, Array],
    bounds: Array,
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
) -> None:  # pragma: no cover - compiled
    """Carry gradients back through some steps in a row, to the stimulus, slopes and biases.

    Parameters
    ----------
    by_post, by_pre, bounds, slope, given, states, before, summed
        As in `forward`. Without `summed` there are no gradients of slopes and biases.
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
    d : ndarray, shape (neuron, batch)
        Room to work in.
    push_below : float
        Push if that reads less than this share of what a pull reads.

    Notes
    -----
    Cost: a step reads the out-edges of the wanted neurons, or the in-edges of those whose gradient
    is not 0, whichever are fewer.
    """
    n_blocks, n_steps, n_neurons = len(bounds) - 1, len(states) - 1, len(slope)
    counts = np.zeros(n_blocks, np.int64)
    changing = np.empty(n_neurons, np.uint32)
    layer, neuron, batch, gradient = asked
    end = len(layer)
    for back in range(n_steps):
        t = n_steps - 1 - back
        while end > 0 and layer[end - 1] == t:
            end -= 1
            g[neuron[end], batch[end]] += gradient[end]
        rows = wanted[wanted_starts[t] : wanted_starts[t + 1]]
        joined, d_joined = given[t + 1 : t + 2], d_given[t + 1 : t + 2]
        for p in numba.prange(n_blocks):
            counts[p] = _slopes_of_block(
                bounds[p],
                bounds[p + 1],
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
                changing,
            )
        pushed = changing[: _close_up(changing, bounds, counts)]
        pulled = wanted[wanted_starts[t - 1] : wanted_starts[t]] if t else entry
        n_pulled = wanted_edges[t]
        if _count_edges(by_post[0], pushed) < push_below * n_pulled:
            g[:] = 0
            _push(by_post[0][:-1], by_post[0][1:], by_post[1], by_post[2], pushed, d, g)
        else:
            for part in numba.prange(_PARTS):
                own = pulled[len(pulled) * part // _PARTS : len(pulled) * (part + 1) // _PARTS]
                _pull(by_pre[0], by_pre[1], by_pre[2], own, d, g)

"""CPU kernels of the unrolled network backwards, on the neurons that a gradient can pass.

As the forward kernels; a neuron's gradients are added in ascending order of the postsynaptic index
by every path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from ..product.compiled import (
    Tiles,
    add,
    all_marked,
    any_set,
    close_up,
    count_edges,
    fill,
    kernel,
    list_active,
    list_active_of,
    load,
    mark_tiles,
    marks_for,
    multiply,
    parallel_kernel,
    pull_rows,
    pull_tiles,
    push_block,
    store,
    total,
    where_positive,
    within,
    without,
    zeros,
)

__all__ = ["backward"]

Array: TypeAlias = npt.NDArray[Any]
#: Of one step, all (neuron, batch) or (sensory, batch): the state; what joined it, and the states
#: of the sensory neurons before that, if anything joined.
_State: TypeAlias = tuple[Array, Array, Array]
#: What is asked of a state: its gradient from later steps; of every active one `per_size +
#: per_square * activation` besides, (batch,) each; and gradients of all, or none.
_Asked: TypeAlias = tuple[Array, Array, Array, Array]
#: Of all neurons: slope, row of the stimulus, and summed input if parameters have gradients.
_Neurons: TypeAlias = tuple[Array, Array, Array]
#: Filled in: gradients of summed inputs and of the stimulus; added to: those of slope and bias.
_Found: TypeAlias = tuple[Array, Array, Array, Array]

# The ways back along the edges: see `backward`. Into its last step gradients come from later steps,
# which have handed them back already, or from nowhere.
_PUSH, _PULL, _ALL, _THERE, _NOWHERE = 0, 1, 2, 3, 4

_NONE = np.uint64(0)


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
def _back_through_some_of_one(
    rows: Array, h: Array, asked: _Asked, slope: Array, leak: Any, d: Array
) -> None:  # pragma: no cover - compiled
    """Carry gradients of states back to summed inputs, for a batch of one, (n_neurons,) each."""
    one = d.dtype.type(1)
    g, size, square = asked[0].reshape(-1), asked[1][0], asked[2][0]
    for i in rows:
        a = h[i]
        d[i] = _own_gradient(g[i], a, size, square) * _steepness(a, one, leak) * slope[i]


@kernel
def _back_through_block_of_one(
    h: Array, g: Array, size: Any, square: Any, slope: Array, leak: Any, d: Array
) -> int:  # pragma: no cover - compiled
    """Do the same for all neurons of a block; return how many gradients are not 0."""
    one, n = d.dtype.type(1), 0
    for i in range(len(d)):
        a = h[i]
        d[i] = _own_gradient(g[i], a, size, square) * _steepness(a, one, leak) * slope[i]
        n += d[i] != 0
    return n


@kernel
def _back_through_driven_of_one(
    rows: Array, state: _State, asked: _Asked, neurons: _Neurons, leak: Any, found: _Found
) -> None:  # pragma: no cover - compiled
    """Do the same for sensory neurons that a stimulus was added to, and note its gradient."""
    h, joined, before = state[0].reshape(-1), state[1].reshape(-1), state[2].reshape(-1)
    g, size, square = asked[0].reshape(-1), asked[1][0], asked[2][0]
    slope, place_of, _ = neurons
    d, d_joined = found[0].reshape(-1), found[1].reshape(-1)
    zero, one = d.dtype.type(0), d.dtype.type(1)
    for i in rows:
        place = place_of[i]
        a = before[place]
        own = _own_gradient(g[i], h[i], size, square)
        if a + joined[place] > one:  # capped
            own = zero
        d_joined[place] = own
        d[i] = own * _steepness(a, one, leak) * slope[i]


def _back_through_with(n: int, driven: bool) -> Callable[..., int]:
    """Make what `_back_through` does, for batches of a multiple of `n` columns, `n` at a time."""
    lanes = np.uint64(n)

    @kernel
    def back_through(
        rows: Array, state: _State, asked: _Asked, neurons: _Neurons, leak: Any, found: _Found
    ) -> int:  # pragma: no cover - compiled
        h, drive, before = state[0].reshape(-1), state[1].reshape(-1), state[2].reshape(-1)
        g, size, square, dense = asked[0].reshape(-1), asked[1], asked[2], asked[3].reshape(-1)
        slope, place_of, summed = neurons
        d, noted, d_slope, d_bias = found[0].reshape(-1), found[1].reshape(-1), found[2], found[3]
        kept = summed.reshape(-1)
        one, n_batch, n_changing = g.dtype.type(1), np.uint64(asked[0].shape[1]), 0
        for i in rows:
            row = np.uint64(i) * n_batch
            place = np.uint64(place_of[i]) * n_batch if driven else _NONE
            changes = False
            of_slope, of_bias = zeros(n, g), zeros(n, g)
            b = _NONE
            while b < n_batch:
                a = load(n, h, row + b)
                of_penalty = add(load(n, size, b), multiply(load(n, square, b), a))
                own = add(load(n, g, row + b), where_positive(a, of_penalty, zeros(n, g)))
                if len(dense):
                    own = add(own, load(n, dense, row + b))
                if driven:
                    a = load(n, before, place + b)
                    over = add(add(a, load(n, drive, place + b)), fill(n, -one))
                    own = where_positive(over, zeros(n, g), own)  # capped
                    store(noted, place + b, own)
                within_one = add(fill(n, one), multiply(fill(n, -one), multiply(a, a)))
                of_drive = multiply(own, where_positive(a, within_one, fill(n, leak)))
                changes |= any_set(of_drive)
                if len(kept):
                    of_bias = add(of_bias, of_drive)
                    of_slope = add(of_slope, multiply(of_drive, load(n, kept, row + b)))
                store(d, row + b, multiply(of_drive, fill(n, slope[i])))
                b += lanes
            n_changing += changes
            if len(kept):
                d_slope[i] += total(of_slope)
                d_bias[i] += total(of_bias)
        return n_changing

    return back_through


_through_one, _through_driven_one = _back_through_with(1, False), _back_through_with(1, True)
_through_eight, _through_driven_eight = _back_through_with(8, False), _back_through_with(8, True)
_through_sixteen = _back_through_with(16, False)


@kernel
def _back_through(
    rows: Array, state: _State, asked: _Asked, neurons: _Neurons, leak: Any, found: _Found
) -> int:  # pragma: no cover - compiled
    """Carry gradients of states back to summed inputs, slopes and biases.

    Returns how many rows have a gradient that is not 0.
    """
    if asked[0].shape[1] == 1:
        return _through_one(rows, state, asked, neurons, leak, found)
    if asked[0].shape[1] % 16 == 0:
        return _through_sixteen(rows, state, asked, neurons, leak, found)
    return _through_eight(rows, state, asked, neurons, leak, found)


@kernel
def _back_through_driven(
    rows: Array, state: _State, asked: _Asked, neurons: _Neurons, leak: Any, found: _Found
) -> int:  # pragma: no cover - compiled
    """Do the same for sensory neurons that a stimulus was added to, and note its gradient."""
    if asked[0].shape[1] == 1:
        return _through_driven_one(rows, state, asked, neurons, leak, found)
    return _through_driven_eight(rows, state, asked, neurons, leak, found)


@kernel
def _cut(
    neuron: Array, batch: Array, first: int, stop: int, d: Array
) -> None:  # pragma: no cover - compiled
    """Clear the gradients of summed inputs at single entries of one block."""
    for k in range(len(neuron)):
        if first <= neuron[k] < stop:
            d[neuron[k], batch[k]] = 0


@kernel
def _slopes_of_block(
    first: int,
    stop: int,
    rows: Array,
    driven: Array,
    state: _State,
    asked: _Asked,
    neurons: _Neurons,
    leak: Any,
    found: _Found,
    cut: tuple[Array, Array],
    changing: Array,
) -> int:  # pragma: no cover - compiled
    """Carry gradients back through the states of one block of neurons.

    Lists the rows whose gradient is not 0 from `changing[first]` on and returns how many they are;
    or -1, and does not list them, if they are most of a block.
    """
    h, g, d, slope = state[0], asked[0], found[0], neurons[0]
    own, n_changing = within(rows, first, stop), 0
    joins = len(state[1]) > 0
    at = within(driven, first, stop if joins else first)
    everything = len(own) == stop - first
    if not everything:
        d[first:stop] = 0
    if g.shape[1] != 1 or len(asked[3]) or len(neurons[2]):
        n_changing = _back_through(without(own, at), state, asked, neurons, leak, found)
        n_changing += _back_through_driven(at, state, asked, neurons, leak, found)
    else:
        # Loops over a single column take ten times as long as those without.
        flat_h, flat_d = h.reshape(-1), d.reshape(-1)
        if everything:
            n_changing = _back_through_block_of_one(
                flat_h[first:stop],
                g.reshape(-1)[first:stop],
                asked[1][0],
                asked[2][0],
                slope[first:stop],
                leak,
                flat_d[first:stop],
            )
        else:
            _back_through_some_of_one(own, flat_h, asked, slope, leak, flat_d)
        _back_through_driven_of_one(at, state, asked, neurons, leak, found)
    _cut(cut[0], cut[1], first, stop, d)
    if 2 * n_changing > stop - first:
        return -1
    if everything:
        return list_active(d, first, stop, changing)
    return list_active_of(d, own, first, changing)


@kernel
def _add_asked(
    neuron: Array, batch: Array, gradient: Array, first: int, stop: int, g: Array
) -> None:  # pragma: no cover - compiled
    """Add the gradients of single states of one block."""
    for k in range(len(neuron)):
        if first <= neuron[k] < stop:
            g[neuron[k], batch[k]] += gradient[k]


@kernel
def _hand_back(
    way: int,
    by_pre: tuple[Array, Array, Array],
    by_post: tuple[Array, Array, Array],
    tiles: Tiles,
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
        push_block(first, stop, split, by_post[1], by_post[2], pushed, d, g)
    elif way == _ALL:
        pull_tiles(tiles, True, first, stop, busy, d, g)
    elif way == _NOWHERE:
        g[first:stop] = 0
    elif way == _PULL:
        own = within(wanted, first, stop)
        pull_rows(by_pre[0], by_pre[1], by_pre[2], own, d, g)


@parallel_kernel
def backward(
    by_pre: tuple[Array, Array, Array],
    by_post: tuple[Array, Array, Array],
    split: Array,
    at_hand: Array,
    lacking: Array,
    tiles: Tiles,
    bounds: Array,
    begins: bool,
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
    cut: tuple[Array, Array],
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
        The weights in CSR form, or only some rows of that, or without indices and values; then
        nothing is pushed. `indptr` says how many entries all rows have.
    split : ndarray, shape (n_blocks + 1, n_neurons)
        Where each row by post passes the bounds, if there is that layout.
    at_hand : ndarray of bool, shape (n_neurons,) or (0,)
        Which rows by post there are, if not all.
    lacking : ndarray of bool, shape (n_neurons,) or (0,)
        Marked, if there is room: rows by post that would have been of use and are not there.
    bounds : ndarray, shape (n_blocks + 1,)
        Blocks of neurons for the threads, with about as many out-edges each; they end where tiles
        do.
    begins : bool
        Whether no gradient comes from later steps; `g` is cleared then.
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
    cut : (neuron, batch)
        Entries whose gradient is not handed back along the edges: nothing reaches them there.
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
        share of all edges, and than half of those of wanted neurons; else pull along the out-edges
        of wanted neurons if they are fewer than the second share of all edges.

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
    busy = marks_for(tiles)
    end = len(layer)
    before_it, d = d[0], d[1]
    way = _NOWHERE if begins else _THERE
    pushed = changing[0, :0]
    for back in range(n_steps):
        t = n_steps - 1 - back
        begin = end
        while begin > 0 and layer[begin - 1] == t:
            begin -= 1
        rows = wanted[wanted_starts[t] : wanted_starts[t + 1]]
        # What joined it; nothing joins the last state of all.
        joined, d_joined = given[t + 1 : t + 2], d_given[t + 1 : t + 2]
        nothing = g[:0]
        state = states[t + 1], joined[0] if len(joined) else nothing, before[t]
        of_state = g, per_size, per_square, dense[t] if len(dense) else nothing
        neurons = slope, place_of, summed[t] if len(summed) else nothing
        found = d, d_joined[0] if len(joined) else nothing, d_slope, d_bias
        # The pull that hands gradients to this step stands here and not at the end of the step
        # before, so that the threads are called once a step: that takes as long as a small step.
        for p in numba.prange(n_blocks):
            first, stop = bounds[p], bounds[p + 1]
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
                state,
                of_state,
                neurons,
                leak,
                found,
                cut,
                changing[t & 1],
            )
        end = begin
        # The other list is being filled while this one is read.
        many = wanted_edges[t] >= pull_below * n_edges
        n_pushed = close_up(changing[t & 1], bounds, counts)
        pushed = changing[t & 1, : max(n_pushed, 0)]
        # A push reads and writes where a pull reads: it takes up to twice as long.
        limit = min(push_below * n_edges, 0.5 * wanted_edges[t])
        few = n_pushed >= 0 and count_edges(by_post[0], pushed) < limit
        can_push = few and has_by_post and all_marked(pushed, at_hand)
        way = _PULL
        if n_pushed == 0:
            way = _NOWHERE
        elif can_push:
            way = _PUSH
        elif many and has_tiles:
            way = _ALL
            if n_pushed < 0:
                mark_tiles(wanted[wanted_starts[t] : wanted_starts[t + 1]], tiles[3], busy)
            else:
                mark_tiles(pushed, tiles[3], busy)
        if few and not can_push and n_pushed > 0:
            missed_by_post += 1
            for row in pushed[: len(lacking)]:
                lacking[row] = True
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

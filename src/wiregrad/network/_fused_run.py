"""One run of the fused network: its arrays, and the windows of steps that it is done in."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..product import (
    FEW_AT_HAND,
    PARALLEL_FROM,
    aligned,
    n_threads,
    row_width,
    run_on,
    threads_for,
    widened,
)
from ._needed import Needed, needed_after, needed_neurons, no_neurons
from ._places import Array, Places
from ._room import Room
from ._run_settings import RunSettings, Upstream
from ._sensory_order import SensoryOrder
from ._wanted import Wanted, as_window, reachable_neurons

__all__ = ["FusedRun"]

# Neurons that matter are listed up to this share of the edges.
_FEW = 0.35

# Lists of more than this share of the neurons are made complete: that needs no looking up.
_NEARLY_ALL = 0.8


class FusedRun:
    """Runs the kernels over windows of steps, forward and backward.

    Parameters
    ----------
    settings : RunSettings
    stimulus : Tensor, shape (batch, sensory, num_layers)
    slope, bias : Tensor, shape (n_neurons,)

    Attributes
    ----------
    states : ndarray, shape (window + 1, n_neurons, width)
        The start of the last window, and its states. The batch's are the first columns; what is in
        those that fill up a register is nobody's: they get no stimulus, and no gradient.
    read : ndarray, shape (n,)
    """

    #: Whether states that nothing depends on may be left undefined.
    looks_ahead = True

    def __init__(
        self, settings: RunSettings, stimulus: Tensor, slope: Tensor, bias: Tensor
    ) -> None:
        self._settings = settings
        model, room = settings.model, settings.room
        self._stimulus = stimulus.detach().contiguous().numpy()
        self._n_batch = len(stimulus)
        width = row_width(self._n_batch)
        self._given = _given(self._stimulus, settings.threshold, width)
        n_steps, n_sensory, _ = self._given.shape
        dtype, n_neurons = self._given.dtype, model.n_neurons
        matrix = self._matrix = model.weights
        n_blocks = n_threads() if len(matrix.values) * width >= PARALLEL_FROM else 1
        self._by, self._ways = matrix.arrays(n_blocks, width), matrix.ways(width)
        # Of a large matrix there may be a few rows by post, of a smaller one all. A column alone
        # has no use for a few: it reads only the tiles that they lie in.
        self._few_rows = not matrix.may_be_by_post and width > 1
        few = FEW_AT_HAND if self._few_rows else 0.0
        self._push_back_below = self._ways.push_below if matrix.may_be_by_post else few
        self._slope = slope.detach().contiguous().numpy()
        self._bias = bias.detach().contiguous().numpy()
        self._order = SensoryOrder.of(model, room)
        window = min(settings.window, n_steps)
        self._windows = [(t, min(t + window, n_steps)) for t in range(0, n_steps, window)]

        self._needed = self._look_ahead(n_steps)
        summed = window if settings.keep_summed else 0
        keep = Room() if settings.give_states else room
        self.states = keep.empty("states", (window + 1, n_neurons, width), dtype)
        kept = len(self._windows) if settings.needs_gradient and len(self._windows) > 1 else 0
        self._starts = room.empty("starts", (kept, n_neurons, width), dtype)
        self._before = room.empty("before", (window, n_sensory, width), dtype)
        # Without a leak that of silent neurons is not kept; it is multiplied by 0 then.
        self._summed = room.zeros("summed", (summed, n_neurons, width), dtype)
        self._held: int | None = None  # the window whose states are there
        self._active = room.empty("active", (window + 1, n_neurons), np.uint32)
        self._n_active = np.zeros(window + 1, np.int64)
        self.read = np.empty(len(settings.places), dtype)
        self._size, self._square = np.zeros(width), np.zeros(width)

    def _look_ahead(self, n_steps: int) -> Needed:
        """List the neurons that what is read depends on; all, unless that saves reading edges."""
        settings, room, by_post = self._settings, self._settings.room, self._by.post
        one_go = len(self._windows) == 1 and not (settings.give_states or settings.add_up)
        if not (self.looks_ahead and one_go and len(by_post[1]) and len(settings.places)):
            return no_neurons(n_steps)
        # No step after one that leaves states undefined may read them all, as a pass over tiles
        # does: that is only made where more edges are active than are listed here.
        most = min(_FEW, self._ways.push_below)
        if most not in room.needed:
            sensory = self._order.sensory
            room.needed[most] = needed_neurons(settings.places, by_post, sensory, n_steps, most)
        return room.needed[most]

    @property
    def size(self) -> Array:
        """Sum of all activations of each batch member, in float64."""
        return self._size[: self._n_batch]

    @property
    def square(self) -> Array:
        """Sum of their squares."""
        return self._square[: self._n_batch]

    def forward(self) -> None:
        """Run all windows."""
        places = self._settings.places
        for number, (first, stop) in enumerate(self._windows):
            if number:
                self.states[0] = self.states[-1]  # only the last window is shorter
            else:
                self._clear_start()
                self._start()
            if len(self._starts):
                self._starts[number] = self.states[0]
            self._run(number, self._settings.add_up)
            places.read(self.states[..., : self._n_batch], first, stop, self.read)

    def _start(self) -> None:
        """Drive the start, which is silent, and list who is active in it."""
        if self._settings.initial is not None:
            self._go_on(self._settings.initial)
            return
        from ._stimulus_kernels import drive_start

        order, start = self._order, self.states[0]
        self._n_active[0] = drive_start(
            self._given[0], order.sensory, order.places, start, self._active[0]
        )

    def _go_on(self, initial: Array) -> None:
        """Drive a state to start from, and list who is active in it."""
        from ..product.compiled import list_active

        start, sensory = self.states[0], self._order.sensory
        start[:] = widened(initial)
        start[sensory] = np.minimum(start[sensory] + self._given[0, self._order.places], 1)
        self._settings.room.cleared = None
        self._n_active[0] = list_active(start, 0, len(start), self._active[0])

    def _clear_start(self) -> None:
        """Silence the start, unless that has been done and only sensory neurons were driven."""
        room = self._settings.room
        if room.cleared is not self.states:
            self.states[0] = 0
        room.cleared = self.states if len(self._windows) == 1 else None

    def backward(
        self,
        d_states: Tensor | None,
        d_read: Tensor | None,
        d_size: Tensor | None,
        d_square: Tensor | None,
    ) -> tuple[Array, Array, Array]:
        """Return the gradients of the stimulus, of the slopes and of the biases."""
        from ._stimulus_kernels import read_start

        n_neurons, width = self.states.shape[1:]
        dtype, room = self._given.dtype, self._settings.room
        dense = np.empty((0, 0, 0), dtype)
        if d_states is not None and d_states.numel():
            dense = widened(d_states.numpy())
        asked = np.zeros(len(self.read), dtype) if d_read is None else d_read.contiguous().numpy()
        per_size, per_square = np.zeros((2, width), dtype)
        for per, d, factor in ((per_size, d_size, 1), (per_square, d_square, 2)):
            if d is not None:
                per[: self._n_batch] = d.numpy() * dtype.type(factor)
        n_parameters = n_neurons if self._settings.keep_summed else 0
        upstream = Upstream(
            asked,
            dense,
            per_size,
            per_square,
            d_given=aligned(self._given.shape, self._given.dtype),
            d_slope=np.zeros(n_parameters),
            d_bias=np.zeros(n_parameters),
            g=room.empty("g", (n_neurons, width), dtype),
        )
        for number in reversed(range(len(self._windows))):
            if self._held != number:
                self.states[0] = self._starts[number]
                if not number:
                    self._start()
                self._run(number, add_up=False)
            first, stop = self._windows[number]
            self._go_back(first, first, stop, upstream)
        order, d_start = self._order, upstream.d_given[0]
        read_start(upstream.g, order.sensory, order.places, d_start)
        if self._settings.initial is not None:
            start = np.empty_like(d_start)
            read_start(widened(self._settings.initial), order.sensory, order.places, start)
            d_start[start + self._given[0] > 1] = 0
        return self._hand_back(upstream.d_given), upstream.d_slope, upstream.d_bias

    def _hand_back(self, d_given: Array) -> Array:
        from ._stimulus_kernels import hand_back

        d_stimulus = np.empty(self._stimulus.shape, d_given.dtype)
        threshold, leak = (
            d_given.dtype.type(x) for x in (self._settings.threshold, self._settings.leak)
        )
        with run_on(threads_for(d_given.size, d_given.shape[1])):
            hand_back(d_given, self._stimulus, threshold, leak, d_stimulus)
        return d_stimulus

    def _run(self, number: int, add_up: bool) -> None:
        """Compute the states of one window from its start."""
        from ..product.compiled import list_active  # numba is loaded when it is first needed

        first, stop = self._windows[number]
        self._held = number
        if first:
            self._n_active[0] = list_active(self.states[0], 0, len(self._slope), self._active[0])
        self._go(first, first, stop, add_up)

    def _go(self, begin: int, first: int, stop: int, add_up: bool) -> None:
        """Take steps `first` to `stop` - 1 of the window that begins at `begin`."""
        self._call_forward(begin, first, stop, add_up)

    def _call_forward(
        self, begin: int, first: int, stop: int, add_up: bool, joins: bool = True
    ) -> None:
        """Call the kernel for some steps; unless the stimulus `joins`, it is not added."""
        from ._forward_kernels import forward

        dtype = self._given.dtype
        bounds, order = self._by.blocks.post, self._order
        here, ends = slice(first - begin, stop - begin), slice(first - begin, stop - begin + 1)
        with run_on(len(bounds) - 1):
            missed = forward(
                self._by.pre,
                self._by.post,
                self._by.tiles,
                self._by.blocks.split,
                bounds,
                self._slope,
                self._bias,
                dtype.type(self._settings.threshold),
                dtype == np.float32,
                order.sensory,
                order.places,
                self._given[first : stop + joins],
                np.searchsorted(order.sensory, bounds),
                self.states[ends],
                self._before[here],
                self._summed[here],
                self._settings.leak > 0,
                self._active[ends],
                self._n_active[ends],
                self._size,
                self._square,
                add_up,
                self._ways.push_below,
                self._needed[0],
                self._needed[1][first : stop + 1],
            )
        if missed:
            self._matrix.ask_for(tiles_for=self.states.shape[2])

    def _go_back(self, begin: int, first: int, stop: int, upstream: Upstream) -> None:
        """Carry gradients from the last state of some steps, in `g`, to their start."""
        ends = slice(first - begin, stop - begin + 1)
        self._call_backward(begin, first, stop, self.states[ends], upstream)

    def _call_backward(
        self, begin: int, first: int, stop: int, states: Array, upstream: Upstream
    ) -> None:
        """Call the kernel for some steps, whose start and states are given."""
        from ._backward_kernels import backward

        up, g, joins = upstream, upstream.g, not upstream.whole
        asked = Places.none() if up.whole else self._settings.places
        places, here = asked.window(first, stop)
        wanted = self._wanted(begin, first, stop)
        bounds, lacking = self._by.blocks.pre, self._lacking()
        mine = slice(first - begin, stop - begin)
        with run_on(len(bounds) - 1):
            missed_tiles, missed_by_post = backward(
                self._by.pre,
                *self._rows_by_post(),
                lacking,
                self._by.tiles,
                bounds,
                stop == len(self._given) and not up.whole,
                self._slope,
                self._given.dtype.type(self._settings.leak),
                self._order.place_of,
                self._given[first : stop + joins],
                states,
                self._before[mine],
                self._summed[mine],
                *wanted,
                self._order.sensory,
                (places.layer, places.neuron, places.batch, up.read[here]),
                up.dense[first:stop],
                up.per_size,
                up.per_square,
                up.cut,
                up.d_given[first : stop + joins],
                up.d_slope,
                up.d_bias,
                g,
                self._settings.room.empty("d", (2, *g.shape), g.dtype),
                self._push_back_below,
                self._ways.pull_below,
            )
        if missed_tiles or missed_by_post:
            batch = self.states.shape[2] if missed_tiles else None
            rows = np.flatnonzero(lacking) if self._few_rows and missed_by_post else None
            self._matrix.ask_for(tiles_for=batch, by_post=missed_by_post > 0, rows=rows)

    def _lacking(self) -> Array:
        """Make room to mark rows by post that would have been of use, where single ones may be."""
        return np.zeros(len(self._slope) if self._few_rows else 0, bool)

    def _rows_by_post(self) -> tuple[tuple[Array, Array, Array], Array, Array]:
        """Return the rows by post, where they pass the bounds, and which there are if not all."""
        by, some = self._by, self._by.some
        if some is None:
            return by.post, by.blocks.split_back, np.empty(0, bool)
        return (by.post[0], some.indices, some.values), some.split, some.there

    def _wanted(self, begin: int, first: int, stop: int) -> Wanted:
        """List the neurons that a gradient can pass: of the start, and of each step.

        The start is that of step `first`, in the window that begins at `begin`.
        """
        sensory, settings, indptr = self._order.sensory, self._settings, self._by.pre[0]
        if not settings.leak:
            lists = [self._active_or_sensory(t, begin) for t in range(first, stop)]
            entry = self._active_or_sensory(first - 1, begin) if first else sensory
        elif settings.keep_summed:  # a parameter can change what no stimulus reaches
            everyone = np.arange(len(self._slope), dtype=np.uint32)
            lists = [needed_after(self._needed, t, everyone) for t in range(first, stop)]
            entry = everyone if first else sensory
        else:
            how = self._needed, sensory, indptr
            return reachable_neurons(settings.model, settings.room, *how, first, stop)
        return as_window(entry, lists, indptr)

    def _active_or_sensory(self, t: int, begin: int) -> Array:
        from ..product.compiled import merge_rows

        at = t - begin + 1
        active = self._active[at, : self._n_active[at]]
        if t == len(self._given) - 1:  # no input joins the last state
            return active
        merged = np.empty(len(active) + len(self._order.sensory), np.uint32)
        return merged[: merge_rows(active, self._order.sensory, merged)]


def _given(stimulus: Array, threshold: float, width: int) -> Array:
    """Return what the network takes in, (step, sensory, width): in [threshold, 1], or 0."""
    from ._stimulus_kernels import take_in

    n_batch, n_sensory, n_steps = stimulus.shape
    make = np.empty if width == n_batch else np.zeros
    given = aligned((n_steps, n_sensory, width), stimulus.dtype, make)
    with run_on(threads_for(stimulus.size, n_sensory)):
        take_in(stimulus, stimulus.dtype.type(threshold), given)
    return given

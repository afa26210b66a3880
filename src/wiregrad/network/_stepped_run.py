"""A run of the fused network in which neurons are held, muted or deaf: a step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from torch import Tensor

from ._fused_run import FusedRun
from ._interventions import IndexArray
from ._places import Array
from ._run_settings import RunSettings, Upstream

__all__ = ["SteppedRun", "without"]


class SteppedRun(FusedRun):
    """Calls the same kernels for each step, and mends the states between the calls.

    A network without interventions has no part in this: its kernels take all steps in one call.

    Parameters
    ----------
    settings : RunSettings
        Of a model with interventions, or one that remembers.
    stimulus, slope, bias
        As for `FusedRun`.

    Notes
    -----
    Cost: as without interventions, and for each step a call of the kernels (some 50 microseconds)
    and work on the entries that are touched.
    """

    looks_ahead = False  # what is done to states is done to all of them

    def __init__(
        self, settings: RunSettings, stimulus: Tensor, slope: Tensor, bias: Tensor
    ) -> None:
        super().__init__(settings, stimulus, slope, bias)
        n_batch, width = len(stimulus), self.states.shape[2]
        done, n_steps = settings.model.interventions, settings.model.num_layers
        self._holds = holds = done.holds(n_steps, n_batch, settings.rows, width)
        self._deaf = np.divmod(holds.deaf, max(width, 1))
        self._deaf_rows = holds.rows(holds.deaf)
        rows = {id(places): holds.rows(places) for places, _ in holds.held}
        self._held_rows = [rows[id(places)] for places, _ in holds.held]
        self._rest = _at_rest(self._slope, self._bias, settings.threshold)[self._deaf[0]]

    def _start(self) -> None:
        super()._start()
        places, values = self._holds.held[0]
        if len(places):
            self.states[0].reshape(-1)[places] = values
            self._settings.room.cleared = None  # not only sensory neurons are driven
            self._also_active(0, self._held_rows[0])

    def _go(self, begin: int, first: int, stop: int, add_up: bool) -> None:
        from ._forward_kernels import add_up_active

        for t in range(first, stop):
            at = t - begin
            self._advance(begin, t)
            places, values = self._holds.held[t + 1]
            self.states[at + 1].reshape(-1)[places] = values
            self._also_active(at + 1, self._held_rows[t + 1])
            if add_up:
                active = self._active[at + 1, : self._n_active[at + 1]]
                add_up_active(self.states[at + 1], active, self._size, self._square)

    def _advance(self, begin: int, t: int) -> None:
        """Take step `t`, and list who is active after it; nobody is held yet."""
        with without(self.states[t - begin], self._holds.muted):
            self._call_forward(begin, t, t + 1, add_up=False)
        self._let_rest(t, t - begin)

    def _go_back(self, begin: int, first: int, stop: int, upstream: Upstream) -> None:
        for t in reversed(range(first, stop)):
            self._retreat(begin, t, upstream)
        if first == 0:
            upstream.g.reshape(-1)[self._holds.held[0][0]] = 0

    def _retreat(self, begin: int, t: int, upstream: Upstream) -> None:
        """Carry gradients back through step `t`, in `g`."""
        g, places = upstream.g.reshape(-1), self._holds.held[t + 1][0]
        g[places] = 0  # what comes from later steps; and a state of 0 has no part in penalties
        dense = upstream.dense[t] if len(upstream.dense) else self.states[0, :0]
        held = places if len(dense) else places[:0]
        ends = self.states[t - begin : t - begin + 2]
        with without(ends[1], places), without(dense, held):
            self._call_backward(begin, t, t + 1, ends, self._unheld(t, places, upstream))
        g[self._holds.muted] = 0

    def _let_rest(self, t: int, at: int, joins: bool = True) -> None:
        """Give entries that nothing reaches what their bias and the stimulus make of them."""
        neuron, member = self._deaf
        if not len(neuron):
            return
        states, given = self.states[at + 1], self._given
        resting = self._rest
        states[neuron, member] = resting
        if len(self._summed):
            self._summed[at][neuron, member] = 0
        place = self._order.place_of[neuron]
        own = np.flatnonzero(place >= 0)
        if joins and t + 1 < len(given) and len(own):
            self._before[at][place[own], member[own]] = resting[own]
            total = resting[own] + given[t + 1][place[own], member[own]]
            states[neuron[own], member[own]] = np.minimum(total, 1)
        self._also_active(at + 1, self._deaf_rows)

    def _also_active(self, at: int, rows: Array) -> None:
        """Add neurons, ascending, to the list of those that may be active in a state."""
        from ..product.compiled import merge_rows

        if not len(rows):
            return
        n = self._n_active[at]
        listed = self._active[at, :n].copy()
        self._n_active[at] = merge_rows(listed, rows, self._active[at])

    def _unheld(self, t: int, held: IndexArray, upstream: Upstream) -> Upstream:
        """Return the gradients but for those of single states that are held after step t.

        Nothing is handed back along the edges from those that nothing reaches.
        """
        upstream = replace(upstream, cut=self._deaf)
        if not len(held):
            return upstream
        places, here = self._settings.places.window(t, t + 1)
        flat = places.neuron * self.states.shape[2] + places.batch
        read = upstream.read.copy()
        read[here][np.isin(flat, held)] = 0
        return replace(upstream, read=read)


@contextmanager
def without(state: Array, places: IndexArray) -> Iterator[None]:
    """Have some entries of a state at 0 for a while."""
    flat = state.reshape(-1)
    kept = flat[places]
    flat[places] = 0
    try:
        yield
    finally:
        flat[places] = kept


def _at_rest(slope: Array, bias: Array, threshold: float) -> Array:
    """Return what every neuron does without input, to the bit as the kernels have it."""
    from ._activate_kernels import activate

    y = np.zeros((len(slope), 1), slope.dtype)
    room = np.empty((0, 1), slope.dtype)
    single = slope.dtype == np.float32
    listed = np.empty(len(slope), np.uint32)
    activate(y, 0, len(y), slope, bias, slope.dtype.type(threshold), single, room, listed)
    return y[:, 0]

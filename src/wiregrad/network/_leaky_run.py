"""A run of the fused network in which states are remembered: a step at a time, on all neurons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from ._places import Array
from ._run_settings import RunSettings, Upstream
from ._stepped_run import SteppedRun, without
from ._wanted import Wanted

__all__ = ["LeakyRun"]


class LeakyRun(SteppedRun):
    """Takes the activation from the kernels, and mixes it with the state before.

    Parameters
    ----------
    settings : RunSettings
        Of a model that has a `tau`.
    stimulus, slope, bias
        As for `FusedRun`.

    Notes
    -----
    Cost: as without memory, and a few passes over all neurons a step; what is remembered is active,
    so that more edges are read. Memory: another number a neuron, step and batch member.
    """

    def __init__(
        self, settings: RunSettings, stimulus: Tensor, slope: Tensor, bias: Tensor
    ) -> None:
        super().__init__(settings, stimulus, slope, bias)
        self._share = _share(settings, self.states.dtype)[:, None]
        self._keep = 1 - self._share
        # What the neurons would have done without memory: [t + 1] of step t.
        self._rates = settings.room.empty("rates", self.states.shape, self.states.dtype)
        self._everyone = np.arange(self.states.shape[1], dtype=np.uint32)

    def _advance(self, begin: int, t: int) -> None:
        from ..product.compiled import list_active

        at = t - begin
        with without(self.states[at], self._holds.muted):
            self._call_forward(begin, t, t + 1, add_up=False, joins=False)
        self._let_rest(t, at, joins=False)
        state, order = self.states[at + 1], self._order
        self._rates[at + 1] = state
        state *= self._share
        state += self._keep * self.states[at]
        if t + 1 < len(self._given):
            self._before[at][order.places] = state[order.sensory]
            total = state[order.sensory] + self._given[t + 1][order.places]
            state[order.sensory] = np.minimum(total, 1)
        self._n_active[at + 1] = list_active(state, 0, len(state), self._active[at + 1])

    def _retreat(self, begin: int, t: int, upstream: Upstream) -> None:
        at, up = t - begin, upstream
        own = self._of_state(at, t, up)
        up.g[:] = self._share * own
        nothing = np.zeros_like(up.per_size)
        alone = replace(
            up,
            read=up.read[:0],
            dense=up.dense[:0],
            per_size=nothing,
            per_square=nothing,
            cut=self._deaf,
            whole=True,
        )
        self._call_backward(begin, t, t + 1, self._rates[at : at + 2], alone)
        up.g.reshape(-1)[self._holds.muted] = 0
        up.g[:] += self._keep * own

    def _of_state(self, at: int, t: int, up: Upstream) -> Array:
        """Return the whole gradient of the state after step `t`, without the stimulus in it.

        What joined it has its own noted.
        """
        last = t == len(self._given) - 1
        own = np.zeros_like(up.g) if last else up.g.copy()
        here, where = self._settings.places.window(t, t + 1)
        np.add.at(own, (here.neuron, here.batch), up.read[where])
        if len(up.dense):
            own += up.dense[t]
        state, order = self.states[at + 1], self._order
        own += np.where(state > 0, up.per_size + up.per_square * state, 0).astype(own.dtype)
        own.reshape(-1)[self._holds.held[t + 1][0]] = 0
        if not last:
            joined = self._before[at][order.places] + self._given[t + 1][order.places]
            own[order.sensory] = np.where(joined > 1, 0, own[order.sensory])
            up.d_given[t + 1][order.places] = own[order.sensory]
        return own

    def _wanted(self, begin: int, first: int, stop: int) -> Wanted:
        """List all neurons: what is remembered has a gradient of its own."""
        n_steps, n_edges = stop - first, len(self._by.pre[1])
        starts = np.arange(n_steps + 1) * len(self._everyone)
        return self._everyone, np.tile(self._everyone, n_steps), starts, np.full(n_steps, n_edges)


def _share(settings: RunSettings, dtype: np.dtype[Any]) -> Array:
    """Return the share of the activation in the state of every neuron, 1 / tau."""
    model = settings.model
    if model.tau is None:
        raise ValueError("a network without tau needs no leaky run")
    share = 1 / model.tau.detach().clamp(min=1)
    share = share.expand(model.n_neurons) if model.indices is None else share[model.indices]
    found: Array = share.numpy().astype(dtype)
    return found

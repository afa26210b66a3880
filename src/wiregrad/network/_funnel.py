"""The few neurons, step by step, through which some entries of a stimulus can move some targets."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ..product import PARALLEL_FROM, n_threads, run_on
from ._fused import can_fuse, slope_and_bias
from ._part import rests

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["Funnel", "Funnels"]

Array: TypeAlias = npt.NDArray[Any]

# Neurons that lead to the targets are looked for, step by step backwards, until they are more than
# this share of all: from there on, what can be active at all is the smaller part.
_FEW = 1 / 8

# Stimuli that a thread takes at a time: a cache line of float32.
_WIDTH = 16


class Funnels:
    """Makes funnels of a network, as it is now.

    Parameters
    ----------
    model : MultilayeredNetwork
        One that `fits`.

    Notes
    -----
    Cost: the connections once more, 5 bytes each.
    """

    def __init__(self, model: MultilayeredNetwork) -> None:
        values, row, ccol = (
            part.detach().numpy()
            for part in (model.weights.values, model.weights.row, model.weights.ccol)
        )
        shape = (model.n_neurons, model.n_neurons)
        self._model = model
        self._by_pre = sparse.csc_array((values, row, ccol), shape=shape, copy=False)
        there = np.ones(len(values), np.int8)
        self._into = sparse.csc_array((there, row, ccol), shape=shape, copy=False).tocsr()
        slope, bias = slope_and_bias(model)
        self._slope, self._bias = slope.detach().numpy(), bias.detach().numpy()
        # A neuron that only inhibitory ones lead to is silent, whatever they do.
        self._only_excited = bool((self._slope >= 0).all())

    @staticmethod
    def fits(model: MultilayeredNetwork) -> bool:
        """Whether activity spreads from the stimulus alone, by the fused kernels."""
        return can_fuse(model) and rests(model) and model.tau is None and not model.interventions

    def narrow(self, places: Array, neuron: Array, layer: Array) -> Funnel:
        """Make the funnel from some entries of a stimulus to some targets.

        Parameters
        ----------
        places : ndarray of int64, shape (n_entries,)
            In a raveled stimulus, (sensory, step); ascending.
        neuron, layer : ndarray of int64, shape (n_targets,)
        """
        model = self._model
        entry, step = np.divmod(places, model.num_layers)
        driven = model.sensory_indices.numpy()[entry]
        rows = self._rows(driven, step, neuron, layer)
        begin = np.cumsum([0, *(len(own) for own in rows)])
        # Of the entries, those that lead to a target, step by step.
        useful, row = [], []
        for t, own in enumerate(rows):
            here = np.flatnonzero(step == t)
            at = np.searchsorted(own, driven[here])
            within = np.append(own, -1)[at] == driven[here]
            useful.append(here[within])
            row.append(begin[t] + at[within])
        read = [
            begin[t + 1] + np.searchsorted(rows[t + 1], n)
            for n, t in zip(neuron, layer, strict=True)
        ]
        all_rows = np.concatenate(rows)
        return Funnel(
            edges=self._edges(rows, begin),
            begin=begin,
            slope=self._slope[all_rows],
            bias=self._bias[all_rows],
            threshold=self._bias.dtype.type(model.threshold),
            entry_begin=np.cumsum([0, *(len(own) for own in useful)]),
            entry_row=np.concatenate(row),
            useful=np.concatenate(useful),
            read_row=np.array(read, np.int64),
        )

    def _rows(self, driven: Array, step: Array, neuron: Array, layer: Array) -> list[Array]:
        """List the neurons of every state that can be active and that lead to a target."""
        n_states, needed = int(layer.max()) + 2, self._needed(neuron, layer)
        rows: list[Array] = []
        for t in range(n_states):
            able = np.zeros(self._model.n_neurons, np.bool_)
            if t:
                out = self._by_pre[:, rows[-1]]
                exciting = out.data > 0 if self._only_excited else slice(None)
                able[out.indices[exciting]] = True
            able[driven[step == t]] = True
            leading = needed[t]
            if leading is not None:
                able &= leading
            able[neuron[layer == t - 1]] = True
            rows.append(np.flatnonzero(able))
        return rows

    def _needed(self, neuron: Array, layer: Array) -> list[npt.NDArray[np.bool_] | None]:
        """Mark the neurons of every state that lead to a target; None where they are many."""
        n_states, n_neurons = int(layer.max()) + 2, self._model.n_neurons
        needed: list[npt.NDArray[np.bool_] | None] = [None] * n_states
        mark = np.zeros(n_neurons, np.bool_)
        for t in reversed(range(n_states)):
            before = self._into[np.flatnonzero(mark)].indices
            mark = np.zeros(n_neurons, np.bool_)
            mark[before] = True
            mark[neuron[layer == t - 1]] = True
            if mark.mean() > _FEW:
                break
            needed[t] = mark
        return needed

    def _edges(self, rows: list[Array], begin: Array) -> tuple[Array, Array, Array]:
        """Join what leads to the rows of each step from those of the step before."""
        steps = [self._by_pre[:, pre].tocsr()[post] for pre, post in pairwise(rows)]
        degrees = [np.zeros(len(rows[0]), np.int64), *(np.diff(step.indptr) for step in steps)]
        indices = [step.indices + first for step, first in zip(steps, begin[:-2], strict=True)]
        values = [step.data for step in steps]
        return (
            np.cumsum(np.concatenate([[0], *degrees])),
            np.concatenate(indices).astype(np.uint32),
            np.concatenate(values),
        )


class Funnel:
    """Runs many stimuli of few entries, forwards, and reads the targets.

    The numbers are those of the whole network, to the bit.

    Parameters
    ----------
    edges, begin, slope, bias, threshold, entry_begin, entry_row, read_row
        See `run_funnel`.
    useful : ndarray of int64
        Which of the entries these are: the others lead to no target.
    """

    def __init__(
        self,
        *,
        edges: tuple[Array, Array, Array],
        begin: Array,
        slope: Array,
        bias: Array,
        threshold: Any,
        entry_begin: Array,
        entry_row: Array,
        useful: Array,
        read_row: Array,
    ) -> None:
        self._edges, self._begin, self._slope, self._bias = edges, begin, slope, bias
        self._threshold, self._entry_begin, self._entry_row = threshold, entry_begin, entry_row
        self._useful, self._read_row = useful, read_row
        self._rows = np.arange(len(slope))

    @property
    def n_rows(self) -> int:
        """Neurons that are run, those of each state counted."""
        return len(self._rows)

    def read(self, given: Array) -> Array:
        """Run stimuli and read the targets.

        Parameters
        ----------
        given : ndarray, shape (n_entries, n)
            As the network sees it: in [threshold, 1], or 0.

        Returns
        -------
        ndarray, shape (n_targets, n)

        Notes
        -----
        Cost: the connections of the funnel, once a stimulus.
        """
        from ._funnel_kernels import run_funnel  # numba is loaded when it is first needed

        n = given.shape[1]
        out = np.empty((len(self._read_row), n), given.dtype)
        threads = n_threads() if len(self._edges[1]) * n >= PARALLEL_FROM else 1
        with run_on(threads):
            run_funnel(
                self._edges,
                self._begin,
                self._rows,
                self._slope,
                self._bias,
                self._threshold,
                given.dtype == np.float32,
                self._entry_begin,
                self._entry_row,
                given[self._useful],
                self._read_row,
                _WIDTH,
                out,
            )
        return out

"""Variants of stimuli, run side by side: how near they bring a member to its targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..network import Funnel, Funnels, MultilayeredNetwork
from ._resolved_targets import ResolvedTargets
from ._search import LEAK

__all__ = ["Inputs", "Variants"]

#: Places in a raveled stimulus, (sensory, step).
Inputs = npt.NDArray[np.int64]

FloatArray = npt.NDArray[np.float64]

# States in memory at a time; but not fewer rows than a product can share a pass over the edges.
_STATES, _FEWEST, _MOST = 1 << 22, 32, 1024

# A network of so many connections is worth a funnel for each member; and one that was made for
# more than so many times a member's inputs is made anew.
_LARGE, _WIDE = 1_000_000, 2


class Variants:
    """Runs members with stimuli that are tried.

    Parameters
    ----------
    model : MultilayeredNetwork
    targets : ResolvedTargets
    allowed : Tensor, shape (n_targets,)
        Most distance of each target from its value.
    bar : tqdm
        Told of every run.
    on_runs : callable, optional
        Told how many runs were made; what it raises ends the work.
    often : bool
        Whether so many variants of a member will be run that it pays to look for the few neurons
        that matter to them, where the network is large: see `Funnel`.
    """

    def __init__(
        self,
        model: MultilayeredNetwork,
        targets: ResolvedTargets,
        allowed: Tensor,
        bar: tqdm[Any],
        on_runs: Callable[[int], None] | None = None,
        often: bool = False,
    ) -> None:
        self._model, self._targets, self._bar = model, targets, bar
        #: What an input may be.
        self.input_range = model.input_range
        self._on_runs = on_runs
        self._allowed = allowed.double().cpu().numpy()
        self._value = targets.value.double().cpu().numpy()
        self._starts = targets.starts.cpu().numpy()
        #: Variants to make at a time.
        self.rows = min(max(_STATES // model.n_neurons, _FEWEST), _MOST)
        large = often and len(model.weights.values) >= _LARGE
        self._funnels = Funnels(model) if large and Funnels.fits(model) else None
        self._narrowed: dict[int, tuple[Inputs, ResolvedTargets, Funnel]] = {}

    def _count(self, n: int) -> None:
        """Tell of some runs."""
        self._bar.update(n)
        if self._on_runs is not None:
            self._on_runs(n)

    def close(self) -> None:
        """Leave the progress bar as it is."""
        self._bar.close()

    def without(self, stimulus: Tensor, left_out: list[tuple[int, Inputs]]) -> FloatArray:
        """Run members without some of their inputs, and return their slack.

        That is how much of the allowed distance is left, by the target that has least; below 0 a
        target is lost.

        Parameters
        ----------
        stimulus : Tensor, shape (batch, sensory, step)
            Of all members, as the network sees it: 0 where below the threshold.
        left_out : list of (int, ndarray)
            For each variant the member, and what to leave out.
        """
        if self._funnels is not None:
            return self._through_funnels(self._funnels, stimulus, left_out)
        found = np.empty(len(left_out))
        for begin in range(0, len(left_out), self.rows):
            chunk = left_out[begin : begin + self.rows]
            members = np.array([b for b, _ in chunk])
            stimuli = stimulus[members].flatten(1)
            row = np.repeat(np.arange(len(chunk)), [len(inputs) for _, inputs in chunk])
            stimuli[row, np.concatenate([inputs for _, inputs in chunk])] = 0
            found[begin : begin + len(chunk)] = self._slack(
                members, stimuli.view(-1, *stimulus.shape[1:])
            )
        return found

    def _through_funnels(
        self, funnels: Funnels, stimulus: Tensor, left_out: list[tuple[int, Inputs]]
    ) -> FloatArray:
        """Do so member by member, through the few neurons that matter."""
        found, members = np.empty(len(left_out)), np.array([b for b, _ in left_out], np.int64)
        for b in np.unique(members):
            own = np.flatnonzero(members == b)
            flat = stimulus[b].flatten().numpy()
            places, asked, funnel = self._narrow(funnels, int(b), flat)
            given = np.repeat(flat[places][:, None], len(own), axis=1)
            for column, i in enumerate(own):
                given[np.searchsorted(places, left_out[i][1]), column] = 0
            read = asked.add_up(torch.from_numpy(funnel.read(given))).double().numpy()
            here = slice(*self._starts[b : b + 2])
            miss = np.abs(read - self._value[here, None])
            found[own] = (self._allowed[here, None] - miss).min(axis=0)
            self._count(len(own))
        return found

    def _narrow(
        self, funnels: Funnels, member: int, stimulus: npt.NDArray[Any]
    ) -> tuple[Inputs, ResolvedTargets, Funnel]:
        """Find the funnel of a member's inputs, or of those that it had a while ago."""
        active = np.flatnonzero(stimulus)
        known = self._narrowed.get(member)
        if known is None or len(known[0]) > _WIDE * len(active):
            asked = self._targets.take(torch.tensor([member]))
            funnel = funnels.narrow(active, asked.neuron.numpy(), asked.layer.numpy())
            known = self._narrowed[member] = active, asked, funnel
        return known

    def _slack(self, members: npt.NDArray[np.int64], stimuli: Tensor) -> FloatArray:
        rows, target, miss = self._misses(members, stimuli)
        least = np.full(len(members), np.inf)
        np.minimum.at(least, rows, self._allowed[target] - miss)
        return least

    def distance(self, members: npt.NDArray[np.int64], stimuli: Tensor) -> FloatArray:
        """Return the root mean square distance from the targets, or 0 where all are in reach.

        A target is in reach within its allowed distance.

        Parameters
        ----------
        members : ndarray of int64, shape (n,)
            Whose targets to look at.
        stimuli : Tensor, shape (n, sensory, step)
        """
        rows, target, miss = self._misses(members, stimuli)
        within = np.ones(len(members), dtype=np.bool_)
        np.logical_and.at(within, rows, miss <= self._allowed[target])
        total = np.bincount(rows, miss**2, minlength=len(members))
        distance: FloatArray = np.sqrt(total / np.bincount(rows, minlength=len(members)))
        return np.where(within, 0.0, distance)

    def slope(self, members: npt.NDArray[np.int64], stimuli: Tensor) -> Tensor:
        """Return by how much each input of stimuli moves the targets towards their values.

        Silent neurons count with a surrogate slope.
        """
        whose = torch.from_numpy(members).to(self._targets.batch.device)
        return self._targets.slope_of(self._model, whose, stimuli, LEAK)

    def _misses(
        self, members: npt.NDArray[np.int64], stimuli: Tensor
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], FloatArray]:
        """Run stimuli; return the row, the target and its distance of every activation asked."""
        whose = torch.from_numpy(members).to(self._targets.batch.device)
        watch, rows, target = self._targets.watch_of(self._model, whose, leak=0.0)
        with torch.no_grad():
            read = watch(stimuli).read.double().cpu().numpy()
        self._count(len(members))
        which = target.cpu().numpy()
        return rows.cpu().numpy(), which, np.abs(read - self._value[which])

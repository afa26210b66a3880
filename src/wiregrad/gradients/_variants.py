"""Variants of stimuli, run side by side: which of them hold a member's targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..network import Funnel, Funnels, MultilayeredNetwork, Watch
from ._resolved_targets import ResolvedTargets

__all__ = ["Inputs", "Variants"]

#: Places in a raveled stimulus, (sensory, step).
Inputs = npt.NDArray[np.int64]

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
        often: bool = False,
    ) -> None:
        self._model, self._targets, self._bar = model, targets, bar
        self._allowed = allowed.double().cpu().numpy()
        self._value = targets.value.double().cpu().numpy()
        starts = torch.searchsorted(
            targets.batch.cpu(), torch.arange(targets.n_members + 1), right=False
        )
        self._first, self._last = starts[:-1].numpy(), starts[1:].numpy()
        # Variants to make at a time.
        self._rows = min(max(_STATES // model.n_neurons, _FEWEST), _MOST)
        large = often and len(model.weights.values) >= _LARGE
        self._funnels = Funnels(model) if large and Funnels.fits(model) else None
        self._narrowed: dict[int, tuple[Inputs, Funnel]] = {}

    def close(self) -> None:
        """Leave the progress bar as it is."""
        self._bar.close()

    def without(
        self, stimulus: Tensor, left_out: list[tuple[int, Inputs]]
    ) -> npt.NDArray[np.float64]:
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
        for begin in range(0, len(left_out), self._rows):
            chunk = left_out[begin : begin + self._rows]
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
    ) -> npt.NDArray[np.float64]:
        """Do so member by member, through the few neurons that matter."""
        found, members = np.empty(len(left_out)), np.array([b for b, _ in left_out], np.int64)
        for b in np.unique(members):
            own = np.flatnonzero(members == b)
            flat = stimulus[b].flatten().numpy()
            places, funnel = self._narrow(funnels, int(b), flat)
            given = np.repeat(flat[places][:, None], len(own), axis=1)
            for column, i in enumerate(own):
                given[np.searchsorted(places, left_out[i][1]), column] = 0
            asked = slice(self._first[b], self._last[b])
            miss = np.abs(funnel.read(given).astype(np.float64) - self._value[asked, None])
            found[own] = (self._allowed[asked, None] - miss).min(axis=0, initial=np.inf)
            self._bar.update(len(own))
        return found

    def _narrow(
        self, funnels: Funnels, member: int, stimulus: npt.NDArray[Any]
    ) -> tuple[Inputs, Funnel]:
        """Find the funnel of a member's inputs, or of those that it had a while ago."""
        active = np.flatnonzero(stimulus)
        known = self._narrowed.get(member)
        if known is None or len(known[0]) > _WIDE * len(active):
            asked = slice(self._first[member], self._last[member])
            neuron, layer = (
                part[asked].cpu().numpy() for part in (self._targets.neuron, self._targets.layer)
            )
            known = self._narrowed[member] = active, funnels.narrow(active, neuron, layer)
        return known

    def _slack(self, members: npt.NDArray[np.int64], stimuli: Tensor) -> npt.NDArray[np.float64]:
        """Run whole stimuli, (n, sensory, step), and look at some members' targets."""
        counts = self._last[members] - self._first[members]
        rows = np.repeat(np.arange(len(members)), counts)
        begin = np.repeat(np.cumsum(counts) - counts, counts)
        target = np.repeat(self._first[members], counts) + np.arange(len(rows)) - begin
        device = self._targets.neuron.device
        place = torch.from_numpy(target).to(device)
        watch = Watch(
            self._model,
            torch.from_numpy(rows).to(device),
            self._targets.neuron[place],
            self._targets.layer[place],
            leak=0.0,
        )
        with torch.no_grad():
            read = watch(stimuli).read.double().cpu().numpy()
        self._bar.update(len(members))
        least = np.full(len(members), np.inf)
        np.minimum.at(least, rows, self._allowed[target] - np.abs(read - self._value[target]))
        return least

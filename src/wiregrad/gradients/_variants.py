"""Variants of stimuli, run side by side: which of them hold a member's targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..network import MultilayeredNetwork, Watch
from ._resolved_targets import ResolvedTargets

__all__ = ["Variants"]

# States in memory at a time; but not fewer rows than a product can share a pass over the edges.
_STATES, _FEWEST, _MOST = 1 << 22, 32, 1024


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
    """

    def __init__(
        self,
        model: MultilayeredNetwork,
        targets: ResolvedTargets,
        allowed: Tensor,
        bar: tqdm[Any],
        on_runs: Callable[[int], None] | None = None,
    ) -> None:
        self._model, self._targets, self._bar = model, targets, bar
        self._on_runs = on_runs
        self._allowed = allowed.double().cpu().numpy()
        self._value = targets.value.double().cpu().numpy()
        starts = torch.searchsorted(
            targets.batch.cpu(), torch.arange(targets.n_members + 1), right=False
        )
        self._first, self._last = starts[:-1].numpy(), starts[1:].numpy()
        #: Variants to make at a time.
        self.rows = min(max(_STATES // model.n_neurons, _FEWEST), _MOST)

    def close(self) -> None:
        """Leave the progress bar as it is."""
        self._bar.close()

    def slack(self, members: npt.NDArray[np.int64], stimuli: Tensor) -> npt.NDArray[np.float64]:
        """Return how much of the allowed distance is left, by the target that has least.

        Below 0 a target is lost.

        Parameters
        ----------
        members : ndarray of int64, shape (n,)
            Whose targets to look at.
        stimuli : Tensor, shape (n, sensory, step)
        """
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
        if self._on_runs is not None:
            self._on_runs(len(members))
        least = np.full(len(members), np.inf)
        np.minimum.at(least, rows, self._allowed[target] - np.abs(read - self._value[target]))
        return least

"""Variants of stimuli, run side by side: how near they bring a member to its targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..network import MultilayeredNetwork
from ._resolved_targets import ResolvedTargets
from ._search import LEAK

__all__ = ["Variants"]

FloatArray = npt.NDArray[np.float64]

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
    """

    def __init__(
        self,
        model: MultilayeredNetwork,
        targets: ResolvedTargets,
        allowed: Tensor,
        bar: tqdm[Any],
    ) -> None:
        self._model, self._targets, self._bar = model, targets, bar
        self._allowed = allowed.double().cpu().numpy()
        self._value = targets.value.double().cpu().numpy()
        #: Variants to make at a time.
        self.rows = min(max(_STATES // model.n_neurons, _FEWEST), _MOST)

    def close(self) -> None:
        """Leave the progress bar as it is."""
        self._bar.close()

    def slack(self, members: npt.NDArray[np.int64], stimuli: Tensor) -> FloatArray:
        """Return how much of the allowed distance is left, by the target that has least.

        Below 0 a target is lost.

        Parameters
        ----------
        members : ndarray of int64, shape (n,)
            Whose targets to look at.
        stimuli : Tensor, shape (n, sensory, step)
        """
        rows, target, miss = self._misses(members, stimuli)
        least = np.full(len(members), np.inf)
        np.minimum.at(least, rows, self._allowed[target] - miss)
        return least

    def distance(self, members: npt.NDArray[np.int64], stimuli: Tensor) -> FloatArray:
        """Return the root mean square distance from the targets, or 0 where all are in reach.

        Parameters are those of `slack`; a target is in reach within its allowed distance.
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
        self._bar.update(len(members))
        which = target.cpu().numpy()
        return rows.cpu().numpy(), which, np.abs(read - self._value[which])

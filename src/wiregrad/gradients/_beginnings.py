"""Sets to begin with: the first units of a ranking, or all sets there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ._budget import Budget

__all__ = ["all_sets", "beginnings"]

# Of so many entries all sets are listed.
_FEW = 12


def all_sets(driven: npt.NDArray[np.bool_], budget: Budget, like: Tensor) -> list[Tensor] | None:
    """List all stimuli of zeros and ones within a budget; None where there may be too many.

    Parameters
    ----------
    driven : ndarray of bool, shape (sensory, step)
        Entries that may be driven: at most 12, which make 4,096 sets.
    budget : Budget
    like : Tensor
        Of the dtype and on the device of stimuli.

    Examples
    --------
    >>> found = all_sets(np.ones((2, 1), dtype=bool), Budget(neurons=1), torch.zeros(1))
    >>> [stimulus.flatten().tolist() for stimulus in found]
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    places = np.flatnonzero(driven)
    if len(places) > _FEW:
        return None
    numbers = np.arange(1 << len(places))
    stimuli = np.zeros((len(numbers), driven.size), dtype=np.float32)
    stimuli[:, places] = (numbers[:, None] >> np.arange(len(places))) & 1
    made = torch.from_numpy(stimuli.reshape(-1, *driven.shape)).to(like)
    return list(made[torch.from_numpy(budget.allows(made)).to(made.device)])


def beginnings(ranking: Tensor, strengths: Tensor, budget: Budget, width: int) -> list[Tensor]:
    """List beginnings of a ranking that fit a budget, from one unit on.

    Parameters
    ----------
    ranking : Tensor, shape (sensory, step)
        How much each input matters; those of 0 and less are left out.
    strengths : Tensor, shape (sensory, step)
        How strongly inputs are driven; unless they must be, they are driven fully besides.
    budget : Budget
    width : int
        Entries of a unit: 1, or all of a neuron.

    Returns
    -------
    list of Tensor, each of shape (sensory, step)
    """
    offered = torch.where(ranking > 0, strengths, 0)
    worth = torch.where(offered > 0, ranking, 0).reshape(-1, width).sum(dim=1)
    order = torch.argsort(worth, descending=True, stable=True)[: int((worth > 0).sum())]
    full = (offered > 0).to(strengths.dtype)
    return [
        _limited(_first(whole, order[:n], width), ranking, budget.entries)
        for whole in ((full,) if budget.binary else (full, offered))
        for n in _sizes(len(order), budget, width)
    ]


def _sizes(n: int, budget: Budget, width: int) -> list[int]:
    """Say how many units to begin with: 1, 2, 4, ..., and as many as may be.

    Examples
    --------
    >>> _sizes(20, Budget(neurons=5), width=3)
    [1, 2, 4, 5]
    """
    limit = budget.entries if width == 1 else budget.neurons
    most = n if limit is None else min(n, limit)
    return sorted({min(1 << i, most) for i in range(most.bit_length() + 1)} - {0})


def _first(whole: Tensor, units: Tensor, width: int) -> Tensor:
    """Keep some units of a stimulus."""
    kept = torch.zeros_like(whole).reshape(-1, width)
    kept[units] = whole.reshape(-1, width)[units]
    return kept.view_as(whole)


def _limited(stimulus: Tensor, ranking: Tensor, entries: int | None) -> Tensor:
    """Keep so many of its entries, those that matter most."""
    if entries is None or int(np.count_nonzero(stimulus.cpu().numpy())) <= entries:
        return stimulus
    worth = torch.where(stimulus > 0, ranking, -torch.inf).flatten()
    kept = stimulus.flatten().clone()
    kept[torch.argsort(worth, descending=True, stable=True)[entries:]] = 0
    return kept.view_as(stimulus)

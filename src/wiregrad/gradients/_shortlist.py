"""A shortlist: the inputs that matter most, as few of them as hold the targets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ._ranges import full_drive, gains
from ._search import LEAK
from ._variants import Variants

__all__ = ["shorten", "shortlist"]

Counts = npt.NDArray[np.int64]

# A further round must leave out more than this share of a member's inputs to be worth the next one.
_PROGRESS = 0.02


def shortlist(variants: Variants, stimulus: Tensor, ranking: Tensor) -> Tensor:
    """Drive the first inputs of a ranking fully, as few of them as hold a member's targets.

    Parameters
    ----------
    variants : Variants
    stimulus : Tensor, shape (batch, sensory, step)
        That holds the targets.
    ranking : Tensor, shape (batch, sensory, step)
        How much each input matters, per unit: those below 0 are driven where they may be negative.

    Returns
    -------
    Tensor, shape (batch, sensory, step)
        The stimulus itself where none with fewer inputs was found to hold.

    Notes
    -----
    Cost: some 20 forward runs a member, side by side.
    """
    best = stimulus.clone()
    full = full_drive(ranking, variants.input_range)
    _try(variants, best, full, gains(ranking, variants.input_range), np.arange(len(best)))
    return best


def shorten(
    variants: Variants, stimulus: Tensor, slope: Callable[[Tensor, float], Tensor]
) -> Tensor:
    """Leave out the inputs that matter least, again and again, as long as the targets hold.

    Parameters
    ----------
    variants : Variants
    stimulus : Tensor, shape (batch, sensory, step)
        That holds the targets.
    slope : callable
        By how much each input of stimuli, (batch, sensory, step), moves each member's targets
        towards their values.

    Returns
    -------
    Tensor, shape (batch, sensory, step)

    Notes
    -----
    Inputs are ranked by input times slope: to first order, what the target would lose.

    Cost of a round: a forward and a backward run, and some 20 forward runs for each member that
    still gets shorter; a handful of rounds.
    """
    best, members = stimulus.clone(), np.arange(len(stimulus))
    while len(members):
        before = _counts(best)
        for leak in (LEAK, 0.0):
            _try(variants, best, best.clone(), best * slope(best, leak), members)
        dropped = before - _counts(best)
        members = members[dropped[members] > _PROGRESS * before[members]]
    return best


def _counts(stimulus: Tensor) -> Counts:
    counts: Counts = (stimulus != 0).sum(dim=(1, 2)).cpu().numpy()
    return counts


def _try(variants: Variants, best: Tensor, drive: Tensor, ranking: Tensor, members: Counts) -> None:
    """Put the shortest beginning of each member's ranking that holds in the place of its best.

    Beginnings of 1, 2, 4, ... inputs, and of all but 1, 2, 4, ...: whether targets hold need not
    be monotone.
    """
    order = torch.argsort(
        torch.where(drive != 0, ranking, -torch.inf).flatten(1), dim=1, descending=True, stable=True
    )
    offered, counts = _counts(drive), _counts(best)
    pairs = [(b, k) for b in members for k in _sizes(int(offered[b])) if k < counts[b]]
    ranked = order.cpu().numpy()
    slack = variants.without(drive, [(b, ranked[b, k : offered[b]]) for b, k in pairs])
    for (b, k), left in zip(pairs, slack, strict=True):
        if left >= 0 and k < counts[b]:
            best[b], counts[b] = _first(drive[b], order[b], k), k


def _sizes(n: int) -> list[int]:
    """List how many of `n` inputs to try.

    Examples
    --------
    >>> _sizes(10)
    [1, 2, 4, 6, 8, 9]
    """
    powers = [1 << i for i in range(max(n - 1, 0).bit_length())]
    return sorted({k for power in powers for k in (power, n - power) if 0 < k < n})


def _first(drive: Tensor, order: Tensor, n: int) -> Tensor:
    """Keep the first `n` inputs of an order, and silence the others."""
    kept = torch.zeros_like(drive).flatten()
    kept[order[:n]] = drive.flatten()[order[:n]]
    return kept.view_as(drive)

"""Offers: stimuli that may take a set's place, made and run a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ._budget import Budget
from ._variants import Variants

__all__ = ["Offer", "Scores", "run_offers"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Offer:
    """Stimuli on offer to one member.

    Attributes
    ----------
    member : int
    n : int
        How many there are.
    make : callable
        Makes those from a first up to a last, (n, sensory, step).
    """

    member: int
    n: int
    make: Callable[[int, int], Tensor]

    @classmethod
    def of(cls, member: int, stimuli: list[Tensor]) -> Offer:
        """Offer stimuli that are made already."""
        return cls(member, len(stimuli), lambda start, stop: torch.stack(stimuli[start:stop]))

    def __getitem__(self, number: int) -> Tensor:
        return self.make(number, number + 1)[0]


@dataclass(frozen=True, eq=False)
class Scores:
    """What the stimuli of an offer are worth, each of shape (n,).

    Attributes
    ----------
    distance : ndarray
        From the targets; infinite for those beyond the budget, which are not run.
    count : ndarray
        Active entries.
    worth : ndarray
        What a linear network would feel.
    """

    distance: FloatArray
    count: FloatArray
    worth: FloatArray


def run_offers(
    offers: Sequence[Offer], variants: Variants, budget: Budget, ranking: FloatArray
) -> list[Scores]:
    """Run the network on all offers that are within a budget.

    Parameters
    ----------
    offers : sequence of Offer
    variants : Variants
    budget : Budget
    ranking : ndarray, shape (batch, sensory * step)
        How much each input moves a member's targets in a linear network.

    Notes
    -----
    Cost: a forward run for each, side by side; `variants.rows` stimuli are in memory at a time.
    """
    scores = [Scores(np.full(o.n, np.inf), np.zeros(o.n), np.zeros(o.n)) for o in offers]
    for pieces in _chunks(offers, variants.rows):
        made = [offers[i].make(start, stop) for i, start, stop in pieces]
        members = np.concatenate(
            [np.full(stop - start, offers[i].member) for i, start, stop in pieces]
        )
        stimuli = torch.cat(made)
        fits = budget.allows(stimuli)
        distance = np.full(len(stimuli), np.inf)
        if fits.any():
            kept = torch.from_numpy(np.flatnonzero(fits)).to(stimuli.device)
            distance[fits] = variants.distance(members[fits], stimuli[kept])
        x = stimuli.flatten(1).double().cpu().numpy()
        count, worth = (x > 0).sum(axis=1), np.einsum("ij,ij->i", x, ranking[members])
        begin = 0
        for i, start, stop in pieces:
            here = slice(begin, begin + stop - start)
            scores[i].distance[start:stop] = distance[here]
            scores[i].count[start:stop], scores[i].worth[start:stop] = count[here], worth[here]
            begin += stop - start
    return scores


def _chunks(offers: Sequence[Offer], size: int) -> Iterator[list[tuple[int, int, int]]]:
    """Part offers into chunks of at most `size` stimuli: which offer, from where to where."""
    chunk: list[tuple[int, int, int]] = []
    room = size
    for i, offer in enumerate(offers):
        start = 0
        while start < offer.n:
            stop = min(offer.n, start + room)
            chunk.append((i, start, stop))
            room -= stop - start
            start = stop
            if not room:
                yield chunk
                chunk, room = [], size
    if chunk:
        yield chunk

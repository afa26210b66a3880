"""The best set of inputs within a budget, by forward runs: swaps until none improves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ._budget import Budget
from ._moves import neighbours, newcomers
from ._offers import Offer, Scores, run_offers
from ._tolerance import PROGRESS
from ._variants import Variants

__all__ = ["Climber", "Sets"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# How strongly an input is driven that joins a set; where it may be weaker than full, that is fitted
# by gradient afterwards.
_LEVELS = (1.0, 0.5, 0.2)
# Of so many entries all may come; of more, so many of the units that rank highest at rest, and as
# many of those that rank highest with the set that is to change.
_ALL, _POOL = 512, 16
# Active units that may go, likewise: those that matter least.
_OUTS, _FEW_OUTS = 32, 8
# Neighbours of a set that are run before the best of them is moved to, where all units may come and
# where some may: there networks are large.
_BLOCK, _FEW = 2048, 256
# Distances that differ by less are equal.
_EQUAL = 1e-6
# Sets of equal size that are kept while they are grown from nothing, likewise; and the largest size
# for that.
_BEAM, _THIN, _GROWN = 8, 2, 8


@dataclass(eq=False)
class Climber:
    """A set that climbs to better ones.

    Attributes
    ----------
    member : int
        Whose targets it is to bring near.
    stimulus : Tensor, shape (sensory, step)
    distance : float
        From the targets; 0 where all are in reach.
    """

    member: int
    stimulus: Tensor
    distance: float
    _plan: list[tuple[int, IntArray]] = field(default_factory=list)
    _in_vain: bool = True

    @property
    def is_done(self) -> bool:
        """Whether the targets are in reach, or a whole round of swaps was in vain."""
        return self.distance <= 0 or (self._in_vain and not self._plan)


class Sets:
    """Looks for sets within a budget.

    Parameters
    ----------
    variants : Variants
    budget : Budget
    driven : ndarray of bool, shape (sensory, step)
        Inputs that may be driven.
    ranking : Tensor, shape (batch, sensory, step)
        How much each input moves its member's targets towards their values, about.
    resting : ndarray, shape (batch,)
        Distance from the targets without any input.
    """

    def __init__(
        self,
        variants: Variants,
        budget: Budget,
        driven: BoolArray,
        ranking: Tensor,
        resting: FloatArray,
    ) -> None:
        self._variants, self._budget, self._driven = variants, budget, driven
        self._ranking: FloatArray = ranking.flatten(1).double().cpu().numpy()
        self._resting = resting
        self._all = bool(driven.sum() <= _ALL)
        # Small gains can wait where strengths are fitted later, and cost much in large networks.
        self._gain = _EQUAL if budget.binary and self._all else PROGRESS
        self._levels = (1.0,) if budget.binary else _LEVELS
        # With a limit on neurons, a neuron's entries come and go together; else each by itself.
        neuron = [driven.shape[1]] if budget.neurons is not None else []
        entry = [1] if budget.neurons is None or budget.entries is not None else []
        #: Entries of the units that come and go.
        self.widths = list(dict.fromkeys(neuron + entry))

    def begin(self, candidates: Sequence[list[Tensor]], silence: Tensor) -> list[Climber]:
        """Begin with the best of some stimuli, or silence, for every member."""
        climbers = [
            Climber(member, silence, float(self._resting[member]))
            for member in range(len(candidates))
        ]
        offers = [Offer.of(member, stimuli) for member, stimuli in enumerate(candidates)]
        for climber, offer, scores in zip(climbers, offers, self._run(offers), strict=True):
            self._move(climber, offer, scores)
        return climbers

    @property
    def can_grow(self) -> bool:
        """Whether sets are small enough to be grown from nothing."""
        return 0 < self._size <= _GROWN

    @property
    def _size(self) -> int:
        """Most units of a set; 0 where there is no limit."""
        budget = self._budget
        return (budget.entries if self.widths[0] == 1 else budget.neurons) or 0

    def grow(self, silence: Tensor) -> list[Climber]:
        """Grow a set for every member, unit by unit; the best few of each size are kept."""
        climbers = self.begin([[]] * len(self._ranking), silence)
        beams = {climber.member: [silence] for climber in climbers}
        for _ in range(self._size):
            offers = {
                member: [self._offer(member, x, np.array([-1]), self.widths[0]) for x in beam]
                for member, beam in beams.items()
                if climbers[member].distance > 0
            }
            scores = iter(self._run([offer for own in offers.values() for offer in own]))
            for member, own in offers.items():
                beams[member] = self._keep(climbers[member], own, [next(scores) for _ in own])
        return climbers

    def climb(self, climbers: Sequence[Climber]) -> None:
        """Swap until no single swap improves a set: all climbers side by side."""
        live = [climber for climber in climbers if climber.distance > 0]
        while live:
            offers = [self._next_offer(climber) for climber in live]
            for climber, offer, scores in zip(live, offers, self._run(offers), strict=True):
                if self._move(climber, offer, scores):
                    climber._in_vain = False
            live = [climber for climber in live if not climber.is_done]

    def _keep(
        self, climber: Climber, offers: Sequence[Offer], scores: Sequence[Scores]
    ) -> list[Tensor]:
        """Move to the best of some offers; return the best few that differ."""
        ranked, beam = [], _BEAM if self._all else _THIN
        for number, (offer, own) in enumerate(zip(offers, scores, strict=True)):
            self._move(climber, offer, own)
            keys = self._keys(climber.member, own)
            best = np.lexsort(keys)[: beam * 4]
            ranked += [(*(key[i] for key in keys[::-1]), number, int(i)) for i in best]
        picked: dict[bytes, Tensor] = {}
        for near, *_, number, i in sorted(ranked):
            if np.isfinite(near) and len(picked) < beam:
                stimulus = offers[number][i]
                picked.setdefault(stimulus.cpu().numpy().tobytes(), stimulus)
        return list(picked.values())

    def _next_offer(self, climber: Climber) -> Offer:
        """Make the next neighbours to run; begin a new round when the last one is over."""
        if not climber._plan:
            climber._plan, climber._in_vain = self._plan(climber), True
        width, outs = climber._plan.pop(0)
        units = _units(climber.stimulus, width)
        outs = outs[(outs < 0) | np.any(units, axis=1)[outs]]  # some may have gone since
        return self._offer(climber.member, climber.stimulus, outs, width)

    def _plan(self, climber: Climber) -> list[tuple[int, IntArray]]:
        """Part the units that may go into blocks."""
        plan, most = [], _OUTS if self._all else _FEW_OUTS
        for width in self.widths:
            units = _units(climber.stimulus, width)
            active = np.flatnonzero(units.any(axis=1))
            worth = (self._ranking[climber.member].reshape(-1, width) * units).sum(axis=1)[active]
            outs = np.concatenate([[-1], active[np.argsort(worth, kind="stable")][:most]])
            n_new = len(self._newcomers(climber.member, climber.stimulus, width)[0])
            size = max(1, (_BLOCK if self._all else _FEW) // max(1, n_new))
            plan += [(width, outs[i : i + size]) for i in range(0, len(outs), size)]
        return plan

    def _offer(self, member: int, stimulus: Tensor, outs: IntArray, width: int) -> Offer:
        unit, content = self._newcomers(member, stimulus, width)
        moves = neighbours(outs, unit, content, width, also_none=True)
        return Offer(member, len(moves), partial(moves.of, stimulus))

    def _newcomers(self, member: int, stimulus: Tensor, width: int) -> tuple[IntArray, FloatArray]:
        pool = self._pool(member, stimulus, width)
        return newcomers(
            _units(stimulus, width), pool, self._driven.reshape(-1, width), self._levels
        )

    def _pool(self, member: int, stimulus: Tensor, width: int) -> IntArray:
        """List the units that may come: all, or of many those that rank highest."""
        driven = self._driven.reshape(-1, width)
        units = np.flatnonzero(driven.any(axis=1))
        if self._all:
            return units
        now = self._variants.slope(np.array([member]), stimulus[None])[0]
        best = []
        for ranking in (self._ranking[member], now.flatten().double().cpu().numpy()):
            highest = np.where(driven, ranking.reshape(-1, width), -np.inf).max(axis=1)[units]
            best.append(units[np.argsort(-highest, kind="stable")[:_POOL]])
        pool: IntArray = np.union1d(*best)
        return pool

    def _run(self, offers: Sequence[Offer]) -> list[Scores]:
        return run_offers(offers, self._variants, self._budget, self._ranking)

    def _move(self, climber: Climber, offer: Offer, scores: Scores) -> bool:
        """Move to the best of an offer if it is better than what the climber has."""
        if not offer.n:
            return False
        best = int(np.lexsort(self._keys(climber.member, scores))[0])
        stimulus, distance = offer[best], float(scores.distance[best])
        better = distance < climber.distance - self._gain
        if not better and self._is_silent(climber.member, climber.distance):
            x = climber.stimulus.flatten().double().cpu().numpy()
            worth = float(x @ self._ranking[climber.member])
            as_near = distance < climber.distance + _EQUAL
            better = as_near and bool(scores.worth[best] > worth + _EQUAL * abs(worth))
        if better:
            climber.stimulus, climber.distance = stimulus.clone(), distance
        return better

    def _keys(self, member: int, scores: Scores) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return keys to sort by, the last one first: nearest, and of equally near ones smallest.

        Where nothing is felt of them, those come first of which a linear network would feel most:
        inputs may add up to what is felt.
        """
        felt = ~self._is_silent(member, scores.distance)
        near = np.round(scores.distance / _EQUAL)
        return np.where(felt, scores.count, 0), np.where(felt, 0, -scores.worth), near

    def _is_silent(self, member: int, distance: FloatArray | float) -> BoolArray:
        silent: BoolArray = np.asarray(np.abs(distance - self._resting[member]) <= _EQUAL)
        return silent


def _units(stimulus: Tensor, width: int) -> FloatArray:
    units: FloatArray = stimulus.double().cpu().numpy().reshape(-1, width)
    return units

"""The second objective of the automatic search: hold the targets with ever fewer inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from ..network import Response, Wanted
from ._penalties import member_sums
from ._resolved_targets import ResolvedTargets
from ._search import Costs, Trial, Verdict
from ._tolerance import PROGRESS, allowed_miss

__all__ = ["Thin"]

# Passes without progress after which the stimulus is taken to be as thin as it gets.
_PATIENCE = 60
# Of two stimuli with equally many active inputs, the weaker one counts as progress from here on.
_WEAKER = 0.98
# The multiplier of the penalty: where it starts, and its change while the targets hold or do not.
_FIRST, _RISE, _FALL = 1e-2, 1.05, 0.7
# Targets that hold without any input would let it rise for ever.
_MOST = 1e6
# Inputs well below this are pushed out harder than those above it.
_SMALL = 0.1


class Thin:
    """A reweighted L1 penalty, sum of x / (1 + x' / 0.1) with x' = x held constant.

    It presses on the inputs, small ones above all (Candès, Wakin and Boyd 2008, J Fourier Anal Appl
    14:877). Its multiplier rises while the targets hold and falls while they do not, so it needs no
    tuning. The best stimulus is the one that holds the targets with the fewest active inputs, and
    of those the weakest.

    Parameters
    ----------
    targets : ResolvedTargets
    attained, resting : Tensor, shape (n_targets,)
        Activation of the targets at the nearest approach so far, and without any input. How far a
        target may be from its value follows from them: see `allowed_miss`.
    rate : float
        Step size.
    stop : bool
        Whether members finish when they make no more progress.
    sides : Tensor, shape (batch, sensory, step), optional
        Where inputs may be negative: on which side of 0 each is, 1 or -1, and stays; so they come
        to 0 and not past it.
    """

    reads: Wanted = "nothing"

    def __init__(
        self,
        targets: ResolvedTargets,
        attained: Tensor,
        resting: Tensor,
        rate: float,
        *,
        stop: bool = True,
        sides: Tensor | None = None,
    ) -> None:
        self._targets, self._stop = targets, stop
        #: Of all targets: activation at the nearest approach.
        self.nearest = attained.clone()
        self._rows = torch.arange(len(attained), device=attained.device)
        self._resting_miss = (resting - targets.value).abs()
        self._nearest_miss = (attained - targets.value).abs()
        self._best_miss = torch.full_like(attained, torch.inf)
        self._distance = targets.mean_by_member(self._nearest_miss.square()).sqrt()
        self._counted_distance = self._distance.clone()
        by_member = targets.value.new_zeros(targets.n_members)
        self._rate = by_member.new_tensor(rate)
        self._multiplier = torch.full_like(by_member, _FIRST)
        #: Of all members; those that are worked on have theirs above too.
        self.multipliers = self._multiplier.clone()
        self._stalled = by_member.long()
        self._best_count = by_member.long().fill_(torch.iinfo(torch.int64).max)
        self._best_strength = torch.full_like(by_member, torch.inf)
        # Strength when it last fell by enough to count: small steps add up.
        self._counted = self._best_strength.clone()
        self._sides = sides

    def costs(self, x: Tensor, response: Response) -> Costs:
        """Return the penalty on the stimulus; none on the activations."""
        size = self._size(x)
        weight = self._multiplier[:, None, None] / (1 + size / _SMALL)  # held constant
        cost = member_sums(weight * size)
        d_x = weight if self._sides is None else weight * self._sides
        return Costs(cost, torch.zeros_like(self._multiplier), d_x=d_x)

    def price(self, stimulus: Tensor) -> Tensor:
        """Return the penalty on the stimuli of all members, as it was at each one's end."""
        size = self._size(stimulus)
        weight = self.multipliers[:, None, None] / (1 + size / _SMALL)
        return member_sums(weight * size)

    def _size(self, x: Tensor) -> Tensor:
        """Return how far inputs are from 0: where none may be negative, as they are."""
        return x if self._sides is None else x.abs()

    def rate(self) -> Tensor:
        """Return the step size, the same for all members."""
        return self._rate

    def bound(self, x: Tensor) -> Tensor:
        """Keep every input on its side of 0."""
        return x if self._sides is None else torch.where(x * self._sides < 0, 0, x)

    def judge(self, trial: Trial) -> Verdict:
        """Compare a trial with the best so far, and set the multiplier for the next."""
        miss = (trial.attained - self._targets.value).abs()
        gained = self._come_nearer(trial, miss)
        held = self._holds(miss)
        count = (trial.stimulus != 0).sum(dim=(1, 2))
        strength = member_sums(self._size(trial.stimulus))
        # The best may have been overtaken by a nearer approach, which it does not hold.
        free = held & ~self._holds(self._best_miss)
        fewer, as_few = held & (count < self._best_count), held & (count == self._best_count)
        better = free | fewer | (as_few & (strength < self._best_strength))
        thinner = free | fewer | (as_few & (strength < _WEAKER * self._counted))
        self._best_miss = torch.where(better[self._targets.batch], miss, self._best_miss)
        self._best_count = torch.where(better, count, self._best_count)
        self._best_strength = torch.where(better, strength, self._best_strength)
        self._counted = torch.where(thinner, strength, self._counted)
        self._stalled = torch.where(gained | thinner, 0, self._stalled + 1)
        changed = (self._multiplier * torch.where(held, _RISE, _FALL)).clamp(max=_MOST)
        self._multiplier = torch.where(trial.running, changed, self._multiplier)
        self.multipliers[trial.members] = self._multiplier
        if not self._stop:
            return Verdict(better, torch.zeros_like(better))
        return Verdict(better, (self._stalled >= _PATIENCE) | (held & (count == 0)))

    def _come_nearer(self, trial: Trial, miss: Tensor) -> Tensor:
        """Note the nearest approach; return whether it is nearer by enough to count."""
        distance = trial.error.sqrt()
        nearer = (distance < self._distance) & trial.running
        self._distance = torch.where(nearer, distance, self._distance)
        here = nearer[self._targets.batch]
        self._nearest_miss = torch.where(here, miss, self._nearest_miss)
        self.nearest[self._rows[here]] = trial.attained[here]
        gained = nearer & (distance < self._counted_distance - PROGRESS)
        self._counted_distance = torch.where(gained, distance, self._counted_distance)
        return gained

    def _holds(self, miss: Tensor) -> Tensor:
        """Whether all of a member's targets are reached, or about as near as they ever were."""
        allowed = allowed_miss(self._nearest_miss, self._resting_miss)
        return self._targets.all_by_member(miss <= allowed)

    def take(self, members: Tensor, targets: Tensor) -> None:
        """Go on with some members alone."""
        self._targets = self._targets.take(members)
        for name in ("_rows", "_resting_miss", "_nearest_miss", "_best_miss"):
            setattr(self, name, getattr(self, name)[targets])
        for name in (
            "_multiplier",
            "_stalled",
            "_distance",
            "_counted_distance",
            "_best_count",
            "_best_strength",
            "_counted",
        ):
            setattr(self, name, getattr(self, name)[members])
        if self._sides is not None:
            self._sides = self._sides[members]

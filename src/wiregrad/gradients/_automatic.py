"""The automatic objective: reach the targets first, then hold them with ever fewer inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from ..network import Response, Wanted
from ._penalties import penalise_members, steady_sum
from ._resolved_targets import ResolvedTargets
from ._search import Costs, Trial, Verdict

__all__ = ["TOLERANCE", "ReachThenThin"]

#: A target counts as reached within this distance of the value asked.
TOLERANCE = 0.02

# The search asks a little more, so that no rounding turns what it holds into a miss.
_WITHIN = TOLERANCE - 1e-6
# Where a target cannot be reached, thinning may cost it this much of the nearest approach.
_SLACK = 0.01
# The root mean square distance from the targets must fall by this much to count as progress.
_PROGRESS = 1e-3
# Passes without progress after which a target is taken to be as near as it gets ...
_REACH_PATIENCE = 60
# ... and after which the stimulus is taken to be as thin as it gets.
_THIN_PATIENCE = 150
# Of two stimuli with equally many active inputs, the weaker one counts as progress from here on.
_WEAKER = 0.98
# The multiplier of the penalty: where it starts, and its change while the targets hold or do not.
_FIRST, _RISE, _FALL = 1e-3, 1.05, 0.7
# Targets that hold without any input would let it rise for ever.
_MOST = 1e6
# Inputs well below this are pushed out harder than those above it.
_SMALL = 0.1


class ReachThenThin:
    """Each member on its own: no penalty until its targets are reached, or as near as they get.

    From then on a reweighted L1 penalty, sum of x / (1 + x' / 0.1) with x' = x held constant,
    presses on the inputs, small ones above all (Candès, Wakin and Boyd 2008, J Fourier Anal Appl
    14:877). Its multiplier rises while the targets hold and falls while they do not, so it needs no
    tuning. The best stimulus is the one that holds the targets with the fewest active inputs, and
    of those the weakest.

    Parameters
    ----------
    targets : ResolvedTargets
    rate : float
        Step size while reaching; half of it while thinning.
    stop : bool
        Whether members finish when they make no more progress.
    """

    reads: Wanted = "nothing"

    def __init__(self, targets: ResolvedTargets, rate: float, *, stop: bool = True) -> None:
        self._targets, self._rate, self._stop = targets, rate, stop
        by_target, by_member = targets.value, targets.value.new_zeros(targets.n_members)
        self.multiplier = by_member.clone()
        self.thinning = by_member.bool()
        self._stalled = by_member.long()
        # The pass that came nearest to the targets: how near as a whole, and target by target.
        self._nearest = torch.full_like(by_member, torch.inf)
        self._nearest_miss = torch.full_like(by_target, torch.inf)
        # Distance and strength when they last fell by enough to count: small steps add up.
        self._counted = torch.full_like(by_member, torch.inf)
        self._counted_strength = by_member.clone()
        # The thinnest stimulus that holds them.
        self._best_miss = torch.full_like(by_target, torch.inf)
        self._best_count = by_member.long()
        self._best_strength = by_member.clone()

    def costs(self, x: Tensor, response: Response) -> Costs:
        """Return the reweighted L1 penalty on the stimulus; none on the activations."""
        weight = self.multiplier[:, None, None] / (1 + x / _SMALL)  # held constant
        cost = penalise_members(steady_sum, weight * x)
        return Costs(cost, torch.zeros_like(self.multiplier), d_x=weight)

    def rate(self) -> Tensor:
        """Return the step size by member."""
        return torch.where(self.thinning, self._rate / 2, self._rate)[:, None, None]

    def judge(self, trial: Trial) -> Verdict:
        """Compare a trial with the best so far, and set the multiplier for the next."""
        miss = (trial.attained - self._targets.value).abs()
        gained = self._come_nearer(trial.error.sqrt(), miss)
        held = self._holds(miss)
        count = (trial.stimulus > 0).sum(dim=(1, 2))
        strength = penalise_members(steady_sum, trial.stimulus)
        better, thinner = self._compare(held, count, strength)
        self._remember(better, miss, count, strength)
        self._counted_strength = torch.where(thinner, strength, self._counted_strength)
        finished = self._advance(gained | thinner, held, miss, count, trial.running)
        return Verdict(better, finished)

    def _come_nearer(self, distance: Tensor, miss: Tensor) -> Tensor:
        """Note the nearest approach; return whether it is nearer by enough to count."""
        gained = distance < self._counted - _PROGRESS
        self._counted = torch.where(gained, distance, self._counted)
        nearer = distance < self._nearest
        self._nearest = torch.where(nearer, distance, self._nearest)
        self._nearest_miss = torch.where(nearer[self._targets.batch], miss, self._nearest_miss)
        return gained

    def _holds(self, miss: Tensor) -> Tensor:
        """Whether all of a member's targets are reached, or about as near as they ever were."""
        reachable = self._nearest_miss <= _WITHIN
        allowed = torch.where(reachable, _WITHIN, self._nearest_miss + _SLACK)
        return self._targets.all_by_member(miss <= allowed)

    def _compare(self, held: Tensor, count: Tensor, strength: Tensor) -> tuple[Tensor, Tensor]:
        """Return whether a trial is better than the best, and whether by enough to count."""
        fewer = count < self._best_count
        as_few = count == self._best_count
        # The best may have been overtaken by a nearer approach, which it does not hold.
        free = ~self._holds(self._best_miss)
        better = held & (free | fewer | (as_few & (strength < self._best_strength)))
        thinner = fewer | (as_few & (strength < _WEAKER * self._counted_strength))
        return better, held & (free | thinner)

    def _remember(self, better: Tensor, miss: Tensor, count: Tensor, strength: Tensor) -> None:
        self._best_miss = torch.where(better[self._targets.batch], miss, self._best_miss)
        self._best_count = torch.where(better, count, self._best_count)
        self._best_strength = torch.where(better, strength, self._best_strength)

    def _advance(
        self, progress: Tensor, held: Tensor, miss: Tensor, count: Tensor, running: Tensor
    ) -> Tensor:
        """Set stage and multiplier for the next pass; return which members are finished."""
        self._stalled = torch.where(progress, 0, self._stalled + 1)
        reached = self._targets.all_by_member(miss <= _WITHIN)
        begins = ~self.thinning & (reached | (self._stalled >= _REACH_PATIENCE))
        self._stalled = torch.where(begins, 0, self._stalled)
        changed = (self.multiplier * torch.where(held, _RISE, _FALL)).clamp(max=_MOST)
        changed = torch.where(begins, _FIRST, changed)
        self.multiplier = torch.where(running, changed, self.multiplier)
        self.thinning = self.thinning | begins
        if not self._stop:
            return torch.zeros_like(held)
        stale = self.thinning & (self._stalled >= _THIN_PATIENCE)
        return stale | (held & self.thinning & (count == 0))

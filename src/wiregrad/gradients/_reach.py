"""The first objective of the automatic search: come as near to the targets as can be."""

from __future__ import annotations

import torch
from torch import Tensor

from ..network import Response, Wanted
from ._resolved_targets import ResolvedTargets
from ._search import Costs, Trial, Verdict
from ._tolerance import PROGRESS, WITHIN

__all__ = ["Reach"]

# Passes without progress after which a target is taken to be as near as it gets, where there never
# was any: silent neurons may take long to wake.
_PATIENCE = 24
# Passes without progress after which the step is halved.
_TOO_LONG = 8


class Reach:
    """No penalty, and no end before a member's targets are reached or come no nearer.

    Parameters
    ----------
    targets : ResolvedTargets
        Of all starts: `n_starts` members in a row ask the same.
    n_starts : int
        Once one start of a problem reaches its targets, the others are finished too.
    rate : float
        Step size.
    patience : int
        Passes without progress, once there was some, after which a member is finished.
    nearest : Tensor, shape (n_members,), optional
        Root mean square distance from the targets that a stimulus must better to be kept.
    """

    reads: Wanted = "nothing"

    def __init__(
        self,
        targets: ResolvedTargets,
        n_starts: int,
        rate: float,
        patience: int = 16,
        nearest: Tensor | None = None,
    ) -> None:
        self._targets = targets
        by_member = targets.value.new_zeros(targets.n_members)
        self._rate = torch.full_like(by_member, rate)
        self._problem = torch.arange(targets.n_members, device=by_member.device) // n_starts
        self._solved = by_member.new_zeros(targets.n_members // n_starts).bool()
        # The pass that came nearest to the targets, and where it last came nearer by enough to
        # count: small steps add up.
        self._counted = torch.full_like(by_member, torch.inf)
        self._nearest = self._counted.clone() if nearest is None else nearest
        self._stalled = by_member.long()
        self._after, self._patience = patience, torch.full_like(self._stalled, _PATIENCE)

    def costs(self, x: Tensor, response: Response) -> Costs:
        """Return nothing: no stimulus is dearer than another."""
        nothing = x.new_zeros(len(x))
        return Costs(nothing, nothing, torch.zeros_like(x))

    def rate(self) -> Tensor:
        """Return the step size by member."""
        return self._rate[:, None, None]

    def bound(self, x: Tensor) -> Tensor:
        """Return stimuli as they are: any within their range will do."""
        return x

    def judge(self, trial: Trial) -> Verdict:
        """Compare the distance with the shortest so far; finish who comes no nearer."""
        distance = trial.error.sqrt()
        better = distance < self._nearest
        self._nearest = torch.where(better, distance, self._nearest)
        gained = distance < self._counted - PROGRESS
        again = gained & self._counted.isfinite()  # the first pass of all has gained nothing
        self._patience = torch.where(again, self._after, self._patience)
        self._counted = torch.where(gained, distance, self._counted)
        self._stalled = torch.where(gained, 0, self._stalled + 1)
        # Where a step moves thousands of inputs at once, it may jump to and fro over the targets.
        halve = (self._stalled > 0) & (self._stalled % _TOO_LONG == 0)
        self._rate = torch.where(halve, self._rate / 2, self._rate)
        miss = (trial.attained - self._targets.value).abs()
        reached = self._targets.all_by_member(miss <= WITHIN) & trial.running
        self._solved[self._problem[reached]] = True
        stuck = self._stalled >= self._patience
        return Verdict(better, self._solved[self._problem] | stuck)

    def take(self, members: Tensor, targets: Tensor) -> None:
        """Go on with some members alone."""
        self._targets = self._targets.take(members)
        self._problem, self._stalled = self._problem[members], self._stalled[members]
        self._nearest, self._counted = self._nearest[members], self._counted[members]
        self._rate, self._patience = self._rate[members], self._patience[members]

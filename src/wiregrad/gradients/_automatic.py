"""The automatic search: how near the targets can be come, and the fewest inputs that do it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..network import MultilayeredNetwork
from ._budget import Budget
from ._choose_sets import choose_sets
from ._prune import prune
from ._ranges import sides
from ._reach import Reach
from ._resolved_targets import ResolvedTargets
from ._search import LEAK, Objective, Outcome, Trial, search
from ._shortlist import shorten, shortlist
from ._start import linear_slope
from ._thin import Thin
from ._tolerance import TOLERANCE, WITHIN, allowed_miss
from ._variants import Variants

__all__ = ["AutomaticSearch", "Found"]

# By the surrogate gradient silent neurons are found, but where thousands of inputs matter it leads
# past the nearest approach. So it fades to this slope below threshold, and at last to none.
_FADED = 0.01

# A response that rises in stairs has many small hills. So what has come near is shaken by noise in
# these ranges: the inputs up and down, and then up alone, so that silent ones get their say.
_SHAKES = ((-0.2, 0.2), (0.0, 0.2))

# Passes without progress: short while there is another try, long at the last.
_BRIEF, _LONG = 12, 24


@dataclass(eq=False)
class Found:
    """What the automatic search found, or had when it was interrupted.

    Attributes
    ----------
    outcome : Outcome
        Of all stages; the losses of the first are averages over all starts, its snapshots those of
        each member's first start.
    nearest : Tensor, shape (n_targets,)
        Activation of the targets at the nearest approach, before any input was left out.
    agreement : ndarray, shape (batch,)
        Share of a member's starts that came as near to its targets as the best one; 1 where they
        were reached.
    minimal : ndarray of bool, shape (batch,)
        None of the active inputs can be left out.
    price : Tensor, shape (batch,)
        Penalty on the stimulus.
    seconds : dict
        How long each stage took.
    free : Tensor, shape (batch, n_starts, sensory, step), or None
        Where a budget counts inputs: what each start came to in the first stage, with any number.
    """

    outcome: Outcome
    nearest: Tensor
    agreement: npt.NDArray[np.float64]
    minimal: npt.NDArray[np.bool_]
    price: Tensor
    seconds: dict[str, float] = field(default_factory=dict)
    free: Tensor | None = None


@dataclass(frozen=True, eq=False)
class AutomaticSearch:
    """Reaches the targets from several starts, holds them with ever fewer inputs, then prunes.

    With a budget that counts inputs, the best set within it is chosen after the first stage, and
    the others work on what is in it.

    Attributes
    ----------
    model : MultilayeredNetwork
    targets : ResolvedTargets
    resting : Tensor, shape (n_targets,)
        Activation without any input.
    running : Tensor of bool, shape (batch,)
        Members to work on; the others keep a silent stimulus.
    noise : callable
        Given the slope at rest and a number, it draws a stimulus of the inputs that may matter from
        [0, 1), for each number another, shape (batch, sensory, step).
    limit, rate, stop, on_pass, window
        See `search`: passes of a member in all; step size, half of it in the second stage.
    on_runs : callable
        Told how many variants were run: to shorten, and to prune.
    silent : bool
        Whether to show no progress bars for choosing and pruning.
    budget : Budget
    """

    model: MultilayeredNetwork
    targets: ResolvedTargets
    resting: Tensor
    running: Tensor
    noise: Callable[[Tensor, int], Tensor]
    limit: int
    rate: float
    stop: bool
    on_pass: Callable[[Trial, Outcome], None]
    on_runs: Callable[[int], None]
    silent: bool
    window: int | None
    budget: Budget

    def run(self, starts: Callable[[Tensor], Tensor]) -> Found:
        """Search from some starts, (batch * n_starts, sensory, step), those of a member in a row.

        `starts` makes them of the slope at rest. On control-C: the best so far.
        """
        found = self._nothing()
        try:
            self._stages(found, starts)
        except KeyboardInterrupt:
            found.outcome.interrupted = True
        return found

    @cached_property
    def _at_rest(self) -> Tensor:
        """By how much each input would move its targets in the network linearised at rest."""
        return linear_slope(self.model, self.targets)

    def _stages(self, found: Found, starts: Callable[[Tensor], Tensor]) -> None:
        self._timed(found, "reach", lambda: self._come_near(found, starts(self._at_rest)))
        if self.budget.is_counted:
            self._timed(found, "choose", lambda: self._choose_sets(found))
        elif not found.outcome.interrupted:
            self._timed(found, "shorten", lambda: self._shorten(found))
        if not found.outcome.interrupted and not self.budget.binary:
            self._timed(found, "thin", lambda: self._thin(found))
        if not found.outcome.interrupted:
            self._timed(found, "prune", lambda: self._prune(found))

    def _timed(self, found: Found, stage: str, work: Callable[[], None]) -> None:
        began = time.perf_counter()
        try:
            work()
        finally:
            found.seconds[stage] = time.perf_counter() - began

    def _nothing(self) -> Found:
        """Begin with silence."""
        model, n = self.model, self.targets.n_members
        shape = n, len(model.sensory_indices), model.num_layers
        silence = torch.zeros(shape, dtype=model.dtype, device=model.device)
        none_yet = torch.full((n,), -1, device=model.device)
        outcome = Outcome(silence, none_yet, torch.zeros_like(none_yet))
        price = silence.new_zeros(n)
        return Found(outcome, self.resting, np.ones(n), np.zeros(n, np.bool_), price)

    def _come_near(self, found: Found, starts: Tensor) -> None:
        """Come as near to the targets as can be, at last by the true gradient.

        What may lie beyond a budget is only kept, for sets within it to be chosen from.
        """
        n = len(starts) // self.targets.n_members
        many = self.targets.repeated(n)
        reached = self._reach(found, many, starts, n)
        if self.budget.is_counted:
            found.free = reached.stimulus.view(-1, n, *reached.stimulus.shape[1:])
            return
        self._choose(found, many, reached, n)
        for number in range(len(_SHAKES)):
            self._follow(found, _FADED, self.rate, _BRIEF, shake=number)
        self._follow(found, 0.0, self.rate / 2, _LONG)

    def _reach(self, found: Found, many: ResolvedTargets, starts: Tensor, n: int) -> Outcome:
        """Go from all starts, `n` of each member."""
        reached = search(
            self.model,
            many,
            starts,
            Reach(many, n, self.rate),
            limit=self.limit,
            running=self.running.repeat_interleave(n),
            resting_error=self._resting_error().repeat_interleave(n),
            on_pass=self.on_pass,
            window=self.window,
        )
        outcome = found.outcome
        outcome.losses += reached.losses
        outcome.snapshots += [shown[::n] for shown in reached.snapshots]
        outcome.interrupted = reached.interrupted
        outcome.passes = reached.passes.view(-1, n).amax(dim=1)
        return reached

    def _shaken(self, stimulus: Tensor, number: int) -> Tensor:
        """Add noise to the inputs that may matter; away from 0 may be down as well."""
        (low, high), bounds = _SHAKES[number], self.model.input_range
        low, noise = -high if bounds[0] else low, self.noise(self._at_rest, number)
        return (stimulus + (low + (high - low) * noise) * (noise != 0)).clamp(*bounds)

    def _follow(
        self, found: Found, leak: float, rate: float, patience: int, shake: int | None = None
    ) -> None:
        """Go on with the members that have not reached their targets, nor found nothing at all.

        From the best of each, or from what shake number `shake` makes of it.
        """
        best = found.outcome.stimulus
        targets, driven = self.targets, (best != 0).any(dim=2).any(dim=1)
        miss = (found.nearest - targets.value).abs()
        running = self.running & driven & ~targets.all_by_member(miss <= WITHIN)
        if found.outcome.interrupted or not running.any():
            return
        distance = targets.mean_by_member(miss.square()).sqrt()
        reach = Reach(targets, 1, rate, patience, distance)
        start = best if shake is None else self._shaken(best, shake)
        self._go_on(found, targets, reach, running, leak, start)
        with torch.no_grad():
            attained = targets.watch(self.model, leak=0.0)(found.outcome.stimulus).read
        found.nearest = torch.where(driven[targets.batch], attained, found.nearest)

    def _go_on(
        self,
        found: Found,
        targets: ResolvedTargets,
        objective: Objective,
        running: Tensor,
        leak: float,
        start: Tensor | None = None,
    ) -> None:
        """Search on, by default from the best of every member."""
        outcome = found.outcome
        further = search(
            self.model,
            targets,
            outcome.stimulus if start is None else start,
            objective,
            limit=self.limit - outcome.passes,
            running=running,
            resting_error=self._resting_error(),
            on_pass=self.on_pass,
            best=outcome.stimulus,
            leak=leak,
            window=self.window,
        )
        better, passes = further.best_pass >= 0, outcome.passes
        outcome.stimulus = further.stimulus
        outcome.best_pass = torch.where(better, passes + further.best_pass, outcome.best_pass)
        outcome.passes = passes + further.passes
        outcome.losses += further.losses
        outcome.snapshots += further.snapshots
        outcome.interrupted = further.interrupted

    def _choose(self, found: Found, many: ResolvedTargets, reached: Outcome, n: int) -> None:
        """Choose among the starts of each member, and silence, what is nearest to its targets."""
        targets = self.targets
        with torch.no_grad():
            attained = many.watch(self.model, leak=0.0)(reached.stimulus).read
        distance = many.mean_by_member((attained - many.value).square()).sqrt().view(-1, n)
        nearest, number = distance.min(dim=1)
        silent = self._resting_error().sqrt() <= nearest
        row = torch.arange(targets.n_members, device=number.device) * n + number
        # The starts that were finished early because another had reached the targets count as well.
        agrees = (distance <= nearest[:, None] + TOLERANCE) | (nearest <= TOLERANCE)[:, None]
        found.agreement = agrees.double().mean(dim=1).cpu().numpy()
        found.nearest = torch.where(
            silent[targets.batch], self.resting, attained[many.targets_of(row)]
        )
        found.outcome.stimulus = torch.where(silent[:, None, None], 0, reached.stimulus[row])
        found.outcome.best_pass = reached.best_pass[row]

    def _choose_sets(self, found: Found) -> None:
        """Find what can be reached within the budget."""
        if found.outcome.interrupted or found.free is None or not self.running.any():
            return
        rows = self.running.nonzero().flatten()
        targets = self.targets.take(rows)
        within = torch.full_like(targets.value, WITHIN)
        bar = tqdm(desc="choosing", unit=" runs", disable=self.silent)
        variants = Variants(self.model, targets, within, bar, self.on_runs)

        def polish(stimuli: Tensor, running: Tensor) -> Tensor:
            return self._polish(found, rows, targets, stimuli, running)

        chosen = choose_sets(self.model, targets, self.budget, found.free[rows], variants, polish)
        variants.close()
        with torch.no_grad():
            attained = targets.watch(self.model, leak=0.0)(chosen.stimulus).read
        found.outcome.stimulus[rows] = chosen.stimulus
        found.nearest = found.nearest.clone()
        found.nearest[self.targets.targets_of(rows)] = attained
        found.agreement[rows.cpu().numpy()] = chosen.agreement
        found.outcome.interrupted = chosen.interrupted

    def _polish(
        self, found: Found, rows: Tensor, targets: ResolvedTargets, stimuli: Tensor, running: Tensor
    ) -> Tensor:
        """Fit the strengths of active inputs to the targets, of several sets of each member."""
        n, outcome = len(stimuli) // len(rows), found.outcome
        many = targets.repeated(n).driving(stimuli > 0)
        left = (self.limit - outcome.passes[rows]).repeat_interleave(n)
        fitted = search(
            self.model,
            many,
            stimuli,
            Reach(many, n, self.rate),
            limit=left,
            running=running,
            resting_error=self._resting_error()[rows].repeat_interleave(n),
            on_pass=self.on_pass,
            best=stimuli,
            window=self.window,
        )
        outcome.passes[rows] += fitted.passes.view(-1, n).amax(dim=1)
        outcome.losses += fitted.losses
        if fitted.interrupted:
            raise KeyboardInterrupt  # the sets as they are will be gone on with
        return fitted.stimulus

    def _shorten(self, found: Found) -> None:
        """Keep the inputs that matter most: in a linear network, and then in this one."""
        variants, stimulus = self._variants(found, silent=True), found.outcome.stimulus
        stimulus = shortlist(variants, stimulus, self._at_rest)
        found.outcome.stimulus = shorten(variants, stimulus, self._slope)

    def _thin(self, found: Found) -> None:
        """Weigh the inputs against each other, so that some can go."""
        targets = self.targets
        if self.budget.is_counted:  # what is silent must stay so
            targets = targets.driving(found.outcome.stimulus > 0)
        rate, own = self.rate / 2, self._sides(found.outcome.stimulus)
        thin = Thin(targets, found.nearest, self.resting, rate, stop=self.stop, sides=own)
        some = (found.outcome.stimulus != 0).sum(dim=(1, 2)) > self.stop
        self._go_on(found, targets, thin, self.running & some, LEAK)
        found.nearest = thin.nearest
        found.price = thin.price(found.outcome.stimulus)

    def _sides(self, stimulus: Tensor) -> Tensor | None:
        """Say on which side of 0 each input is, where it may be on either."""
        if not self.model.input_range[0]:
            return None
        return sides(stimulus, self._slope(stimulus, LEAK))

    def _prune(self, found: Found) -> None:
        """Leave out what can be left out."""
        variants = self._variants(found, self.silent, often=True)
        pruned = prune(variants, found.outcome.stimulus, lambda x: x * self._slope(x, LEAK))
        variants.close()
        found.outcome.stimulus, found.minimal = pruned.stimulus, pruned.minimal
        found.outcome.interrupted = pruned.interrupted

    def _variants(self, found: Found, silent: bool, often: bool = False) -> Variants:
        """Make what runs variants, by how near the targets have been come."""
        value = self.targets.value
        allowed = allowed_miss((found.nearest - value).abs(), (self.resting - value).abs())
        bar = tqdm(desc="pruning", unit=" runs", disable=silent)
        return Variants(self.model, self.targets, allowed, bar, self.on_runs, often)

    def _slope(self, stimulus: Tensor, leak: float) -> Tensor:
        return self.targets.slope(self.model, stimulus, leak)

    def _resting_error(self) -> Tensor:
        return self.targets.mean_by_member((self.resting - self.targets.value).square())

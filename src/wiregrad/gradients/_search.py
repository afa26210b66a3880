"""The search for a stimulus: one loop for every objective, all batch members side by side."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .._messages import few
from ..network import MultilayeredNetwork, Response, Slopes, Wanted
from ._adam import BoundedAdam
from ._ranges import Range, as_seen
from ._resolved_targets import ResolvedTargets
from ._target_watch import TargetWatch

__all__ = ["LEAK", "Costs", "Objective", "Outcome", "Trial", "Verdict", "search"]

#: Slope of the surrogate gradient below threshold, by which silent neurons can be found.
LEAK = 0.1

#: A snapshot of the stimulus is kept every so many passes.
SNAPSHOT_EVERY = 5

# Members that are finished leave the batch once those that are not are at most this share of it:
# each time the network's room is made anew.
_WORTH_LEAVING = 0.75


@dataclass(frozen=True, eq=False)
class Trial:
    """What one pass tried and got; nothing in it carries a gradient.

    Attributes
    ----------
    number : int
        Passes before this one.
    members : Tensor of int64, shape (batch,)
        Which of the search's members these are: those that are finished may have left.
    stimulus : Tensor, shape (batch, sensory, step)
        As the network saw it: 0 where below the threshold.
    attained : Tensor, shape (n_targets,)
        Activation of the targets.
    error, in_cost, out_cost : Tensor, shape (batch,)
        Mean squared distance from the targets, and the penalties.
    running : Tensor of bool, shape (batch,)
        Members that are not finished.
    """

    number: int
    members: Tensor
    stimulus: Tensor
    attained: Tensor
    error: Tensor
    in_cost: Tensor
    out_cost: Tensor
    running: Tensor

    @property
    def losses(self) -> Tensor:
        """The three parts of the loss by member, shape (3, batch)."""
        return torch.stack([self.error, self.out_cost, self.in_cost])


@dataclass(frozen=True, eq=False)
class Verdict:
    """What an objective says of a trial, member by member (tensors of bool, shape (batch,)).

    Attributes
    ----------
    better : Tensor
        Better than all the member had before.
    finished : Tensor
        No more passes for this member.
    """

    better: Tensor
    finished: Tensor


@dataclass(frozen=True, eq=False)
class Costs:
    """What a stimulus and a response cost, and the derivatives of that.

    Attributes
    ----------
    in_cost, out_cost : Tensor, shape (batch,)
        Penalties on the stimulus and on the activations.
    d_x : Tensor, shape (batch, sensory, step)
        Slope of `in_cost`.
    d_size, d_square, d_activations : Tensor or None
        Slopes of `out_cost` with respect to the parts of the response.
    """

    in_cost: Tensor
    out_cost: Tensor
    d_x: Tensor
    d_size: Tensor | None = None
    d_square: Tensor | None = None
    d_activations: Tensor | None = None


class Objective(Protocol):
    """What a search minimises besides the distance from the targets, and when it is done."""

    @property
    def reads(self) -> Wanted:
        """What `costs` reads of a response."""

    def costs(self, x: Tensor, response: Response) -> Costs:
        """Return the penalties on a stimulus and on what the network answered, and their slopes."""

    def judge(self, trial: Trial) -> Verdict:
        """Say which members are better than all they had before, and which are finished."""

    def rate(self) -> Tensor:
        """Return the step size of every member, broadcast over (batch, sensory, step)."""

    def bound(self, x: Tensor) -> Tensor:
        """Return what of stimuli, (batch, sensory, step), the objective lets them be."""

    def take(self, members: Tensor, targets: Tensor) -> None:
        """Go on with some members and their targets alone."""


@dataclass(eq=False)
class Outcome:
    """What a search found.

    Attributes
    ----------
    stimulus : Tensor, shape (batch, sensory, step)
        The best of every member.
    best_pass, passes : Tensor of int64, shape (batch,)
        The pass that found it (-1: none was needed), and passes until the member was finished.
    losses : list of ndarray, each of shape (3,)
        Distance from the targets, output penalty and input penalty of each pass, averaged over
        members; a finished member keeps its last.
    snapshots : list of ndarray, shape (batch, sensory, step)
        The stimulus every fifth pass; of a finished member, its best.
    interrupted : bool
        Whether the search was stopped from outside (control-C).
    """

    stimulus: Tensor
    best_pass: Tensor
    passes: Tensor
    losses: list[npt.NDArray[np.floating]] = field(default_factory=list)
    snapshots: list[npt.NDArray[np.floating]] = field(default_factory=list)
    interrupted: bool = False


def search(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    start: Tensor,
    objective: Objective,
    *,
    limit: int | Tensor,
    running: Tensor,
    resting_error: Tensor,
    on_pass: Callable[[Trial, Outcome], None],
    best: Tensor | None = None,
    leak: float = LEAK,
    window: int | None = None,
) -> Outcome:
    """Follow the gradient from a start until every member is finished.

    Parameters
    ----------
    model : MultilayeredNetwork
    targets : ResolvedTargets
    start : Tensor, shape (batch, sensory, step)
        Within the network's `input_range`, as all that is tried.
    objective : Objective
    limit : int or Tensor, shape (batch,)
        Most passes of each member.
    running : Tensor of bool, shape (batch,)
        Members to work on; the others keep a silent stimulus.
    resting_error : Tensor, shape (batch,)
        Mean squared distance of the silent network from each member's targets.
    on_pass : callable
        Told of every pass, for progress and logs.
    best : Tensor, shape (batch, sensory, step), optional
        What the best stimuli are until a pass has found better; by default silence.
    leak : float
        Slope of the surrogate gradient below threshold.
    window : int, optional
        Steps kept in memory at a time; see `Watch`.

    Returns
    -------
    Outcome
        On control-C: the best so far.

    Raises
    ------
    ValueError
        If an activation or regularisation function gives NaN or infinity, or its gradient does.

    Notes
    -----
    Cost of a pass: a forward and a backward run of the network for the whole batch.
    """
    none_yet = torch.full_like(running, -1, dtype=torch.int64)
    best = torch.zeros_like(start) if best is None else best.clone()
    outcome = Outcome(best, none_yet, torch.zeros_like(none_yet))

    def make_watch(asked: ResolvedTargets) -> TargetWatch:
        return asked.watch(model, leak=leak, also=objective.reads, window=window)

    try:
        limit = torch.as_tensor(limit, device=start.device).expand(len(start))
        live = _Live(make_watch, targets, start, objective, model.input_range)
        _run(live, limit, running, resting_error, on_pass, outcome)
    except KeyboardInterrupt:
        outcome.interrupted = True
    return outcome


def _run(
    live: _Live,
    limit: Tensor,
    running: Tensor,
    resting_error: Tensor,
    on_pass: Callable[[Trial, Outcome], None],
    outcome: Outcome,
) -> None:
    losses = torch.stack([resting_error, *torch.zeros_like(resting_error.expand(2, -1))])
    for number in itertools.count():
        running = running & (number < limit[live.members])
        n_running = int(running.sum())
        if not n_running:
            return
        if n_running <= _WORTH_LEAVING * len(running):
            live.take(running)
            running = running[running]
        trial, slope = live.run(number, running)
        verdict = live.objective.judge(trial)
        _keep_best(outcome, trial, verdict.better & running)
        if n_running == len(limit):
            losses = trial.losses
        else:
            losses[:, trial.members[running]] = trial.losses[:, running]
        outcome.losses.append(losses.mean(dim=1).cpu().numpy())
        if number % SNAPSHOT_EVERY == 0:
            outcome.snapshots.append(_snapshot(outcome, trial))
        on_pass(trial, outcome)
        running = running & ~verdict.finished
        live.step(slope)


class _Live:
    """The members that are still worked on, and their stimuli.

    Parameters
    ----------
    make_watch : callable
        Makes what runs the network for some targets.
    targets : ResolvedTargets
    x : Tensor, shape (batch, sensory, step)
    objective : Objective
    input_range : (float, float)
    """

    def __init__(
        self,
        make_watch: Callable[[ResolvedTargets], TargetWatch],
        targets: ResolvedTargets,
        x: Tensor,
        objective: Objective,
        input_range: Range,
    ) -> None:
        self.objective, self._range = objective, input_range
        self._make_watch, self._targets, self._x = make_watch, targets, x
        self._watch, self._adam = make_watch(targets), BoundedAdam(x, input_range)
        self.members = torch.arange(len(x), device=x.device)

    def take(self, running: Tensor) -> None:
        """Let the others leave the batch."""
        rows = running.nonzero().flatten()
        self.objective.take(rows, self._targets.targets_of(rows))
        self._adam.take(rows)
        self._targets, self._x = self._targets.take(rows), self._x[rows]
        self.members = self.members[rows]
        self._watch = self._make_watch(self._targets)

    def step(self, slope: Tensor) -> None:
        """Move the stimuli against the slope of the loss."""
        self._x = self.objective.bound(self._adam.step(self._x, slope, self.objective.rate()))

    def run(self, number: int, running: Tensor) -> tuple[Trial, Tensor]:
        """Run the network on the stimuli; return what came of it, and the slope of the loss."""
        targets, x = self._targets, self._x
        response, gradient = self._watch.run(x)
        miss = response.read - targets.value
        costs = self.objective.costs(x, response)
        slopes = Slopes(
            targets.slope_of_mean(2 * miss), costs.d_size, costs.d_square, costs.d_activations
        )
        slope = gradient(slopes) + costs.d_x
        trial = Trial(
            number=number,
            members=self.members,
            stimulus=as_seen(x, self._watch.threshold, self._range),
            attained=response.read,
            error=targets.mean_by_member(miss.square()),
            in_cost=costs.in_cost,
            out_cost=costs.out_cost,
            running=running,
        )
        _refuse_nan(trial, slope)
        return trial, slope


def _snapshot(outcome: Outcome, trial: Trial) -> npt.NDArray[np.floating]:
    """Show the stimuli that are tried, and the best of members that are finished."""
    shown = outcome.stimulus.clone()
    shown[trial.members[trial.running]] = trial.stimulus[trial.running]
    snapshot: npt.NDArray[np.floating] = shown.cpu().numpy()
    return snapshot


def _refuse_nan(trial: Trial, slope: Tensor) -> None:
    """Stop where a function of the caller's own gives no usable number."""
    loss = trial.losses.sum(dim=0)
    if torch.isfinite(loss.sum() + slope.sum()):  # one pass where all is well
        return
    bad = trial.running & ~(loss.isfinite() & slope.isfinite().all(dim=2).all(dim=1))
    if bad.any():
        raise ValueError(
            f"the loss or its gradient is NaN or infinite at pass {trial.number} for the batch "
            f"members {few(trial.members[bad].tolist())}: mend the activation or regularisation "
            "functions that were given"
        )


def _keep_best(outcome: Outcome, trial: Trial, better: Tensor) -> None:
    members = trial.members[better]
    if len(members) == len(outcome.stimulus):
        outcome.stimulus = trial.stimulus  # of this pass alone: it need not be copied
    else:
        outcome.stimulus[members] = trial.stimulus[better]
    outcome.best_pass[members] = trial.number
    outcome.passes[trial.members[trial.running]] += 1

"""The search for a stimulus: one loop for every objective, all batch members side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .._messages import few
from ..network import MultilayeredNetwork, Response, Slopes, Wanted, Watch, gate
from ._adam import BoundedAdam
from ._resolved_targets import ResolvedTargets

__all__ = ["LEAK", "Costs", "Objective", "Outcome", "Trial", "Verdict", "search"]

#: Slope of the surrogate gradient below threshold, by which silent neurons can be found.
LEAK = 0.1

#: A snapshot of the stimulus is kept every so many passes.
SNAPSHOT_EVERY = 5


@dataclass(frozen=True, eq=False)
class Trial:
    """What one pass tried and got; nothing in it carries a gradient.

    Attributes
    ----------
    number : int
        Passes before this one.
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
    limit: int,
    running: Tensor,
    resting_error: Tensor,
    on_pass: Callable[[Trial, Outcome], None],
    window: int | None = None,
) -> Outcome:
    """Follow the gradient from a start until every member is finished.

    Parameters
    ----------
    model : MultilayeredNetwork
    targets : ResolvedTargets
    start : Tensor, shape (batch, sensory, step)
        In [0, 1].
    objective : Objective
    limit : int
        Most passes.
    running : Tensor of bool, shape (batch,)
        Members to work on; the others keep a silent stimulus.
    resting_error : Tensor, shape (batch,)
        Mean squared distance of the silent network from each member's targets.
    on_pass : callable
        Told of every pass, for progress and logs.
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
    # Until the first pass is judged, a search that is interrupted has nothing but silence.
    none_yet = torch.full_like(running, -1, dtype=torch.int64)
    outcome = Outcome(torch.zeros_like(start), none_yet, torch.zeros_like(none_yet))
    place = (targets.batch, targets.neuron, targets.layer)
    try:
        watch = Watch(model, *place, leak=LEAK, also=objective.reads, window=window)
        _run(watch, targets, start, objective, limit, running, resting_error, on_pass, outcome)
    except KeyboardInterrupt:
        outcome.interrupted = True
    return outcome


def _run(
    watch: Watch,
    targets: ResolvedTargets,
    x: Tensor,
    objective: Objective,
    limit: int,
    running: Tensor,
    resting_error: Tensor,
    on_pass: Callable[[Trial, Outcome], None],
    outcome: Outcome,
) -> None:
    adam = BoundedAdam(x)
    losses = torch.stack([resting_error, *torch.zeros_like(resting_error.expand(2, -1))])
    for number in range(limit):
        if not running.any():
            return
        trial, slope = _try(watch, targets, x, objective, number, running)
        verdict = objective.judge(trial)
        _keep_best(outcome, trial, verdict.better & running)
        losses = torch.where(running, trial.losses, losses)
        outcome.losses.append(losses.mean(dim=1).cpu().numpy())
        if number % SNAPSHOT_EVERY == 0:
            shown = torch.where(running[:, None, None], trial.stimulus, outcome.stimulus)
            outcome.snapshots.append(shown.cpu().numpy())
        on_pass(trial, outcome)
        running = running & ~verdict.finished
        x = adam.step(x, slope, objective.rate())


def _try(
    watch: Watch,
    targets: ResolvedTargets,
    x: Tensor,
    objective: Objective,
    number: int,
    running: Tensor,
) -> tuple[Trial, Tensor]:
    """Run the network on a stimulus; return what came of it, and the slope of the loss."""
    response, gradient = watch.run(x)
    miss = response.read - targets.value
    costs = objective.costs(x, response)
    slopes = Slopes(
        targets.slope_of_mean(2 * miss), costs.d_size, costs.d_square, costs.d_activations
    )
    slope = gradient(slopes) + costs.d_x
    trial = Trial(
        number=number,
        stimulus=gate(x, watch.threshold),
        attained=response.read,
        error=targets.mean_by_member(miss.square()),
        in_cost=costs.in_cost,
        out_cost=costs.out_cost,
        running=running,
    )
    _refuse_nan(trial.losses.sum(dim=0), slope, running, number)
    return trial, slope


def _refuse_nan(loss: Tensor, slope: Tensor, running: Tensor, number: int) -> None:
    """Stop where a function of the caller's own gives no usable number."""
    if torch.isfinite(loss.sum() + slope.sum()):  # one pass where all is well
        return
    bad = running & ~(loss.isfinite() & slope.isfinite().all(dim=2).all(dim=1))
    if bad.any():
        raise ValueError(
            f"the loss or its gradient is NaN or infinite at pass {number} for the batch members "
            f"{few(bad.nonzero().flatten().tolist())}: mend the activation or regularisation "
            "functions that were given"
        )


def _keep_best(outcome: Outcome, trial: Trial, better: Tensor) -> None:
    outcome.stimulus = torch.where(better[:, None, None], trial.stimulus, outcome.stimulus)
    outcome.best_pass = torch.where(better, trial.number, outcome.best_pass)
    outcome.passes = outcome.passes + trial.running

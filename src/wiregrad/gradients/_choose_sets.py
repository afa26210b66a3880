"""What the targets can be brought to within a budget: several climbs to the best set of inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..network import MultilayeredNetwork
from ._beginnings import all_sets, beginnings
from ._budget import Budget
from ._resolved_targets import ResolvedTargets
from ._search import LEAK
from ._sets import Climber, Sets
from ._start import linear_slope
from ._tolerance import PROGRESS, TOLERANCE
from ._variants import Variants

__all__ = ["Chosen", "choose_sets"]

#: Fits the strengths of the inputs that are active, member by member: stimuli, (batch * n_climbers,
#: sensory, step), and which of them to work on.
Polish = Callable[[Tensor, Tensor], Tensor]

# Rounds of fitting strengths and then swapping again.
_ROUNDS = 2


@dataclass(frozen=True, eq=False)
class Chosen:
    """What was found within a budget.

    Attributes
    ----------
    stimulus : Tensor, shape (batch, sensory, step)
        Silence where no set comes nearer to the targets.
    agreement : ndarray, shape (batch,)
        Share of the climbs that came as near as the best one; 1 where the targets were reached.
    interrupted : bool
        Whether it was stopped from outside (control-C).
    """

    stimulus: Tensor
    agreement: npt.NDArray[np.float64]
    interrupted: bool = False


def choose_sets(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    budget: Budget,
    free: Tensor,
    variants: Variants,
    polish: Polish,
) -> Chosen:
    """Find the set of inputs within a budget that brings each member nearest to its targets.

    Parameters
    ----------
    model : MultilayeredNetwork
    targets : ResolvedTargets
    budget : Budget
    free : Tensor, shape (batch, n_starts, sensory, step)
        What was found without a limit to the number of inputs.
    variants : Variants
    polish : callable
        Used unless inputs must be driven fully.

    Returns
    -------
    Chosen

    Notes
    -----
    A climb begins from the inputs that matter most in a linear network, one from those that matter
    most in each of `free`, and where sets are small one grows from nothing, with a beam of sets.
    Each goes from a set to the best that differs by a single swap, as long as that is nearer to the
    targets, by forward runs: so it sees responses that jump at the threshold, where a gradient sees
    nothing. Unless inputs must be driven fully, strengths are then fitted by gradient, and sets
    that came nearer by it climb again. Of up to 12 inputs that must be driven fully, all sets are
    run instead.

    Cost: for a round of swaps, a forward run for each pair of an active unit (a neuron, or an
    entry) and what may come in its place. Of more than 512 entries only those may come that rank
    among the 16 highest, at rest or as the set is, and only the 8 active units that matter least
    (otherwise 32) may go.
    """
    linear = _scaled(linear_slope(model, targets))
    ranking = linear + _scaled(targets.slope(model, free[:, 0], LEAK))
    silence = torch.zeros_like(linear)
    everyone = np.arange(targets.n_members)
    resting = variants.distance(everyone, silence)
    driven = np.ones(silence.shape[1:], dtype=np.bool_)
    if targets.driven is not None:
        driven &= targets.driven[0].cpu().numpy()
    sets = Sets(variants, budget, driven, ranking, resting)
    every = all_sets(driven, budget, silence) if budget.binary else None
    climbs = (
        _climbs(model, targets, budget, free, sets, linear)
        if every is None
        else [sets.begin([every] * targets.n_members, silence[0])]
    )
    climbers = [climb[member] for member in everyone for climb in climbs]
    interrupted = False
    try:
        if every is None:
            sets.climb(climbers)
        if not budget.binary:
            _polish(sets, climbers, polish, variants)
    except KeyboardInterrupt:
        interrupted = True
    return Chosen(*_best(climbers, len(climbs), silence, resting), interrupted)


def _climbs(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    budget: Budget,
    free: Tensor,
    sets: Sets,
    linear: Tensor,
) -> list[list[Climber]]:
    """List the sets to climb from: of each kind one for every member."""
    silence, width = torch.zeros_like(linear[0]), sets.widths[0]
    full = torch.ones_like(silence)
    climbs = [sets.begin([beginnings(own, full, budget, width) for own in linear], silence)]
    for x in free.unbind(dim=1):
        matters = x * targets.slope(model, x, LEAK)
        candidates = [
            beginnings(m, own, budget, width) + beginnings(own, own, budget, width)
            for m, own in zip(matters, x, strict=True)
        ]
        climbs.append(sets.begin(candidates, silence))
    if sets.can_grow:
        climbs.append(sets.grow(silence))
    return climbs


def _scaled(slope: Tensor) -> Tensor:
    """Bring each member's slopes within -1 and 1."""
    largest = slope.abs().amax(dim=(1, 2), keepdim=True)
    return slope / torch.where(largest > 0, largest, 1)


def _polish(sets: Sets, climbers: list[Climber], polish: Polish, variants: Variants) -> None:
    """Fit strengths, and let sets that came nearer by it climb again."""
    members = np.array([climber.member for climber in climbers])
    running = np.array([climber.distance > 0 for climber in climbers])
    for _ in range(_ROUNDS):
        stimuli = torch.stack([climber.stimulus for climber in climbers])
        running &= (stimuli > 0).flatten(1).any(dim=1).cpu().numpy()
        if not running.any():
            return
        fitted = polish(stimuli, torch.from_numpy(running).to(stimuli.device))
        distances = np.full(len(climbers), np.inf)
        distances[running] = variants.distance(members[running], fitted[running])
        for i, climber in enumerate(climbers):
            running[i] = distances[i] < climber.distance - PROGRESS
            if distances[i] < climber.distance:
                climber.stimulus, climber.distance = fitted[i].clone(), float(distances[i])
        again = [climber for climber, nearer in zip(climbers, running, strict=True) if nearer]
        before = [climber.distance for climber in again]
        sets.climb(again)
        moved = {id(c) for c, d in zip(again, before, strict=True) if 0 < c.distance < d - PROGRESS}
        running = np.array([id(climber) in moved for climber in climbers])


def _best(
    climbers: list[Climber], n: int, silence: Tensor, resting: npt.NDArray[np.float64]
) -> tuple[Tensor, npt.NDArray[np.float64]]:
    """Choose the best of each member's climbs: the nearest, of equally near ones the smallest."""
    distance = np.array([climber.distance for climber in climbers]).reshape(-1, n)
    count = np.array([int((climber.stimulus > 0).sum()) for climber in climbers]).reshape(-1, n)
    chosen = silence.clone()
    for member, (near, counts) in enumerate(zip(distance, count, strict=True)):
        best = int(np.lexsort([counts, np.round(near, 6)])[0])
        if near[best] < resting[member]:
            chosen[member] = climbers[member * n + best].stimulus
    nearest = distance.min(axis=1, keepdims=True)
    agreement: npt.NDArray[np.float64] = (distance <= nearest + TOLERANCE).mean(axis=1)
    return chosen, np.where(nearest[:, 0] <= 0, 1.0, agreement)

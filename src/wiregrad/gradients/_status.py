"""How a search ended: which targets were reached, and which cannot be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from ..network import NO_WALK, MultilayeredNetwork, can_change, shortest_walks, unroll
from ._resolved_targets import ResolvedTargets
from ._tolerance import TOLERANCE

__all__ = ["Prospect", "look_ahead", "member_table", "target_table"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Prospect:
    """What is known of each target before any search.

    Attributes
    ----------
    walk : ndarray of int64, shape (n_targets,)
        Fewest hops from any sensory neuron; -1 if there is no walk.
    sensory : ndarray of bool, shape (n_targets,)
        The neuron is one that receives the stimulus.
    resting : Tensor, shape (n_targets,)
        Activation without any input.
    unreachable : ndarray of bool, shape (n_targets,)
        No walk has the right length, or none past what is manipulated, and at rest the target is
        not where it is asked to be.
    """

    walk: npt.NDArray[np.int64]
    sensory: BoolArray
    resting: Tensor
    unreachable: BoolArray


def look_ahead(model: MultilayeredNetwork, targets: ResolvedTargets) -> Prospect:
    """Find out which targets no stimulus can move.

    Notes
    -----
    Cost: one forward run, and one pass over the edges for each hop to the farthest neuron. Where
    states are manipulated: a forward run of all members, and a pass for each step.
    """
    resting = _resting(model, targets)
    neuron, layer = targets.neuron.cpu().numpy(), targets.layer.cpu().numpy()
    walk = shortest_walks(model)[neuron]
    by_walk = (walk != NO_WALK) & (walk <= layer + 1)
    sensory = np.isin(neuron, model.sensory_indices.cpu().numpy())
    directly = sensory & (layer < model.num_layers - 1)  # no input joins the last state ...
    if model.may_remember:
        directly = sensory  # ... but the one before may be remembered
    moved = by_walk | directly
    if model.interventions:
        moved &= can_change(model, targets.member[targets.batch.cpu().numpy()], neuron, layer)
        walk = np.where(by_walk & ~moved, NO_WALK, walk)
    off = ((resting - targets.value).abs() > TOLERANCE).cpu().numpy()
    return Prospect(walk, sensory, resting, ~moved & off)


def _resting(model: MultilayeredNetwork, targets: ResolvedTargets) -> Tensor:
    """Return the targets' activation without any input."""
    n_members = targets.n_members if model.interventions else 1
    silence = torch.zeros(
        (n_members, len(model.sensory_indices), model.num_layers),
        dtype=model.dtype,
        device=model.device,
    )
    with torch.no_grad():
        if model.interventions:
            return targets.watch(model, leak=0.0)(silence).read
        return targets.read_one(unroll(model, silence)[0])


def target_table(
    targets: ResolvedTargets,
    prospect: Prospect,
    activations: Tensor,
    nearest: Tensor | None = None,
) -> pd.DataFrame:
    """Compare what was asked with what was attained, and nearest, a row a target."""
    value = targets.table["value"].to_numpy()
    attained = targets.read(activations).double().cpu().numpy()
    resting = prospect.resting.double().cpu().numpy()
    walk = pd.array(prospect.walk, dtype="Int64")
    walk[prospect.walk == NO_WALK] = pd.NA
    return targets.table.assign(
        attained=attained,
        nearest=attained if nearest is None else nearest.double().cpu().numpy(),
        resting=resting,
        status=_status(abs(attained - value), abs(resting - value), prospect.unreachable),
        shortest_walk=walk,
    )


def member_table(
    table: pd.DataFrame, stimulus: Tensor, best_pass: Tensor, passes: Tensor, seed: int
) -> pd.DataFrame:
    """Sum the outcome up, a row a batch member.

    A member's distance from its targets is the mean over them; its status is by that distance, but
    for "reached" and "unreachable", which all of its targets must be.
    """
    by_member = table.assign(
        miss=(table["attained"] - table["value"]).abs(),
        resting_miss=(table["resting"] - table["value"]).abs(),
        reached=table["status"] == "reached",
        unreachable=table["status"] == "unreachable",
    ).groupby("batch")
    means = by_member[["miss", "resting_miss"]].mean()
    every = by_member[["reached", "unreachable"]].all()
    status = np.select(
        [every["reached"], every["unreachable"], means["resting_miss"] - means["miss"] > TOLERANCE],
        ["reached", "unreachable", "improved"],
        "stuck",
    )
    active = stimulus > 0
    return pd.DataFrame(
        {
            "batch": np.arange(len(stimulus)),
            "status": status,
            "active_inputs": active.sum(dim=(1, 2)).cpu().numpy(),
            "active_neurons": active.any(dim=2).sum(dim=1).cpu().numpy(),
            "best_pass": best_pass.cpu().numpy(),
            "passes": passes.cpu().numpy(),
            "seed": seed,
        }
    )


def _status(
    miss: FloatArray, resting_miss: FloatArray, unreachable: BoolArray
) -> npt.NDArray[np.str_]:
    conditions = [unreachable, miss <= TOLERANCE, resting_miss - miss > TOLERANCE]
    return np.select(conditions, ["unreachable", "reached", "improved"], "stuck")

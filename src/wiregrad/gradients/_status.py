"""How a search ended: which targets were reached, and which cannot be."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from ..network import (
    NO_WALK,
    MultilayeredNetwork,
    Watch,
    can_change,
    driven_states,
    shortest_walks,
    unroll,
)
from ._resolved_targets import ResolvedTargets
from ._tolerance import TOLERANCE

__all__ = ["Prospect", "look_ahead", "member_table", "part_table", "target_table"]

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
    resting_parts : Tensor, shape (n_places,)
        Activation without any input of every neuron that a target reads.
    """

    walk: npt.NDArray[np.int64]
    sensory: BoolArray
    resting: Tensor
    unreachable: BoolArray
    resting_parts: Tensor


def look_ahead(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    input_steps: Collection[int] | None = None,
) -> Prospect:
    """Find out which targets no stimulus can move.

    Parameters
    ----------
    model : MultilayeredNetwork
    targets : ResolvedTargets
    input_steps : collection of int, optional
        Steps at which inputs may be driven; by default all.

    Notes
    -----
    Cost: one forward run, one pass over the edges for each hop to the farthest neuron, and one for
    each step over those that can be driven by then. Where states are manipulated: a forward run of
    all members.
    """
    steps = range(model.num_layers) if input_steps is None else input_steps
    resting_parts = _resting(model, targets)
    resting = targets.add_up(resting_parts)
    places = targets.parts()
    neuron, layer = places["neuron"].to_numpy(), places["layer"].to_numpy()
    walks = shortest_walks(model)[neuron]
    if not model.interventions:
        movable = driven_states(model, steps)[neuron, layer]
    else:  # they may differ from member to member
        member = targets.member[targets.place_batch.cpu().numpy()]
        movable = can_change(model, member, neuron, layer, steps)
        walks = np.where((walks <= layer + 1) & ~movable, NO_WALK, walks)
    by_part = places.assign(
        walk=np.where(walks == NO_WALK, np.inf, walks),
        sensory=np.isin(neuron, model.sensory_indices.cpu().numpy()),
        movable=movable,
    ).groupby("part_of")  # a sum moves if any of its parts does
    nearest = by_part["walk"].min().to_numpy()
    walk = np.where(np.isinf(nearest), NO_WALK, nearest).astype(np.int64)
    sensory, can_move = by_part["sensory"].any().to_numpy(), by_part["movable"].any().to_numpy()
    off = ((resting - targets.value).abs() > TOLERANCE).cpu().numpy()
    return Prospect(walk, sensory, resting, ~can_move & off, resting_parts)


def _resting(model: MultilayeredNetwork, targets: ResolvedTargets) -> Tensor:
    """Return the activation of every neuron that a target reads, without any input."""
    n_members = targets.n_members if model.interventions else 1
    silence = torch.zeros(
        (n_members, len(model.sensory_indices), model.num_layers),
        dtype=model.dtype,
        device=model.device,
    )
    with torch.no_grad():
        if not model.interventions:
            return unroll(model, silence)[0][targets.neuron, targets.layer]
        place = targets.place_batch, targets.neuron, targets.layer
        return Watch(model, *place, leak=0.0, rows=targets.member)(silence).read


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


def part_table(
    targets: ResolvedTargets, table: pd.DataFrame, prospect: Prospect, activations: Tensor
) -> pd.DataFrame:
    """List the neurons of all targets, a row each, beside what is known of their targets."""
    if targets.sums is None:
        return table
    parts = targets.parts()
    target = table.iloc[parts["part_of"]].reset_index(drop=True)
    return target.assign(
        layer=parts["layer"],
        neuron=parts["neuron"],
        attained=targets.read_parts(activations).double().cpu().numpy(),
        resting=prospect.resting_parts.double().cpu().numpy(),
        weight=parts["weight"],
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
    active = stimulus != 0
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

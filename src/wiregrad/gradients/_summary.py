"""A result as a tidy table: a row for each problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .._messages import few
from ..tables import neuron_labels

if TYPE_CHECKING:
    from ._result import MaximisationResult

__all__ = ["named_neurons", "summary"]

# Names that are listed in a cell.
_MOST = 8

#: Stages of the automatic search; each has a column, whether or not it was gone through.
_STAGES = ("reach", "choose", "shorten", "thin", "prune")


def named_neurons(result: MaximisationResult) -> pd.DataFrame:
    """Name the sensory neurons and the targets of a result.

    Returns
    -------
    DataFrame
        `neuron` (index, ascending), `id`, `group`, `sensory` (its row in the stimulus, or -1).
    """
    if result.network is None:
        raise ValueError(
            "this result does not hold its network (a pickled or copied result leaves it out): set "
            "result.network to the network that was asked"
        )
    sensory = result.network.sensory_indices.cpu().numpy()
    neurons = np.union1d(sensory, result.target_neurons["neuron"].to_numpy(dtype=np.int64))
    rows = pd.Series(np.arange(len(sensory)), index=sensory)
    labels = neuron_labels(result.network).iloc[neurons].reset_index(drop=True)
    labels.insert(0, "neuron", neurons)
    return labels.assign(sensory=rows.reindex(neurons).fillna(-1).to_numpy(dtype=np.int64))


def summary(result: MaximisationResult) -> pd.DataFrame:
    """Sum a result up, a row a problem: see `MaximisationResult.to_frame`."""
    names = result.neurons.set_index("neuron")
    asked = result.targets
    named = asked["neuron"].map(names["id"]).astype("str")
    if "target" in asked:
        named = named.where(asked["target"].isna(), asked["target"])
    targets = asked.assign(name=named)
    by_member = targets.groupby("batch")
    means = by_member[["value", "attained", "nearest", "resting"]].mean()
    members = result.members
    groups = names[names["sensory"] >= 0].sort_values("sensory")["group"].to_numpy()
    driven = np.any(result.batch_input != 0, axis=2)
    active = [pd.unique(groups[row]) for row in np.asarray(driven)]
    share = 1 / max(len(members), 1)
    return pd.DataFrame(
        {
            "member": members["batch"],
            "targets": by_member["name"].agg(_listed).to_numpy(),
            "n_targets": by_member.size().to_numpy(),
            "status": members["status"],
            "asked": means["value"].to_numpy(),
            "attained": means["attained"].to_numpy(),
            "nearest": means["nearest"].to_numpy(),
            "resting": means["resting"].to_numpy(),
            "agreement": members["agreement"],
            "minimal": members["minimal"],
            "active_inputs": members["active_inputs"],
            "active_neurons": members["active_neurons"],
            "active_types": [len(own) for own in active],
            "types": [few(own, _MOST) for own in active],
            "passes": members["passes"],
            "best_pass": members["best_pass"],
            "seconds": result.seconds * share,
            **{
                f"seconds_{stage}": result.stage_seconds.get(stage, 0.0) * share
                for stage in _STAGES
            },
            "seed": members["seed"],
            "version": result.version,
            "connectome": str(result.provenance.get("connectome", "")),
            "checksum": str(result.provenance.get("checksum", "")),
        }
    )


def _listed(names: pd.Series) -> str:
    return few(names.drop_duplicates(), _MOST)

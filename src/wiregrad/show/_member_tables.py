"""The tables of the report's account of one answer."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ..circuits import Circuit
from ..network import MultilayeredNetwork
from ..tables import STATUSES, neuron_labels, strongest_groups
from ._heatmap import step_name
from ._html import paragraph, table
from ._words import amount, joined

__all__ = ["edge_table", "stimulus_table", "target_table"]


def target_table(network: MultilayeredNetwork, rows: pd.DataFrame, by: str) -> str:
    """Return what the targets attain; `rows` are of `strongest_targets`, by "id" or by "group"."""
    single = by == "id"
    columns: dict[str, Iterable[object]] = {"Neuron" if single else "Cell type": rows["group"]}
    if single:
        labels = neuron_labels(network).set_index("id")["group"]
        columns["Cell type"] = labels.reindex(rows["group"]).fillna("")
    columns |= {
        "Step": [f"{step}" if pd.notna(step) else "several" for step in rows["step"]],
        "Asked": [f"{value:g}" if pd.notna(value) else "several" for value in rows["value"]],
        "Attained": [amount(value, 3) for value in rows["attained"]],
        "Without stimulus": [amount(value, 3) for value in rows["resting"]],
        **({"Outcome": _outcomes(rows)} if single else _spread(rows)),
        "Fewest hops": [
            f"{walk}" if pd.notna(walk) else "no walk" for walk in rows["shortest_walk"]
        ],
    }
    legend = (
        "Reached: within 0.02 of the activation asked. Improved: nearer to it than without "
        "stimulus by more than 0.02. Stuck: not. Unreachable: no walk from an input has the right "
        "length. Fewest hops: of a walk from an input to the target."
    )
    numbers = set(columns) - {"Neuron", "Cell type", "Outcome"}
    return table(columns, numbers=numbers, rest=(rows["n_groups"] > 1).tolist()) + paragraph(
        legend, "soft"
    )


def sum_table(sums: pd.DataFrame) -> str:
    """Return what targets of several neurons attain; `sums` are rows of `result.targets`."""
    if not len(sums):
        return ""
    columns: dict[str, Iterable[object]] = {
        "Target": sums["target"],
        "Asked": [f"{value:g}" for value in sums["value"]],
        "Attained": [amount(value, 3) for value in sums["attained"]],
        "Without stimulus": [amount(value, 3) for value in sums["resting"]],
        "Outcome": sums["status"],
    }
    legend = (
        "These targets are means of several neurons, or differences of means. Below, each of their "
        "neurons stands by itself, beside what is asked of the whole."
    )
    return table(columns, numbers=set(columns) - {"Target", "Outcome"}) + paragraph(legend, "soft")


def _spread(rows: pd.DataFrame) -> dict[str, list[str]]:
    return {
        "Lowest": [amount(value, 3) for value in rows["lowest"]],
        "Highest": [amount(value, 3) for value in rows["highest"]],
        "Targets": [f"{n:,}" for n in rows["n"]],
        "Reached": [f"{n:,}" for n in rows["reached"]],
    }


def _outcomes(rows: pd.DataFrame) -> list[str]:
    return [STATUSES[int(np.argmax(row))] for row in rows[[*STATUSES]].to_numpy()]


def stimulus_table(by_group: pd.DataFrame, inputs: pd.DataFrame, limit: int) -> str:
    """Return which sensory neurons are driven, from `stimulus_by_group` and `active_inputs`."""
    if not len(inputs):
        return ""
    kept = strongest_groups(by_group, limit)
    names = inputs.drop_duplicates("neuron").groupby("group")["id"].agg(list)
    left = len(set(inputs["neuron"]))
    rows = []
    for group, part in kept.groupby("group", sort=False):
        others = bool(part["n_groups"].iloc[0] > 1)
        ids = [] if others else names.get(group, [])
        n_driven = left if others else len(ids)  # the others come last
        left -= n_driven
        means = part["mean"] * part["n"] / part["n_active"].clip(lower=1)
        row = {
            "Cell type": group,
            "Driven": f"{n_driven:,} of {part['n'].iloc[0]:,}",
            "Neurons": joined(ids, 8) if ids else "",
            **dict(zip(map(_step_heading, part["step"]), map(amount, means), strict=True)),
        }
        rows.append((row, others))
    headings = list(rows[0][0])
    return table(
        {heading: [row[heading] for row, _ in rows] for heading in headings},
        "Sensory neurons that receive input, by cell type, with the mean input of those that "
        "receive any at that step.",
        numbers=set(headings) - {"Cell type", "Neurons"},
        rest=[others for _, others in rows],
    )


def _step_heading(step: int) -> str:
    return f"Step {step}" if step else step_name(step).capitalize()


def edge_table(circuit: Circuit) -> str:
    """Return the edges of a circuit, the strongest of each step first."""
    edges = circuit.edges.sort_values(["layer", "share"], ascending=[True, False])
    numbers: dict[str, Iterable[object]] = {
        "Flow": [f"{flow:+.3g}" for flow in edges["flow"]],
        "Weight": [f"{weight:+.3g}" for weight in edges["weight"]],
        "Activation before": [amount(value, 3) for value in edges["pre_activation"]],
        "Activation after": [amount(value, 3) for value in edges["post_activation"]],
        "Share of the targets' input": [f"{share:.1%}" for share in edges["share"]],
    }
    return table(
        {"Step": edges["layer"], "From": edges["pre"], "To": edges["post"], **numbers},
        numbers={"Step", *numbers},
    )

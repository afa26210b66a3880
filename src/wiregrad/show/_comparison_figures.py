"""What sets two circuits apart: flows and activations."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from ._plotly import Figure, message_figure, plain, short
from ._signed_bars import signed_bars
from ._signed_heatmap import signed_heatmap

__all__ = ["HasChanges", "plot_activation_changes", "plot_flow_changes"]

_LABEL = 14  # characters of a group


class HasChanges(Protocol):
    """A result of `compare_circuits`."""

    @property
    def edges(self) -> pd.DataFrame:
        """A row an edge of either."""

    @property
    def nodes(self) -> pd.DataFrame:
        """A row a node of either."""


def plot_flow_changes(comparison: HasChanges, limit: int = 30) -> Figure:
    """Draw the edges whose flow changes most from one circuit to another.

    Parameters
    ----------
    comparison : CircuitComparison
    limit : int
        Most edges to draw. How many are not drawn is said on the axis.

    Returns
    -------
    plotly Figure
        A bar an edge, the flow in the second circuit less that in the first: vermilion where it
        grows, blue where it falls. Behind the row: whether the edge is in one of them only, or its
        sign flips. Where no flow changes, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.
    """
    edges = comparison.edges
    changed = edges[edges["flow_change"] != 0]
    if not len(changed):
        return message_figure("No flow changes.")
    rows, left = changed.head(limit), len(changed) - limit
    labels = [
        f"{short(pre, _LABEL)} → {short(post, _LABEL)}, step {layer}"
        for pre, post, layer in zip(rows["pre"], rows["post"], rows["layer"], strict=True)
    ]
    hover = [
        f"<b>{plain(pre)} → {plain(post)}</b>, step {layer}<br>flow {one:+.4g}, then {two:+.4g}"
        for pre, post, layer, one, two in zip(
            rows["pre"],
            rows["post"],
            rows["layer"],
            rows["flow_first"],
            rows["flow_second"],
            strict=True,
        )
    ]
    notes = [
        "sign flips" if flips else "" if one and two else "first only" if one else "second only"
        for one, two, flips in zip(
            rows["in_first"], rows["in_second"], rows["sign_flips"], strict=True
        )
    ]
    what = "change of flow (weight times activation), second less first"
    what += f" · {left:,} more edges are not drawn" if left > 0 else ""
    values = rows["flow_change"].to_numpy(dtype=np.float64)
    return signed_bars(labels, values, what, hover, notes=notes if any(notes) else None)


def plot_activation_changes(comparison: HasChanges, limit: int = 30) -> Figure:
    """Draw how the activation of groups changes from one circuit to another, step by step.

    Parameters
    ----------
    comparison : CircuitComparison
    limit : int
        Groups to draw: those that change most. How many are not drawn is said on the axis.

    Returns
    -------
    plotly Figure
        A row a group, a column a step: mean activation in the second circuit less that in the
        first, on a scale centred at 0; white where neither has the group. Where no activation
        changes, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.
    """
    nodes = comparison.nodes.rename(columns={"layer": "step"})
    return signed_heatmap(
        nodes,
        "activation_change",
        "change of activation",
        "step (synaptic hops taken)",
        limit,
        nothing="No activation changes.",
    )

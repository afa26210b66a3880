"""Activations through the steps, as a heatmap."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from ..tables import strongest_groups
from ._heatmap import group_heatmap
from ._plotly import Figure, message_figure

__all__ = ["plot_activations"]


def plot_activations(
    table: pd.DataFrame, limit: int = 25, *, marked: Collection[str] = ()
) -> Figure:
    """Draw how the strongest cell types are active through the steps.

    Parameters
    ----------
    table : DataFrame
        As of `activations_by_group`.
    limit : int
        Types to draw; those with the largest summed activation come first, the others are summed
        up in one row.
    marked : collection of str
        Types that are drawn in any case, first and in bold: the targets.

    Returns
    -------
    plotly Figure
        A row a type, a column a step. The number in a cell is the mean activation of the active
        neurons, dimensionless, from 0 to 1; how many these are stands behind it where it is not
        all of them. Without any activity, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["AVA", "AVB"], "step": 1, "n": 2, "n_active": [1, 2],
    ...                       "mean": [0.4, 0.5], "max": [0.8, 0.5]})
    >>> plot_activations(table, marked=["AVA"]).layout.yaxis.ticktext
    ('<b>AVA · 2</b>', 'AVB · 2')
    """
    if not table["n_active"].any():
        return message_figure("No neuron is active.")
    kept = strongest_groups(table, limit, always=marked)
    return group_heatmap(kept, "activation", "step (synaptic hops taken)", marked)

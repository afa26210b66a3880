"""The stimulus as a heatmap."""

from __future__ import annotations

import pandas as pd

from ..tables import strongest_groups
from ._heatmap import group_heatmap
from ._plotly import Figure, message_figure

__all__ = ["plot_stimulus"]


def plot_stimulus(table: pd.DataFrame, limit: int = 25) -> Figure:
    """Draw which types of sensory neurons receive input, how much and when.

    Parameters
    ----------
    table : DataFrame
        As of `stimulus_by_group`.
    limit : int
        Types to draw; those that receive most come first, the others are summed up in one row.

    Returns
    -------
    plotly Figure
        A row a type, a column a step, from the start. The number in a cell is the mean input of
        the neurons that receive any, dimensionless, from 0 to 1; how many these are stands behind
        it where it is not all of them. Without any input, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["ASH"], "step": 0, "n": 2, "n_active": 1, "mean": 0.4,
    ...                       "max": 0.8})
    >>> plot_stimulus(table).data[1].text
    ('0.80 (1/2)',)
    """
    if not table["n_active"].any():
        return message_figure("No sensory neuron receives any input.")
    return group_heatmap(
        strongest_groups(table, limit), "input", "step at which the input is given"
    )

"""Activity along columns."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..network import MultilayeredNetwork
from ..tables import ArrayLike, GroupsLike, activity_by_column
from ._panels import CURVES, new_panels
from ._plotly import Figure, graph_objects, message_figure, plain, short

__all__ = ["plot_activity_by_column"]

_ACROSS, _HEIGHT = 3, 170
_LEGEND = 30  # pixels
_MOST_STEPS = 12
_LABEL = 24  # characters


def plot_activity_by_column(
    activity: ArrayLike | pd.DataFrame,
    idx_to_group: GroupsLike | None = None,
    idx_to_column: GroupsLike | None = None,
    selected_group: Any = None,
    plot_type: str = "line",
    model_input: ArrayLike | None = None,
    sensory_indices: Any = None,
    figsize: tuple[int, int] | None = None,
    global_min: float | None = None,
    global_max: float | None = None,
    *,
    network: MultilayeredNetwork | None = None,
) -> Figure:
    """Draw the activity of groups along the columns of a columnar structure, a panel a step.

    Parameters
    ----------
    activity : ndarray or Tensor, shape (n_neurons, step); or DataFrame
        Dimensionless; or the table of `activity_by_column`, and then nothing else is needed.
    idx_to_group, idx_to_column, selected_group, model_input, sensory_indices, network
        As for `activity_by_column`.
    plot_type : {"line", "scatter"}
    figsize : (int, int), optional
        Width and height in pixels; by default as wide as the page and as high as is needed.
    global_min, global_max : float, optional
        Range of the activation axis; by default from 0 (or the smallest value, if that is below)
        to the largest value.

    Returns
    -------
    plotly Figure
        A panel a step (12 at most, evenly chosen), a curve a group (the 8 most active ones at
        most), told apart by colour, dash and mark. The horizontal axis is the column divided by the
        group's largest. Without any column, a figure that says so.

    Raises
    ------
    ValueError
        If `plot_type` is unknown; and as `activity_by_column`.
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> activity = np.array([[0.2, 0.0], [0.4, 0.0], [0.6, 0.1]])
    >>> table = activity_by_column(activity, {0: "a", 1: "a", 2: "a"}, {0: 1, 1: 1, 2: 2}, "a")
    >>> [trace.name for trace in plot_activity_by_column(table).data]
    ['a', 'a']
    """
    go = graph_objects()
    if plot_type not in ("line", "scatter"):
        raise ValueError(f"plot_type is {plot_type!r}: it is 'line' or 'scatter'")
    if isinstance(activity, pd.DataFrame):
        table = activity
    else:
        table = activity_by_column(
            activity,
            idx_to_group,
            idx_to_column,
            selected_group,
            model_input,
            sensory_indices,
            network=network,
        )
    if not len(table):
        return message_figure("No neuron has a column.")
    groups, left = _most_active(table)
    steps = _chosen_steps(table)
    table = table[table["time_step"].isin(steps)]
    title = "column, as a part of the group's largest" + (
        f" · {left:,} more groups are not drawn" if left else ""
    )
    figure = new_panels(
        [f"step {step}" if step else "stimulus" for step in steps],
        _ACROSS,
        _HEIGHT,
        title,
        "activation",
        legend={"orientation": "h", "x": 0},
    )
    values = table["activation"]
    low = min(0.0, float(values.min())) if global_min is None else global_min
    high = float(values.max()) if global_max is None else global_max
    high = high if high > low else low + 1.0
    pad = 0.04 * (high - low)
    figure.update_yaxes(range=[low - pad, high + pad])
    rows = dict(iter(table.groupby(["time_step", "cell_group"])))
    first = table.groupby("cell_group")["time_step"].min().to_dict()
    few_columns = len(table) <= 40 * len(steps) * len(groups)
    for place, step in enumerate(steps):
        for name, (colour, dash, mark) in zip(groups, CURVES, strict=False):
            part = rows.get((step, name))
            if part is None:
                continue
            line = plot_type == "line"
            marked = not line or few_columns
            figure.add_trace(
                go.Scatter(
                    x=part["normalised_column"].tolist(),
                    y=part["activation"].tolist(),
                    name=plain(short(name, _LABEL)),
                    legendgroup=plain(name),
                    showlegend=step == first[name],
                    mode="+".join(["lines"] * line + ["markers"] * marked),
                    line={"color": colour, "dash": dash, "width": 2},
                    marker={"symbol": mark, "size": 6, "color": colour},
                    hovertemplate=f"{plain(name)}, %{{x:.2f}}: %{{y:.3f}}<extra></extra>",
                ),
                row=place // _ACROSS + 1,
                col=place % _ACROSS + 1,
            )
    inside = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    figure.update_layout(
        margin={"t": figure.layout.margin.t + _LEGEND},
        height=figure.layout.height + _LEGEND,
        legend={"y": 1 + 26 / inside, "yanchor": "bottom"},
    )
    if figsize is not None:
        figure.update_layout(width=figsize[0], height=figsize[1])
    return figure


def _most_active(table: pd.DataFrame) -> tuple[list[Any], int]:
    """Return the groups to draw, in the order of the table, and how many are left out."""
    total = table["activation"].abs().groupby(table["cell_group"]).mean()
    kept = set(total.sort_values(ascending=False, kind="stable").index[: len(CURVES)])
    names = [name for name in pd.unique(table["cell_group"]) if name in kept]
    return names, len(total) - len(names)


def _chosen_steps(table: pd.DataFrame) -> list[int]:
    steps = sorted(int(step) for step in table["time_step"].unique())
    if len(steps) <= _MOST_STEPS:
        return steps
    places = {round(i * (len(steps) - 1) / (_MOST_STEPS - 1)) for i in range(_MOST_STEPS)}
    return [steps[place] for place in sorted(places)]

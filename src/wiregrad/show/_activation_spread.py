"""Activations through the steps, with how much the members of a group differ."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from .._messages import did_you_mean, few
from ._panels import new_panels
from ._plotly import Figure, graph_objects, message_figure, plain

__all__ = ["plot_activation_spread"]

_ACROSS, _HEIGHT = 4, 130
_LINE, _BAND = "#3d2683", "rgba(111,95,174,0.28)"


def plot_activation_spread(
    table: pd.DataFrame, groups: Collection[str] | str | None = None, limit: int = 12
) -> Figure:
    """Draw the activation of groups through the steps, with its spread among their members.

    Parameters
    ----------
    table : DataFrame
        As of `activation_spread`.
    groups : str or collection of str, optional
        Groups to draw, in this order. By default those with the largest mean activation, summed
        over their members and all steps.
    limit : int
        Most groups to draw.

    Returns
    -------
    plotly Figure
        A panel a group, all with the same axes. Line: mean activation, dimensionless, from 0 to 1.
        Band: from the first to the last tenth of the members. Dots: lowest and highest. A line
        below says how many groups are not drawn. Without any activity, a figure that says so.

    Raises
    ------
    ValueError
        If a group is not in the table.
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> table = pd.DataFrame({"group": "AVA", "step": [1, 2], "n": 2, "mean": [0.4, 0.5],
    ...                       "low": 0.3, "median": 0.4, "high": 0.6, "min": 0.1, "max": 0.9})
    >>> plot_activation_spread(table).layout.annotations[0].text
    'AVA · 2'
    """
    go = graph_objects()
    drawn = _chosen(table, groups)
    if not drawn:
        return message_figure("No neuron is active.")
    kept = drawn[:limit]
    by_group = {name: rows.sort_values("step") for name, rows in table.groupby("group")}
    titles = [f"{name} · {by_group[name]['n'].iloc[0]:,}" for name in kept]
    left = len(drawn) - len(kept)
    steps = "step (synaptic hops taken)" + (
        f" · {left:,} more active groups are not drawn" if left else ""
    )
    figure = new_panels(titles, _ACROSS, _HEIGHT, steps, "activation", showlegend=False)
    figure.update_yaxes(range=[-0.03, 1.05], tickvals=[0, 0.5, 1])
    n_steps = table["step"].nunique()
    if n_steps <= 12:
        figure.update_xaxes(tickvals=sorted(table["step"].unique().tolist()))
    for place, name in enumerate(kept):
        rows = by_group[name]
        at = {"row": place // _ACROSS + 1, "col": place % _ACROSS + 1}
        x = rows["step"].tolist()
        band = [*rows["low"], *rows["high"][::-1]]
        ends = pd.concat([rows["min"], rows["max"]])
        figure.add_trace(
            go.Scatter(
                x=[*x, *x[::-1]],
                y=band,
                fill="toself",
                fillcolor=_BAND,
                line={"width": 0, "color": _BAND},
                mode="lines",
                hoverinfo="skip",
            ),
            **at,
        )
        figure.add_trace(
            go.Scatter(
                x=x * 2,
                y=ends.tolist(),
                mode="markers",
                marker={"size": 3, "color": "#a298cd"},
                hoverinfo="skip",
            ),
            **at,
        )
        figure.add_trace(
            go.Scatter(
                x=x,
                y=rows["mean"].tolist(),
                mode="lines+markers" if len(x) <= 12 else "lines",
                line={"color": _LINE, "width": 2},
                marker={"size": 6},
                text=[_hover(row) for _, row in rows.iterrows()],
                hovertemplate="%{text}<extra></extra>",
            ),
            **at,
        )
    return figure


def _chosen(table: pd.DataFrame, groups: Collection[str] | str | None) -> list[str]:
    if groups is not None:
        listed = [groups] if isinstance(groups, str) else [str(name) for name in groups]
        known = set(table["group"])
        strangers = [name for name in listed if name not in known]
        if strangers:
            raise ValueError(
                f"there is no group {few(strangers)} in the table"
                f"{did_you_mean(strangers[0], known)}"
            )
        return listed
    total = (table["mean"] * table["n"]).groupby(table["group"].astype(object)).sum()
    ranked = total[total > 0].sort_values(ascending=False, kind="stable")
    return [str(name) for name in ranked.index]


def _hover(row: pd.Series) -> str:
    return (
        f"<b>{plain(row['group'])}</b>, step {row['step']}<br>mean {row['mean']:.3f} of "
        f"{row['n']:,}<br>four fifths between {row['low']:.3f} and {row['high']:.3f}<br>"
        f"all between {row['min']:.3f} and {row['max']:.3f}"
    )

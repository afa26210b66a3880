"""What the targets attain, beside what was asked."""

from __future__ import annotations

import pandas as pd

from ..tables import strongest_targets
from ._plotly import GRID, INK, Figure, graph_objects, message_figure, new_figure, plain, short

__all__ = ["plot_targets"]

_ROW = 30  # pixels
_LABEL = 24  # characters


def plot_targets(table: pd.DataFrame, limit: int = 30) -> Figure:
    """Draw the activation that each target attains, asked for, and has at rest.

    Parameters
    ----------
    table : DataFrame
        As of `targets_by_group`.
    limit : int
        Rows to draw; those that attain most come first, the others are summed up in one row.

    Returns
    -------
    plotly Figure
        A row a target or a group of targets. Dots: attained (mean; the line behind it runs from
        the lowest to the highest of the group); diamonds: asked; ticks: without any stimulus.
        Activations are dimensionless, from 0 to 1. Without targets, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["AVAL"], "step": 3, "value": 1.0, "n": 1, "resting": 0.0,
    ...                       "attained": 0.95, "lowest": 0.95, "highest": 0.95, "reached": 0,
    ...                       "shortest_walk": 1})
    >>> [(trace.name, trace.x) for trace in plot_targets(table).data]
    [('attained', (0.95,)), ('asked', (1.0,)), ('without stimulus', (0.0,))]
    """
    go = graph_objects()
    if not len(table):
        return message_figure("There are no targets.")
    drawn = strongest_targets(table, limit)
    places = list(range(len(drawn)))
    hover = [_hover_text(row) for _, row in drawn.iterrows()]
    figure = new_figure(
        110 + _ROW * len(drawn),
        xaxis={"title": {"text": "activation (0 silent, 1 maximal)"}, "range": [-0.03, 1.06]},
        yaxis={"tickvals": places, "ticktext": _row_labels(drawn)},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False)
    figure.update_yaxes(
        range=[len(drawn) - 0.5, -0.5], gridcolor=GRID, zeroline=False, automargin=True
    )
    attained, ticks = drawn["attained"], {"symbol": "line-ns-open", "size": 12, "color": INK}
    marks = {
        "attained": (attained, {"symbol": "circle", "size": 12, "color": "#3d2683"}),
        "asked": (drawn["value"], {"symbol": "diamond-open", "size": 13, "color": "#d55e00"}),
        "without stimulus": (drawn["resting"], ticks),
    }
    for name, (values, marker) in marks.items():
        figure.add_trace(
            go.Scatter(
                x=values.astype(float).tolist(),
                y=places,
                name=name,
                mode="markers",
                marker={**marker, "line": {"width": 2}} if name != "attained" else marker,
                text=hover,
                hovertemplate="%{text}<extra></extra>",
            )
        )
    if (drawn["n"] > 1).any():
        figure.data[0].error_x = {
            "type": "data",
            "symmetric": False,
            "array": (drawn["highest"] - attained).tolist(),
            "arrayminus": (attained - drawn["lowest"]).tolist(),
            "color": "#a298cd",
            "thickness": 4,
            "width": 0,
        }
    return figure


def _row_labels(drawn: pd.DataFrame) -> list[str]:
    several_steps = len(set(drawn["step"].dropna())) > 1
    labels = []
    for group, step, n in zip(drawn["group"], drawn["step"], drawn["n"], strict=True):
        label = plain(short(group, _LABEL))
        label += f" · {n:,}" if n > 1 else ""
        labels.append(f"{label}, step {step}" if several_steps and pd.notna(step) else label)
    return labels


def _hover_text(row: pd.Series) -> str:
    text = f"<b>{plain(row['group'])}</b>"
    text += f" at step {row['step']}" if pd.notna(row["step"]) else ""
    if row["n"] > 1:
        text += f": {row['n']:,} targets, {row['reached']:,} reached"
    text += f"<br>attained {row['attained']:.3f}"
    text += f", asked {row['value']:.3g}" if pd.notna(row["value"]) else ""
    if row["n"] > 1:
        text += f"<br>from {row['lowest']:.3f} to {row['highest']:.3f}"
    return f"{text}<br>without stimulus {row['resting']:.3f}"

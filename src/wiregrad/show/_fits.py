"""Figures of a fit: what was measured and predicted, what is left, and the parameters."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from ._plotly import (
    EXCITATION,
    GRID,
    INK,
    LEGEND_ABOVE,
    Figure,
    graph_objects,
    message_figure,
    new_figure,
    plain,
    square,
)

__all__ = ["HasFit", "plot_fit", "plot_parameters", "plot_residuals"]

_TRAINED, _HELD_OUT = "#a298cd", EXCITATION
_MOST_POINTS = 5_000
_MOST_VALUES = 140
_UNIT = "unit of the recording"


class HasFit(Protocol):
    """A result of `Trainer.fit`."""

    @property
    def predictions(self) -> pd.DataFrame:
        """A row a value measured."""

    @property
    def parameters(self) -> pd.DataFrame:
        """A row a value trained."""


def plot_fit(result: HasFit) -> Figure:
    """Draw what is predicted over what was measured.

    Parameters
    ----------
    result : result of `Trainer.fit`

    Returns
    -------
    plotly Figure
        A dot a value, of stimuli trained on and held out; on the line the two are equal. Of more
        than 5,000 values every so many is drawn, as the title says.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"batch": [0, 1], "channel": ["AVA", "AVA"], "layer": [1.0, 1.0],
    ...                       "value": [0.2, 0.4], "predicted": [0.3, 0.4],
    ...                       "held_out": [False, True]})
    >>> figure = plot_fit(SimpleNamespace(predictions=table))
    >>> [(trace.name, trace.x, trace.y) for trace in figure.data[:2]]
    [('trained on', (0.2,), (0.3,)), ('held out', (0.4,), (0.4,))]
    """
    rows, note = _some(result.predictions)
    if not len(rows):
        return message_figure("Nothing was measured.")
    figure = _scatter(rows, rows["predicted"], f"predicted ({_UNIT})", note)
    both = rows[["value", "predicted"]].to_numpy(dtype=float)
    ends = [float(both.min()), float(both.max())]
    _line(figure, ends, ends)
    square(figure)
    return figure


def plot_residuals(result: HasFit) -> Figure:
    """Draw what is left, measured minus predicted, over what is predicted.

    Parameters
    ----------
    result : result of `Trainer.fit`

    Returns
    -------
    plotly Figure
        As `plot_fit`. A cloud that leans or bends tells of what the model cannot do.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.
    """
    rows, note = _some(result.predictions)
    if not len(rows):
        return message_figure("Nothing was measured.")
    left = rows["value"] - rows["predicted"]
    figure = _scatter(rows, left, f"measured minus predicted ({_UNIT})", note, over="predicted")
    predicted = rows["predicted"].to_numpy(dtype=float)
    _line(figure, [float(predicted.min()), float(predicted.max())], [0.0, 0.0])
    return figure


def plot_parameters(result: HasFit, parameter: str | None = None) -> Figure:
    """Draw values before and after training, with their range over the starts.

    Parameters
    ----------
    result : result of `Trainer.fit`
    parameter : str, optional
        Which kind; by default the first.

    Returns
    -------
    plotly Figure
        A row a value, those that changed most first, 140 at most. Diamonds: before; dots: after;
        lines: from the lowest to the highest of the starts.

    Raises
    ------
    ValueError
        If that kind was not trained.
    ModuleNotFoundError
        If plotly is not installed.
    """
    go, table = graph_objects(), result.parameters
    kinds = list(pd.unique(table["parameter"]))
    if not kinds:
        return message_figure("Nothing was trained.")
    parameter = kinds[0] if parameter is None else parameter
    if parameter not in kinds:
        raise ValueError(f"{parameter!r} was not trained: there are {', '.join(kinds)}")
    rows = table[table["parameter"] == parameter]
    change = (rows["fitted"] - rows["start"]).abs()
    rows = rows.loc[change.sort_values(ascending=False, kind="stable").index[:_MOST_VALUES]]
    places = list(range(len(rows)))
    labels = [
        plain(name if pd.isna(post) else f"{name} to {post}")
        for name, post in zip(rows["name"], rows["post"], strict=True)
    ]
    figure = new_figure(
        110 + 20 * len(rows),
        xaxis={"title": {"text": plain(parameter)}},
        yaxis={"tickvals": places, "ticktext": labels, "automargin": True},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )
    figure.update_yaxes(range=[len(rows) - 0.5, -0.5], gridcolor=GRID, zeroline=False)
    figure.update_xaxes(gridcolor=GRID, zeroline=False)
    spread = {
        "type": "data",
        "symmetric": False,
        "array": (rows["highest"] - rows["fitted"]).clip(lower=0).tolist(),
        "arrayminus": (rows["fitted"] - rows["lowest"]).clip(lower=0).tolist(),
        "color": _TRAINED,
        "thickness": 4,
        "width": 0,
    }
    dots = {"symbol": "circle", "size": 9, "color": "#3d2683"}
    before = {"symbol": "diamond-open", "size": 9, "color": INK}
    for name, marker, bar in (("fitted", dots, spread), ("start", before, None)):
        figure.add_trace(
            go.Scatter(
                x=rows[name].astype(float).tolist(),
                y=places,
                name={"fitted": "after", "start": "before"}[name],
                mode="markers",
                marker=marker,
                error_x=bar,
                text=labels,
                hovertemplate="%{text}: %{x:.4g}<extra></extra>",
            )
        )
    return figure


def _some(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows, or where they are too many every so many, and what to say of it."""
    every = int(np.ceil(len(rows) / _MOST_POINTS))
    if every <= 1:
        return rows, ""
    return rows.iloc[::every], f" · 1 of {every} of {len(rows):,} values"


def _scatter(
    rows: pd.DataFrame, heights: pd.Series, title: str, note: str, over: str = "value"
) -> Figure:
    go = graph_objects()
    across = {"value": f"measured ({_UNIT})", "predicted": f"predicted ({_UNIT})"}[over]
    figure = new_figure(
        420,
        xaxis={"title": {"text": across + note}},
        yaxis={"title": {"text": title}, "automargin": True},
        legend=LEGEND_ABOVE,
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False)
    figure.update_yaxes(gridcolor=GRID, zeroline=False)
    for name, colour, held_out in (
        ("trained on", _TRAINED, False),
        ("held out", _HELD_OUT, True),
    ):
        part = rows["held_out"] == held_out
        if part.any():
            figure.add_trace(
                go.Scatter(
                    x=rows.loc[part, over].astype(float).tolist(),
                    y=heights[part].astype(float).tolist(),
                    name=name,
                    mode="markers",
                    marker={"color": colour, "size": 6, "opacity": 0.7},
                    text=[plain(c) for c in rows.loc[part, "channel"]],
                    customdata=rows.loc[part, "batch"].tolist(),
                    hovertemplate="%{text}, stimulus %{customdata}<br>%{x:.3g}, %{y:.3g}"
                    "<extra></extra>",
                )
            )
    return figure


def _line(figure: Figure, x: list[float], y: list[float]) -> None:
    figure.add_trace(
        graph_objects().Scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": INK, "width": 1, "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
    )

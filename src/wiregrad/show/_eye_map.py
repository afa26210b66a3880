"""The columns of the eye as hexagons, coloured by a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._ngl_colours import colours_of, range_of
from ._plotly import (
    ACTIVATION_SCALE,
    SIGNED_SCALE,
    Figure,
    colour_bar,
    graph_objects,
    message_figure,
    new_figure,
    plain,
)

__all__ = ["plot_eye_map"]

_ACROSS = 3
_SIDE = 300  # pixels of a panel
_LEVELS = 48  # of colour
_CORNERS = np.linspace(0, 2 * np.pi, 7)
_MOST_STEPS = 12
_UNKNOWN = "#d9dbe0"


def plot_eye_map(
    table: pd.DataFrame,
    value: str = "activation",
    *,
    title: str | None = None,
    slant: int = 1,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw values on the hexagonal grid of the eye's columns, a panel a step.

    Parameters
    ----------
    table : DataFrame
        Columns `u` and `v`, the coordinates of hexagonal columns, and `value`; a panel for each
        `step`, if there is such a column: as of `activity_on_grid`. Of a column named several
        times, the mean is drawn.
    value : str
        The column to draw.
    title : str, optional
        What the values are, with their unit; by default the name of the column.
    slant : {1, -1}
        Which columns touch besides those one apart in u or in v: (1, -1), as in `flyvis_column`, or
        with -1 those at (1, 1), as with FlyWire's `hex_p` and `hex_q`.
    limits : (float, float), optional
        Range of the colours. By default from 0 to the largest value; with negative values,
        symmetrical around 0.

    Returns
    -------
    plotly Figure
        Equal scales in both directions; u grows downwards, v to the right (their axes are 120
        degrees apart). Signed values: vermilion above 0, blue below. At most 12 steps, evenly
        chosen. Without any column, a figure that says so.

    Raises
    ------
    ValueError
        If a column of the table is missing, or `slant` is neither 1 nor -1.
    ModuleNotFoundError
        If plotly is not installed.

    Notes
    -----
    Cost: two lists of 8 points for each hexagon. Columns of one colour are one shape.

    Examples
    --------
    >>> table = pd.DataFrame({"u": [0, 1, 0], "v": [0, 0, 1], "activation": [0.0, 0.5, 1.0]})
    >>> figure = plot_eye_map(table)
    >>> [trace.fillcolor for trace in figure.data if trace.fill]
    ['#f6f5fa', '#a298cd', '#3d2683']
    """
    go = graph_objects()
    missing = [name for name in ("u", "v", value) if name not in table.columns]
    if missing:
        raise ValueError(
            f"the table has no column {missing[0]!r}: it has {', '.join(map(str, table.columns))}; "
            "activity_on_grid makes such a table"
        )
    if slant not in (1, -1):
        raise ValueError(f"slant is {slant!r}: it is 1 or -1")
    table = table.assign(step=table["step"] if "step" in table.columns else 0)
    table = table[table["u"].notna() & table["v"].notna()]
    if not len(table):
        return message_figure("No neuron has a column of the eye.")
    table = table.groupby(["step", "u", "v"])[value].mean().reset_index()
    steps = _chosen(sorted(table["step"].unique().tolist()))
    values = table[value].to_numpy(dtype=np.float64)
    low, high = range_of(values) if limits is None else limits
    scale = SIGNED_SCALE if low < 0 else ACTIVATION_SCALE
    table = table.assign(x=1.5 * table["v"], y=np.sqrt(3) * (table["u"] + slant * table["v"] / 2.0))
    figure = _empty(table, steps, named=len(set(table["step"])) > 1)
    rows = dict(iter(table.groupby("step")))
    for place, step in enumerate(steps):
        at = {"row": place // _ACROSS + 1, "col": place % _ACROSS + 1}
        for shape in _hexagons(go, rows[step], value, (low, high), scale):
            figure.add_trace(shape, **at)
        shown = {"low": low, "high": high, "scale": scale, "title": title or value}
        figure.add_trace(_marks(go, rows[step], value, shown, bar=place == 0), **at)
    return figure


def _chosen(steps: list[Any]) -> list[Any]:
    if len(steps) <= _MOST_STEPS:
        return steps
    places = {round(i * (len(steps) - 1) / (_MOST_STEPS - 1)) for i in range(_MOST_STEPS)}
    return [steps[place] for place in sorted(places)]


def _empty(table: pd.DataFrame, steps: Sequence[Any], named: bool) -> Figure:
    across = min(_ACROSS, len(steps))
    down = -(-len(steps) // across)
    figure = new_figure(
        down * _SIDE + 60, margin={"l": 10, "r": 10, "t": 34, "b": 16}, showlegend=False
    )
    figure.set_subplots(
        rows=down,
        cols=across,
        subplot_titles=[_name(step) for step in steps] if named else None,
        horizontal_spacing=0.02,
        vertical_spacing=34 / (down * _SIDE) if down > 1 else 0,
    )
    figure.update_annotations(font={"size": 12})
    x, y = table["x"], table["y"]
    figure.update_xaxes(visible=False, range=[x.min() - 1.5, x.max() + 1.5], constrain="domain")
    figure.update_yaxes(visible=False, range=[y.max() + 1.5, y.min() - 1.5])
    for place in range(len(steps)):
        number = "" if place == 0 else str(place + 1)
        row, column = place // across + 1, place % across + 1
        figure.update_yaxes(
            scaleanchor=f"x{number}", scaleratio=1, constrain="domain", row=row, col=column
        )
    return figure


def _name(step: Any) -> str:
    whole = isinstance(step, (int, np.integer)) or float(step).is_integer()
    return f"step {int(step)}" if whole and step else "stimulus" if whole else plain(step)


def _hexagons(
    go: Any,
    table: pd.DataFrame,
    value: str,
    limits: tuple[float, float],
    scale: Sequence[tuple[float, str]],
) -> list[Any]:
    """Draw all columns of one colour as one shape: thousands are still drawn at once."""
    low, high = limits
    values = table[value].to_numpy(dtype=np.float64)
    known = np.isfinite(values)
    part = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1)
    level = np.where(known, np.rint(part * _LEVELS), -1).astype(int)
    stops = [colour for _, colour in scale]
    shapes = []
    for each in np.unique(level):
        rows = np.flatnonzero(level == each)
        colour = _UNKNOWN
        if each >= 0:
            colour = colours_of(np.array([each / _LEVELS]), (0.0, 1.0), stops)[0]
        corners = np.append(_CORNERS, np.nan)  # a gap after each hexagon
        x = table["x"].to_numpy()[rows, None] + 0.98 * np.cos(corners)
        y = table["y"].to_numpy()[rows, None] + 0.98 * np.sin(corners)
        shapes.append(
            go.Scatter(
                x=_with_gaps(x),
                y=_with_gaps(y),
                mode="lines",
                fill="toself",
                fillcolor=colour,
                line={"width": 0.5, "color": "#c4c7ce"},
                hoverinfo="skip",
            )
        )
    return shapes


def _with_gaps(points: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(point) else point for point in points.ravel().round(3).tolist()]


def _marks(go: Any, table: pd.DataFrame, value: str, shown: dict[str, Any], bar: bool) -> Any:
    """Invisible marks that hold the texts to hover, and the scale of the colours."""
    texts = [
        f"u {u:g}, v {v:g}: {plain(f'{number:.3g}')}"
        for u, v, number in zip(table["u"], table["v"], table[value], strict=True)
    ]
    return go.Scatter(
        x=table["x"].round(3).tolist(),
        y=table["y"].round(3).tolist(),
        mode="markers",
        text=texts,
        hovertemplate="%{text}<extra></extra>",
        marker={
            "opacity": 0,
            "size": 8,
            "color": table[value].tolist(),
            "cmin": shown["low"],
            "cmax": shown["high"],
            "colorscale": [list(stop) for stop in shown["scale"]],
            "showscale": bar,
            "colorbar": {
                **colour_bar(shown["title"]),
                "len": 220,
                "lenmode": "pixels",
                "nticks": 5,
            },
        },
    )

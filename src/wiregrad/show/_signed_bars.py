"""Ranked signed amounts as bars from 0, beside what null models show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ._plotly import (
    EXCITATION,
    GREY,
    GRID,
    INHIBITION,
    INK,
    SOFT,
    Figure,
    graph_objects,
    new_figure,
    plain,
)

__all__ = ["Nulls", "signed_bars"]

_ROW = 22  # pixels


@dataclass(frozen=True)
class Nulls:
    """What null models show of each row: mean, standard deviation, and what to say of both."""

    mean: npt.NDArray[np.float64]
    sd: npt.NDArray[np.float64]
    name: str


def signed_bars(
    labels: Sequence[str],
    values: npt.NDArray[np.float64],
    what: str,
    hover: Sequence[str],
    nulls: Nulls | None = None,
    notes: Sequence[str] | None = None,
) -> Figure:
    """Draw amounts as bars to the right of 0, vermilion, and to its left, blue.

    Parameters
    ----------
    labels : sequence of str
        At least one; they are escaped.
    values : ndarray of float64
        In the order in which they are to be drawn, from above.
    what : str
        What they are, with their unit; escaped.
    hover : sequence of str
        Escaped already.
    nulls : Nulls, optional
        A diamond and a line to both sides of it in each row.
    notes : sequence of str, optional
        Short texts to the right of the rows; escaped.
    """
    go = graph_objects()
    places = list(range(len(values)))
    figure = new_figure(
        96 + _ROW * len(values),
        xaxis={"title": {"text": plain(what)}, "range": _range(values, nulls)},
        yaxis={
            "tickvals": places,
            "ticktext": [plain(label) for label in labels],
            "range": [len(values) - 0.5, -0.5],
            "automargin": True,
        },
        bargap=0.3,
        showlegend=nulls is not None,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=True, zerolinecolor=INK, zerolinewidth=1)
    figure.update_yaxes(showgrid=False, zeroline=False, ticks="")
    figure.add_trace(
        go.Bar(
            x=values.tolist(),
            y=places,
            orientation="h",
            name="the network asked",
            marker={"color": [INHIBITION if value < 0 else EXCITATION for value in values]},
            text=list(hover),
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    )
    if nulls is not None:
        figure.add_trace(
            go.Scatter(
                x=nulls.mean.tolist(),
                y=places,
                name=plain(nulls.name),
                mode="markers",
                marker={
                    "symbol": "diamond",
                    "size": 9,
                    "color": "#ffffff",
                    "line": {"color": INK, "width": 1.2},
                },
                error_x={
                    "type": "data",
                    "array": nulls.sd.tolist(),
                    "color": GREY,
                    "thickness": 2,
                    "width": 3,
                },
                hoverinfo="skip",
            )
        )
    for place, note in enumerate(notes or ()):
        if note:
            figure.add_annotation(
                text=plain(note),
                x=1,
                xref="paper",
                y=place,
                xanchor="left",
                showarrow=False,
                font={"size": 11, "color": SOFT},
            )
    if notes:
        figure.update_layout(margin={"r": 20 + 7 * max(map(len, notes))})
    return figure


def _range(values: npt.NDArray[np.float64], nulls: Nulls | None) -> list[float]:
    """Return what all of it fits in, with 0 always among it."""
    parts = [values, np.zeros(1)]
    parts += [nulls.mean - nulls.sd, nulls.mean + nulls.sd] if nulls is not None else []
    every = np.concatenate(parts)
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    room = 0.04 * ((high - low) or 1.0)
    return [low - room if low < 0 else -room / 2, high + room if high > 0 else room / 2]

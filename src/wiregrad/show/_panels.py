"""Figures of several panels, side by side with one scale, and the colours of their curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ._plotly import GRID, Figure, new_figure, plain, short

__all__ = ["CURVES", "new_panels"]

#: Colour, dash and mark of curves that share a panel. The colours are of Okabe and Ito (2008);
#: dashes and marks tell them apart without any colour.
CURVES = (
    ("#0072b2", "solid", "circle"),
    ("#d55e00", "dash", "square"),
    ("#009e73", "dot", "diamond"),
    ("#cc79a7", "dashdot", "triangle-up"),
    ("#56b4e9", "longdash", "cross"),
    ("#e69f00", "solid", "x"),
    ("#22272e", "dash", "star"),
    ("#8c6d00", "dot", "hexagon"),
)

_GRID = GRID
_TITLE = 24  # characters
_TOP, _BOTTOM, _BETWEEN = 46, 52, 44  # pixels


def new_panels(
    titles: Sequence[str],
    across: int,
    height: int,
    x_title: str,
    y_title: str,
    **layout: Any,
) -> Figure:
    """Make a figure of empty panels, all with the same axes.

    Parameters
    ----------
    titles : sequence of str
        One a panel; they are escaped.
    across : int
        Panels in a row.
    height : int
        Of a panel, in pixels.
    x_title, y_title : str
        Written once for all panels; escaped.
    """
    across = min(across, max(len(titles), 1))
    down = -(-len(titles) // across)
    inside = down * height + (down - 1) * _BETWEEN
    figure = new_figure(
        inside + _TOP + _BOTTOM, margin={"l": 64, "r": 20, "t": _TOP, "b": _BOTTOM}, **layout
    )
    figure.set_subplots(
        rows=down,
        cols=across,
        shared_xaxes="all",
        shared_yaxes="all",
        subplot_titles=[plain(short(title, _TITLE)) for title in titles],
        vertical_spacing=_BETWEEN / inside if down > 1 else 0,
        horizontal_spacing=min(0.03, 0.3 / across),
    )
    figure.update_annotations(font={"size": 12})
    figure.update_xaxes(gridcolor=_GRID, zeroline=False, ticks="outside", tickcolor=_GRID)
    figure.update_yaxes(gridcolor=_GRID, zeroline=False)
    _title_once(figure, x_title, y_title, inside)
    last = len(titles) - across * (down - 1)
    for column in range(last + 1, across + 1):  # the row above has the last panels there
        figure.update_xaxes(visible=False, row=down, col=column)
        figure.update_yaxes(visible=False, row=down, col=column)
        if down > 1:
            figure.update_xaxes(showticklabels=True, row=down - 1, col=column)
    return figure


def _title_once(figure: Figure, x_title: str, y_title: str, inside: int) -> None:
    common = {"xref": "paper", "yref": "paper", "showarrow": False, "font": {"size": 13}}
    figure.add_annotation(
        text=plain(x_title), x=0.5, y=-30 / inside, xanchor="center", yanchor="top", **common
    )
    figure.add_annotation(
        text=plain(y_title),
        x=0,
        y=0.5,
        xshift=-50,
        xanchor="center",
        yanchor="middle",
        textangle=-90,
        **common,
    )

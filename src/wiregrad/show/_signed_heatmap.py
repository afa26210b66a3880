"""Signed amounts by group and step, on a scale that is centred at 0."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._heatmap import cell_numbers, step_name
from ._plotly import (
    SIGNED_SCALE,
    Figure,
    colour_bar,
    graph_objects,
    message_figure,
    new_figure,
    plain,
    short,
)

__all__ = ["signed_heatmap"]

_ROW, _LABEL = 24, 22  # pixels, characters
_MOST_WITH_NUMBERS = 600  # cells
_MOST_NAMED = 30  # steps
_DARK = 0.6  # part of the largest amount above which a cell asks for light letters


def signed_heatmap(
    table: pd.DataFrame, values: str, what: str, steps: str, limit: int, nothing: str = ""
) -> Figure:
    """Draw signed amounts: a row a group, a column a step.

    Parameters
    ----------
    table : DataFrame
        Columns `group`, `step`, and
    values : str
        the column with the amounts; those of one group and step are added up. With columns `n`,
        the size of the group stands behind its name; `min` and `max` are told on hovering.
    what : str
        What the amounts are, with their unit.
    steps : str
        Title of the horizontal axis.
    limit : int
        Groups to draw: those with the largest amounts, whatever their signs. How many are not
        drawn is said on the axis.
    nothing : str
        What to say where all amounts are 0.

    Returns
    -------
    plotly Figure
        What is not in the table is left white, 0 is light grey. Without any amount, a figure that
        says so.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["a", "b"], "step": 1, "change": [0.25, -0.5]})
    >>> signed_heatmap(table, "change", "change", "step", 10).layout.yaxis.ticktext
    ('b', 'a')
    """
    go = graph_objects()
    grid = table.assign(group=table["group"].astype(object)).pivot_table(
        index="group", columns="step", values=values, aggfunc="sum"
    )
    size = grid.abs().max(axis=1)
    size = size[size > 0].sort_values(ascending=False, kind="stable")
    if size.empty:
        return message_figure(nothing or f"There is no {what}: it is 0 everywhere.")
    left = len(size) - limit
    grid = grid.loc[size.index[:limit]]
    amounts, largest = grid.to_numpy(dtype=np.float64), float(size.iloc[0])
    title = steps + (f" · {left:,} more groups are not drawn" if left > 0 else "")
    named = len(grid.columns) <= _MOST_NAMED
    figure = new_figure(
        100 + _ROW * len(grid),
        xaxis={
            "title": {"text": plain(title)},
            "tickvals": list(range(len(grid.columns))) if named else None,
            "ticktext": [step_name(int(step)) for step in grid.columns] if named else None,
            "range": [-0.5, len(grid.columns) - 0.5],
        },
        yaxis={
            "range": [len(grid) - 0.5, -0.5],
            "tickvals": list(range(len(grid))),
            "ticktext": _labels(table, grid),
            "automargin": True,
        },
    )
    figure.update_xaxes(showgrid=False, zeroline=False)
    figure.update_yaxes(showgrid=False, zeroline=False, ticks="")
    figure.add_trace(
        go.Heatmap(
            z=[[None if np.isnan(cell) else cell for cell in row] for row in amounts.tolist()],
            zmin=-largest,
            zmax=largest,
            colorscale=[list(stop) for stop in SIGNED_SCALE],
            colorbar=colour_bar(what),
            hovertext=_hover(table, grid),
            hovertemplate="%{hovertext}<extra></extra>",
            xgap=2,
            ygap=2,
        )
    )
    if amounts.size <= _MOST_WITH_NUMBERS:
        texts = np.array([[f"{cell:+.2g}" for cell in row] for row in amounts], dtype=object)
        texts[np.isnan(amounts) | (amounts == 0)] = ""
        figure.add_trace(cell_numbers(texts, np.abs(amounts) > _DARK * largest))
    return figure


def _labels(table: pd.DataFrame, grid: pd.DataFrame) -> list[str]:
    """Name the groups, and say how many neurons each has where that is known."""
    names = [plain(short(name, _LABEL)) for name in grid.index]
    if "n" not in table.columns:
        return names
    sizes = table.groupby(table["group"].astype(object))["n"].first()
    return [f"{name} · {n:,}" for name, n in zip(names, sizes[grid.index], strict=True)]


def _hover(table: pd.DataFrame, grid: pd.DataFrame) -> list[list[str]]:
    ranges: dict[tuple[object, object], str] = {}
    if {"n", "min", "max"} <= set(table.columns):
        drawn = table[table["group"].isin(grid.index)]
        columns = [drawn[name] for name in ("group", "step", "n", "min", "max")]
        ranges = {
            (group, step): f"<br>mean of {n:,}, from {low:+.3g} to {high:+.3g}"
            for group, step, n, low, high in zip(*columns, strict=True)
        }
    return [
        [
            f"<b>{plain(group)}</b>, step {step}: {amount:+.3g}{ranges.get((group, step), '')}"
            for step, amount in zip(grid.columns, row, strict=True)
        ]
        for group, row in zip(grid.index, grid.to_numpy(), strict=True)
    ]

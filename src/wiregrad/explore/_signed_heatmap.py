"""Signed amounts by group and step, on a scale that is centred at 0."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..show.drawing import (
    INK,
    Figure,
    graph_objects,
    message_figure,
    new_figure,
    plain,
    short,
    step_name,
)

__all__ = ["signed_heatmap"]

_ROW, _LABEL = 24, 22  # pixels, characters
_MOST_WITH_NUMBERS = 600  # cells
_DARK = 0.6  # part of the largest amount above which a cell asks for light letters

# From blue to vermilion, told apart in every form of colour blindness; white is 0.
_SCALE = (
    (0.0, "#00568a"),
    (0.25, "#7fb3d5"),
    (0.5, "#ffffff"),
    (0.75, "#eda06a"),
    (1.0, "#b84f00"),
)


def signed_heatmap(table: pd.DataFrame, values: str, what: str, steps: str, limit: int) -> Figure:
    """Draw signed amounts: a row a group, a column a step.

    Parameters
    ----------
    table : DataFrame
        Columns `group`, `step`, and
    values : str
        the column with the amounts; those of one group and step are added up.
    what : str
        What the amounts are, with their unit.
    steps : str
        Title of the horizontal axis.
    limit : int
        Groups to draw: those with the largest amounts, whatever their signs.

    Returns
    -------
    plotly Figure
        Without any amount, a figure that says so.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["a", "b"], "step": 1, "change": [0.25, -0.5]})
    >>> signed_heatmap(table, "change", "change", "step", 10).layout.yaxis.ticktext
    ('b', 'a')
    """
    go = graph_objects()
    grid = table.pivot_table(index="group", columns="step", values=values, aggfunc="sum")
    grid = grid.fillna(0.0)
    size = grid.abs().max(axis=1)
    size = size[size > 0].sort_values(ascending=False, kind="stable").head(limit)
    if size.empty:
        return message_figure(f"There is no {what}: it is 0 everywhere.")
    grid = grid.loc[size.index]
    amounts, largest = grid.to_numpy(dtype=np.float64), float(size.iloc[0])
    names = [plain(short(name, _LABEL)) for name in grid.index]
    figure = new_figure(
        100 + _ROW * len(names),
        xaxis={
            "title": {"text": plain(steps)},
            "tickvals": list(range(len(grid.columns))),
            "ticktext": [step_name(int(step)) for step in grid.columns.to_numpy()],
            "range": [-0.5, len(grid.columns) - 0.5],
        },
        yaxis={
            "range": [len(names) - 0.5, -0.5],
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "automargin": True,
        },
    )
    figure.update_xaxes(showgrid=False, zeroline=False)
    figure.update_yaxes(showgrid=False, zeroline=False, ticks="")
    figure.add_trace(
        go.Heatmap(
            z=amounts.tolist(),
            zmin=-largest,
            zmax=largest,
            colorscale=_SCALE,
            colorbar={"title": {"text": plain(what), "side": "right"}, "thickness": 12},
            hovertemplate="%{y}, step %{x}: %{z:+.3g}<extra></extra>",
            xgap=2,
            ygap=2,
        )
    )
    if amounts.size <= _MOST_WITH_NUMBERS:
        row, column = np.nonzero(amounts)
        shown = amounts[row, column]
        figure.add_trace(
            go.Scatter(
                x=column.tolist(),
                y=row.tolist(),
                mode="text",
                text=[f"{amount:+.2g}" for amount in shown],
                textfont={
                    "size": 12,
                    "color": np.where(abs(shown) > _DARK * largest, "#ffffff", INK).tolist(),
                },
                hoverinfo="skip",
                showlegend=False,
            )
        )
    return figure

"""Groups by steps, as a heatmap: stimuli and activations look alike."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._plotly import (
    ACTIVATION_SCALE,
    INK,
    Figure,
    colour_bar,
    graph_objects,
    new_figure,
    plain,
    short,
)

__all__ = ["cell_numbers", "group_heatmap", "heatmap_width", "step_name"]

_ROW = 24  # pixels
_LABEL = 22  # characters
_MOST_WITH_NUMBERS = 600  # cells
_DARK = 0.62  # value above which the colour of a cell asks for light letters


def group_heatmap(
    table: pd.DataFrame, what: str, steps: str, marked: Collection[str] = ()
) -> Figure:
    """Draw a table of `strongest_groups`: a row a group, a column a step.

    Colours, and the numbers in the cells, are means over the active members of a group; how many
    of its neurons that are stands behind the number where it is not all. A scale of the colours is
    drawn where there are too many cells for numbers.

    Parameters
    ----------
    table : DataFrame
        Not empty.
    what : str
        What the values are.
    steps : str
        Title of the horizontal axis.
    marked : collection of str
        Groups to print in bold.
    """
    go = graph_objects()
    rows = table.groupby(["group", "n_groups"], sort=False).ngroup().to_numpy()
    columns, of_step = np.unique(table["step"], return_inverse=True)
    shape = (int(rows.max()) + 1, len(columns))
    values, texts = np.zeros(shape), np.full(shape, "", dtype=object)
    hover = np.full(shape, "", dtype=object)
    values[rows, of_step] = _mean_of_active(table)
    numbered = values.size <= _MOST_WITH_NUMBERS
    texts[rows, of_step] = _cell_texts(table) if numbered else ""
    hover[rows, of_step] = _hover_texts(table, what)
    firsts = table.groupby(["group", "n_groups"], sort=False).first().reset_index()
    figure = new_figure(
        100 + _ROW * len(firsts),
        xaxis={"title": {"text": plain(steps)}, "tickvals": list(range(len(columns)))},
        yaxis={
            "range": [len(firsts) - 0.5, -0.5],
            "tickvals": list(range(len(firsts))),
            "ticks": "",
        },
    )
    figure.update_xaxes(
        range=[-0.5, len(columns) - 0.5],
        ticktext=[step_name(step) for step in columns],
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        ticktext=_row_labels(firsts, marked), showgrid=False, zeroline=False, automargin=True
    )
    figure.add_trace(
        go.Heatmap(
            z=values.tolist(),
            hovertext=hover.tolist(),
            hovertemplate="%{hovertext}<extra></extra>",
            zmin=0,
            zmax=1,
            colorscale=ACTIVATION_SCALE,
            showscale=not numbered,
            colorbar=colour_bar(what),
            xgap=2,
            ygap=2,
        )
    )
    figure.add_trace(cell_numbers(texts, values > _DARK))
    return figure


def cell_numbers(texts: npt.NDArray[np.object_], dark: npt.NDArray[np.bool_]) -> Any:
    """Write texts into the cells of a heatmap, light on `dark` ones and dark on light ones."""
    rows, columns = np.nonzero(texts != "")
    return graph_objects().Scatter(
        x=columns.tolist(),
        y=rows.tolist(),
        mode="text",
        text=texts[rows, columns].tolist(),
        textfont={
            "size": 12,
            "color": ["#ffffff" if light else INK for light in dark[rows, columns]],
        },
        hoverinfo="skip",
        showlegend=False,
    )


def heatmap_width(figure: Figure) -> int:
    """Width in pixels below which the texts of a heatmap would touch."""
    if not len(figure.data):
        return 0
    longest = max(map(len, figure.data[1].text), default=0)
    label = max(map(len, figure.layout.yaxis.ticktext))
    return 7 * label + len(figure.data[0].z[0]) * (7 * longest + 10) + 30


def step_name(step: int) -> str:
    """Name a step on an axis: before the first hop is the start."""
    return str(step) if step else "start"


def _mean_of_active(table: pd.DataFrame) -> np.ndarray:
    total = (table["mean"] * table["n"]).to_numpy(dtype=np.float64)
    return np.asarray(total / np.maximum(table["n_active"].to_numpy(), 1))


def _cell_texts(table: pd.DataFrame) -> list[str]:
    cells = zip(_mean_of_active(table), table["n_active"], table["n"], strict=True)
    return [_cell_text(mean, active, n) for mean, active, n in cells]


def _cell_text(mean: float, n_active: int, n: int) -> str:
    if not n_active:
        return ""
    return f"{mean:.2f}" if n_active == n else f"{mean:.2f} ({n_active:,}/{n:,})"


def _hover_texts(table: pd.DataFrame, what: str) -> list[str]:
    columns = ["group", "step", "n", "n_active", "mean", "max"]
    rows = table[columns].itertuples(index=False, name=None)
    return [
        f"<b>{plain(group)}</b>, step {step}<br>"
        f"{plain(what)} of the {n_active:,} active of {n:,} neurons: {active:.3f}<br>"
        f"mean over all {n:,}: {mean:.3g}; largest: {largest:.3f}"
        for (group, step, n, n_active, mean, largest), active in zip(
            rows, _mean_of_active(table), strict=True
        )
    ]


def _row_labels(firsts: pd.DataFrame, marked: Collection[str]) -> list[str]:
    labels = []
    for group, n, n_groups in zip(firsts["group"], firsts["n"], firsts["n_groups"], strict=True):
        label = f"{plain(short(group, _LABEL))} · {n:,}"
        if n_groups > 1:
            label = f"<i>{label}</i>"
        labels.append(f"<b>{label}</b>" if n_groups == 1 and group in marked else label)
    return labels

"""What the problems of a sweep attain, and with how many inputs."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pandas as pd

from ._plotly import (
    GREY,
    GRID,
    LEGEND_ABOVE,
    LOG_TICK,
    Figure,
    graph_objects,
    message_figure,
    new_figure,
    plain,
)

__all__ = ["HasProblems", "plot_sweep"]

_STYLES = {
    "reached": ("#0072b2", "circle"),
    "improved": ("#e69f00", "diamond"),
    "stuck": ("#d55e00", "x"),
    "unreachable": (GREY, "line-ns-open"),
}
_HEIGHT, _MOST_LARGE = 420, 300
_ORDER = {name: place for place, name in enumerate(_STYLES)}


class HasProblems(Protocol):
    """A result of many problems: a `SweepResult`, or a batch of activation maximisation."""

    @property
    def targets(self) -> pd.DataFrame:
        """A row a target."""

    @property
    def members(self) -> pd.DataFrame:
        """A row a problem."""


def plot_sweep(result: HasProblems) -> Figure:
    """Draw what each problem of a sweep attains, from the best to the worst, and with what.

    Parameters
    ----------
    result : SweepResult or MaximisationResult

    Returns
    -------
    plotly Figure
        Above: mean activation attained by the targets of a problem, dimensionless, from 0 to 1,
        with a grey line for what was asked. Below: active inputs (entries of the stimulus above 0)
        on a logarithmic scale; problems that take none are not drawn there. Problems stand side by
        side in both, by what they attain. Marks tell their outcomes. Without any problem done, a
        figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> targets = pd.DataFrame({"problem": ["AVA", "AVB"], "attained": [0.4, 0.9], "value": 0.9})
    >>> members = pd.DataFrame({"problem": ["AVA", "AVB"], "status": ["improved", "reached"],
    ...                         "active_inputs": [7, 2]})
    >>> figure = plot_sweep(SimpleNamespace(targets=targets, members=members))
    >>> [(trace.name, trace.y) for trace in figure.data if trace.showlegend]
    [('reached', (0.9,)), ('improved', (0.4,))]
    """
    go = graph_objects()
    table = _by_problem(result)
    if not len(table):
        return message_figure("No problem is done yet.")
    figure = _empty(len(table))
    hover = _texts(table)
    asked = table["asked"].astype(float)
    figure.add_trace(
        go.Scatter(
            x=table["rank"].tolist(),
            y=asked.tolist(),
            name="asked",
            mode="lines" if len(table) > 1 else "markers",
            line={"color": GREY, "width": 1.5},
            marker={"symbol": "line-ew-open", "size": 12, "color": GREY},
            hoverinfo="skip",
            showlegend=False,
        ),
        row=1,
        col=1,
    )
    for status in sorted(set(table["status"]), key=lambda name: (_ORDER.get(name, 9), name)):
        rows = (table["status"] == status).to_numpy()
        colour, symbol = _STYLES.get(status, ("#cc79a7", "square"))
        marker = {
            "color": colour,
            "symbol": symbol,
            "size": 7 if len(table) <= _MOST_LARGE else 4,
            "opacity": 0.85,
        }
        given = {
            "mode": "markers",
            "name": plain(status),
            "legendgroup": plain(status),
            "marker": marker,
            "text": hover[rows].tolist(),
            "hovertemplate": "%{text}<extra></extra>",
        }
        x = table["rank"][rows].tolist()
        attained = table["attained"][rows].tolist()
        inputs = [n if n > 0 else None for n in table["inputs"][rows].tolist()]
        figure.add_trace(go.Scatter(x=x, y=attained, showlegend=True, **given), row=1, col=1)
        figure.add_trace(go.Scatter(x=x, y=inputs, showlegend=False, **given), row=2, col=1)
    if table["inputs"].max() > 0:
        top = np.log10(float(table["inputs"].max()))
        figure.update_yaxes(range=[-0.15, max(top, 1) + 0.15], row=2, col=1)
    return figure


def _by_problem(result: HasProblems) -> pd.DataFrame:
    """Return a row a problem, from the largest mean activation of its targets to the smallest."""
    members, targets = result.members, result.targets
    key = "problem" if "problem" in members.columns else "batch"
    means = targets.groupby(key, sort=False)[["attained", "value"]].mean()
    table = pd.DataFrame(
        {
            "problem": members[key].astype(str),
            "status": members["status"].astype(str),
            "inputs": members["active_inputs"].astype("int64"),
            "attained": means["attained"].reindex(members[key]).to_numpy(dtype=np.float64),
            "asked": means["value"].reindex(members[key]).to_numpy(dtype=np.float64),
        }
    )
    table = table.sort_values("attained", ascending=False, kind="stable", ignore_index=True)
    return table.assign(rank=np.arange(1, len(table) + 1))


def _empty(n: int) -> Figure:
    figure = new_figure(
        _HEIGHT,
        margin={"l": 64, "r": 20, "t": 44, "b": 50},
        legend=LEGEND_ABOVE,
    )
    figure.set_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.6, 0.4], vertical_spacing=0.06
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False, range=[0.5 - 0.01 * n, 1.01 * n + 0.5])
    figure.update_yaxes(gridcolor=GRID, zeroline=False)
    figure.update_xaxes(title=_title("problem, by what its targets attain"), row=2, col=1)
    figure.update_xaxes(showticklabels=False, row=1, col=1)
    figure.update_yaxes(title=_title("mean activation"), range=[-0.04, 1.05], row=1, col=1)
    figure.update_yaxes(title=_title("active inputs"), type="log", dtick=1, row=2, col=1)
    figure.update_yaxes(tickfont={"size": LOG_TICK}, row=2, col=1)
    return figure


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 13}}


def _texts(table: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.object_]]:
    rows = table[["problem", "status", "attained", "asked", "inputs"]].itertuples(index=False)
    return np.array(
        [
            f"<b>{plain(problem)}</b>: {plain(status)}<br>attained {attained:.3f}, asked "
            f"{asked:.3g}<br>{inputs:,} active inputs"
            for problem, status, attained, asked, inputs in rows
        ],
        dtype=object,
    )

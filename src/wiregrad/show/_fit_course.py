"""How a fit went: the losses of its starts over the epochs, and those of folds."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pandas as pd

from ._plotly import (
    EXCITATION,
    GREY,
    GRID,
    LEGEND_ABOVE,
    LOG_TICK,
    SOFT,
    Figure,
    graph_objects,
    message_figure,
    new_figure,
)

__all__ = ["HasCourse", "HasFolds", "plot_fit_losses", "plot_folds"]

_TRAINED, _HELD_OUT = "#0072b2", EXCITATION
_PALE = {_TRAINED: "rgba(0,114,178,0.3)", _HELD_OUT: "rgba(213,94,0,0.3)"}
_MOST_EPOCHS = 1_000  # of a curve
_MOST_CURVES = 40  # of starts that were not kept
_DECADE = 10
_LOSSES = {
    "l1": "mean |difference| (unit of recording)",
    "squared": "mean squared difference (unit squared)",
    "correlation": "1 - correlation (dimensionless)",
}


class HasCourse(Protocol):
    """A result of `Trainer.fit`."""

    @property
    def history(self) -> pd.DataFrame:
        """A row a start and epoch."""

    @property
    def starts(self) -> pd.DataFrame:
        """A row a start."""


class HasFolds(Protocol):
    """A result of `Trainer.cross_validate`."""

    @property
    def folds(self) -> pd.DataFrame:
        """A row a fold."""


def plot_fit_losses(result: HasCourse) -> Figure:
    """Draw the losses of every start of a fit over its epochs.

    Parameters
    ----------
    result : result of `Trainer.fit`

    Returns
    -------
    plotly Figure
        The loss without penalties, of the stimuli trained on (solid) and held out (dashed): strong
        lines for the start that was kept, pale ones for the others, 40 of them at most. The dotted
        vertical line stands at the parameters kept. Logarithmic where losses span more than a
        decade. Without any epoch, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> history = pd.DataFrame({"start": 0, "epoch": [0, 1], "data_loss": [0.4, 0.2],
    ...                         "held_out": [0.5, 0.3]})
    >>> starts = pd.DataFrame({"start": [0], "epoch": [2], "best": [True]})
    >>> figure = plot_fit_losses(SimpleNamespace(history=history, starts=starts))
    >>> [(trace.name, trace.y) for trace in figure.data]
    [('trained on', (0.4, 0.2)), ('held out', (0.5, 0.3))]
    """
    history, starts = result.history, result.starts
    if not len(history):
        return message_figure("No epoch was run.")
    best = starts[starts["best"]].iloc[0]
    by_start = {start: rows.sort_values("epoch") for start, rows in history.groupby("start")}
    others = [start for start in by_start if start != best["start"]][:_MOST_CURVES]
    figure = _empty(history, _what(result))
    for column, name, colour, dash in (
        ("data_loss", "trained on", _TRAINED, "solid"),
        ("held_out", "held out", _HELD_OUT, "dash"),
    ):
        if not history[column].notna().any():
            continue
        pale = [_points(by_start[start], column) for start in others]
        if pale:
            x = [value for curve in pale for value in [*curve[0], None]]
            y = [value for curve in pale for value in [*curve[1], None]]
            line = {"color": _PALE[colour], "width": 1, "dash": dash}
            _add(figure, x, y, f"other starts, {name}", line)
        if best["start"] in by_start:
            line = {"color": colour, "width": 2.5, "dash": dash}
            _add(figure, *_points(by_start[best["start"]], column), name, line)
    figure.add_vline(int(best["epoch"]), line={"color": GREY, "width": 1, "dash": "dot"})
    return figure


def plot_folds(result: HasFolds) -> Figure:
    """Draw the losses of every fold of a cross-validation.

    Parameters
    ----------
    result : result of `Trainer.cross_validate`

    Returns
    -------
    plotly Figure
        For each fold, the loss of the stimuli that its network has not seen (dots), of those
        trained on (diamonds) and of those held out for early stopping (ticks). Without any fold, a
        figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.
    """
    go, folds = graph_objects(), result.folds
    if not len(folds):
        return message_figure("There are no folds.")
    figure = new_figure(
        320,
        xaxis={"title": {"text": "fold"}, "tickformat": "d"},
        yaxis={
            "title": {"text": "loss without penalties"},
            "rangemode": "tozero",
            "automargin": True,
        },
        legend=LEGEND_ABOVE,
    )
    if len(folds) <= 30:
        figure.update_xaxes(tickvals=folds["fold"].tolist())
    figure.update_xaxes(gridcolor=GRID, zeroline=False)
    figure.update_yaxes(gridcolor=GRID, zeroline=False)
    small = len(folds) > 200
    for column, name, colour, symbol in (
        ("test_loss", "predicted, not seen", EXCITATION, "circle"),
        ("train_loss", "trained on", _TRAINED, "diamond-open"),
        ("held_out_loss", "held out for stopping", SOFT, "line-ew-open"),
    ):
        if folds[column].notna().any():
            figure.add_trace(
                go.Scatter(
                    x=folds["fold"].tolist(),
                    y=_known(folds[column]),
                    name=name,
                    mode="markers",
                    marker={"color": colour, "symbol": symbol, "size": 4 if small else 10},
                    hovertemplate="fold %{x}: %{y:.4g}<extra></extra>",
                )
            )
    return figure


def _what(result: object) -> str:
    """Say what the loss of a fit is, where the fit knows it."""
    return _LOSSES.get(str(getattr(result, "arguments", {}).get("loss")), "loss without penalties")


def _empty(history: pd.DataFrame, what: str) -> Figure:
    losses = history[["data_loss", "held_out"]].to_numpy(dtype=np.float64)
    positive = losses[np.isfinite(losses) & (losses > 0)]
    log = len(positive) > 0 and positive.max() > _DECADE * positive.min()
    figure = new_figure(
        340,
        xaxis={"title": {"text": "epoch"}, "rangemode": "tozero"},
        yaxis={
            "title": {"text": what},
            "automargin": True,
            "type": "log" if log else "linear",
            "rangemode": "normal" if log else "tozero",
        },
        legend=LEGEND_ABOVE,
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, dtick=1 if log else None)
    if log:
        figure.update_yaxes(tickfont={"size": LOG_TICK})
    return figure


def _points(rows: pd.DataFrame, column: str) -> tuple[list[float], list[float | None]]:
    """Return the points of a curve; of a long one, every so many epochs and the last."""
    every = int(np.ceil(len(rows) / _MOST_EPOCHS))
    kept = rows.iloc[sorted({*range(0, len(rows), every), len(rows) - 1})]
    return kept["epoch"].tolist(), _known(kept[column])


def _known(values: pd.Series) -> list[float | None]:
    numbers = values.to_numpy(dtype=np.float64)
    return [value if np.isfinite(value) else None for value in numbers.tolist()]


def _add(figure: Figure, x: list[Any], y: list[Any], name: str, line: dict[str, Any]) -> None:
    figure.add_trace(
        graph_objects().Scatter(
            x=x,
            y=y,
            name=name,
            mode="lines+markers" if len(x) == 1 else "lines",
            line=line,
            hovertemplate="epoch %{x}: %{y:.4g}<extra></extra>",
        )
    )

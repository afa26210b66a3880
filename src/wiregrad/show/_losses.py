"""The course of an optimisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from ._plotly import GRID, LEGEND_ABOVE, LOG_TICK, Figure, graph_objects, message_figure, new_figure

__all__ = ["HasLosses", "loss_curves", "plot_losses"]

_MOST_WITH_MARKERS = 30  # passes
_DECADES = 6  # most that a logarithmic axis spans: the search lets its penalties fade to nothing


class HasLosses(Protocol):
    """A result with losses, one entry a pass."""

    @property
    def activation_losses(self) -> list[float]:
        """Squared distance of the targets."""

    @property
    def in_regularisation_losses(self) -> list[float]:
        """Penalty of the stimulus."""

    @property
    def out_regularisation_losses(self) -> list[float]:
        """Penalty of the activations."""


def plot_losses(result: HasLosses) -> Figure:
    """Draw the losses of an optimisation over its passes.

    Parameters
    ----------
    result : result of `activation_maximisation`

    Returns
    -------
    plotly Figure
        A curve a loss. The axis is logarithmic where the losses span more than a decade, and spans
        six decades at most; zeros have no place there and leave a gap. A loss that is 0 throughout
        is named in the legend. Without any pass, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> result = SimpleNamespace(activation_losses=[1.0, 0.01], in_regularisation_losses=[0.1, 0.2],
    ...                          out_regularisation_losses=[0.0, 0.0])
    >>> figure = plot_losses(result)
    >>> figure.layout.yaxis.type, figure.data[2].name
    ('log', 'cost of activity (0 throughout)')
    """
    curves = {
        "distance from the targets": (result.activation_losses, "#22272e", "solid"),
        "cost of the stimulus": (result.in_regularisation_losses, "#009e73", "dash"),
        "cost of activity": (result.out_regularisation_losses, "#cc79a7", "dot"),
    }
    return loss_curves(curves, "pass (forward and backward)", "No pass was made.")


def loss_curves(
    curves: Mapping[str, tuple[Sequence[float], str, str]],
    x_title: str,
    nothing: str,
    first: int = 1,
) -> Figure:
    """Draw losses, one curve each.

    Parameters
    ----------
    curves : dict
        {name: (values, colour, dash)}.
    x_title : str
        What is counted.
    nothing : str
        What to say where there are no values.
    first : int
        Number of the first value.
    """
    go = graph_objects()
    losses = np.concatenate([np.asarray(curve, dtype=float) for curve, *_ in curves.values()])
    if not len(losses):
        return message_figure(nothing)
    positive = losses[np.isfinite(losses) & (losses > 0)]
    log = len(positive) > 0 and positive.max() > 10 * positive.min()
    figure = new_figure(
        320,
        xaxis={"title": {"text": x_title}, "rangemode": "tozero"},
        yaxis={"title": {"text": "loss (dimensionless)"}, "automargin": True},
        legend=LEGEND_ABOVE,
        hovermode="x unified",
    )
    figure.update_xaxes(gridcolor=GRID, zeroline=False)
    figure.update_yaxes(
        gridcolor=GRID,
        zeroline=False,
        type="log" if log else "linear",
        exponentformat="power",
        rangemode="normal" if log else "tozero",
    )
    if log:
        top, span = np.log10(positive.max()), np.log10(positive.max() / positive.min())
        figure.update_yaxes(tickfont={"size": LOG_TICK})
        figure.update_yaxes(dtick=1 if span > 2 else None)  # else 2 and 5 stand between the powers
        if span > _DECADES:
            figure.update_yaxes(range=[top - _DECADES, top + 0.2])
    for name, (curve, colour, dash) in curves.items():
        values = [None if log and value <= 0 else value for value in map(float, curve)]
        figure.add_trace(
            go.Scatter(
                x=list(range(first, first + len(values))),
                y=values,
                name=name if any(curve) else f"{name} (0 throughout)",
                mode="lines" if len(values) > _MOST_WITH_MARKERS else "lines+markers",
                line={"color": colour, "dash": dash, "width": 2},
                hovertemplate="%{y:.4g}",
                showlegend=True,
            )
        )
    return figure

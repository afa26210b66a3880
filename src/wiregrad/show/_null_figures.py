"""Effects and numbers beside those of null models."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from ._plotly import Figure, message_figure, plain, short
from ._signed_bars import Nulls, signed_bars

__all__ = ["HasComparison", "HasEffects", "plot_lesions", "plot_nulls"]

_LABEL = 24  # characters


class HasEffects(Protocol):
    """A result of `lesion_screen`."""

    @property
    def table(self) -> pd.DataFrame:
        """A row a group."""


class HasComparison(Protocol):
    """A result of `ask_of_nulls`."""

    def to_frame(self) -> pd.DataFrame:
        """Return a row a number."""


def plot_lesions(screen: HasEffects, limit: int = 30) -> Figure:
    """Draw what the response loses and gains with each group silenced.

    Parameters
    ----------
    screen : result of `lesion_screen`
    limit : int
        Most groups to draw: those with the largest effects. How many are not drawn is said on the
        axis.

    Returns
    -------
    plotly Figure
        A bar a group: the change of the targets' mean activation, blue where it falls and vermilion
        where it rises. With nulls, a diamond at the mean of the null networks and a line of one
        standard deviation to each side; behind the row, in which share of them the effect is as
        large. `holds_target` is said in the label. Without any effect, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"group": ["FLP", "ASH"], "neurons": 2, "peak": 1.0, "response": 0.2,
    ...                       "effect": [-0.4, 0.1], "holds_target": False})
    >>> figure = plot_lesions(SimpleNamespace(table=table))
    >>> figure.layout.yaxis.ticktext, figure.data[0].x
    (('FLP · 2', 'ASH · 2'), (-0.4, 0.1))
    """
    table = screen.table
    felt = table[table["effect"] != 0]
    if not len(felt):
        return message_figure("No lesion changes the response.")
    rows, left = felt.head(limit), len(felt) - limit
    labels = [
        f"{short(group, _LABEL)} · {n:,}" + (" (target)" if target else "")
        for group, n, target in zip(
            rows["group"], rows["neurons"], rows["holds_target"], strict=True
        )
    ]
    hover = [
        f"<b>{plain(label)}</b><br>change {effect:+.4g}, to {response:.4g}<br>its largest "
        f"activation {peak:.3g}"
        for label, effect, response, peak in zip(
            labels, rows["effect"], rows["response"], rows["peak"], strict=True
        )
    ]
    what = "change of the response (activation)"
    what += f" · {left:,} more groups are not drawn" if left > 0 else ""
    nulls, notes = None, None
    if "null_mean" in rows.columns:
        nulls = _nulls(rows)
        notes = [f"{share:.0%} of nulls" for share in rows["null_share"]]
    values = rows["effect"].to_numpy(dtype=np.float64)
    return signed_bars(labels, values, what, hover, nulls, notes)


def plot_nulls(
    comparison: HasComparison, limit: int = 40, *, what: str = "number, in its own unit"
) -> Figure:
    """Draw numbers of a network beside the same numbers of null models.

    Parameters
    ----------
    comparison : result of `ask_of_nulls`
    limit : int
        Most numbers to draw, in their order.
    what : str
        What the numbers are, with their unit.

    Returns
    -------
    plotly Figure
        A bar a number; a diamond at the mean of the null models and a line of one standard
        deviation to each side; behind the row, the share of null models that are at least as far
        from that mean. Without any number, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.
    """
    table = comparison.to_frame()
    if not len(table):
        return message_figure("No number was asked for.")
    rows, left = table.head(limit), len(table) - limit
    labels = [short(name, _LABEL) for name in rows.index]
    values = rows["observed"].to_numpy(dtype=np.float64)
    hover = [
        f"<b>{plain(label)}</b><br>{value:.4g}, null models {mean:.4g} ± {sd:.2g}"
        for label, value, mean, sd in zip(
            labels, values, rows["null_mean"], rows["null_sd"], strict=True
        )
    ]
    what += f" · {left:,} more are not drawn" if left > 0 else ""
    notes = [f"{share:.0%} as far" for share in rows["share_as_far"]]
    return signed_bars(labels, values, what, hover, _nulls(rows), notes)


def _nulls(rows: pd.DataFrame) -> Nulls:
    mean, sd = (rows[name].to_numpy(dtype=np.float64) for name in ("null_mean", "null_sd"))
    return Nulls(mean, sd, "null models: mean, and one standard deviation to each side")

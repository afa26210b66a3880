"""A saliency map as a heatmap with two hues, and its page."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from .._version import __version__
from ..network import MultilayeredNetwork
from ..tables import ArrayLike, saliency_by_group
from ._asked import wiring_html
from ._heatmap import step_name
from ._html import Page, csv_links, footer_of, paragraph, table, tiles
from ._plotly import Figure
from ._signed_heatmap import signed_heatmap
from ._words import signed

__all__ = ["plot_saliency", "saliency_page"]


def plot_saliency(by_group: pd.DataFrame, limit: int = 40) -> Figure:
    """Draw which inputs raise and which lower what was differentiated.

    Parameters
    ----------
    by_group : DataFrame
        As of `saliency_by_group`.
    limit : int
        Most groups to draw: those with the largest mean in any step. How many are not drawn is said
        on the axis.

    Returns
    -------
    plotly Figure
        A row a group, a column a step. Colours are means over the sensory neurons of a group, on a
        scale centred at 0: vermilion raises, blue lowers. Without any value but 0, a figure that
        says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> rows = pd.DataFrame({"group": ["ASH", "PHB"], "step": 0, "n": 2, "mean": [0.3, -0.1],
    ...                      "min": [0.1, -0.2], "max": [0.5, 0.0]})
    >>> figure = plot_saliency(rows)
    >>> figure.data[0].zmin, figure.data[0].zmax, figure.layout.yaxis.ticktext
    (-0.3, 0.3, ('ASH · 2', 'PHB · 2'))
    """
    return signed_heatmap(
        by_group,
        "mean",
        "mean slope (activation per input)",
        "step at which the input is given",
        limit,
        nothing="No input matters: the map is 0 everywhere.",
    )


def saliency_page(
    saliency: ArrayLike, network: MultilayeredNetwork | None, title: str | None
) -> tuple[Page, str]:
    """Make the page of a saliency map, and what to call its file.

    Raises
    ------
    ValueError
        If there is no network, or the map does not fit it.
    """
    if network is None:
        raise ValueError(
            "a saliency map does not know its network: pass it, report(map, network=network)"
        )
    rows = saliency_by_group(network, saliency)
    origin = str(network.provenance.get("connectome", "bare weights"))
    numbers = {
        "sensory neurons": f"{len(network.sensory_indices):,}",
        "groups that raise it": f"{rows.loc[rows['mean'] > 0, 'group'].nunique():,}",
        "groups that lower it": f"{rows.loc[rows['mean'] < 0, 'group'].nunique():,}",
    }
    page = Page(
        title or f"Which inputs matter? {origin}", tiles(numbers), footer_of(__version__, origin)
    )
    figure = page.figure(
        plot_saliency(rows),
        "Saliency by group of sensory neurons and step",
        "A row is a group of sensory neurons (behind the dot: how many), a column the step at "
        "which input is given. Vermilion: a little more input raises the response; blue: it lowers "
        "it. Means over the neurons of a group.",
        min_width=500,
    )
    page.add("What matters", figure, _strongest(rows))
    caveat = (
        "A gradient is a slope at this stimulus. It does not see the jumps of a threshold: an "
        "input that is off has the slope 0, whatever it would do if switched on."
    )
    page.add("How to read it", paragraph(caveat))
    page.add("Tables", csv_links({"saliency": rows}))
    page.add("The network", wiring_html(network, network.provenance))
    return page, f"saliency {origin}"


def _strongest(rows: pd.DataFrame) -> str:
    order = rows["mean"].abs().sort_values(ascending=False, kind="stable").index[:40]
    shown = rows.loc[order]
    shown = shown[shown["mean"] != 0]
    if not len(shown):
        return ""
    columns: dict[str, Iterable[object]] = {
        "Group": shown["group"],
        "Step": [step_name(step) for step in shown["step"]],
        "Neurons": [f"{n:,}" for n in shown["n"]],
        "Mean": [signed(value) for value in shown["mean"]],
        "Lowest": [signed(value) for value in shown["min"]],
        "Highest": [signed(value) for value in shown["max"]],
    }
    return table(columns, numbers=set(columns) - {"Group"})

"""What an attribution found: the sources that carry most, and how far that is true."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._plotly import (
    EXCITATION,
    GRID,
    INK,
    LEGEND_ABOVE,
    SOFT,
    Figure,
    graph_objects,
    message_figure,
    new_figure,
    plain,
    short,
    square,
)
from ._signed_bars import signed_bars

__all__ = [
    "HasAttribution",
    "HasVerified",
    "attribution_unit",
    "plot_attribution",
    "plot_verified",
    "ranked_sources",
    "source_names",
]

_MOST_POINTS = 2_000
_LABEL, _PAIR = 28, 40  # characters of a name, and of two with an arrow
_SLOPES = ("gradient", "smoothgrad")

#: How the sources that were ablated are drawn.
_STYLES = {
    "top": ("largest attributions", EXCITATION, "circle"),
    "random": ("random ones, as active", SOFT, "diamond-open"),
}


class HasVerified(Protocol):
    """A result of `attribution` with `verify`."""

    @property
    def verified(self) -> pd.DataFrame:
        """A row a source that was ablated."""

    @property
    def sources(self) -> pd.DataFrame:
        """A row a source."""


class HasAttribution(HasVerified, Protocol):
    """A result of `attribution`."""

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Numbers, shape (batch, n_sources)."""

    @property
    def null_share(self) -> npt.NDArray[np.float64] | None:
        """Of null models, shape (batch, n_sources)."""

    @property
    def activity(self) -> npt.NDArray[np.float64]:
        """How active sources are, shape (batch, n_sources)."""

    @property
    def method(self) -> str:
        """How it was worked out."""


def plot_attribution(result: HasAttribution, member: int = 0, limit: int = 30) -> Figure:
    """Draw the sources with the largest attributions, ranked.

    Parameters
    ----------
    result : result of `attribution`
    member : int
        Of the batch.
    limit : int
        Most sources to draw. How many are not drawn is said on the axis.

    Returns
    -------
    plotly Figure
        A bar a source, the largest |attribution| first: vermilion to the right raises the response,
        blue to the left lowers it. Shares of the response in units of activation, or slopes, as the
        axis says. With nulls, behind each bar the share of null models in which it is at least as
        large. Where all are 0, a figure that says so.

    Raises
    ------
    ValueError
        If there is no such member.
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> sources = pd.DataFrame({"step": [0, 1], "group": ["ASH", "FLP"]})
    >>> found = SimpleNamespace(values=np.array([[0.1, -0.4]]), activity=np.ones((1, 2)),
    ...                         sources=sources, null_share=None, method="integrated_gradients")
    >>> figure = plot_attribution(found)
    >>> figure.layout.yaxis.ticktext, figure.data[0].x
    (('FLP, step 1', 'ASH, start'), (-0.4, 0.1))
    """
    n_members = len(result.values)
    if member not in range(n_members):
        raise ValueError(
            f"there is no member {member!r}: the batch has {n_members:,}, counted from 0"
        )
    order = ranked_sources(result, member)
    if not len(order):
        return message_figure("Nothing is attributed: it is 0 for every source.")
    drawn, left = order[:limit], len(order) - limit
    names = source_names(result.sources.iloc[drawn], _PAIR if _of_pairs(result.sources) else _LABEL)
    values, activity = result.values[member, drawn], result.activity[member, drawn]
    notes = None
    if result.null_share is not None:
        notes = [f"{share:.0%} of nulls" for share in result.null_share[member, drawn]]
    hover = [
        f"<b>{plain(name)}</b><br>{value:+.4g}, its activity {active:.3g}"
        for name, value, active in zip(
            source_names(result.sources.iloc[drawn]), values, activity, strict=True
        )
    ]
    what = attribution_unit(result.method)
    what += f" · {left:,} more sources are not drawn" if left > 0 else ""
    return signed_bars(names, values, what, hover, notes=notes)


def plot_verified(result: HasVerified) -> Figure:
    """Draw what ablating a source does over what is attributed to it.

    Parameters
    ----------
    result : result of `attribution` with `verify`

    Returns
    -------
    plotly Figure
        A mark a source that was ablated: dots those with the largest attributions, diamonds random
        ones of about the same activity; of all members of the batch. On the dotted line the two are
        equal. Both in units of activation, on the same scale. Of more than 2,000 every
        so many. Where nothing was ablated, a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.
    """
    go = graph_objects()
    table = result.verified
    if not len(table):
        return message_figure("No source was ablated: ask for verify=10, say.")
    every = int(np.ceil(len(table) / _MOST_POINTS))
    rows = table.iloc[::every]
    note = f" · 1 of {every} of {len(table):,} sources" if every > 1 else ""
    names = pd.Series(source_names(result.sources.iloc[rows["source"]]), index=rows.index)
    both = rows[["attributed", "measured"]].to_numpy(dtype=np.float64)
    room = 0.06 * float(np.ptp(both)) or 0.1
    ends = [min(float(both.min()), 0.0) - room, max(float(both.max()), 0.0) + room]
    figure = new_figure(
        440,
        xaxis={"title": {"text": f"attributed (activation){note}"}, "range": ends},
        yaxis={"title": {"text": "lost when it is ablated (activation)"}, "range": ends},
        legend=LEGEND_ABOVE,
    )
    figure.update_xaxes(gridcolor=GRID, zerolinecolor="#c4c7ce")
    figure.update_yaxes(gridcolor=GRID, zerolinecolor="#c4c7ce", automargin=True)
    square(figure)
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=ends,
            mode="lines",
            line={"color": INK, "width": 1, "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for chosen, (name, colour, symbol) in _STYLES.items():
        part = rows[rows["chosen"] == chosen]
        if not len(part):
            continue
        figure.add_trace(
            go.Scatter(
                x=part["attributed"].astype(float).tolist(),
                y=part["measured"].astype(float).tolist(),
                name=name,
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 9, "opacity": 0.8},
                text=[plain(source) for source in names[part.index]],
                hovertemplate="%{text}<br>attributed %{x:.4g}, measured %{y:.4g}<extra></extra>",
            )
        )
    return figure


def ranked_sources(result: HasAttribution, member: int) -> npt.NDArray[np.int64]:
    """Return the sources of a member that are not 0, the largest first, as rows of `sources`."""
    row = result.values[member]
    order: npt.NDArray[np.int64] = np.argsort(-np.abs(row), kind="stable").astype(np.int64)
    found: npt.NDArray[np.int64] = order[row[order] != 0]
    return found


def attribution_unit(method: str) -> str:
    """Say what the numbers of a method are, with their unit.

    Examples
    --------
    >>> attribution_unit("gradient")
    'slope of the response (activation per unit of the source)'
    """
    if method in _SLOPES:
        return "slope of the response (activation per unit of the source)"
    return "attributed share of the response (activation)"


def source_names(sources: pd.DataFrame, length: int = 1000) -> list[str]:
    """Name sources: neuron or group, and when; of synapses, both ends.

    Parameters
    ----------
    sources : DataFrame
        Rows of `Attribution.sources`.
    length : int
        Characters of a name; longer ones are cut.

    Examples
    --------
    >>> source_names(pd.DataFrame({"layer": [1], "id": "AVAL", "group": "AVA"}))
    ['AVAL, step 2']
    """
    if _of_pairs(sources):
        ends = [_names(sources, f"{end}_", length // 2) for end in ("pre", "post")]
        return [f"{pre} → {post}" for pre, post in zip(*ends, strict=True)]
    names = _names(sources, "", length)
    if "layer" in sources.columns:  # layer t is the state after t + 1 steps
        when = [f"step {layer + 1}" for layer in sources["layer"]]
    else:
        when = [f"step {step}" if step else "start" for step in sources["step"]]
    return [f"{name}, {at}" for name, at in zip(names, when, strict=True)]


def _of_pairs(sources: pd.DataFrame) -> bool:
    """Whether sources are synapses."""
    return "pre_group" in sources.columns


def _names(sources: pd.DataFrame, end: str, length: int) -> list[str]:
    """Name neurons by id, and where that is a number by their group too; or groups."""
    groups = sources[f"{end}group"]
    if f"{end}id" not in sources.columns:
        return [short(group, length) for group in groups]
    return [
        f"{short(group, max(length // 2, 6))} {short(name, max(length // 2, 6))}"
        if name.isdigit() and name != str(group)
        else short(name, length)
        for name, group in zip(sources[f"{end}id"].astype(str), groups, strict=True)
    ]

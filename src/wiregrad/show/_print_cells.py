"""Bars and heatmaps of a plotly figure, drawn with matplotlib, and scales of colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ._printing import colour_of, matplotlib_part

__all__ = ["colour_scale", "draw_bars", "draw_heatmap", "numbers", "places_of"]

_BAR, _GAP = "#444444", np.nan
_MOST_QUADS = 20_000  # cells of a heatmap that are drawn one by one


def draw_bars(axes: Any, trace: Any) -> None:
    """Draw bars, up or to the side."""
    x, y = places_of(trace)
    colours = trace.marker.color
    several = colours is not None and not isinstance(colours, str)
    colour = [colour_of(each) for each in colours] if several else colour_of(colours or _BAR)
    if trace.orientation == "h":
        axes.barh(y, x, height=0.7, color=colour, zorder=2)
    else:
        axes.bar(x, y, width=0.7, color=colour, zorder=2)


def draw_heatmap(axes: Any, trace: Any) -> Any:
    """Draw cells; return what a scale of their colours is made of, or None."""
    cells = np.array(
        [[_GAP if cell is None else cell for cell in row] for row in trace.z], dtype=np.float64
    )
    colours = colour_scale(trace.colorscale, trace.zmin, trace.zmax, cells)
    shape = cells.shape
    given = (trace.x, trace.y)
    across, down = (
        _edges(np.arange(n) if ticks is None else numbers(ticks))
        for ticks, n in zip(given, (shape[1], shape[0]), strict=True)
    )
    axes.pcolormesh(
        across,
        down,
        np.ma.masked_invalid(cells),
        cmap=colours.cmap,
        norm=colours.norm,
        edgecolors="white" if trace.xgap else "none",
        linewidth=0.8 if trace.xgap else 0,
        rasterized=cells.size > _MOST_QUADS,
        zorder=1,
    )
    return colours if trace.showscale is not False else None


def _edges(centres: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[0] - middle[0], 2 * centres[-1] - middle[-1]
    return np.concatenate([[first], middle, [last]])


def colour_scale(scale: Sequence[Any], low: Any, high: Any, values: Any) -> Any:
    """Make a scale of colours from stops; without ends, those of the values."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    ends = [float(known.min()), float(known.max())] if len(known) else [0.0, 1.0]
    colours = matplotlib_part("colors")
    stops = [(float(at), colour_of(colour)) for at, colour in scale]
    return matplotlib_part("cm").ScalarMappable(
        colours.Normalize(ends[0] if low is None else low, ends[1] if high is None else high),
        colours.LinearSegmentedColormap.from_list("figure", stops),
    )


def places_of(trace: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return where a trace's points are; along an axis that was not given, one after the other."""
    x, y = trace.x, trace.y
    return (
        np.arange(_count(y), dtype=np.float64) if x is None else numbers(x),
        np.arange(_count(x), dtype=np.float64) if y is None else numbers(y),
    )


def numbers(values: Any) -> npt.NDArray[np.float64]:
    """Read numbers, and the gaps among them."""
    given = () if values is None else values
    return np.array([math.nan if value is None else value for value in given], dtype=np.float64)


def _count(values: Any) -> int:
    return 0 if values is None else len(values)

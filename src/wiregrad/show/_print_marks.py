"""Traces of a plotly figure, drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ._print_cells import colour_scale, draw_bars, draw_heatmap, numbers, places_of
from ._printing import colour_of, dash_of, matplotlib_part, shown_text

__all__ = ["draw_trace", "legend_handle", "require_printable"]

_KINDS = ("scatter", "scattergl", "bar", "heatmap")
_CURVE = "#444444"
_MARKS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "cross": "P",
    "x": "X",
    "triangle-up": "^",
    "triangle-down": "v",
    "triangle-right": ">",
    "triangle-left": "<",
    "star": "*",
    "hexagon": "h",
    "line-ns": "|",
    "line-ew": "_",
}
#: A mark of so many pixels is drawn by plotly as wide as by matplotlib one of these parts.
_PARTS = {"D": 0.72, "s": 0.9, "*": 1.2}
_PLACES = {"left": "right", "right": "left", "center": "center"}  # of a text beside its point


def draw_trace(axes: Any, trace: Any, points: float) -> Any:
    """Draw a trace; return what a scale of its colours is made of, or None.

    Parameters
    ----------
    axes : matplotlib Axes
    trace : plotly trace
        A scatter, bar or heatmap.
    points : float
        Of a pixel.
    """
    if trace.type == "heatmap":
        return draw_heatmap(axes, trace)
    if trace.type == "bar":
        draw_bars(axes, trace)
        return None
    return _draw_scatter(axes, trace, points)


def require_printable(traces: Iterable[Any]) -> None:
    """Refuse traces that `draw_trace` does not draw.

    Raises
    ------
    TypeError
        If one is of another kind.
    """
    for trace in traces:
        if trace.type not in _KINDS:
            raise TypeError(
                f"a trace of the kind {trace.type!r} cannot be printed: there are scatter, bar and "
                "heatmap"
            )


def legend_handle(trace: Any, points: float) -> Any:
    """Make what stands for a trace in the legend."""
    line = matplotlib_part("lines").Line2D([], [])
    if trace.type == "bar":
        colour = trace.marker.color
        single = colour_of(colour) if isinstance(colour, str) else _CURVE
        line.set(linestyle="none", marker="s", markersize=8 * points, color=single)
        line.set_label(shown_text(trace.name).text)
        return line
    mode = trace.mode or "lines+markers"
    line.set_linestyle(dash_of(trace.line.dash) if "lines" in mode else "none")
    if "lines" in mode:
        line.set(color=colour_of(trace.line.color or _CURVE), linewidth=_width(trace, points))
    if "markers" in mode:
        mark, look = _mark(trace, points)
        line.set(
            marker=mark,
            markersize=look["size"],
            markerfacecolor=look["face"],
            markeredgecolor=look["edge"],
            markeredgewidth=look["edge_width"],
        )
    line.set_label(shown_text(trace.name).text)
    return line


def _draw_scatter(axes: Any, trace: Any, points: float) -> Any:
    x, y = places_of(trace)
    mode = trace.mode or "lines+markers"
    strength = 1.0 if trace.opacity is None else float(trace.opacity)
    if trace.fill in ("toself", "tozeroy"):
        _fill(axes, x, y, trace, points)
    elif "lines" in mode:
        axes.plot(
            x,
            y,
            color=colour_of(trace.line.color or _CURVE),
            linestyle=dash_of(trace.line.dash),
            linewidth=_width(trace, points),
            alpha=strength,
            zorder=2,
        )
    for name in ("error_x", "error_y"):
        _draw_error(axes, x, y, trace, name, points)
    if "text" in mode:
        _draw_texts(axes, x, y, trace, points)
    return _draw_marks(axes, x, y, trace, strength, points) if "markers" in mode else None


def _draw_marks(
    axes: Any, x: npt.NDArray[Any], y: npt.NDArray[Any], trace: Any, strength: float, points: float
) -> Any:
    """Draw marks; invisible ones hold a scale of colours all the same."""
    marker, colours = trace.marker, None
    if marker.colorscale is not None and marker.color is not None:
        colours = colour_scale(marker.colorscale, marker.cmin, marker.cmax, marker.color)
    if marker.opacity != 0:
        mark, look = _mark(trace, points)
        size = look["size"]
        if colours is not None:
            look["face"] = colours.to_rgba(np.asarray(marker.color, dtype=np.float64))
            look["edge"] = look["face"] if marker.line.color is None else look["edge"]
        axes.scatter(
            x,
            y,
            s=np.square(np.asarray(size, dtype=np.float64)),
            marker=mark,
            **_paint(mark, look),
            linewidths=look["edge_width"],
            alpha=(1.0 if marker.opacity is None else float(marker.opacity)) * strength,
            zorder=3,
        )
    return colours if colours is not None and marker.showscale is not False else None


def _mark(trace: Any, points: float) -> tuple[str, dict[str, Any]]:
    """Return the mark, and its size in points, faces and edges."""
    marker = trace.marker
    symbol = marker.symbol if isinstance(marker.symbol, str) else "circle"
    hollow = symbol.endswith("-open")
    mark = _MARKS.get(symbol.removesuffix("-open"), "o")
    colour = marker.color
    if colour is None:  # that of the line
        colour = getattr(trace, "line", marker.line).color or _CURVE
    several = not isinstance(colour, str) and np.ndim(colour) > 0
    face = [colour_of(each) for each in colour] if several else colour_of(colour)
    frame = marker.line.width
    edge = colour_of(marker.line.color) if marker.line.color is not None else face
    size = np.asarray(6 if marker.size is None else marker.size, dtype=np.float64)
    size = size * points * _PARTS.get(mark, 1.0)
    width = points * (float(frame) if frame is not None else 1.0 if hollow or mark in "|_" else 0.0)
    look: dict[str, Any] = {
        "size": size if size.ndim else float(size),
        "face": "none" if hollow else face,
        "edge": face if hollow and marker.line.color is None else edge,
        "edge_width": max(width, 0.5 if hollow or mark in "|_" else 0.0),
    }
    return mark, look


def _paint(mark: str, look: dict[str, Any]) -> dict[str, Any]:
    """Say how marks are coloured: those that are mere lines have no face."""
    if mark in "|_":
        return {"color": look["edge"]}
    return {"facecolors": look["face"], "edgecolors": look["edge"]}


def _draw_error(
    axes: Any, x: npt.NDArray[Any], y: npt.NDArray[Any], trace: Any, name: str, points: float
) -> None:
    given = getattr(trace, name)
    if given.array is None:
        return
    above = numbers(given.array)
    below = above if given.arrayminus is None else numbers(given.arrayminus)
    colour = given.color or trace.marker.color or _CURVE
    axes.errorbar(
        x,
        y,
        **{"xerr" if name == "error_x" else "yerr": np.stack([below, above])},
        fmt="none",
        ecolor=colour_of(colour),
        elinewidth=points * (2 if given.thickness is None else given.thickness),
        capsize=points * (4 if given.width is None else given.width),
        zorder=2.5,
    )


def _draw_texts(
    axes: Any, x: npt.NDArray[Any], y: npt.NDArray[Any], trace: Any, points: float
) -> None:
    colours = trace.textfont.color
    single = colours is None or isinstance(colours, str)
    vertical, _, horizontal = (trace.textposition or "middle center").partition(" ")
    texts = trace.text if not isinstance(trace.text, str) else [trace.text] * len(x)
    for i, text in enumerate(texts or ()):
        shown = shown_text(text)
        axes.text(
            x[i],
            y[i],
            shown.text,
            ha=_PLACES.get(horizontal, "center"),
            va={"top": "bottom", "bottom": "top"}.get(vertical, "center_baseline"),
            fontsize=(trace.textfont.size or 12) * points,
            color=colour_of(colours or "black") if single else colour_of(colours[i]),
            clip_on=True,
            zorder=4,
            **shown.style(),
        )


def _fill(axes: Any, x: npt.NDArray[Any], y: npt.NDArray[Any], trace: Any, points: float) -> None:
    """Draw the areas between gaps."""
    if trace.fill == "tozeroy":
        x, y = np.concatenate([x, x[::-1]]), np.concatenate([y, np.zeros(len(y))])
    width = points * (0.0 if trace.line.width is None else float(trace.line.width))
    axes.add_collection(
        matplotlib_part("collections").PolyCollection(
            [np.stack([x[part], y[part]], axis=1) for part in _between_gaps(x)],
            facecolors=[colour_of(trace.fillcolor or _CURVE)],
            edgecolors=[colour_of(trace.line.color or "none")] if width else "none",
            linewidths=width,
            zorder=1.5,
        )
    )
    axes.autoscale_view()


def _between_gaps(x: npt.NDArray[Any]) -> Iterator[slice]:
    ends = [-1, *np.flatnonzero(np.isnan(x)).tolist(), len(x)]
    for before, after in pairwise(ends):
        if after - before > 2:
            yield slice(before + 1, after)


def _width(trace: Any, points: float) -> float:
    return points * (2.0 if trace.line.width is None else float(trace.line.width))

"""The axes of a plotly figure, made with matplotlib."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ._plotly import GREY
from ._printing import colour_of, dash_of, matplotlib_part, shown_text

__all__ = ["Panels"]

_INK = "#22272e"
_STEPS = [1, 2, 5, 10]  # of ticks


class Panels:
    """The panels of a figure: matplotlib axes for each pair of plotly axes, on one sheet.

    Parameters
    ----------
    figure : matplotlib Figure
    layout : plotly layout
    points : float
        Of a pixel.
    """

    def __init__(self, figure: Any, layout: Any, points: float) -> None:
        self._figure, self._layout, self._points = figure, layout, points
        self._panels: dict[tuple[str, str], Any] = {}
        #: What positions on the sheet of all panels refer to.
        self.sheet = figure.add_axes((0, 0, 1, 1), frameon=False)
        self.sheet.set_axis_off()
        self.sheet.set_zorder(5)

    def of(self, trace: Any) -> Any:
        """Return the panel of a trace."""
        return self._panel(trace.xaxis or "x", trace.yaxis or "y")

    def all(self) -> list[Any]:
        """Return all panels."""
        return list(self._panels.values())

    def _panel(self, x: str, y: str) -> Any:
        if (x, y) not in self._panels:
            panel = self._figure.add_axes((0, 0, 1, 1), label=f"{x}{y}")
            panel.set_facecolor("none")
            self._panels[x, y] = panel
            self._prepare(panel, x, y)
        return self._panels[x, y]

    def place(self, left: float, bottom: float, width: float, height: float) -> None:
        """Put the sheet, and all panels with it, at a part of the figure."""
        self.sheet.set_position((left, bottom, width, height))
        for (x, y), panel in self._panels.items():
            across, up = (_domain(self._axis(name)) for name in (x, y))
            panel.set_position(
                (
                    left + across[0] * width,
                    bottom + up[0] * height,
                    (across[1] - across[0]) * width,
                    (up[1] - up[0]) * height,
                )
            )

    def finish(self) -> None:
        """Set ranges, once all is drawn; axes that match get the range of all of them."""
        for direction in (0, 1):
            together: dict[str, list[tuple[str, Any]]] = {}
            for names, panel in self._panels.items():
                axis = self._axis(names[direction])
                root = axis.matches or names[direction]
                together.setdefault(root, []).append((names[direction], panel))
            for group in together.values():
                self._set_ranges(group, direction)
        for shape in self._layout.shapes or ():
            self._draw_shape(shape)
        for note in self._layout.annotations or ():
            self._write(note)

    def _axis(self, name: str) -> Any:
        return self._layout[name.replace("x", "xaxis").replace("y", "yaxis")]

    def _prepare(self, panel: Any, x: str, y: str) -> None:
        """Give a panel its scale, ticks, grid and title."""
        for name, side in ((x, panel.xaxis), (y, panel.yaxis)):
            axis, letter = self._axis(name), name[0]
            getattr(panel, f"set_{letter}scale")("log" if axis.type == "log" else "linear")
            if axis.visible is False:
                side.set_visible(False)
                continue
            _set_ticks(side, axis)
            shown = axis.showticklabels is not False
            panel.tick_params(
                axis=letter,
                which="both",
                labelleft=shown,
                labelbottom=shown,
                length=2 if shown and axis.ticks != "" else 0,
                width=0.5,
                color=GREY,
                labelcolor=_INK,
            )
            if axis.showgrid is not False and axis.gridcolor:
                side.grid(True, color=colour_of(axis.gridcolor), linewidth=0.5)
            if axis.zeroline is not False and axis.zerolinecolor:
                draw = panel.axvline if letter == "x" else panel.axhline
                width = self._points * (axis.zerolinewidth or 1)
                draw(0, color=colour_of(axis.zerolinecolor), linewidth=width, zorder=2.2)
            if axis.title.text:
                title = shown_text(axis.title.text)
                getattr(panel, f"set_{letter}label")(title.text, color=_INK, **title.style())
        for spine in panel.spines.values():
            spine.set_visible(False)
        panel.set_axisbelow(True)
        if self._axis(y).scaleanchor:
            anchor = "W" if self._axis(x).constraintoward == "left" else "C"
            panel.set_aspect("equal", adjustable="box", anchor=anchor)

    def _set_ranges(self, group: list[tuple[str, Any]], direction: int) -> None:
        letter = "xy"[direction]
        ends = [getattr(panel, f"get_{letter}lim")() for _, panel in group]
        low, high = float(np.min(ends)), float(np.max(ends))
        for name, panel in group:
            axis = self._axis(name)
            given = axis.range or next(
                (self._axis(other).range for other, _ in group if self._axis(other).range), None
            )
            span = (low, high)
            if given is not None:
                span = tuple(10.0**end if axis.type == "log" else end for end in given)
            elif axis.rangemode == "tozero" and axis.type != "log":
                span = (min(low, 0.0), high) if low >= 0 or high > 0 else (low, 0.0)
                span = (0.0, high) if self._from_zero(panel, direction) else span
            getattr(panel, f"set_{letter}lim")(*span)

    @staticmethod
    def _from_zero(panel: Any, direction: int) -> bool:
        """Whether nothing that is drawn lies below 0."""
        return bool(panel.dataLim.get_points()[0][direction] >= 0)

    def _draw_shape(self, shape: Any) -> None:
        if shape.type != "line":
            raise TypeError(
                f"a shape of the kind {shape.type!r} cannot be printed: there are lines; circuits "
                "are printed by print_circuit"
            )
        ends = matplotlib_part("lines").Line2D(
            [shape.x0, shape.x1],
            [shape.y0, shape.y1],
            color=colour_of(shape.line.color or _INK),
            linewidth=self._points * (shape.line.width or 2),
            linestyle=dash_of(shape.line.dash),
            transform=self._places(shape.xref, shape.yref),
            zorder=2.4,
        )
        self.sheet.add_artist(ends)

    def _write(self, note: Any) -> None:
        text, font = shown_text(note.text), note.font
        shift = matplotlib_part("transforms").ScaledTranslation(
            (note.xshift or 0) * self._points / 72,
            (note.yshift or 0) * self._points / 72,
            self._figure.dpi_scale_trans,
        )
        self.sheet.text(
            note.x,
            note.y,
            text.text,
            transform=self._places(note.xref, note.yref) + shift,
            ha=note.xanchor if note.xanchor in ("left", "right") else "center",
            va={"top": "top", "bottom": "bottom"}.get(note.yanchor, "center"),
            rotation=-(note.textangle or 0),
            rotation_mode="anchor" if not note.textangle else "default",
            fontsize=self._points * (font.size or self._layout.font.size or 13),
            color=colour_of(font.color or _INK),
            **text.style(),
        )

    def _places(self, x: str | None, y: str | None) -> Any:
        """Return the transform of places that refer to axes, to a panel, or to the sheet."""
        parts = [self._part(x or "x", 0), self._part(y or "y", 1)]
        return matplotlib_part("transforms").blended_transform_factory(*parts)

    def _part(self, ref: str, direction: int) -> Any:
        if ref == "paper":
            return self.sheet.transAxes
        name = re.sub(r" domain$", "", ref)
        panel = next((p for names, p in self._panels.items() if names[direction] == name), None)
        if panel is None:
            return self.sheet.transAxes
        return panel.transAxes if ref.endswith(" domain") else panel.transData


def _domain(axis: Any) -> tuple[float, float]:
    return tuple(axis.domain) if axis.domain else (0.0, 1.0)


def _set_ticks(side: Any, axis: Any) -> None:
    if axis.tickvals is not None:
        side.set_ticks(list(axis.tickvals))
        if axis.ticktext is not None:
            texts = [shown_text(text) for text in axis.ticktext]
            side.set_ticklabels([text.text for text in texts])
            for label, text in zip(side.get_ticklabels(), texts, strict=True):
                label.set(**text.style())
        side.set_minor_locator(matplotlib_part("ticker").NullLocator())
        return
    ticker = matplotlib_part("ticker")
    if axis.type == "log":  # matplotlib would write powers of ten as TeX
        side.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        side.set_minor_formatter(ticker.NullFormatter())
    else:
        side.set_major_locator(ticker.MaxNLocator(6, integer=axis.tickformat == "d", steps=_STEPS))

"""Any figure as a vector file, for print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ._plotly import Figure
from ._print_axes import Panels
from ._print_marks import draw_trace, legend_handle, require_printable
from ._printing import check_printable, matplotlib_part, print_styles, shown_text

__all__ = ["print_figure"]

_FONT = 13  # pixels, of a figure on the screen
_PAD = 0.04  # inches
_HEIGHT = 450  # pixels, where a figure has none
_LEAST = 0.5  # inches that are left to the panels, whatever stands beside them


def print_figure(
    figure: Figure, path: str | Path, width: float = 7.0, font_size: float = 7.0
) -> Path:
    """Draw a figure into a vector file, such as a PDF or an SVG, with matplotlib.

    Parameters
    ----------
    figure : plotly Figure
        What any `plot_` function of this module returns, but for `plot_circuit`: circuits are
        printed by `print_circuit`. Others of scatters, bars and heatmaps will do too.
    path : str or Path
        Ends with .pdf, .svg, .eps or .png; an existing file is replaced.
    width : float
        Of the picture, in inches: 7 are two columns of most journals, 3.4 one. Figures whose axes
        have the same scale (`plot_fit`, `plot_verified`, `plot_eye_map`) may be narrower.
    font_size : float
        In points, of labels and titles; all else is in proportion to it, and so is the height.

    Returns
    -------
    Path
        Colours, dashes, marks, texts and units are those on the screen; texts stay texts, which
        other programs can edit. Of a heatmap of more than 20,000 cells the cells are an image.

    Raises
    ------
    ValueError
        If the name has another ending, the figure is a circuit, or width or font size are not
        above 0.
    TypeError
        If it has traces or shapes of other kinds.
    ModuleNotFoundError
        If matplotlib is not installed.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from wiregrad.show import plot_stimulus
    >>> table = pd.DataFrame({"group": ["ASH"], "step": 0, "n": 2, "n_active": 2, "mean": 0.9,
    ...                       "max": 1.0})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print_figure(plot_stimulus(table), Path(folder) / "stimulus.svg").name
    'stimulus.svg'
    """
    path = Path(path)
    check_printable(path)
    if not (width > 0 and font_size > 0):
        raise ValueError(
            f"width is {width!r} inches and font_size {font_size!r} points: both are above 0"
        )
    if any(trace.meta in ("edge", "node") for trace in figure.data):
        raise ValueError("this figure is a circuit: print_circuit(circuit, path) prints it")
    require_printable(figure.data)
    points = font_size / _FONT
    styles = {"font.size": font_size, "axes.titlesize": font_size, "axes.labelsize": font_size}
    with print_styles(**styles):
        printed = _Printed(figure, width, points)
        printed.fit()
        cut = {"bbox_inches": "tight", "pad_inches": _PAD} if printed.narrow else {}
        printed.sheet.savefig(path, **cut)
    return path


class _Printed:
    """A figure in matplotlib, whose margins are as wide as what stands in them."""

    def __init__(self, figure: Figure, width: float, points: float) -> None:
        self._layout, self._points = figure.layout, points
        margin = figure.layout.margin
        inside = (figure.layout.height or _HEIGHT) - (margin.t or 0) - (margin.b or 0)
        self._inside = max(inside * points / 72, _LEAST)
        self._width = width
        self.sheet = matplotlib_part("figure").Figure(figsize=(width, self._inside + 1))
        self._canvas = matplotlib_part("backends.backend_agg").FigureCanvasAgg(self.sheet)
        self._panels = Panels(self.sheet, figure.layout, points)
        self._bars: list[tuple[Any, Any]] = []
        shown = [trace for trace in figure.data if trace.visible in (None, True)]
        for trace in shown:
            found = draw_trace(self._panels.of(trace), trace, points)
            if found is not None and not self._bars:  # panels share one scale of colours
                self._bars.append((self._add_bar(found, trace), _bar_of(trace)))
        self._panels.finish()
        self._legend = self._add_legend(shown)
        #: Whether panels are narrower than they might be, so that both scales are the same.
        self.narrow = any(axes.get_aspect() != "auto" for axes in self._panels.all())

    def fit(self) -> None:
        """Place the panels so that all that stands beside them is within the picture."""
        left = right = top = bottom = 0.5
        for _ in range(3):  # what is turned or wrapped may want other margins than before
            self._set_margins(left, right, top, bottom)
            height = self._inside + top + bottom
            box = self.sheet.get_tightbbox(self._canvas.get_renderer())
            left += _PAD - box.x0
            right += box.x1 - self._width + _PAD
            bottom += _PAD - box.y0
            top += box.y1 - height + _PAD
            left, right, top, bottom = (max(side, _PAD) for side in (left, right, top, bottom))
        self._set_margins(left, right, top, bottom)

    def _set_margins(self, left: float, right: float, top: float, bottom: float) -> None:
        """Leave so many inches around the panels."""
        height = self._inside + top + bottom
        self.sheet.set_size_inches(self._width, height)
        inner = max(self._width - left - right, _LEAST)
        self._place(left / self._width, bottom / height, inner / self._width, height)

    def _place(self, left: float, bottom: float, width: float, height: float) -> None:
        inside = self._inside / height
        self._panels.place(left, bottom, width, inside)
        for bar, given in self._bars:
            thick = (given.thickness or 12) * self._points / 72 / self._width
            part = 1.0 if given.len is None else given.len
            if given.lenmode == "pixels":
                part = min(given.len * self._points / 72 / self._inside, 1.0)
            gap = 12 * self._points / 72 / self._width
            low = bottom + inside * (1 - part) / 2
            bar.set_position((left + width + gap, low, thick, inside * part))
        if self._legend is not None:
            self._legend.set_in_layout(False)  # it stands above all else
            others = self.sheet.get_tightbbox(self._canvas.get_renderer()).y1
            self._legend.set_in_layout(True)
            gap = 6 * self._points / 72
            low = max(others, (bottom + inside) * height) + gap
            self._legend.set_bbox_to_anchor((left, low / height), self.sheet.transFigure)

    def _add_bar(self, found: Any, trace: Any) -> Any:
        axes = self.sheet.add_axes((0.9, 0.1, 0.02, 0.8), label="colours")
        bar = self.sheet.colorbar(found, cax=axes)
        bar.outline.set_visible(False)
        axes.tick_params(length=2, width=0.5)
        axes.yaxis.set_major_locator(matplotlib_part("ticker").MaxNLocator(5))
        title = _bar_of(trace).title.text
        if title:
            bar.set_label(shown_text(title).text)
        return axes

    def _add_legend(self, shown: list[Any]) -> Any:
        named: dict[str, Any] = {}
        for trace in shown:
            if trace.name and trace.showlegend is not False:
                named.setdefault(trace.name, trace)
        wanted = self._layout.showlegend
        alone = wanted is None and len(shown) < 2 and not any(t.showlegend for t in shown)
        if not named or wanted is False or alone:
            return None
        handles = [legend_handle(trace, self._points) for trace in named.values()]
        for columns in range(len(handles), 0, -1):
            legend = self.sheet.legend(
                handles=handles,
                loc="lower left",
                ncols=columns,
                frameon=False,
                borderpad=0,
                borderaxespad=0,
                handletextpad=0.6,
                columnspacing=1.4,
            )
            extent = legend.get_window_extent(self._canvas.get_renderer())
            if columns == 1 or extent.width <= 0.85 * self._width * self.sheet.dpi:
                return legend
            legend.remove()
        return None


def _bar_of(trace: Any) -> Any:
    return trace.colorbar if trace.type == "heatmap" else trace.marker.colorbar

"""What all figures share: plotly when it is needed, its look, and text that stays text."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import plotly.graph_objects as go

    Figure: TypeAlias = go.Figure
else:
    Figure = Any

__all__ = [
    "ACTIVATION_SCALE",
    "EXCITATION",
    "GREY",
    "GRID",
    "INHIBITION",
    "INK",
    "LEGEND_ABOVE",
    "LOG_TICK",
    "SIGNED_SCALE",
    "SOFT",
    "Figure",
    "colour_bar",
    "graph_objects",
    "message_figure",
    "new_figure",
    "plain",
    "short",
    "square",
]

#: Blue and vermilion of Okabe and Ito (2008) are told apart in every form of colour blindness.
EXCITATION, INHIBITION = "#d55e00", "#0072b2"

#: Greys of texts and frames, of asides, of marks that are no data, and of grids.
INK, SOFT, GREY, GRID = "#22272e", "#5b6270", "#8b909a", "#eceef1"

#: 0 to 1 in one hue whose lightness falls evenly, so that it survives a grey print.
ACTIVATION_SCALE = (
    (0.0, "#f6f5fa"),
    (0.25, "#cfcae6"),
    (0.5, "#a298cd"),
    (0.75, "#6f5fae"),
    (1.0, "#3d2683"),
)

#: Blue below 0, vermilion above, both dark enough for white letters; 0 is nearly white.
SIGNED_SCALE = (
    (0.0, "#00568a"),
    (0.25, "#7fb3d5"),
    (0.5, "#f5f5f5"),
    (0.75, "#eda06a"),
    (1.0, "#b84f00"),
)

#: Size of labels on logarithmic axes, in pixels: plotly writes powers of ten a quarter larger.
LOG_TICK = 11

#: A legend in one row above the figure.
LEGEND_ABOVE = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}


def graph_objects() -> Any:
    """Import plotly's graph objects, or say how to install them.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.
    """
    try:
        return importlib.import_module("plotly.graph_objects")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("plotly"):  # plotly is there; what it needs is not
            raise
        raise ModuleNotFoundError(
            'figures and reports need plotly, which is not installed: pip install "wiregrad[plot]"',
            name=error.name,
        ) from None


def plain(text: object) -> str:
    """Escape a text for plotly, which reads tags in labels, and TeX between dollar signs.

    Examples
    --------
    >>> plain("<b>T4a</b> & $x$")
    '&lt;b&gt;T4a&lt;/b&gt; &amp; &#36;x&#36;'
    """
    one_line = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", str(text))
    return re.sub("[&<>$]", lambda match: _ESCAPES[match[0]], one_line)


def short(text: object, length: int) -> str:
    """Cut a text to a number of characters; of a number, such as an id, the end stays.

    Examples
    --------
    >>> short("lobula columnar", 8)
    'lobula …'
    >>> short(720575940612345678, 8)
    '…2345678'
    """
    text = str(text)
    if len(text) > length and text.isdigit():
        return "…" + text[1 - length :]
    return text if len(text) <= length else text[: length - 1] + "…"


def new_figure(height: int, **layout: Any) -> Figure:
    """Make an empty figure in the house's look, `height` pixels high and as wide as the page."""
    go = graph_objects()
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        font={"family": _FONT, "size": 13, "color": INK},
        paper_bgcolor="white",
        plot_bgcolor="white",
        margin={"l": 60, "r": 20, "t": 30, "b": 50},
        modebar={"remove": ["select", "lasso", "zoomin", "zoomout", "autoscale"]},
        hoverlabel={"align": "left", "font": {"family": _FONT, "size": 12}},
    )
    figure.update_layout(**layout)
    figure.update_xaxes(title={"font": {"size": 13}, "standoff": 10})
    figure.update_yaxes(title={"font": {"size": 13}, "standoff": 10})
    return figure


def colour_bar(what: str) -> dict[str, Any]:
    """Return the scale of a figure's colours; `what` they are is escaped."""
    return {
        "title": {"text": plain(what), "side": "right", "font": {"size": 13}},
        "tickfont": {"size": 12},
        "thickness": 12,
    }


def square(figure: Figure) -> None:
    """Give both axes of a figure the same scale, as its quantities have the same unit."""
    figure.update_xaxes(constrain="domain", constraintoward="left")
    figure.update_yaxes(constrain="domain", scaleanchor="x", scaleratio=1)


def message_figure(message: str) -> Figure:
    """Make a figure that says why there is nothing to draw; `message` is escaped."""
    figure = new_figure(120, xaxis={"visible": False}, yaxis={"visible": False})
    figure.add_annotation(
        text=plain(message), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False
    )
    return figure

"""What all printed figures share: matplotlib when it is needed, file formats, and plain texts."""

from __future__ import annotations

import importlib
import re
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

from ._write import check_writable

__all__ = [
    "Shown",
    "check_printable",
    "colour_of",
    "dash_of",
    "matplotlib_part",
    "print_styles",
    "shown_text",
]

_FORMATS = (".pdf", ".svg", ".eps", ".png")

#: Fonts as they are: texts of an SVG and of a PDF can then be edited. "$" is no TeX.
_STYLES = {
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "text.parse_math": False,
    "savefig.dpi": 300,
}

_DASHES: dict[str, Any] = {
    "solid": "-",
    "dash": (0, (5, 3)),
    "dot": (0, (1.2, 2)),
    "dashdot": (0, (5, 2, 1.2, 2)),
    "longdash": (0, (9, 3)),
    "longdashdot": (0, (9, 2, 1.2, 2)),
}


class Shown(NamedTuple):
    """A text as it is to be read, and how."""

    text: str
    bold: bool
    slanted: bool

    def style(self) -> dict[str, str]:
        """Return what matplotlib calls it."""
        return {
            "fontweight": "bold" if self.bold else "normal",
            "fontstyle": "italic" if self.slanted else "normal",
        }


def check_printable(path: Path) -> None:
    """Refuse a file of another format, or one that cannot be written.

    Raises
    ------
    ValueError
        If its name has another ending.
    OSError
        If it cannot be written.
    """
    if path.suffix.lower() not in _FORMATS:
        raise ValueError(f"{path.name} ends with none of {', '.join(_FORMATS)}")
    check_writable(path)


def matplotlib_part(name: str = "") -> Any:
    """Import matplotlib, or a part of it, or say how to install it.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    try:
        importlib.import_module("matplotlib")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "figures for print need matplotlib, which is not installed: "
            'pip install "wiregrad[plot]"',
            name=error.name,
        ) from None
    return importlib.import_module(f"matplotlib.{name}" if name else "matplotlib")


def print_styles(**more: Any) -> Any:
    """Return a context in which texts stay texts; `more` as of matplotlib's `rc_context`."""
    return matplotlib_part().rc_context({**_STYLES, **more})


def shown_text(text: object) -> Shown:
    """Read a text as plotly does: tags, entities and line breaks.

    Examples
    --------
    >>> shown_text("<b>AVA &lt;1&gt;</b> &#36;2")
    Shown(text='AVA <1> $2', bold=True, slanted=False)
    """
    given = str(text)
    lines = re.sub(r"<br\s*/?>", "\n", given)
    text = unescape(re.sub(r"<[^>]*>", "", lines))
    return Shown(text, "<b>" in given, "<i>" in given)


def colour_of(given: Any) -> Any:
    """Read a colour of plotly's: matplotlib has no rgb(...).

    Examples
    --------
    >>> colour_of("rgba(255, 0, 0, 0.5)")
    (1.0, 0.0, 0.0, 0.5)
    """
    found = re.fullmatch(r"rgba?\(([^)]*)\)", str(given).strip())
    if found is None:
        return given
    red, green, blue, *alpha = (float(part) for part in found[1].split(","))
    return (red / 255, green / 255, blue / 255, alpha[0] if alpha else 1.0)


def dash_of(name: str | None) -> Any:
    """Read a dash of plotly's; one that is not known is a solid line."""
    return _DASHES.get(name or "solid", "-")

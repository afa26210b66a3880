"""Pieces of a page. What is called a text is escaped here; what is called html is not."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from ._style import SCRIPT, STYLE

if TYPE_CHECKING:
    from ._plotly import Figure

__all__ = [
    *("Page", "code", "csv_links", "definitions", "details", "footer_of", "heading", "paragraph"),
    *("table", "tiles"),
]


#: Rows of a table that a page carries for taking away: not all of a whole brain's synapses.
_MOST_CARRIED = 20_000


class Page:
    """A self-contained page: sections are added to it, `html()` puts it together.

    Plotly's JavaScript is written into it once, and figures as data beside it. A content security
    policy in the page keeps the browser from loading anything from anywhere.
    """

    def __init__(self, title: str, header_html: str, footer: str) -> None:
        self._title, self._header, self._footer = title, header_html, footer
        self._sections: list[tuple[str, str, str]] = []
        self._numbers = itertools.count(1)

    def add(self, heading: str, *parts_html: str) -> None:
        """Add a section; a list of them stands above the page."""
        name = f"section-{len(self._sections) + 1}"
        self._sections.append((name, heading, "".join(parts_html)))

    def figure(self, figure: Figure, label: str, caption: str, min_width: int = 0) -> str:
        """Return the HTML of a figure; below `min_width` pixels it scrolls sideways."""
        name = f"figure-{next(self._numbers)}"
        height = int(figure.layout.height)
        return (
            f'<figure><div class="scroll"><div style="min-width:{min_width}px;height:{height}px" '
            f'data-figure="{name}" role="img" aria-label="{escape(label)}"></div></div>'
            f"<figcaption>{escape(caption)}</figcaption></figure>"
            f'<script type="application/json" id="{name}">{_json(figure)}</script>'
        )

    def html(self) -> str:
        """Return the whole page."""
        from plotly.offline import get_plotlyjs

        links = "".join(f'<a href="#{name}">{escape(head)}</a>' for name, head, _ in self._sections)
        sections = "".join(
            f'<section id="{name}"><h2>{escape(heading)}</h2>{body}</section>\n'
            for name, heading, body in self._sections
        )
        policy = (
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'"
        )
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self._title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<header><h1>{escape(self._title)}</h1>{self._header}<nav>{links}</nav></header>\n"
            f"<main>{sections}</main>\n<footer><p>{escape(self._footer)}</p></footer>\n"
            f"<script>{get_plotlyjs()}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
        )


def _json(figure: Figure) -> str:
    """Return a figure as JSON in which nothing can end the script element it stands in."""
    text = str(figure.to_json())
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def footer_of(version: str, origin: str) -> str:
    """Say what wrote a page, and of what."""
    return f"Written by wiregrad {version} on {origin}. This page loads nothing from the web."


def heading(text: str) -> str:
    """Return a heading within a section."""
    return f"<h3>{escape(text)}</h3>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; `kind` is a class of the style sheet."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Return words and what there is to say of each.

    Examples
    --------
    >>> definitions([("a < b", "yes")])
    '<dl><dt>a &lt; b</dt><dd>yes</dd></dl>'
    """
    rows = (f"<dt>{escape(word)}</dt><dd>{escape(text)}</dd>" for word, text in pairs)
    return f"<dl>{''.join(rows)}</dl>"


def tiles(pairs: Mapping[str, str]) -> str:
    """Return numbers to see at first glance, with what each of them is."""
    rows = (f"<li><b>{escape(text)}</b>{escape(word)}</li>" for word, text in pairs.items())
    return f'<ul class="tiles">{"".join(rows)}</ul>'


def code(text: str) -> str:
    """Return lines of a program."""
    return f"<pre><code>{escape(text)}</code></pre>"


def csv_links(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return links that save tables, which the page carries, as CSV files.

    Parameters
    ----------
    tables : dict
        Name, of which the file's is made, to table; what has no rows gets no link. Of more than
        20,000 rows the first are saved, and that is said.

    Examples
    --------
    >>> csv_links({"folds": pd.DataFrame({"loss": [0.5]})})[:60]
    '<p class="soft">To take away, as CSV: <a download="folds.csv'
    """
    links = []
    for name, frame in tables.items():
        if not len(frame):
            continue
        rows = f"{len(frame):,} rows" if len(frame) != 1 else "1 row"
        if len(frame) > _MOST_CARRIED:
            rows = f"the first {_MOST_CARRIED:,} of {rows}"
        text = frame.head(_MOST_CARRIED).to_csv(index=False, lineterminator="\n")
        address = f"data:text/csv;charset=utf-8,{quote(text, safe=',.-_')}"
        links.append(
            f'<a download="{escape(name)}.csv" href="{address}">{escape(name)}</a> ({rows})'
        )
    return f'<p class="soft">To take away, as CSV: {", ".join(links)}.</p>' if links else ""


def details(summary: str, html: str) -> str:
    """Return something to unfold."""
    return f"<details><summary>{escape(summary)}</summary>{html}</details>"


def table(
    columns: Mapping[str, Iterable[Any]],
    caption: str = "",
    *,
    numbers: Collection[str] = (),
    rest: Sequence[bool] = (),
) -> str:
    """Return a table: texts to the left, numbers to the right.

    Parameters
    ----------
    columns : dict
        Heading to cells; cells are texts, or numbers already rounded.
    caption : str
        What the table shows.
    numbers : collection of str
        Headings of the columns that hold numbers.
    rest : sequence of bool
        Rows that sum up others.
    """
    kinds = [' class="number"' if head in numbers else "" for head in columns]
    heads = "".join(
        f'<th{kind} scope="col">{escape(head)}</th>'
        for head, kind in zip(columns, kinds, strict=True)
    )
    rows = []
    for i, cells in enumerate(zip(*columns.values(), strict=True)):
        tag = '<tr class="rest">' if i < len(rest) and rest[i] else "<tr>"
        row = (
            f"<td{kind}>{escape(str(cell))}</td>" for cell, kind in zip(cells, kinds, strict=True)
        )
        rows.append(f"{tag}{''.join(row)}</tr>")
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table>{above}<thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )

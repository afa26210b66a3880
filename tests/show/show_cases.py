"""Names that do harm if they are taken for anything but text, and pages as a parser sees them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<b>bold</b>",
    '<a href="https://example.com/">link</a>',
    "$x^2$ &lt;i&gt; &amp;",
    "<img src=x onerror=alert(3)>",
    "a 'quoted' \"name\"\nof two lines # ...,  # {x} %{y}",
    "<!-- <style>body{display:none}</style>",
)


@dataclass
class Parsed(HTMLParser):
    """The elements of a page, and its text outside scripts and styles."""

    page: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside: list[str] = []
        self.feed(self.page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)
        if tag == "script":
            self.scripts.append("")
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = self._inside[-1] if self._inside else ""
        if inside == "script":
            self.scripts[-1] += data
        elif inside != "style":
            self.text += data
            if inside == "td":
                self.cells[-1] += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def figures(page: Parsed) -> list[dict[str, Any]]:
    """Read the figures that a page carries."""
    return [json.loads(script) for script in page.scripts[:-2]]


def assert_it_stands_alone(page: Parsed) -> None:
    """Nothing is loaded: no element has an address, but for links within the page."""
    loading = {"src", "srcset", "href", "data", "action", "poster", "background", "xlink:href"}
    for tag, attributes in page.elements:
        for name in loading & set(attributes):
            assert tag == "a", (tag, attributes)
            assert str(attributes[name]).startswith(("#", "data:text/csv;"))
    assert not {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "embed"}
    style = re.search(r"<style>(.*?)</style>", page.page, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]

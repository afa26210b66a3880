"""Names that do harm if they are taken for anything but text, and pages as a parser sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

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

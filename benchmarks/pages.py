"""Figures written into a page of docs, between marks that say what they are."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["write_between"]


def write_between(page: Path, what: str, text: str) -> None:
    """Replace what stands in a page between `<!-- what: begin -->` and `<!-- what: end -->`.

    Raises
    ------
    ValueError
        If the page has no such marks.
    """
    begin, end = (f"<!-- {what}: {mark} -->" for mark in ("begin", "end"))
    between = re.compile(f"{begin}.*{end}", re.DOTALL)
    whole, n = between.subn(lambda _: f"{begin}\n\n{text}\n\n{end}", page.read_text("utf-8"))
    if not n:
        raise ValueError(f"{page} has no {begin} ... {end} to write the figures between")
    page.write_text(whole, encoding="utf-8")

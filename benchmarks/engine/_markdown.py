"""Markdown: tables, figures, and numbers to three digits."""

from __future__ import annotations

from collections.abc import Sequence

from ._summary import Timing

__all__ = [
    "figure",
    "how_many_times",
    "in_full",
    "milliseconds",
    "seconds_of",
    "section",
    "three_digits",
]


def section(title: str, text: str, header: list[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a section with a table; nothing where the table has no row."""
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    table = "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
    return "\n\n".join(part for part in (f"## {title}", text, table) if part)


def figure(figures: Sequence[str], name: str, caption: str) -> str:
    """Show a figure if it was drawn."""
    return f"![{caption}](figures/{name}.svg)" if name in figures else ""


def seconds_of(timed: Timing | None) -> float | None:
    """Return the median, or None where there is no timing."""
    return timed.seconds if timed else None


def milliseconds(timed: Timing | None) -> str:
    """Write the median, and in brackets the smallest and the largest process."""
    if timed is None:
        return "-"
    parts = (timed.seconds, timed.low, timed.high)
    middle, low, high = (three_digits(part * 1e3) for part in parts)
    return f"{middle} ({low} to {high})"


def how_many_times(number: float | None) -> str:
    """Write a ratio."""
    return "-" if number is None else f"{three_digits(number)}x"


def three_digits(number: float | None) -> str:
    """Write three digits."""
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def in_full(number: float) -> str:
    """Write whole numbers in full, others to three digits."""
    return f"{number:,}" if isinstance(number, int) else f"{number:.3g}"

"""Wording shared by the error messages of every room."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence

__all__ = ["did_you_mean", "few", "first_rows"]


def few(values: Iterable[object], limit: int = 5) -> str:
    """List the first `limit` values, and say how many more there are."""
    values = list(values)
    shown = ", ".join(str(value) for value in values[:limit])
    rest = len(values) - limit
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def did_you_mean(name: str, names: Iterable[object], limit: int = 3) -> str:
    """Name the nearest of `names`, as a clause to append to an error, or nothing.

    Case is ignored: `avb` finds `AVB`. Only the first 20,000 names are looked at: comparing a
    misspelt name with every neuron of a whole brain would take seconds.
    """
    by_folded = {str(other).casefold(): str(other) for other in itertools.islice(names, 20_000)}
    near = difflib.get_close_matches(name.casefold(), list(by_folded), n=limit, cutoff=0.5)
    return f"; did you mean {_either([by_folded[name] for name in near])}?" if near else ""


def first_rows(positions: Sequence[int], limit: int = 5) -> str:
    """Name the first offending rows of a table."""
    word = "row" if len(positions) == 1 else "rows"
    return f"{word} {few(positions, limit)}"


def _either(names: Sequence[str]) -> str:
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"

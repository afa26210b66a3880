"""Calls in Python, written from the arguments that a result remembers."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["call_text", "comment", "defaults_of", "differs", "given_texts", "left_open", "literal"]

_MOST_LISTED = 400
_LEFT_OPEN = "...,  # "


def call_text(function: str, places: Sequence[str], given: Mapping[str, str]) -> str:
    """Write a call, its arguments below each other; one that is left open has its comma."""
    named = [
        *(("", text) for text in places),
        *((f"{name}=", text) for name, text in given.items()),
    ]
    closed = (name + (text if text.startswith(_LEFT_OPEN) else f"{text},") for name, text in named)
    body = textwrap.indent("\n".join(closed), "    ")
    return f"{function}(\n{body}\n)"


def given_texts(arguments: Mapping[str, Any], *functions: Any) -> dict[str, str]:
    """Write the arguments of a call that are not the default of any of some functions."""
    defaults = defaults_of(*functions)
    return {
        name: literal(value)
        for name, value in arguments.items()
        if name in defaults and differs(value, defaults[name])
    }


def defaults_of(*functions: Any) -> dict[str, Any]:
    """Return the defaults of all parameters of some functions, by name."""
    parameters = [inspect.signature(function).parameters for function in functions]
    return {name: p.default for group in parameters for name, p in group.items()}


def differs(value: Any, default: Any) -> bool:
    """Whether a value is not the default; what cannot be compared is not."""
    simple = value is None or isinstance(value, (str, bool, int, float))
    return bool(value != default) if simple else True


def left_open(what: str) -> str:
    """Leave an argument open, with a comment that says what belongs there.

    Examples
    --------
    >>> left_open("as it was given")
    '...,  # as it was given'
    """
    return _LEFT_OPEN + comment(what)


def literal(value: Any) -> str:
    """Write a value as Python, or leave it open where it cannot be written or is too long."""
    value = list(value) if isinstance(value, range) else value
    if not _plain(value):
        return left_open("as it was given")
    if isinstance(value, (list, tuple)) and len(value) > 2 and _plain_numbers(value):
        start, n = value[0], len(value)
        if list(value) == list(range(start, start + n)):
            return f"range({start}, {start + n})"
    if isinstance(value, (list, tuple, dict)) and len(value) > _MOST_LISTED:
        return left_open(f"{len(value):,} entries, as they were given")
    return _wrapped(value)


def _plain(value: Any) -> bool:
    """Whether the `repr` of a value is Python for it."""
    if isinstance(value, Mapping):
        return type(value) is dict and all(map(_plain, [*value, *value.values()]))
    if isinstance(value, (list, tuple)):
        return all(map(_plain, value))
    return value is None or type(value) in (str, bool, int, float)


def _plain_numbers(values: Any) -> bool:
    return all(type(value) is int for value in values)


def _wrapped(value: Any) -> str:
    """Write a value; the entries of a long list or dict go on several lines."""
    text = repr(value)
    if len(text) <= 84 or not isinstance(value, (list, tuple, dict)):
        return text
    pairs = value.items() if isinstance(value, dict) else ()
    entries = [f"{key!r}: {_wrapped(item)}," for key, item in pairs] or [f"{v!r}," for v in value]
    if isinstance(value, dict) and any(isinstance(item, dict) for item in value.values()):
        lines = entries
    else:
        lines = _packed(entries)
    body = textwrap.indent("\n".join(lines), "    ")
    return f"{text[0]}\n{body}\n{text[-1]}"


def _packed(entries: list[str]) -> list[str]:
    """Put as many entries on a line as fit; they are not broken, since they may hold any text."""
    lines = [""]
    for entry in entries:
        if lines[-1] and len(lines[-1]) + len(entry) > 84:
            lines.append("")
        lines[-1] += f" {entry}" if lines[-1] else entry
    return lines


def comment(value: object) -> str:
    """Return a text that cannot leave the comment it stands in."""
    return " ".join(str(value).split())

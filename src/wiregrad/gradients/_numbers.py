"""Numbers among a function's arguments, checked before any work."""

from __future__ import annotations

import numpy as np

__all__ = ["finite_number", "not_negative", "positive", "share", "whole_number"]


def whole_number(name: str, value: int, least: int = 1) -> int:
    """Return a whole number that is at least `least`.

    Raises
    ------
    ValueError
        If it is something else; the message names the argument.

    Examples
    --------
    >>> whole_number("num_epochs", 0, least=0)
    0
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} is a whole number, at least {least}, not {value!r}")
    return int(value)


def finite_number(name: str, value: float) -> float:
    """Return a finite number; ValueError if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is a number, not {value!r}") from None
    if not np.isfinite(number):
        raise ValueError(f"{name} is a finite number, not {value!r}")
    return number


def not_negative(name: str, value: float) -> float:
    """Return a finite number of at least 0; ValueError if it is none."""
    number = finite_number(name, value)
    if number < 0:
        raise ValueError(f"{name} is 0 or more, not {value!r}")
    return number


def positive(name: str, value: float) -> float:
    """Return a finite number above 0; ValueError if it is none."""
    number = finite_number(name, value)
    if number <= 0:
        raise ValueError(f"{name} is more than 0, not {value!r}")
    return number


def share(name: str, value: float) -> float:
    """Return a number from 0 to 1; ValueError if it is none."""
    number = finite_number(name, value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} is a number from 0 to 1, not {value!r}")
    return number

"""The arguments of a search, checked before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ._penalties import Penalty, check_penalties

__all__ = ["SearchSettings", "check_settings"]

#: What the reference does where a call with fixed penalties leaves these out.
_REFERENCE_LAMBDA, _REFERENCE_PASSES = 0.01, 50

#: A search that still makes progress after so many passes is stopped all the same.
_MOST_PASSES = 2_000


@dataclass(frozen=True)
class SearchSettings:
    """How to search: `automatic`, or with fixed multiples of the penalties."""

    automatic: bool
    in_lambda: float
    out_lambda: float
    penalties: Mapping[str, Penalty]
    limit: int
    limit_given: bool
    rate: float
    stop: bool
    flat: float
    window: int


def check_settings(
    *,
    num_iterations: int | None,
    learning_rate: float,
    in_reg_lambda: float | None,
    out_reg_lambda: float | None,
    custom_reg_functions: Mapping[str, Penalty] | None,
    early_stopping: bool,
    stopping_threshold: float,
    n_runs: int,
) -> SearchSettings:
    """Check the arguments and fill in what depends on the others.

    Raises
    ------
    ValueError
        If one is out of its range; the message names it.
    """
    automatic = in_reg_lambda is None and out_reg_lambda is None and not custom_reg_functions
    limit = _MOST_PASSES if automatic else _REFERENCE_PASSES
    return SearchSettings(
        automatic=automatic,
        in_lambda=_not_negative("in_reg_lambda", in_reg_lambda),
        out_lambda=_not_negative("out_reg_lambda", out_reg_lambda),
        penalties=check_penalties(custom_reg_functions),
        limit=limit if num_iterations is None else _whole("num_iterations", num_iterations),
        limit_given=num_iterations is not None or not automatic,
        rate=_positive("learning_rate", learning_rate),
        stop=bool(early_stopping),
        flat=_not_negative("stopping_threshold", stopping_threshold),
        window=_whole("n_runs", n_runs),
    )


def _whole(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is a whole number, at least 1, not {value!r}")
    return int(value)


def _number(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is a number, not {value!r}") from None
    if not np.isfinite(number):
        raise ValueError(f"{name} is a finite number, not {value!r}")
    return number


def _not_negative(name: str, value: float | None) -> float:
    number = _number(name, _REFERENCE_LAMBDA if value is None else value)
    if number < 0:
        raise ValueError(f"{name} is 0 or more, not {value!r}")
    return number


def _positive(name: str, value: float) -> float:
    number = _number(name, value)
    if number <= 0:
        raise ValueError(f"{name} is more than 0, not {value!r}")
    return number

"""The arguments of a search, checked before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..network import read_window
from ._numbers import not_negative, positive, whole_number
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
    n_starts: int
    checkpoint_steps: int | None


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
    n_starts: int = 2,
    checkpoint_steps: int | None = None,
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
        in_lambda=_lambda("in_reg_lambda", in_reg_lambda),
        out_lambda=_lambda("out_reg_lambda", out_reg_lambda),
        penalties=check_penalties(custom_reg_functions),
        limit=limit if num_iterations is None else whole_number("num_iterations", num_iterations),
        limit_given=num_iterations is not None or not automatic,
        rate=positive("learning_rate", learning_rate),
        stop=bool(early_stopping),
        flat=not_negative("stopping_threshold", stopping_threshold),
        window=whole_number("n_runs", n_runs),
        n_starts=whole_number("n_starts", n_starts),
        checkpoint_steps=read_window(checkpoint_steps),
    )


def _lambda(name: str, value: float | None) -> float:
    return not_negative(name, _REFERENCE_LAMBDA if value is None else value)

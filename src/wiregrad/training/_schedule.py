"""What changes over the epochs: the learning rate, and the slope below the threshold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from .._messages import did_you_mean, few

__all__ = ["Schedule", "check_schedule", "leak_factor", "rate_factor"]

#: A name, or a function of the epoch, from 0, to a factor on the learning rate.
Schedule: TypeAlias = str | Callable[[int], float]

#: What an exponential schedule ends at.
_LAST = 0.01

#: What the leak is multiplied with in each third of the epochs. By the surrogate gradient silent
#: neurons are found, but it leads past the best fit: so it fades, and the true gradient is last.
_FADING = (1.0, 0.1, 0.0)

_FACTORS: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1 - done,
    "cosine": lambda done: (1 + math.cos(math.pi * done)) / 2,
    "exponential": lambda done: _LAST**done,
}


def check_schedule(schedule: Schedule) -> Schedule:
    """Return a schedule; ValueError if it is none."""
    if not callable(schedule) and schedule not in _FACTORS:
        raise ValueError(
            f"schedule={schedule!r} is none of {few(map(repr, _FACTORS))}, nor a function of the "
            f"epoch{did_you_mean(str(schedule), _FACTORS)}"
        )
    return schedule


def rate_factor(schedule: Schedule, warmup: int, epoch: int, epochs: int) -> float:
    """Return what the learning rate is multiplied with in an epoch.

    Examples
    --------
    >>> [round(rate_factor("cosine", 1, epoch, 4), 3) for epoch in range(4)]
    [0.5, 0.854, 0.5, 0.146]
    """
    warming = min(1.0, (epoch + 1) / (warmup + 1))
    if callable(schedule):
        return warming * float(schedule(epoch))
    return warming * _FACTORS[schedule](epoch / max(epochs, 1))


def leak_factor(epoch: int, epochs: int) -> float:
    """Return what the slope below the threshold is multiplied with in an epoch.

    Examples
    --------
    >>> [leak_factor(epoch, 6) for epoch in range(6)]
    [1.0, 1.0, 0.1, 0.1, 0.0, 0.0]
    """
    return _FADING[len(_FADING) * epoch // epochs]

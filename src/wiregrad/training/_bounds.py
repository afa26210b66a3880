"""Bounds on trained parameters: one smooth map from all numbers onto an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ..gradients import finite_number, positive

__all__ = ["SmoothBounds"]

#: A value that starts at its bound, where the map has no slope, is moved so many softnesses inside.
_INSIDE = 0.1

#: Free numbers go so many softnesses beyond an end: the value is then within 0.05 of one of it, and
#: they are soon back.
_BEYOND = 3.0


@dataclass(frozen=True)
class SmoothBounds:
    """An interval, and how softly its ends are approached.

    A free number x becomes ::

        low + s * (softplus((x - low) / s) - softplus((x - high) / s))

    which is x well inside the interval, so that step sizes and penalties keep their units, and
    nears its ends without reaching them. Where an end is None its term is left out.

    Parameters
    ----------
    low, high : float or None
    softness : float
        s, in units of the value: a few of them inside an end, the map is the identity.

    Raises
    ------
    ValueError
        If they are not finite, or `low` is not below `high`.

    Examples
    --------
    >>> bounds = SmoothBounds(0, 10, softness=0.1)
    >>> bounds.value(torch.tensor([-0.1, 0.0, 5.0, 20.0]))
    tensor([ 0.0313,  0.0693,  5.0000, 10.0000])
    >>> bounds.free(torch.tensor([5.0], dtype=torch.float64))
    tensor([5.], dtype=torch.float64)
    """

    low: float | None = None
    high: float | None = None
    softness: float = 0.1

    def __post_init__(self) -> None:
        positive("softness", self.softness)
        for name in ("low", "high"):
            if getattr(self, name) is not None:
                finite_number(name, getattr(self, name))
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"bounds are (low, high) with low < high, not {self}")

    def __str__(self) -> str:
        low = "-inf" if self.low is None else f"{self.low:g}"
        return f"({low}, {'inf' if self.high is None else f'{self.high:g}'})"

    def value(self, free: Tensor) -> Tensor:
        """Map free numbers into the interval; differentiable, strictly increasing."""
        s = self.softness
        value = free
        if self.low is not None:
            value = self.low + s * softplus((free - self.low) / s)
        if self.high is not None:
            value = value - s * softplus((free - self.high) / s)
        return value

    def free(self, value: Tensor) -> Tensor:
        """Return the free numbers that are mapped to values strictly inside the interval."""
        s = self.softness
        free = value
        if self.low is not None:
            free = free + s * torch.log(-torch.expm1((self.low - value) / s))
        if self.high is not None:
            free = free - s * torch.log(-torch.expm1((value - self.high) / s))
        return free

    def followed(self, free: Tensor) -> Tensor:
        """Map as `value` does, but hand the gradient of the value to the free numbers as it is.

        Where the map is flat, at an end, its own gradient vanishes, and a value that has come there
        would stay whatever the gradient says.

        Examples
        --------
        >>> free = torch.tensor([-0.3, 5.0], requires_grad=True)
        >>> SmoothBounds(0, 10, softness=0.1).followed(free).sum().backward()
        >>> free.grad
        tensor([1., 1.])
        """
        return free + (self.value(free) - free).detach()

    def within_reach(self, free: Tensor) -> Tensor:
        """Bring free numbers back that lie far beyond an end."""
        far = _BEYOND * self.softness
        low = None if self.low is None else self.low - far
        high = None if self.high is None else self.high + far
        return free if low is None and high is None else free.clamp(low, high)

    def outside(self, value: Tensor) -> Tensor:
        """Say which values are beyond an end; those at one are not."""
        low = -math.inf if self.low is None else self.low
        return (value < low) | (value > (math.inf if self.high is None else self.high))

    def inside(self, value: Tensor) -> Tensor:
        """Move values that lie at an end, or nearly, as far inside as the map needs for a slope."""
        margin = _INSIDE * self.softness
        if self.low is not None and self.high is not None:
            margin = min(margin, (self.high - self.low) / 4)
        low = None if self.low is None else self.low + margin
        high = None if self.high is None else self.high - margin
        return value if low is None and high is None else value.clamp(low, high)

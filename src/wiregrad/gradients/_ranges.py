"""Inputs that may be negative: what is a full drive, what the network sees, and on which side."""

from __future__ import annotations

import torch
from torch import Tensor

from ..network import gate, take_in

__all__ = ["as_seen", "full_drive", "gains", "sides"]

#: The lowest and the highest that an input may be: 0 lies between them, or is the lowest.
Range = tuple[float, float]


def full_drive(slope: Tensor, input_range: Range) -> Tensor:
    """Drive every input as far as may be to where its slope leads up; silent where it has none.

    Examples
    --------
    >>> full_drive(torch.tensor([0.2, -0.3, 0.0]), (-1.0, 1.0))
    tensor([ 1., -1.,  0.])
    """
    low, high = input_range
    driven = high * (slope > 0).to(slope.dtype)
    return torch.where(slope < 0, low, driven) if low else driven


def gains(slope: Tensor, input_range: Range) -> Tensor:
    """Rank inputs by what a full drive of each would gain, to first order."""
    return slope * full_drive(slope, input_range) if input_range[0] else slope


def as_seen(x: Tensor, threshold: float, input_range: Range) -> Tensor:
    """Silence what is nearer to 0 than the threshold; `x` is within its range."""
    if not input_range[0]:
        return gate(x, threshold)
    return take_in(x, threshold, input_range, 0.0)


def sides(x: Tensor, slope: Tensor) -> Tensor:
    """Say of each input on which side of 0 it is, 1 or -1; of a silent one where its slope leads.

    Examples
    --------
    >>> sides(torch.tensor([0.5, -0.5, 0.0, 0.0]), torch.tensor([-1.0, 1.0, -1.0, 0.0]))
    tensor([ 1., -1., -1.,  1.])
    """
    own = torch.where(x != 0, x, slope)
    return torch.where(own < 0, -1.0, 1.0).to(x.dtype)

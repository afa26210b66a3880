"""Whether tensors have changed since they were looked at."""

from __future__ import annotations

from typing import TypeAlias

from torch import Tensor

__all__ = ["Stamp", "same_stamp", "stamp_of"]

#: Tensors, and how often each had been changed in place.
Stamp: TypeAlias = tuple[tuple[Tensor, int], ...]


def stamp_of(*tensors: Tensor) -> Stamp:
    """Note tensors and their versions; those of inference mode have none, and never change."""
    return tuple((part, 0 if part.is_inference() else part._version) for part in tensors)


def same_stamp(one: Stamp, other: Stamp) -> bool:
    """Whether they are the same tensors, unchanged.

    Examples
    --------
    >>> import torch
    >>> x = torch.zeros(2)
    >>> before = stamp_of(x)
    >>> same_stamp(before, stamp_of(x)), same_stamp(before, stamp_of(x.add_(1)))
    (True, False)
    """
    return len(one) == len(other) and all(
        a is b and version == now for (a, version), (b, now) in zip(one, other, strict=True)
    )

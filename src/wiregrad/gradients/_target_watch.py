"""What runs a network and reads targets, with the inputs alone that may be driven."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..network import Response, Slopes, Watch

__all__ = ["TargetWatch", "ranges_of"]


class TargetWatch:
    """A `Watch` that hides inputs from the network: they count as 0, and have no slope.

    Parameters
    ----------
    watch : Watch
    driven : Tensor of bool, shape (1 or batch, 1 or sensory, step), or None
        Inputs that may be driven; None for all.
    """

    def __init__(self, watch: Watch, driven: Tensor | None) -> None:
        self._watch, self._driven = watch, driven

    @property
    def threshold(self) -> float:
        """Threshold of the network: what of a stimulus lies below it is silent."""
        return self._watch.threshold

    def __call__(self, stimulus: Tensor) -> Response:
        """Run the network on a stimulus, shape (batch, sensory, step)."""
        return self._watch(self._within(stimulus))

    def run(self, stimulus: Tensor) -> tuple[Response, Callable[[Slopes], Tensor]]:
        """Run the network; return the response and its gradient: see `Watch.run`."""
        response, gradient = self._watch.run(self._within(stimulus))
        return response, lambda slopes: self._within(gradient(slopes))

    def _within(self, inputs: Tensor) -> Tensor:
        return inputs if self._driven is None else torch.where(self._driven, inputs, 0)


def ranges_of(starts: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    """List what lies in some of several ranges, one range after another.

    Parameters
    ----------
    starts : Tensor of int64, shape (n_ranges + 1,)
        Range i is from `starts[i]` up to `starts[i + 1]`.
    which : Tensor of int64, shape (n,)
        Ranges; one may come several times.

    Returns
    -------
    position, item : Tensor of int64, shape (n_found,)
        Position in `which`, and what lies there in the range.

    Examples
    --------
    >>> position, item = ranges_of(torch.tensor([0, 2, 3]), torch.tensor([1, 0]))
    >>> position.tolist(), item.tolist()
    ([0, 1, 1], [2, 0, 1])
    """
    sizes = starts[which + 1] - starts[which]
    position = torch.arange(len(which), device=which.device).repeat_interleave(sizes)
    before = sizes.cumsum(0) - sizes
    within = torch.arange(len(position), device=which.device) - before[position]
    return position, starts[which][position] + within

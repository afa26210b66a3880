"""What runs a network and reads targets, with the inputs alone that may be driven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..network import Response, Slopes, Watch

__all__ = ["Sums", "TargetWatch", "ranges_of"]


@dataclass(frozen=True, eq=False)
class Sums:
    """Which weighted sums of activations are asked for.

    Attributes
    ----------
    of : Tensor of int64, shape (n_places,)
        The target that each activation belongs to, ascending.
    weight : Tensor, shape (n_places,)
    n_targets : int
    """

    of: Tensor
    weight: Tensor
    n_targets: int

    def add_up(self, read: Tensor) -> Tensor:
        """Sum activations up: (n_places, ...) to (n_targets, ...)."""
        total = read.new_zeros(self.n_targets, *read.shape[1:])
        weight = self.weight.view(-1, *[1] * (read.dim() - 1))
        return total.index_add(0, self.of, weight * read)

    def spread(self, slope: Tensor) -> Tensor:
        """Carry slopes with respect to the sums back: (n_targets,) to (n_places,)."""
        return self.weight * slope[self.of]


class TargetWatch:
    """A `Watch` that reads targets and hides inputs: these count as 0, and have no slope.

    Parameters
    ----------
    watch : Watch
    driven : Tensor of bool, shape (1 or batch, 1 or sensory, step), or None
        Inputs that may be driven; None for all.
    sums : Sums, optional
        What the targets are of the activations that `watch` reads: by default each is one.
    """

    def __init__(self, watch: Watch, driven: Tensor | None, sums: Sums | None = None) -> None:
        self._watch, self._driven, self._sums = watch, driven, sums

    @property
    def threshold(self) -> float:
        """Threshold of the network: what of a stimulus lies below it is silent."""
        return self._watch.threshold

    def __call__(self, stimulus: Tensor) -> Response:
        """Run the network on a stimulus, shape (batch, sensory, step)."""
        return self._added_up(self._watch(self._within(stimulus)))

    def run(self, stimulus: Tensor) -> tuple[Response, Callable[[Slopes], Tensor]]:
        """Run the network; return the response and its gradient: see `Watch.run`."""
        response, gradient = self._watch.run(self._within(stimulus))

        def carried_back(slopes: Slopes) -> Tensor:
            if self._sums is not None:
                slopes = replace(slopes, read=self._sums.spread(slopes.read))
            return self._within(gradient(slopes))

        return self._added_up(response), carried_back

    def _added_up(self, response: Response) -> Response:
        if self._sums is None:
            return response
        return replace(response, read=self._sums.add_up(response.read))

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

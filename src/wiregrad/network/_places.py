"""Single states of a network: which ones to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["Array", "Places"]

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Places:
    """Single states, sorted by layer: arrays of int64, shape (n,)."""

    layer: Array
    neuron: Array
    batch: Array

    @classmethod
    def none(cls) -> Places:
        """Name no state at all."""
        return cls(*(np.empty(0, np.int64) for _ in range(3)))

    @classmethod
    def grid(cls, layers: Sequence[int], neurons: npt.ArrayLike, n_batch: int) -> Places:
        """Name the states of some neurons after some steps, (layer, neuron, batch) in that order.

        `layers` is ascending.

        Examples
        --------
        >>> Places.grid([0, 2], [5], 2).layer.tolist()
        [0, 0, 2, 2]
        """
        axes = (np.asarray(layers), np.asarray(neurons), np.arange(n_batch))
        layer, neuron, batch = np.meshgrid(*axes, indexing="ij")
        return cls(*(axis.ravel().astype(np.int64) for axis in (layer, neuron, batch)))

    def __len__(self) -> int:
        return len(self.layer)

    def within(self, first: int, stop: int) -> slice:
        """Find the states after steps `first` to `stop` - 1, counted from 0."""
        begin, end = np.searchsorted(self.layer, [first, stop])
        return slice(int(begin), int(end))

    def of(self, states: Tensor) -> Tensor:
        """Read them from all states, (batch, neuron, step)."""
        place = (torch.from_numpy(axis) for axis in (self.batch, self.neuron, self.layer))
        return states[tuple(place)]

"""Single states of a network: which ones to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["Array", "Grid", "Places"]

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

    def __len__(self) -> int:
        return len(self.layer)

    def within(self, first: int, stop: int) -> slice:
        """Find the states after steps `first` to `stop` - 1, counted from 0."""
        begin, end = np.searchsorted(self.layer, [first, stop])
        return slice(int(begin), int(end))

    def neurons_at(self, step: int) -> Array:
        """Return the neurons that are read after one step."""
        return self.neuron[self.within(step, step + 1)]

    def read(self, states: Array, first: int, stop: int, out: Array) -> None:
        """Read those after steps `first` to `stop` - 1; `states[1]` is the first of these."""
        here = self.within(first, stop)
        out[here] = states[self.layer[here] - first + 1, self.neuron[here], self.batch[here]]

    def window(self, first: int, stop: int) -> tuple[Places, slice]:
        """Return those after some steps, counted from `first`, and where they stand among all."""
        here = self.within(first, stop)
        return Places(self.layer[here] - first, self.neuron[here], self.batch[here]), here

    def of(self, states: Tensor) -> Tensor:
        """Read them from all states, (batch, neuron, step)."""
        place = (torch.from_numpy(axis) for axis in (self.batch, self.neuron, self.layer))
        return states[tuple(place)]


@dataclass(frozen=True, eq=False)
class Grid:
    """The states of some neurons after some steps, of every batch member: (layer, neuron, batch).

    Attributes
    ----------
    layers : ndarray of int64
        Ascending.
    neurons : ndarray of int64
    n_batch : int

    Examples
    --------
    >>> len(Grid(np.array([0, 2]), np.array([5]), 2))
    4
    """

    layers: Array
    neurons: Array
    n_batch: int

    def __len__(self) -> int:
        return len(self.layers) * len(self.neurons) * self.n_batch

    def within(self, first: int, stop: int) -> slice:
        """Find the states after steps `first` to `stop` - 1, counted from 0."""
        begin, end = np.searchsorted(self.layers, [first, stop])
        size = len(self.neurons) * self.n_batch
        return slice(int(begin) * size, int(end) * size)

    def neurons_at(self, step: int) -> Array:
        """Return the neurons that are read after one step."""
        return self.neurons if step in self.layers else self.neurons[:0]

    def read(self, states: Array, first: int, stop: int, out: Array) -> None:
        """Read those after steps `first` to `stop` - 1; `states[1]` is the first of these."""
        rows = out.reshape(len(self.layers), len(self.neurons), self.n_batch)
        for place, layer in enumerate(self.layers):
            if first <= layer < stop:
                rows[place] = states[layer - first + 1][self.neurons, : self.n_batch]

    def window(self, first: int, stop: int) -> tuple[Places, slice]:
        """Return those after some steps one by one, and where they stand among all."""
        here = self.layers[(self.layers >= first) & (self.layers < stop)] - first
        n_neurons, n_layers = len(self.neurons), len(here)
        return Places(
            layer=np.repeat(here, n_neurons * self.n_batch),
            neuron=np.tile(np.repeat(self.neurons, self.n_batch), n_layers),
            batch=np.tile(np.arange(self.n_batch), n_layers * n_neurons),
        ), self.within(first, stop)

    def of(self, states: Tensor) -> Tensor:
        """Read them from all states, (batch, neuron, step)."""
        chosen = states[:, torch.from_numpy(self.neurons)][..., torch.from_numpy(self.layers)]
        return chosen.permute(2, 1, 0).flatten()

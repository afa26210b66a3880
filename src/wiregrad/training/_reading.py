"""Reading what is measured from a run of the network: only the states that it depends on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..network import MultilayeredNetwork, Watch
from ._recording import MEAN, Rows

__all__ = ["Reading"]

IndexArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class Reading:
    """Runs copies of a network on stimuli, and reads what a recording is compared with.

    Parameters
    ----------
    copies : MultilayeredNetwork
        As of `side_by_side`.
    n_copies : int
    rows : Rows
        Members are those of the stimuli it is called with.
    kernel : ndarray, shape (num_layers, num_layers)
        What each step contributes to what is measured after each.
    leak : float
    window : int, optional
        Steps kept in memory at a time.

    Notes
    -----
    A channel is first pooled over its neurons, at each step that is needed, and then summed over
    steps: a long time course of a large group would have too many terms otherwise.
    """

    def __init__(
        self,
        copies: MultilayeredNetwork,
        n_copies: int,
        rows: Rows,
        kernel: FloatArray,
        *,
        leak: float,
        window: int | None,
    ) -> None:
        self._n_copies = n_copies
        n_neurons, n_steps = copies.n_neurons // n_copies, copies.num_layers
        traces, self._over_time = _traces(rows, kernel)
        places, self._pooled = _places(traces, rows, n_neurons)
        member, neuron, layer = places

        def to_device(index: IndexArray) -> Tensor:
            return torch.from_numpy(index).to(copies.device)

        buffers = [copies.weights.values, getattr(copies, "divnorm_weights", None)]
        if window is None and any(part is not None and part.requires_grad for part in buffers):
            window = n_steps  # the network looks at its parameters alone to see what it must keep
        shifts = np.repeat(np.arange(n_copies) * n_neurons, len(neuron))
        self._watch = Watch(
            copies,
            to_device(np.tile(member, n_copies)),
            to_device(np.tile(neuron, n_copies) + shifts),
            to_device(np.tile(layer, n_copies)),
            leak=leak,
            window=window,
        )

    def __call__(self, stimuli: Tensor) -> Tensor:
        """Return what is seen of each row, before a readout: (n_copies, n_rows), in float64."""
        read = self._watch(stimuli).read.double().cpu().view(self._n_copies, -1)
        return self._over_time(self._pooled(read))


@dataclass(frozen=True, eq=False)
class _Terms:
    """A sparse linear map: entry `to` gets `factor` times entry `source`."""

    to: Tensor
    source: Tensor
    factor: Tensor
    n: int
    one_each: bool

    @classmethod
    def of(cls, to: IndexArray, source: IndexArray, factor: FloatArray, n: int) -> _Terms:
        return cls(
            torch.from_numpy(to),
            torch.from_numpy(source),
            torch.from_numpy(factor),
            n,
            one_each=np.array_equal(to, np.arange(n)),
        )

    def __call__(self, values: Tensor) -> Tensor:
        """Map (n_copies, n_sources) to (n_copies, n)."""
        terms = values.index_select(1, self.source) * self.factor
        if self.one_each:
            return terms
        return terms.new_zeros(len(values), self.n).index_add(1, self.to, terms)


def _traces(rows: Rows, kernel: FloatArray) -> tuple[tuple[IndexArray, ...], _Terms]:
    """List the (member, channel, step) that rows depend on, and how."""
    n_steps = len(kernel)
    by_layer = np.vstack([kernel, kernel.mean(axis=0)])  # the last row is that of a mean
    layer = np.where(rows.layer == MEAN, n_steps, rows.layer)
    lengths = (by_layer != 0).sum(axis=1)
    starts = np.cumsum(lengths) - lengths
    steps = np.nonzero(by_layer)[1]
    to = np.repeat(np.arange(len(rows)), lengths[layer])
    nth = np.arange(len(to)) - np.repeat(np.cumsum(lengths[layer]) - lengths[layer], lengths[layer])
    step = steps[starts[layer[to]] + nth]
    factor = by_layer[layer[to], step]
    n_channels = len(rows.channels)
    code = (rows.member[to] * n_channels + rows.channel[to]) * n_steps + step
    found, source = np.unique(code, return_inverse=True)
    member_channel, step = np.divmod(found, n_steps)
    member, channel = np.divmod(member_channel, n_channels)
    return (member, channel, step), _Terms.of(to, source.astype(np.int64), factor, len(rows))


def _places(
    traces: tuple[IndexArray, ...], rows: Rows, n_neurons: int
) -> tuple[tuple[IndexArray, ...], _Terms]:
    """List the (member, neuron, step) that traces are means of, and how."""
    member, channel, step = traces
    sizes = np.array([len(neurons) for neurons in rows.channels])
    starts = np.cumsum(sizes) - sizes
    neurons = np.concatenate(rows.channels)
    to = np.repeat(np.arange(len(channel)), sizes[channel])
    nth = np.arange(len(to)) - np.repeat(np.cumsum(sizes[channel]) - sizes[channel], sizes[channel])
    neuron = neurons[starts[channel[to]] + nth]
    n_steps = int(step.max()) + 1
    code = (member[to] * n_neurons + neuron) * n_steps + step[to]
    found, source = np.unique(code, return_inverse=True)
    member_neuron, layer = np.divmod(found, n_steps)
    places = (*np.divmod(member_neuron, n_neurons), layer)
    return places, _Terms.of(to, source.astype(np.int64), 1 / sizes[channel[to]], len(channel))

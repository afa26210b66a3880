"""Losses: how far what is predicted lies from what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ._recording import Rows

__all__ = ["LOSSES", "Measured"]

IndexArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

#: Added to variances, which are divided by.
_LITTLE = 1e-12


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured, as tensors of shape (n,).

    Attributes
    ----------
    value, weight : Tensor of float64
    channel : Tensor of int64
    n_channels : int
    """

    value: Tensor
    weight: Tensor
    channel: Tensor
    n_channels: int

    @classmethod
    def of(cls, value: FloatArray, weight: FloatArray, channel: IndexArray, n: int) -> Measured:
        """Make it of arrays, and the number of channels."""
        return cls(torch.from_numpy(value), torch.from_numpy(weight), torch.from_numpy(channel), n)

    @classmethod
    def of_rows(cls, rows: Rows) -> Measured:
        """Take it from rows."""
        return cls.of(rows.value, rows.weight, rows.channel, len(rows.channels))

    def __len__(self) -> int:
        return len(self.value)

    def mean(self, values: Tensor) -> Tensor:
        """Return the weighted mean: (n_starts, n) to (n_starts,)."""
        return (values * self.weight).sum(dim=1) / self.weight.sum()

    def sums(self, values: Tensor) -> Tensor:
        """Return weighted sums by channel: (n_starts, n) to (n_starts, n_channels)."""
        sums = values.new_zeros(len(values), self.n_channels)
        return sums.index_add(1, self.channel, values * self.weight)


def _absolute(predicted: Tensor, measured: Measured) -> Tensor:
    return measured.mean((predicted - measured.value).abs())


def _squared(predicted: Tensor, measured: Measured) -> Tensor:
    return measured.mean((predicted - measured.value).square())


def _correlation(predicted: Tensor, measured: Measured) -> Tensor:
    """1 minus Pearson's correlation, averaged over the channels whose responses differ."""
    total = measured.sums(torch.ones_like(predicted)).clamp(min=1e-300)
    value = measured.value.expand_as(predicted)
    off, off_measured = (
        part - (measured.sums(part) / total)[:, measured.channel] for part in (predicted, value)
    )
    variance, variance_measured, covariance = (
        measured.sums(product) / total
        for product in (off.square(), off_measured.square(), off * off_measured)
    )
    varies = variance_measured > _LITTLE
    scale = ((variance + _LITTLE) * (variance_measured + _LITTLE)).sqrt()
    apart = torch.where(varies, 1 - covariance / scale, 0.0)
    return apart.sum(dim=1) / varies.sum(dim=1).clamp(min=1)


#: By name: functions of what is predicted, (n_starts, n), and measured, to a loss of each start.
LOSSES: dict[str, Callable[[Tensor, Measured], Tensor]] = {
    "l1": _absolute,
    "squared": _squared,
    "correlation": _correlation,
}

"""Observation models: how what is measured follows from activations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..gradients import finite_number

__all__ = ["Observation", "Readout"]

#: Activations that vary by less than about 0.001 are not blown up by a readout: this is a variance.
_LITTLE = 1e-6

_READOUTS = (None, "channel", "shared")


@dataclass(frozen=True)
class Observation:
    """How activations are measured: a calcium kernel, then a readout.

    Parameters
    ----------
    readout : None, "channel" or "shared"
        None: activations themselves. Otherwise offset + gain * activation, for each channel or one
        for all. Offset and gain are not searched for: those with the least squared error on the
        training stimuli are worked out anew for every set of parameters, and the gradient knows of
        it.
    decay : float, optional
        Calcium: c_t = decay * c_(t-1) + (1 - decay) * h_t, from 0 before the first step. At least 0
        and below 1, a step.

    Raises
    ------
    ValueError
        If one is out of its range.

    Notes
    -----
    A variance of 1e-6 is added to that of the activations before dividing by it, so that a silent
    channel has gain 0 and not infinity.

    Examples
    --------
    >>> Observation("channel", decay=0.5).kernel(3).round(3).tolist()
    [[0.5, 0.0, 0.0], [0.25, 0.5, 0.0], [0.125, 0.25, 0.5]]
    """

    readout: str | None = None
    decay: float | None = None

    def __post_init__(self) -> None:
        if self.readout not in _READOUTS:
            raise ValueError(f"readout is None, 'channel' or 'shared', not {self.readout!r}")
        if self.decay is not None and not 0 <= finite_number("decay", self.decay) < 1:
            raise ValueError(f"decay is at least 0 and below 1, not {self.decay!r}")

    def kernel(self, n_steps: int) -> npt.NDArray[np.float64]:
        """Return what each step contributes to what is measured after each, (measured, step)."""
        if not self.decay:
            return np.eye(n_steps)
        steps = np.arange(n_steps)
        ago = steps[:, None] - steps
        with_decay: npt.NDArray[np.float64] = np.where(
            ago >= 0, (1 - self.decay) * self.decay ** np.maximum(ago, 0.0), 0.0
        )
        return with_decay

    def fit(
        self, seen: Tensor, measured: Tensor, weight: Tensor, channel: Tensor, n_channels: int
    ) -> Readout:
        """Work out the readout.

        Parameters
        ----------
        seen : Tensor, shape (n_starts, n)
            What the kernel makes of activations.
        measured, weight, channel : Tensor, shape (n,)
        n_channels : int

        Returns
        -------
        Readout
            Differentiable.
        """
        if self.readout is None:
            return Readout(None, None)
        if self.readout == "shared":
            channel, n_channels = torch.zeros_like(channel), 1
        total = _sums(weight.expand_as(seen), channel, n_channels).clamp(min=1e-300)
        mean_seen = _sums(weight * seen, channel, n_channels) / total
        mean_measured = _sums((weight * measured).expand_as(seen), channel, n_channels) / total
        off_seen = seen - mean_seen[:, channel]
        off_measured = measured - mean_measured[:, channel]
        variance = _sums(weight * off_seen.square(), channel, n_channels) / total
        covariance = _sums(weight * off_seen * off_measured, channel, n_channels) / total
        gain = covariance / (variance + _LITTLE)
        return Readout(gain, mean_measured - gain * mean_seen)


@dataclass(frozen=True, eq=False)
class Readout:
    """An affine readout of each start.

    Attributes
    ----------
    gain, offset : Tensor, shape (n_starts, n_channels) or (n_starts, 1), or None
        None where activations are measured as they are.
    """

    gain: Tensor | None
    offset: Tensor | None

    def __call__(self, seen: Tensor, channel: Tensor) -> Tensor:
        """Return what is predicted to be measured, of the shape of `seen`."""
        if self.gain is None or self.offset is None:
            return seen
        which = torch.zeros_like(channel) if self.gain.shape[1] == 1 else channel
        return self.offset[:, which] + self.gain[:, which] * seen

    def detach(self) -> Readout:
        """Return the same numbers without their graph."""
        if self.gain is None or self.offset is None:
            return self
        return Readout(self.gain.detach(), self.offset.detach())


def _sums(values: Tensor, channel: Tensor, n_channels: int) -> Tensor:
    """Sum up by channel: (n_starts, n) to (n_starts, n_channels)."""
    return values.new_zeros(len(values), n_channels).index_add(1, channel, values)

"""The best parameters that a training came through."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["BestParameters"]


class BestParameters:
    """Remembers the parameters with the lowest validation loss.

    Parameters
    ----------
    parameters : sequence of Tensor
        They are read each time that a loss is offered.

    Attributes
    ----------
    epoch : int or None
        Steps that had been taken when they were best; None as long as no loss was a number.
    val_loss : float
        Their loss; NaN as long as none was a number.

    Examples
    --------
    >>> slope = torch.tensor([5.0])
    >>> best = BestParameters([slope])
    >>> best.offer(0, 0.3), best.offer(1, 0.4), best.offer(2, float("nan")), best.epoch
    (True, False, False, 0)
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._parameters = parameters
        self._best = [parameter.detach().clone() for parameter in parameters]
        self.epoch: int | None = None
        self.val_loss = math.nan

    def offer(self, epoch: int, val_loss: float) -> bool:
        """Keep a copy of the parameters if their loss is the lowest so far; say whether it is."""
        if math.isnan(val_loss) or val_loss >= self.val_loss:
            return False
        self._best = [parameter.detach().clone() for parameter in self._parameters]
        self.epoch, self.val_loss = epoch, val_loss
        return True

    def restore(self) -> None:
        """Give the parameters their best values."""
        with torch.no_grad():
            for parameter, best in zip(self._parameters, self._best, strict=True):
                parameter.copy_(best)

"""The threshold: what lies below it is silent."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["gate"]


def gate(x: Tensor, threshold: float, leak: float = 0.0) -> Tensor:
    """Keep `x` where it reaches the threshold; 0 elsewhere.

    Parameters
    ----------
    x : Tensor
        Any shape.
    threshold : float
        Values equal to it are kept.
    leak : float
        What the gradient is multiplied with below the threshold. 0 is the true gradient. A search
        that must find its way out of silence uses a small positive value: the result of the forward
        pass is the same, only the backward pass sees a slope (a surrogate gradient: Neftci et al.
        2019, IEEE Signal Process Mag 36:51).

    Returns
    -------
    Tensor

    Examples
    --------
    >>> gate(torch.tensor([-1.0, 0.005, 0.01, 2.0]), 0.01)
    tensor([0.0000, 0.0000, 0.0100, 2.0000])
    """
    if leak:
        gated: Tensor = _LeakyGate.apply(x, threshold, leak)  # type: ignore[no-untyped-call]
        return gated
    return torch.where(x >= threshold, x, 0.0)


class _LeakyGate(torch.autograd.Function):
    """The same values as the plain gate, with a gradient that leaks below the threshold."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, threshold: float, leak: float) -> Tensor:
        above = x >= threshold
        ctx.save_for_backward(above)
        ctx.leak = leak
        return torch.where(above, x, 0.0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (above,) = ctx.saved_tensors
        return torch.where(above, grad, grad * ctx.leak), None, None

"""Adam within bounds, for a batch of separate problems."""

from __future__ import annotations

import torch
from torch import Tensor

from ..product import run_on, threads_for

__all__ = ["BoundedAdam"]


class BoundedAdam:
    """Adam (Kingma and Ba 2015) whose every step ends within bounds.

    Its arithmetic is element by element, so a batch member moves the same alone and in company.

    Parameters
    ----------
    x : Tensor, shape (batch, ...)
        The start; steps return new tensors.
    bounds : (float, float)
        The lowest and the highest that an entry may be.

    Examples
    --------
    >>> adam = BoundedAdam(torch.tensor([[0.5]]))
    >>> adam.step(torch.tensor([[0.5]]), torch.tensor([[2.0]]), rate=torch.tensor(0.1))
    tensor([[0.4000]])
    """

    BETA1, BETA2 = 0.9, 0.999
    # Far below the usual 1e-8: gradients through many silent neurons are smaller than that, and
    # are worth following all the same.
    EPSILON = 1e-20

    def __init__(self, x: Tensor, bounds: tuple[float, float] = (0.0, 1.0)) -> None:
        self._bounds = bounds
        self.mean = torch.zeros_like(x, memory_format=torch.contiguous_format)
        self.square = torch.zeros_like(self.mean)
        self.steps = 0

    def take(self, rows: Tensor) -> None:
        """Go on with some batch members alone."""
        self.mean, self.square = self.mean[rows], self.square[rows]

    def step(self, x: Tensor, gradient: Tensor, rate: Tensor) -> Tensor:
        """Move `x` against its gradient; `rate` is the step size, broadcast over members."""
        self.steps += 1
        return (
            self._compiled(x, gradient, rate)
            if x.device.type == "cpu"
            else self._plain(x, gradient, rate)
        )

    def _plain(self, x: Tensor, gradient: Tensor, rate: Tensor) -> Tensor:
        self.mean.lerp_(gradient, 1 - self.BETA1)
        self.square.mul_(self.BETA2).addcmul_(gradient, gradient, value=1 - self.BETA2)
        mean = self.mean / (1 - self.BETA1**self.steps)
        scale = (self.square / (1 - self.BETA2**self.steps)).sqrt_().add_(self.EPSILON)
        return (x - rate * mean / scale).clamp_(*self._bounds)

    def _compiled(self, x: Tensor, gradient: Tensor, rate: Tensor) -> Tensor:
        from ._adam_kernel import adam_step  # numba is loaded when it is first needed

        n_members = len(x)
        x, gradient = x.contiguous(), gradient.contiguous()
        moved = torch.empty_like(x)
        rates = rate.to(torch.float64).reshape(-1).expand(n_members).contiguous()
        with run_on(threads_for(x.numel(), n_members)):
            adam_step(
                x.flatten(1).numpy(),
                gradient.flatten(1).numpy(),
                self.mean.flatten(1).numpy(),
                self.square.flatten(1).numpy(),
                moved.flatten(1).numpy(),
                rates.numpy(),
                (self.BETA1, self.BETA2),
                (1 - self.BETA1**self.steps, 1 - self.BETA2**self.steps),
                self.EPSILON,
                self._bounds,
            )
        return moved

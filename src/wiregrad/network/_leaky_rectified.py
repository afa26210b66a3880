"""Leaky linear-rectified units, in Euler steps of milliseconds: the model of trained fly vision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ._dynamics import Dynamics

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["LeakyRectified"]


class LeakyRectified(Dynamics):
    """tau dV/dt = -V + b + sum w max(V, 0) + x, in Euler steps; states are voltages V.

    Weights w are those of the network, b its biases, x the stimulus: column t acts during step
    t + 1, and `activations[..., t]` is V after it. V begins at b, unless a run goes on from a
    state.

    Parameters
    ----------
    tau : float or array, shape (n_neurons,)
        Time constant, ms; a parameter, `tau`.
    dt : float
        Length of a step, ms; at most the shortest `tau`.

    Notes
    -----
    Source: the model of Lappalainen et al. 2024, Nature, doi:10.1038/s41586-024-07939-3.

    Examples
    --------
    >>> import wiregrad as wg
    >>> weights = np.array([[0, 0], [2.0, 0]])  # 0 -> 1
    >>> dynamics = wg.LeakyRectified(tau=20.0, dt=10.0)
    >>> network = wg.MultilayeredNetwork(weights, [0], 3, dynamics=dynamics, device="cpu")
    >>> network(np.ones((1, 3)))
    tensor([[0.5000, 0.7500, 0.8750],
            [0.0000, 0.5000, 1.0000]])
    """

    def __init__(self, tau: float | npt.ArrayLike, dt: float) -> None:
        super().__init__()
        values = np.atleast_1d(np.asarray(tau, dtype=np.float64))
        if values.ndim != 1 or not np.isfinite(values).all() or not (values > 0).all():
            raise ValueError(
                f"tau is a time in ms above 0, one or one for each neuron, not {tau!r}"
            )
        if not 0 < dt <= values.min():
            raise ValueError(
                f"dt is a time in ms above 0 and at most the shortest tau, {values.min():g}, "
                f"not {dt!r}"
            )
        self.tau = nn.Parameter(torch.from_numpy(values), requires_grad=False)
        self.dt = float(dt)

    def start(self, network: MultilayeredNetwork, initial: Tensor | None, given: Tensor) -> Tensor:
        """Begin at the biases."""
        _, bias = network.slope_and_bias
        return torch.zeros_like(given).add_(bias) if initial is None else initial

    def sends(self, network: MultilayeredNetwork, h: Tensor) -> Tensor:
        """Rectify."""
        return h.clamp(min=0)

    def step(
        self,
        network: MultilayeredNetwork,
        h: Tensor,
        summed: Tensor,
        given: Tensor,
        joining: Tensor | None,
        leak: float,
    ) -> Tensor:
        """Take an Euler step."""
        _, bias = network.slope_and_bias
        return h + self.dt / self.tau.unsqueeze(1) * (-h + bias + summed + given)

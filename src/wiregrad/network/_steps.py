"""The unrolled network step by step, in plain differentiable operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ._gate import gate
from ._interventions import Holds, IndexArray, holds_of

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["unrolled_steps"]

#: (W h, h) to the next activation, both of shape (n_neurons, batch).
Activate = Callable[[Tensor, Tensor], Tensor]


def unrolled_steps(
    model: MultilayeredNetwork,
    stimulus: Tensor,
    leak: float,
    activate: Activate,
    *,
    neurons: Tensor | None = None,
    window: int | None = None,
    rows: IndexArray | None = None,
) -> Tensor:
    """Run the network with any activation function, on any device.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (batch, sensory, num_layers)
    leak : float
        Slope of the surrogate gradient of the stimulus below threshold.
    activate : callable
        Turns summed input into activation.
    neurons : Tensor of int64, optional
        The neurons whose states are returned; by default all.
    window : int, optional
        Steps whose intermediate results are kept for the gradient at a time; those of the other
        windows are computed again. By default all are kept.
    rows : ndarray of int64, shape (batch,), optional
        Which batch member each is, for what is done to single members; by default in order.

    Returns
    -------
    Tensor, shape (batch, n_neurons, num_layers)

    Notes
    -----
    Cost: `num_layers` passes over the edges, and as many again for a gradient, or twice as many
    with windows; elementwise work on all neurons.
    """
    drive = gate(stimulus, model.threshold, leak).clamp(max=1)
    drive = drive.permute(2, 1, 0).contiguous()  # (step, sensory, batch)
    h = drive.new_zeros(model.n_neurons, drive.shape[2])
    h = h.index_add(0, model.sensory_indices, drive[0])
    holds = holds_of(model, h.shape[1], rows)
    if holds is not None:
        h = holds.hold(h, 0)
    n_steps = model.num_layers
    window = n_steps if window is None else window
    again = torch.is_grad_enabled() and window < n_steps
    states: list[Tensor] = []
    for first in range(0, n_steps, window):
        stop = min(first + window, n_steps)

        def run(h: Tensor, drive: Tensor, first: int = first, stop: int = stop) -> list[Tensor]:
            return _window(model, h, drive, first, stop, activate, neurons, holds)

        h, *seen = _computed_again(run, h, drive) if again else run(h, drive)
        states += seen
    return torch.stack(states, dim=-1).transpose(0, 1)


def _window(
    model: MultilayeredNetwork,
    h: Tensor,
    drive: Tensor,
    first: int,
    stop: int,
    activate: Activate,
    neurons: Tensor | None,
    holds: Holds | None,
) -> list[Tensor]:
    """Take some steps; return the last state, and what is wanted of each."""
    seen = []
    for t in range(first, stop):
        h = activate(model.weights(h), h) if holds is None else _held(model, h, activate, holds)
        if t < len(drive) - 1:  # the last state holds no input: nothing would read it
            h = h.index_add(0, model.sensory_indices, drive[t + 1]).clamp(max=1)
        if holds is not None:
            h = holds.hold(h, t + 1)
        seen.append(h if neurons is None else h[neurons])
    return [h, *seen]


def _held(model: MultilayeredNetwork, h: Tensor, activate: Activate, holds: Holds) -> Tensor:
    """Take a step in which some entries reach nobody, or are reached by nothing."""
    heard = holds.silent(h)
    # A function of the user's own may read a neuron's own state, which it has, silenced or not.
    before = heard if model.custom_activation_function is None else h
    return activate(holds.unheard(model.weights(heard)), before)


def _computed_again(
    run: Callable[[Tensor, Tensor], list[Tensor]], h: Tensor, drive: Tensor
) -> list[Tensor]:
    from torch.utils.checkpoint import checkpoint

    found: list[Tensor] = checkpoint(run, h, drive, use_reentrant=False)
    return found

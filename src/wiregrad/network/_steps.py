"""The unrolled network step by step, in plain differentiable operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ._dynamics import Dynamics, take_in
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
    initial: Tensor | None = None,
) -> Tensor:
    """Run the network with any activation function or dynamics, on any device.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (batch, sensory, num_layers)
    leak : float
        Slope of the surrogate gradient of the stimulus below threshold.
    activate : callable
        Turns summed input into activation, where the network has no dynamics of its own.
    neurons : Tensor of int64, optional
        The neurons whose states are returned; by default all.
    window : int, optional
        Steps whose intermediate results are kept for the gradient at a time; those of the other
        windows are computed again. By default all are kept.
    rows : ndarray of int64, shape (batch,), optional
        Which batch member each is, for what is done to single members; by default in order.
    initial : Tensor, shape (n_neurons, batch), optional
        What the first column of the stimulus joins; by default silence.

    Returns
    -------
    Tensor, shape (batch, n_neurons, num_layers)

    Notes
    -----
    Cost: `num_layers` passes over the edges, and as many again for a gradient, or twice as many
    with windows; elementwise work on all neurons.
    """
    if model.dynamics is None:
        drive = take_in(stimulus, model.threshold, model.input_range, leak)
    else:
        drive = model.dynamics.take_in(model, stimulus, leak)
    drive = drive.permute(2, 1, 0).contiguous()  # (step, sensory, batch)
    given = _at_inputs(model, drive[0])
    if model.dynamics is not None:
        h = model.dynamics.start(model, initial, given)
    else:
        h = (given if initial is None else initial + given).clamp(max=1)
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
            return _window(model, h, drive, first, stop, activate, neurons, holds, leak)

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
    leak: float,
) -> list[Tensor]:
    """Take some steps; return the last state, and what is wanted of each."""
    seen = []
    for t in range(first, stop):
        # The last state holds no input: nothing would read it.
        joining = drive[t + 1] if t < len(drive) - 1 else None
        h = _step(model, h, drive[t], joining, activate, holds, leak)
        if holds is not None:
            h = holds.hold(h, t + 1)
        seen.append(h if neurons is None else h[neurons])
    return [h, *seen]


def _step(
    model: MultilayeredNetwork,
    h: Tensor,
    given: Tensor,
    joining: Tensor | None,
    activate: Activate,
    holds: Holds | None,
    leak: float,
) -> Tensor:
    """Take a step, in which some entries may reach nobody, or be reached by nothing."""
    own = model.dynamics
    heard = h if own is None else own.sends(model, h)
    if holds is not None:
        heard = holds.silent(heard)
    summed = model.weights(heard)
    if holds is not None:
        summed = holds.unheard(summed)
    if own is not None:
        then = None if joining is None else _at_inputs(model, joining)
        return _fitting(own.step(model, h, summed, _at_inputs(model, given), then, leak), h, own)
    # A function of the user's own may read a neuron's own state, which it has, silenced or not.
    before = heard if model.custom_activation_function is None else h
    new = model.remember(h, activate(summed, before))
    if joining is None:
        return new
    return new.index_add(0, model.sensory_indices, joining).clamp(max=1)


def _fitting(new: Tensor, h: Tensor, own: Dynamics) -> Tensor:
    """Refuse what is no state."""
    if not isinstance(new, Tensor) or new.shape != h.shape or new.dtype != h.dtype:
        got = f"{tuple(new.shape)} of {new.dtype}" if isinstance(new, Tensor) else type(new)
        raise ValueError(
            f"{type(own).__name__}.step returned {got}: it must return a tensor like the state "
            f"before, (neurons, batch) = {tuple(h.shape)} of {h.dtype}"
        )
    return new


def _at_inputs(model: MultilayeredNetwork, given: Tensor) -> Tensor:
    """Spread a column of the stimulus, (sensory, batch), over all neurons."""
    everywhere = given.new_zeros(model.n_neurons, given.shape[1])
    return everywhere.index_add(0, model.sensory_indices, given)


def _computed_again(
    run: Callable[[Tensor, Tensor], list[Tensor]], h: Tensor, drive: Tensor
) -> list[Tensor]:
    from torch.utils.checkpoint import checkpoint

    found: list[Tensor] = checkpoint(run, h, drive, use_reentrant=False)
    return found

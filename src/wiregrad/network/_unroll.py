"""The unrolled network: one synaptic hop a step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import Tensor

from ._fused import can_fuse, fused_response
from ._memory import choose_window, records_gradient
from ._places import Places
from ._steps import unrolled_steps

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["unroll"]


def unroll(
    model: MultilayeredNetwork,
    stimulus: Tensor,
    leak: float = 0.0,
    *,
    window: int | None = None,
    initial: Tensor | None = None,
) -> Tensor:
    """Run the network on a checked stimulus, the fastest way there is for it; keep all states.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (batch, sensory, num_layers)
        Of the network's dtype, on its device.
    leak : float
        Slope of the surrogate gradient below threshold; 0 gives the true gradient.
    window : int, optional
        Steps whose intermediate results are kept for the gradient at a time. On the CPU nothing is
        kept besides the states themselves.
    initial : Tensor, shape (n_neurons, batch), optional
        What column 0 of the stimulus joins.

    Returns
    -------
    Tensor, shape (batch, n_neurons, num_layers)
        [..., t] is the state after t + 1 steps. Stimulus column 0 drives the first step and is not
        in it; column c >= 1 is added to the sensory neurons in [..., c - 1].

    Notes
    -----
    Cost: at most `num_layers` passes over the edges, and as many again for a gradient; the
    activations of all steps are kept.

    Raises
    ------
    MemoryError
        If they cannot fit.
    """
    gradient = records_gradient(model, stimulus)
    window = choose_window(model, len(stimulus), n_read=None, gradient=gradient, window=window)
    if can_fuse(model, initial):
        return fused_response(model, stimulus, leak, Places.none(), initial=initial)[0]
    activate = partial(model.activation_function, leak=leak)
    return unrolled_steps(model, stimulus, leak, activate, window=window, initial=initial)

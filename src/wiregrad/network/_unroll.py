"""The unrolled network: one synaptic hop a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ._gate import gate

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["unroll"]


def unroll(model: MultilayeredNetwork, stimulus: Tensor, leak: float = 0.0) -> Tensor:
    """Run the network on a checked stimulus.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (batch, sensory, num_layers)
        Of the network's dtype, on its device.
    leak : float
        Slope of the surrogate gradient below threshold; 0 gives the true gradient.

    Returns
    -------
    Tensor, shape (batch, n_neurons, num_layers)
        [..., t] is the state after t + 1 steps. Stimulus column 0 drives the first step and is not
        in it; column c >= 1 is added to the sensory neurons in [..., c - 1].

    Notes
    -----
    Cost: `num_layers` passes over the edges, and as many again for a gradient; the activations of
    all steps are kept.
    """
    drive = gate(stimulus, model.threshold, leak).clamp(max=1)
    drive = drive.permute(2, 1, 0).contiguous()  # (step, sensory, batch)
    h = drive.new_zeros(model.n_neurons, drive.shape[2])
    h = h.index_add(0, model.sensory_indices, drive[0])
    states = []
    for t in range(model.num_layers):
        h = model.activation_function(model.weights(h), h, leak=leak)
        if t < model.num_layers - 1:  # the last state holds no input: nothing would read it
            h = h.index_add(0, model.sensory_indices, drive[t + 1]).clamp(max=1)
        states.append(h)
    return torch.stack(states, dim=-1).transpose(0, 1)

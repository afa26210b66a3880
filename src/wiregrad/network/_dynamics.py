"""What a state becomes in one step: the network's model of a neuron, as an object to replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ._gate import gate

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["Dynamics", "Linear", "take_in"]


class Dynamics(nn.Module):
    """A model of neurons: what they take in, what they send, and what they become in a step.

    Subclass it, write `step`, and pass an instance as `dynamics=` to `MultilayeredNetwork`: states
    are recorded, clamped, differentiated, checkpointed and searched as those of the usual network
    are. All states are tensors of shape (n_neurons, batch), of the network's dtype, on its device;
    parameters and buffers of the object move with the network, and are trained where they record
    gradients.

    Notes
    -----
    A network with dynamics of its own takes the general path, in PyTorch, on the CPU too.

    Examples
    --------
    >>> import numpy as np, wiregrad as wg
    >>> class Sluggish(wg.Dynamics):
    ...     def step(self, network, h, summed, given, joining, leak):
    ...         return 0.5 * h + 0.5 * summed + given
    >>> chain = np.array([[0, 0], [0.5, 0]])  # 0 -> 1
    >>> network = wg.MultilayeredNetwork(chain, [0], 3, dynamics=Sluggish(), device="cpu")
    >>> network(np.array([[1.0, 0, 0]]))
    tensor([[1.0000, 0.5000, 0.2500],
            [0.0000, 0.2500, 0.2500]])
    """

    def take_in(self, network: MultilayeredNetwork, stimulus: Tensor, leak: float) -> Tensor:
        """Return what of a stimulus, of any shape, comes in; by default all within its range."""
        low, high = network.input_range
        return stimulus.clamp(low, high)

    def start(self, network: MultilayeredNetwork, initial: Tensor | None, given: Tensor) -> Tensor:
        """Return the state that the first step starts from.

        `initial` is the state that a run goes on from, if it does; `given` is column 0 of the
        stimulus.
        """
        return torch.zeros_like(given) if initial is None else initial

    def sends(self, network: MultilayeredNetwork, h: Tensor) -> Tensor:
        """Return what a state sends along the connections; by default itself."""
        return h

    def step(
        self,
        network: MultilayeredNetwork,
        h: Tensor,
        summed: Tensor,
        given: Tensor,
        joining: Tensor | None,
        leak: float,
    ) -> Tensor:
        """Take a step.

        Parameters
        ----------
        network : MultilayeredNetwork
            With slopes, biases and whatever else the model takes from it.
        h : Tensor, shape (n_neurons, batch)
            The state before.
        summed : Tensor, shape (n_neurons, batch)
            W times what was sent.
        given : Tensor, shape (n_neurons, batch)
            The column of the stimulus at the state before, 0 but at the sensory neurons.
        joining : Tensor, shape (n_neurons, batch), or None
            The next column; None in the last step.
        leak : float
            Slope of the surrogate gradient where there is none; searches ask for it.

        Returns
        -------
        Tensor, shape (n_neurons, batch)
        """
        raise NotImplementedError(f"{type(self).__name__} has no method `step`")


class Linear(Dynamics):
    """A network without threshold and saturation: h = slope * (W h) + bias, and the stimulus.

    Responses add up: that to two stimuli together is the sum of those to each, but for the biases.
    The stimulus joins as in the usual network, column 0 before the first step and none after the
    last.

    Examples
    --------
    >>> import numpy as np, wiregrad as wg
    >>> chain = np.array([[0, 0], [-0.5, 0]])  # 0 inhibits 1
    >>> network = wg.MultilayeredNetwork(chain, [0], 2, dynamics=wg.Linear(), device="cpu")
    >>> network(np.array([[1.0, 0.001]]))[1]
    tensor([-2.5000, -0.0025])
    """

    def start(self, network: MultilayeredNetwork, initial: Tensor | None, given: Tensor) -> Tensor:
        """Drive the start."""
        return given if initial is None else initial + given

    def step(
        self,
        network: MultilayeredNetwork,
        h: Tensor,
        summed: Tensor,
        given: Tensor,
        joining: Tensor | None,
        leak: float,
    ) -> Tensor:
        """Weigh, remember, and drive."""
        slope, bias = network.slope_and_bias
        h = network.remember(h, network.divnorm(slope, h) * summed + bias)
        return h if joining is None else h + joining


def take_in(
    stimulus: Tensor, threshold: float, input_range: tuple[float, float], leak: float
) -> Tensor:
    """Return what of a stimulus comes in: 0 nearer to 0 than the threshold, and within a range.

    Examples
    --------
    >>> import torch
    >>> take_in(torch.tensor([-2, -0.5, -0.001, 0.001, 2]), 0.01, (-1, 1), 0.0)
    tensor([-1.0000, -0.5000, -0.0000,  0.0000,  1.0000])
    """
    low, high = input_range
    taken = gate(stimulus, threshold, leak)
    if low == 0:
        return taken.clamp(max=high)
    return torch.where(stimulus < 0, -gate(-stimulus, threshold, leak), taken).clamp(low, high)

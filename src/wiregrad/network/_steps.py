"""The unrolled network step by step, in plain differentiable operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ._dynamics import Dynamics, take_in
from ._interventions import Holds, IndexArray, holds_of

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["StepRule", "drive_of", "unrolled_steps"]

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
    drive = drive_of(model, stimulus, leak).permute(2, 1, 0).contiguous()  # (step, sensory, batch)
    rule = StepRule(model, activate, holds_of(model, drive.shape[2], rows), leak)
    h = rule.start(drive[0], initial)
    n_steps = model.num_layers
    window = n_steps if window is None else window
    again = torch.is_grad_enabled() and window < n_steps
    states: list[Tensor] = []
    for first in range(0, n_steps, window):
        stop = min(first + window, n_steps)

        def run(h: Tensor, drive: Tensor, first: int = first, stop: int = stop) -> list[Tensor]:
            return _window(rule, h, drive, first, stop, neurons)

        h, *seen = _computed_again(run, h, drive) if again else run(h, drive)
        states += seen
    return torch.stack(states, dim=-1).transpose(0, 1)


def drive_of(model: MultilayeredNetwork, stimulus: Tensor, leak: float = 0.0) -> Tensor:
    """Return what a network takes in of a stimulus, of any shape."""
    if model.dynamics is not None:
        return model.dynamics.take_in(model, stimulus, leak)
    return take_in(stimulus, model.threshold, model.input_range, leak)


@dataclass(frozen=True, eq=False)
class StepRule:
    """How a network starts and takes a step, but for the product with the weights.

    All states are of shape (n_neurons, batch), columns of the stimulus (sensory, batch).

    Attributes
    ----------
    model : MultilayeredNetwork
    activate : callable
        Turns summed input into activation, where the network has no dynamics of its own.
    holds : Holds or None
        What is done to states of this batch.
    leak : float
        Slope of the surrogate gradient, for dynamics.
    """

    model: MultilayeredNetwork
    activate: Activate
    holds: Holds | None
    leak: float = 0.0

    @property
    def hears_states(self) -> bool:
        """Whether every state is sent along the connections as it is."""
        return self.holds is None and self.model.dynamics is None

    def start(self, given: Tensor, initial: Tensor | None) -> Tensor:
        """Return the state before the first step: what column 0 of the stimulus makes of it."""
        everywhere, own = _at_inputs(self.model, given), self.model.dynamics
        if own is not None:
            h = own.start(self.model, initial, everywhere)
        else:
            h = (everywhere if initial is None else initial + everywhere).clamp(max=1)
        return h if self.holds is None else self.holds.hold(h, 0)

    def heard(self, h: Tensor) -> Tensor:
        """Return what a state sends along the connections: some entries may reach nobody."""
        own = self.model.dynamics
        sent = h if own is None else own.sends(self.model, h)
        return sent if self.holds is None else self.holds.silent(sent)

    def drive(self, heard: Tensor, summed: Tensor) -> Tensor:
        """Return what the usual neuron compares with its threshold."""
        slopes, bias = self.model.slope_and_bias
        if self.holds is not None:
            summed = self.holds.unheard(summed)
        return self.model.divnorm(slopes, heard) * summed + bias

    def after(
        self,
        t: int,
        h: Tensor,
        heard: Tensor,
        summed: Tensor,
        given: Tensor,
        joining: Tensor | None,
    ) -> Tensor:
        """Return the state after step `t`, from W times what was heard.

        `given` is column t of the stimulus, and `joining` the next: None in the last step.
        """
        if self.holds is None:
            return self._new(h, heard, summed, given, joining)
        new = self._new(h, heard, self.holds.unheard(summed), given, joining)
        return self.holds.hold(new, t + 1)

    def _new(
        self, h: Tensor, heard: Tensor, summed: Tensor, given: Tensor, joining: Tensor | None
    ) -> Tensor:
        model, own = self.model, self.model.dynamics
        if own is not None:
            then = None if joining is None else _at_inputs(model, joining)
            new = own.step(model, h, summed, _at_inputs(model, given), then, self.leak)
            return _fitting(new, h, own)
        # A function of the user's own may read a neuron's own state, which it has, silenced or not.
        before = heard if model.custom_activation_function is None else h
        new = model.remember(h, self.activate(summed, before))
        if joining is None:
            return new
        return new.index_add(0, model.sensory_indices, joining).clamp(max=1)


def _window(
    rule: StepRule, h: Tensor, drive: Tensor, first: int, stop: int, neurons: Tensor | None
) -> list[Tensor]:
    """Take some steps; return the last state, and what is wanted of each."""
    seen = []
    for t in range(first, stop):
        # The last state holds no input: nothing would read it.
        joining = drive[t + 1] if t < len(drive) - 1 else None
        heard = rule.heard(h)
        h = rule.after(t, h, heard, rule.model.weights(heard), drive[t], joining)
        seen.append(h if neurons is None else h[neurons])
    return [h, *seen]


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

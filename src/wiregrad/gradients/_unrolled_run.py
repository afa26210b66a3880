"""One run of many columns with its gradient with respect to every state, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..network import MultilayeredNetwork, gate
from ._named_places import WeightedPlaces
from ._wiring import WholeWiring, Wiring

__all__ = ["Columns", "Stage", "UnrolledRun", "columns_of", "open_inputs", "take_in"]

#: The layer of the start: the sensory neurons driven by the stimulus's first column.
START = -1


@dataclass(frozen=True, eq=False)
class Columns:
    """What to run: every column is a run of its own.

    Attributes
    ----------
    member : Tensor of int64, shape (n_columns,)
        The batch member that each belongs to.
    first : int
        The layer that `start` is the state of; -1 is the state before the first step.
    start : Tensor, shape (n_neurons, n_columns)
    drive : Tensor, shape (num_layers, sensory, n_columns)
        What the network takes in: in [threshold, 1], or 0.
    wiring : Wiring
    given : Tensor, shape (n_columns, sensory, num_layers)
        The stimulus that the drive was taken from.
    """

    member: Tensor
    first: int
    start: Tensor
    drive: Tensor
    wiring: Wiring
    given: Tensor


@dataclass(frozen=True, eq=False)
class Stage:
    """The gradients at one layer, (n_neurons, n_columns) each unless said otherwise.

    Attributes
    ----------
    layer : int
    d_state : Tensor
        With respect to the state as an independent variable: of what comes from it.
    d_summed : Tensor or None
        With respect to W h, from which the state came; None at the layer where the run began.
    before : Tensor or None
        That h: the state before.
    d_drive : Tensor, shape (sensory, n_columns), or None
        With respect to the input that joined it; None at the last layer.
    """

    layer: int
    d_state: Tensor
    d_summed: Tensor | None = None
    before: Tensor | None = None
    d_drive: Tensor | None = None


class UnrolledRun:
    """Runs columns forward, and carries the gradient of the targets back to every state.

    Any network, on any device; one step's graph is in memory at a time.

    Parameters
    ----------
    model : MultilayeredNetwork
    places : WeightedPlaces
        The targets.
    columns : Columns

    Attributes
    ----------
    columns : Columns
    response : Tensor, shape (n_columns,)
        The targets' weighted sum. Targets at layers before the first are left out: nothing of the
        run can change them.
    states : list of Tensor, shape (n_neurons, n_columns)
        From the layer `columns.first` on.

    Notes
    -----
    Cost: one pass over the edges a step forward, and one back; 2 * n_neurons * n_columns numbers a
    step in memory.

    Examples
    --------
    >>> import numpy as np, wiregrad as wg
    >>> from wiregrad.gradients._named_places import weigh_places
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> network = wg.MultilayeredNetwork(chain, [0], tanh_steepness=1, device="cpu")
    >>> columns = columns_of(network, torch.tensor([[[0.4, 0.0]]]), torch.tensor([0]))
    >>> run = UnrolledRun(network, weigh_places({1: [2]}, network), columns)
    >>> run.response
    tensor([0.0984])
    >>> [stage.layer for stage in run.back()]
    [1, 0, -1]
    """

    def __init__(
        self, model: MultilayeredNetwork, places: WeightedPlaces, columns: Columns
    ) -> None:
        self._model, self._places, self.columns = model, places, columns
        # What else an activation depends on than its summed input.
        self._by_state = (
            model.custom_activation_function is not None or model.divisive_strength is not None
        )
        self.states, self._summed = [columns.start], []
        with torch.no_grad():
            for layer in range(columns.first + 1, model.num_layers):
                summed = columns.wiring.forward(self.states[-1])
                self._summed.append(summed)
                self.states.append(self._step(layer, summed, self.states[-1], self._drive(layer)))
            self.response = self._read()

    def back(self, down_to: int | None = None) -> Iterator[Stage]:
        """Go back from the last layer to where the run began, or to a later layer."""
        columns = self.columns
        down_to = columns.first if down_to is None else max(down_to, columns.first)
        g = torch.zeros_like(columns.start)
        for layer in reversed(range(down_to, self._model.num_layers)):
            here = self._places.layer == layer
            weights = self._places.weight[here].unsqueeze(1).expand(-1, g.shape[1])
            g = g.index_add(0, self._places.neuron[here], weights)
            if layer == columns.first:
                yield Stage(layer, g)
                return
            stage, d_before = self._back_through(layer, g)
            yield stage
            if layer > down_to and stage.d_summed is not None:
                g = columns.wiring.back(stage.d_summed)
                g = g if d_before is None else g + d_before

    def _drive(self, layer: int) -> Tensor | None:
        """Return the input that joins a state: none joins the last."""
        return self.columns.drive[layer + 1] if layer + 1 < self._model.num_layers else None

    def _step(self, layer: int, summed: Tensor, before: Tensor, drive: Tensor | None) -> Tensor:
        """Turn W h and h into the next state."""
        h = self._model.activation_function(summed, before)
        if drive is None:
            return h
        return h.index_add(0, self._model.sensory_indices, drive).clamp(max=1)

    def _back_through(self, layer: int, g: Tensor) -> tuple[Stage, Tensor | None]:
        """Carry the gradient of a state to what it was made of."""
        at = layer - self.columns.first
        summed = self._summed[at - 1].detach().requires_grad_()
        before = self.states[at - 1].detach().requires_grad_(self._by_state)
        drive = self._drive(layer)
        with torch.enable_grad():
            joined = None if drive is None else drive.detach().requires_grad_()
            state = self._step(layer, summed, before, joined)
        leaves = [summed] + [
            x for x in (joined, before if self._by_state else None) if x is not None
        ]
        d_summed, *others = torch.autograd.grad(state, leaves, g, allow_unused=True)
        d_drive = others.pop(0) if joined is not None else None
        d_before = others.pop(0) if self._by_state else None
        d_summed = torch.zeros_like(g) if d_summed is None else d_summed
        return Stage(layer, g, d_summed, before.detach(), d_drive), d_before

    def _read(self) -> Tensor:
        first, places = self.columns.first, self._places
        total = self.columns.start.new_zeros(self.columns.start.shape[1])
        for layer, state in enumerate(self.states, start=first):
            here = places.layer == layer
            total = total + places.weight[here] @ state[places.neuron[here]]
        return total


def take_in(model: MultilayeredNetwork, stimulus: Tensor) -> Tensor:
    """Return what a network takes in of (n_columns, sensory, step): (step, sensory, n_columns)."""
    return gate(stimulus, model.threshold).clamp(max=1).permute(2, 1, 0).contiguous()


def open_inputs(model: MultilayeredNetwork, stimulus: Tensor) -> Tensor:
    """Return the slope of what is taken in: 1 from the threshold to 1, else 0."""
    return ((stimulus >= model.threshold) & (stimulus <= 1)).to(stimulus.dtype)


def columns_of(
    model: MultilayeredNetwork, stimulus: Tensor, member: Tensor, wiring: Wiring | None = None
) -> Columns:
    """Make columns that run from the stimulus on: (n_columns, sensory, num_layers)."""
    drive = take_in(model, stimulus)
    start = drive.new_zeros(model.n_neurons, drive.shape[2])
    start = start.index_add(0, model.sensory_indices, drive[0])
    return Columns(member, START, start, drive, wiring or WholeWiring(model.weights), stimulus)

"""One run of many columns with its gradient with respect to every state, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..network import MultilayeredNetwork, StepRule, drive_of, holds_of
from ._named_places import WeightedPlaces
from ._wiring import WholeWiring, Wiring

__all__ = ["START", "Columns", "Stage", "Trials", "UnrolledRun", "gradients_of"]

#: The layer of the start: the sensory neurons driven by the stimulus's first column.
START = -1


@dataclass(frozen=True, eq=False)
class Columns:
    """What to run: every column is a run of its own.

    Attributes
    ----------
    member : Tensor of int64, shape (n_columns,)
        The batch member that each belongs to.
    stimulus : Tensor, shape (n_columns, sensory, num_layers)
    wiring : Wiring
    initial : Tensor, shape (n_neurons, n_columns), or None
        What column 0 of the stimulus joins; None is silence.
    first : int
        The layer that a run begins at; -1 is the state before the first step.
    state : Tensor, shape (n_neurons, n_columns), or None
        The state at that layer; None where the stimulus makes it.
    """

    member: Tensor
    stimulus: Tensor
    wiring: Wiring
    initial: Tensor | None = None
    first: int = START
    state: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Trials:
    """What an attribution is of: a network, and of every batch member stimulus and start.

    Attributes
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (n_members, sensory, num_layers)
    initial : Tensor, shape (n_neurons, n_members), or None
        What column 0 of the stimulus joins; None is silence.
    """

    model: MultilayeredNetwork
    stimulus: Tensor
    initial: Tensor | None = None

    @property
    def member(self) -> Tensor:
        """The number of every member: (n_members,)."""
        return torch.arange(len(self.stimulus), device=self.stimulus.device)

    def columns(
        self, member: Tensor, stimulus: Tensor | None = None, wiring: Wiring | None = None
    ) -> Columns:
        """Make columns of some members, with their own stimulus and weights, or with others."""
        given = self.stimulus[member] if stimulus is None else stimulus
        initial = None if self.initial is None else self.initial[:, member]
        return Columns(member, given, wiring or WholeWiring(self.model.weights), initial)


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
    heard : Tensor or None
        That h: what the state before sent.
    d_drive : dict
        With respect to what was taken in, {step: (sensory, n_columns)}, as far as it had a part in
        making this state.
    """

    layer: int
    d_state: Tensor
    d_summed: Tensor | None = None
    heard: Tensor | None = None
    d_drive: Mapping[int, Tensor] = field(default_factory=dict)


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
    states : list of Tensor, shape (n_neurons, n_columns)
        From the layer where the run began to the last one.
    response : Tensor, shape (n_columns,)
        The targets' weighted sum; those before the first layer are not in it.

    Examples
    --------
    >>> import numpy as np, wiregrad as wg
    >>> from wiregrad.gradients._named_places import weigh_places
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> network = wg.MultilayeredNetwork(chain, [0], tanh_steepness=1, device="cpu")
    >>> columns = Trials(network, torch.tensor([[[0.4, 0.0]]])).columns(torch.tensor([0]))
    >>> run = UnrolledRun(network, weigh_places({1: [2]}, network), columns)
    >>> run.response
    tensor([0.0984])
    >>> [stage.layer for stage in run.back()]
    [1, 0, -1]
    >>> run.of_stimulus()
    tensor([[[0.2379, 0.0000]]])
    """

    def __init__(
        self, model: MultilayeredNetwork, places: WeightedPlaces, columns: Columns
    ) -> None:
        self._model, self._places, self.columns = model, places, columns
        member = columns.member.cpu().numpy()
        self._rule = StepRule(
            model, model.activation_function, holds_of(model, len(member), member)
        )
        # What else an activation depends on than its summed input.
        self._by_state = model.may_remember or model.divisive_strength is not None
        with torch.no_grad():
            self._drive = _by_step(drive_of(model, columns.stimulus))
            start = columns.state
            if start is None:
                start = self._rule.start(self._drive[0], columns.initial)
            self.states, self._summed = [start], []
            for layer in range(columns.first + 1, model.num_layers):
                h = self.states[-1]
                heard = self._rule.heard(h)
                self._summed.append(columns.wiring.forward(heard))
                self.states.append(self._step(layer, h, heard, self._summed[-1], self._drive))
            self.response = self._read()

    def heard(self, layer: int) -> Tensor:
        """Return what the state of a layer sends along the connections: (n_neurons, n_columns)."""
        with torch.no_grad():
            return self._rule.heard(self.states[layer - self.columns.first])

    def back(self, down_to: int | None = None) -> Iterator[Stage]:
        """Go back from the last layer to where the run began, or to a later layer."""
        columns = self.columns
        down_to = columns.first if down_to is None else max(down_to, columns.first)
        g = torch.zeros_like(self.states[0])
        for layer in reversed(range(down_to, self._model.num_layers)):
            g = self._read_back(layer, g)
            if layer == columns.first:
                yield Stage(layer, g, d_drive=self._back_through_start(g))
                return
            stage, d_before = self._back_through(layer, g)
            yield stage
            if layer > down_to and stage.d_summed is not None:
                g = self._back_through_sending(layer - 1, columns.wiring.back(stage.d_summed))
                g = g if d_before is None else g + d_before

    def is_driven(self, layer: int) -> Tensor:
        """Say whose drive reached the threshold on the way to a layer: (n_neurons, n_columns)."""
        at = layer - self.columns.first - 1
        with torch.no_grad():
            drive = self._rule.drive(self._rule.heard(self.states[at]), self._summed[at])
            return drive >= self._model.threshold

    def takes_in(self, step: int) -> Tensor:
        """Say which inputs come in at a step: (sensory, n_columns)."""
        return self._drive[step] != 0

    def of_stimulus(self) -> Tensor:
        """Return the gradient of the stimulus: (n_columns, sensory, num_layers)."""
        d_drive: dict[int, Tensor] = {}
        for stage in self.back():
            for step, slope in stage.d_drive.items():
                d_drive[step] = d_drive[step] + slope if step in d_drive else slope
        slopes = torch.stack([d_drive[step] for step in range(len(self._drive))], dim=-1)
        model, given = self._model, self.columns.stimulus
        if model.dynamics is None and model.input_range[0] == 0:  # open from the threshold on
            taken = (given >= model.threshold) & (given <= model.input_range[1])
            return slopes.transpose(0, 1) * taken
        with torch.enable_grad():
            given = given.detach().requires_grad_()
            drive = drive_of(model, given)
        return gradients_of(drive, [given], slopes.transpose(0, 1))[0]

    def _read_back(self, layer: int, g: Tensor) -> Tensor:
        """Add the gradient of the targets with respect to a state of theirs."""
        here = self._places.layer == layer
        weights = self._places.weight[here].unsqueeze(1).expand(-1, g.shape[1])
        return g.index_add(0, self._places.neuron[here], weights)

    def _step(
        self,
        layer: int,
        h: Tensor,
        heard: Tensor,
        summed: Tensor,
        drive: Tensor | Mapping[int, Tensor],
    ) -> Tensor:
        """Take the step to a layer; no input joins the last."""
        joining = drive[layer + 1] if layer + 1 < self._model.num_layers else None
        return self._rule.after(layer, h, heard, summed, drive[layer], joining)

    def _back_through(self, layer: int, g: Tensor) -> tuple[Stage, Tensor | None]:
        """Carry the gradient of a state to what it was made of."""
        at = layer - self.columns.first
        summed = self._summed[at - 1].detach().requires_grad_()
        before = self.states[at - 1].detach().requires_grad_(self._by_state)
        # Other dynamics may take the input of a state along with the state itself.
        steps = range(layer if self._model.dynamics is not None else layer + 1, layer + 2)
        drive = {
            step: self._drive[step].detach().requires_grad_()
            for step in steps
            if step < self._model.num_layers
        }
        with torch.enable_grad():
            heard = self._rule.heard(before)
            state = self._step(layer, before, heard, summed, {layer: self._drive[layer], **drive})
        leaves = [summed, *drive.values(), *([before] if self._by_state else [])]
        d_summed, *others = gradients_of(state, leaves, g)
        d_before = others.pop() if self._by_state else None
        d_drive = dict(zip(drive, others, strict=True))
        return Stage(layer, g, d_summed, heard.detach(), d_drive), d_before

    def _back_through_sending(self, layer: int, g: Tensor) -> Tensor:
        """Carry the gradient of what a state sends to the state."""
        if self._rule.hears_states:
            return g
        h = self.states[layer - self.columns.first].detach().requires_grad_()
        with torch.enable_grad():
            heard = self._rule.heard(h)
        return gradients_of(heard, [h], g)[0]

    def _back_through_start(self, g: Tensor) -> Mapping[int, Tensor]:
        """Carry the gradient of the state before the first step to the stimulus."""
        if self.columns.first != START:
            return {}
        if self._rule.hears_states and self.columns.initial is None:
            return {0: g[self._model.sensory_indices]}
        given = self._drive[0].detach().requires_grad_()
        with torch.enable_grad():
            state = self._rule.start(given, self.columns.initial)
        return {0: gradients_of(state, [given], g)[0]}

    def _read(self) -> Tensor:
        first, places = self.columns.first, self._places
        total = self.states[0].new_zeros(self.states[0].shape[1])
        for layer, state in enumerate(self.states, start=first):
            here = places.layer == layer
            total = total + places.weight[here] @ state[places.neuron[here]]
        return total


def gradients_of(of: Tensor, leaves: list[Tensor], g: Tensor) -> list[Tensor]:
    """Carry a gradient back to leaves; 0 where there is no way."""
    if not of.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(of, leaves, g, allow_unused=True)
    pairs = zip(found, leaves, strict=True)
    return [torch.zeros_like(leaf) if d is None else d for d, leaf in pairs]


def _by_step(drive: Tensor) -> Tensor:
    """Turn (n_columns, sensory, step) into (step, sensory, n_columns)."""
    return drive.permute(2, 1, 0).contiguous()

"""What a network answers to a stimulus, pass after pass: only what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import torch
from torch import Tensor

from ._fused import can_fuse, fused_response, fused_run
from ._memory import choose_window, records_gradient
from ._part import reached_part, rests
from ._places import Array, Places
from ._room import Room
from ._steps import unrolled_steps

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["Response", "Slopes", "Wanted", "Watch"]

#: What is wanted of a response besides single states.
Wanted = Literal["nothing", "sums", "activations"]


@dataclass(frozen=True, eq=False)
class Response:
    """The answer to one stimulus, with its graph.

    Attributes
    ----------
    read : Tensor, shape (n,)
        The states asked for.
    size, square : Tensor, shape (batch,), or None
        Sums of all |activations| and of their squares, over neurons and steps.
    activations : Tensor, shape (batch, n_neurons, num_layers), or None
    """

    read: Tensor
    size: Tensor | None = None
    square: Tensor | None = None
    activations: Tensor | None = None

    @classmethod
    def of(cls, activations: Tensor, read: Tensor, also: Wanted) -> Response:
        """Gather what is wanted from all activations."""
        if also == "sums":
            rows = activations.flatten(1)
            return cls(read, rows.abs().sum(dim=1), rows.square().sum(dim=1))
        return cls(read, activations=activations if also == "activations" else None)


@dataclass(frozen=True, eq=False)
class Slopes:
    """The gradient of a number with respect to a response; None stands for zeros.

    Attributes
    ----------
    read, size, square, activations : Tensor or None
        Of the shapes of a `Response`.
    """

    read: Tensor
    size: Tensor | None = None
    square: Tensor | None = None
    activations: Tensor | None = None


@dataclass(frozen=True, eq=False)
class _View:
    """What is run, where its states are read, and the room for it."""

    model: MultilayeredNetwork
    places: Places
    room: Room | None


class Watch:
    """Runs a network again and again, and reads single states.

    Until it is thrown away, nothing of the network may change but its slopes, biases and divisive
    strengths while they record gradients.

    Parameters
    ----------
    model : MultilayeredNetwork
    batch, neuron, layer : Tensor of int64, shape (n,)
        The states to read.
    leak : float
        Slope of the surrogate gradient below threshold.
    also : {"nothing", "sums", "activations"}
        What else is wanted. States that nobody wants are not kept from pass to pass; then the
        gradient of a response must be taken before the next pass.
    window : int, optional
        Steps kept in memory at a time; by default all, or fewer where memory is short.
    rows : ndarray of int64, optional
        Which batch member each stimulus is of, for what is done to single members; by default they
        are in order.

    Notes
    -----
    Cost of a pass and its gradient: see `unroll`. On the CPU the room for it is made once.

    Examples
    --------
    >>> import wiregrad as wg
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> network = wg.MultilayeredNetwork(chain, sensory_indices=[0], num_layers=2, device="cpu")
    >>> place = [torch.tensor([index]) for index in (0, 2, 1)]
    >>> watch = Watch(network, *place, leak=0.1)
    >>> watch(torch.tensor([[[1.0, 0.0]]])).read
    tensor([0.9857])
    """

    def __init__(
        self,
        model: MultilayeredNetwork,
        batch: Tensor,
        neuron: Tensor,
        layer: Tensor,
        *,
        leak: float,
        also: Wanted = "nothing",
        window: int | None = None,
        rows: Array | None = None,
    ) -> None:
        self._model, self._leak, self._also, self._window = model, leak, also, window
        self._rows = rows
        self._place = (batch, neuron, layer)
        self._windows: dict[bool, int] = {}
        self._fuse = can_fuse(model)
        if self._fuse:
            by_layer = np.argsort(layer.numpy(), kind="stable")
            places = Places(*(part.numpy()[by_layer] for part in (layer, neuron, batch)))
            self._by_layer = torch.from_numpy(by_layer)
            self._as_asked = torch.from_numpy(np.argsort(by_layer))
            # States that are returned belong to the caller, and lie in no room.
            self._view = _View(model, places, None if also == "activations" else Room())
            self._part = None if also == "activations" else self._view_of_part(places)

    @property
    def threshold(self) -> float:
        """Threshold of the network: what of a stimulus lies below it is silent."""
        return self._model.threshold

    @property
    def num_layers(self) -> int:
        """Steps of the network."""
        return self._model.num_layers

    def __call__(self, stimulus: Tensor) -> Response:
        """Run the network on a stimulus, shape (batch, sensory, num_layers)."""
        return self._fused(stimulus) if self._fuse else self._plain(stimulus)

    def run(self, stimulus: Tensor) -> tuple[Response, Callable[[Slopes], Tensor]]:
        """Run the network on a stimulus; return the response without a graph, and its gradient.

        The gradient is a function from slopes with respect to the response to slopes with respect
        to the stimulus; to be called before the next run. On the fused path it does without
        autograd.
        """
        if self._fuse:
            return self._run_fused(stimulus)
        x = stimulus.detach().requires_grad_()
        with torch.enable_grad():  # whatever the caller has set
            response = self._plain(x)

        def gradient(slopes: Slopes) -> Tensor:
            pairs = [
                (out, slope)
                for out, slope in zip(_parts(response), _parts(slopes), strict=True)
                if out is not None and slope is not None
            ]
            (d_x,) = torch.autograd.grad([out for out, _ in pairs], x, [d for _, d in pairs])
            return d_x

        sums = (None if part is None else part.detach() for part in _parts(response)[1:])
        return Response(response.read.detach(), *sums), gradient

    def _view_of_part(self, places: Places) -> _View | None:
        """Look at the part of the network that a stimulus can reach, if that pays."""
        if self._leak and self._model.is_training_parameters:
            return None  # by the surrogate gradient, parameters of silent neurons matter too
        if not rests(self._model):
            return None
        part = reached_part(self._model, places.neuron)
        if part is None:
            return None
        within = Places(places.layer, part.place[places.neuron], places.batch)
        return _View(cast("MultilayeredNetwork", part), within, Room())

    def _look(self) -> _View:
        """Choose what to run: the part if it stands for all, with the biases as they are now."""
        part = self._part
        if part is None or (self._model.is_training_parameters and not rests(self._model)):
            return self._view
        return part

    def _run_fused(self, stimulus: Tensor) -> tuple[Response, Callable[[Slopes], Tensor]]:
        x = stimulus.detach()
        add_up, window = self._also == "sums", self._choose_window(x, gradient=True)
        view = self._look()
        how = view.places, view.room, add_up, window, self._rows
        run = fused_run(view.model, x, self._leak, *how)
        read, size, square = (torch.from_numpy(part) for part in (run.read, run.size, run.square))
        states = torch.from_numpy(run.states[1:, :, : len(x)]).permute(2, 1, 0)
        response = self._gather(states, read, size.to(x.dtype), square.to(x.dtype))

        def gradient(slopes: Slopes) -> Tensor:
            d_states = None if slopes.activations is None else slopes.activations.permute(2, 1, 0)
            d_read = slopes.read[self._by_layer]
            return torch.from_numpy(run.backward(d_states, d_read, slopes.size, slopes.square)[0])

        return response, gradient

    def _fused(self, stimulus: Tensor) -> Response:
        add_up, window = self._also == "sums", self._choose_window(stimulus)
        view = self._look()
        return self._gather(
            *fused_response(
                view.model,
                stimulus,
                self._leak,
                view.places,
                view.room,
                add_up,
                window,
                self._rows,
            )
        )

    def _gather(self, states: Tensor, read: Tensor, size: Tensor, square: Tensor) -> Response:
        """Keep what is wanted of a fused run, in the order asked."""
        read = read[self._as_asked]
        if self._also == "activations":
            return Response(read, activations=states)
        return Response(read, size, square) if self._also == "sums" else Response(read)

    def _plain(self, stimulus: Tensor) -> Response:
        activate = partial(self._model.activation_function, leak=self._leak)
        batch, neuron, layer = self._place
        few = self._also == "nothing"  # then the states of other neurons are not kept
        kept, column = torch.unique(neuron, return_inverse=True) if few else (None, neuron)
        states = unrolled_steps(
            self._model,
            stimulus,
            self._leak,
            activate,
            neurons=kept,
            window=self._choose_window(stimulus),
            rows=self._rows,
        )
        return Response.of(states, states[batch, column, layer], self._also)

    def _choose_window(self, stimulus: Tensor, gradient: bool | None = None) -> int:
        """Choose the steps in memory: once for passes with a gradient, once for the others."""
        if gradient is None:
            gradient = records_gradient(self._model, stimulus)
        if gradient not in self._windows:
            n_read = None if self._also == "activations" else len(self._place[0])
            self._windows[gradient] = choose_window(
                self._model, len(stimulus), n_read=n_read, gradient=gradient, window=self._window
            )
        return self._windows[gradient]


def _parts(of: Response | Slopes) -> tuple[Tensor | None, ...]:
    return of.read, of.size, of.square, of.activations

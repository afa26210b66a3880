"""The whole unrolled network as one differentiable function, on active neurons only (CPU)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ._fused_run import FusedRun
from ._leaky_run import LeakyRun
from ._places import Array, Grid, Places
from ._room import Room
from ._run_settings import RunSettings
from ._stepped_run import SteppedRun
from ._steps import unrolled_steps

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["can_fuse", "fused_response", "fused_run", "is_compiled", "slope_and_bias"]

_KINDS = (torch.float32, torch.float64)


def can_fuse(model: MultilayeredNetwork, initial: Tensor | None = None) -> bool:
    """Whether a network can run on the fused path: rate neurons, fixed weights, on the CPU.

    Neither `tau` nor a state to start from may record gradients.

    At threshold 0 silence and a drive of exactly 0 have different slopes, and every neuron counts
    as active: the general path is as good there.
    """
    return (
        model.custom_activation_function is None
        and model.dynamics is None
        and model.input_range == (0.0, 1.0)
        and (model.tau is None or not model.tau.requires_grad)
        and (initial is None or not initial.requires_grad)
        and model.divisive_strength is None
        and model.threshold > 0
        and not model.weights.values.requires_grad
        and model.device.type == "cpu"
        and model.dtype in _KINDS
    )


def is_compiled() -> bool:
    """Whether the kernels of the fused path are on disk; the first run on a machine makes them."""
    from ..product.compiled import is_on_disk
    from ._backward_kernels import backward

    return is_on_disk(backward)


def fused_response(
    model: MultilayeredNetwork,
    stimulus: Tensor,
    leak: float,
    places: Places | Grid,
    room: Room | None = None,
    add_up: bool = False,
    window: int | None = None,
    rows: Array | None = None,
    initial: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Run a network for which `can_fuse` holds.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (batch, sensory, num_layers)
        Of the network's dtype.
    leak : float
        Slope of the surrogate gradient below threshold.
    places : Places or Grid
        The states to read.
    room : Room, optional
        Reused from call to call; then no states are returned, and the gradient of a response must
        be taken before the next one is computed.
    add_up : bool
        Whether to sum the activations up.
    window : int, optional
        With a room, steps to keep in memory at a time; by default all, or without a gradient one.
    rows : ndarray of int64, shape (batch,), optional
        Which batch member each is, for what is done to single members; by default in order.
    initial : Tensor, shape (n_neurons, batch), optional
        What column 0 of the stimulus joins.

    Returns
    -------
    states : Tensor, shape (batch, n_neurons, num_layers), or empty
    read : Tensor, shape (n,)
    size, square : Tensor, shape (batch,)
        Sums of |activations| and of their squares; 0 unless `add_up`. Silence has no slope in them.

    Notes
    -----
    Cost: forward, the out-edges of the active neurons of each step, or all edges where these are
    many. Backward the same without a leak, and with it at most all edges, a step. Memory: one
    number a neuron, step and batch member, and three more of a single step.
    """
    slope, bias = _slope_and_bias(model, room)
    keep = torch.is_grad_enabled() and (slope.requires_grad or bias.requires_grad)
    gradient = torch.is_grad_enabled() and any(x.requires_grad for x in (stimulus, slope, bias))
    settings = _settings(model, leak, places, room, add_up, window, keep, gradient, rows, initial)
    states, read, size, square = _Fused.apply(stimulus, slope, bias, settings)  # type: ignore[no-untyped-call]
    return states.permute(2, 1, 0), read, size, square


def fused_run(
    model: MultilayeredNetwork,
    stimulus: Tensor,
    leak: float,
    places: Places,
    room: Room | None,
    add_up: bool,
    window: int | None,
    rows: Array | None = None,
) -> FusedRun:
    """Run a network forward without autograd; `backward` of what is returned is its gradient.

    A pass of a small network spends more time in autograd than in its kernels. Parameters as in
    `fused_response`; slopes and biases get no gradient.
    """
    slope, bias = _slope_and_bias(model, room)
    settings = _settings(model, leak, places, room, add_up, window, False, True, rows)
    run = _prepare(settings, stimulus, slope, bias)
    run.forward()
    return run


def _prepare(settings: RunSettings, stimulus: Tensor, slope: Tensor, bias: Tensor) -> FusedRun:
    """Make a run: of all steps in one call, unless something is done to states in between."""
    if settings.model.tau is not None:
        return LeakyRun(settings, stimulus, slope, bias)
    kind = SteppedRun if settings.model.interventions else FusedRun
    return kind(settings, stimulus, slope, bias)


def _settings(
    model: MultilayeredNetwork,
    leak: float,
    places: Places | Grid,
    room: Room | None,
    add_up: bool,
    window: int | None,
    keep: bool,
    gradient: bool,
    rows: Array | None,
    initial: Tensor | None = None,
) -> RunSettings:
    if window is None or room is None:
        window = model.num_layers if gradient or room is None else 1
    return RunSettings(
        model,
        model.threshold,
        leak,
        places,
        room or Room(),
        give_states=room is None,
        add_up=add_up,
        keep_summed=keep,
        needs_gradient=gradient,
        window=window,
        rows=rows,
        initial=None if initial is None else initial.detach().contiguous().numpy(),
    )


def _slope_and_bias(model: MultilayeredNetwork, room: Room | None) -> tuple[Tensor, Tensor]:
    """Return slope and bias of every neuron; a room keeps them unless they are being trained."""
    if room is None or model.is_training_parameters:
        return slope_and_bias(model)
    if room.slope_and_bias is None:
        room.slope_and_bias = slope_and_bias(model)
    return room.slope_and_bias


def slope_and_bias(model: MultilayeredNetwork) -> tuple[Tensor, Tensor]:
    if model.slope is not None and model.biases is not None and model.indices is not None:
        # Unlike indexing, its gradient adds up without sorting: 20 times as fast.
        slope, bias = (
            part.index_select(0, model.indices).to(model.dtype)
            for part in (model.slope, model.biases)
        )
        return slope, bias
    like = model.weights.values
    return (
        like.new_full((model.n_neurons,), model.tanh_steepness),
        like.new_full((model.n_neurons,), model.default_bias),
    )


class _Fused(torch.autograd.Function):
    """The kernels as one autograd function; differentiated twice, it falls back on the steps."""

    @staticmethod
    def forward(
        ctx: Any, stimulus: Tensor, slope: Tensor, bias: Tensor, settings: RunSettings
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        run = _prepare(settings, stimulus, slope, bias)
        run.forward()
        ctx.settings, ctx.run = settings, run
        states = stimulus.new_empty(0, 0, 0)
        if settings.give_states:
            states = torch.from_numpy(run.states[1:, :, : len(stimulus)])
        # The states are saved so that a change of theirs in place is an error, not a wrong number.
        ctx.save_for_backward(stimulus, slope, bias, states)
        size, square = (
            torch.from_numpy(part).to(stimulus.dtype) for part in (run.size, run.square)
        )
        return states, torch.from_numpy(run.read), size, square

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            return (*_differentiable_gradient(ctx, gradients), None)
        slope = ctx.saved_tensors[1]
        d_stimulus, *d_parameters = (torch.from_numpy(d) for d in ctx.run.backward(*gradients))
        if not ctx.settings.keep_summed:
            return d_stimulus, None, None, None
        return d_stimulus, *(part.to(slope.dtype) for part in d_parameters), None


def _differentiable_gradient(
    ctx: Any, gradients: tuple[Tensor | None, ...]
) -> tuple[Tensor | None, ...]:
    """Take the gradient through the plain steps, so that it has a graph of its own."""
    settings, inputs = ctx.settings, ctx.saved_tensors[:3]
    stimulus, slope, bias = inputs

    def activate(x: Tensor, x_previous: Tensor) -> Tensor:
        h: Tensor = settings.model.rate(slope.unsqueeze(1) * x + bias.unsqueeze(1), settings.leak)
        return h

    initial = None if settings.initial is None else torch.from_numpy(settings.initial)
    states = unrolled_steps(
        settings.model, stimulus, settings.leak, activate, rows=settings.rows, initial=initial
    )
    outputs = [
        states.permute(2, 1, 0) if settings.give_states else stimulus.new_empty(0, 0, 0),
        settings.places.of(states),
        states.abs().sum(dim=(1, 2)),
        states.square().sum(dim=(1, 2)),
    ]
    pairs = [(out, g) for out, g in zip(outputs, gradients, strict=True) if g is not None]
    wanted = [x for x, needed in zip(inputs, ctx.needs_input_grad[:3], strict=True) if needed]
    found = iter(
        torch.autograd.grad(
            [out for out, _ in pairs], wanted, [g for _, g in pairs], create_graph=True
        )
    )
    return tuple(next(found) if needed else None for needed in ctx.needs_input_grad[:3])

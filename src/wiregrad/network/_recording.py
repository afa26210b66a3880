"""Running a network and keeping the states of some neurons and steps only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .._messages import few
from ._fused import can_fuse, fused_response
from ._memory import choose_window, records_gradient
from ._places import Grid
from ._room import Room
from ._steps import unrolled_steps

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["read_steps", "read_window", "recorded"]


def read_steps(
    steps: Sequence[int] | int | None, num_layers: int, what: str = "record_steps"
) -> list[int]:
    """Check steps: layers from 0, negative ones from the end; all by default.

    Raises
    ------
    ValueError
        If one is out of range, none is named, or one is named twice.
    """
    if steps is None:
        return list(range(num_layers))
    given = [int(step) for step in np.atleast_1d(np.asarray(steps))]
    outside = [step for step in given if not -num_layers <= step < num_layers]
    if outside or not given:
        raise ValueError(
            f"{what} holds {few(outside) or 'nothing'}: the network has "
            f"num_layers={num_layers} (0 to {num_layers - 1}, or negative from the end)"
        )
    found = [step % num_layers for step in given]
    if len(set(found)) < len(found):
        raise ValueError(f"{what} names a step twice: {few(given)}")
    return found


def read_window(checkpoint_steps: int | None) -> int | None:
    """Check the number of steps to keep at a time.

    Raises
    ------
    ValueError
        If it is no whole number of at least 1.
    """
    whole = isinstance(checkpoint_steps, (int, np.integer)) and not isinstance(
        checkpoint_steps, bool
    )
    if checkpoint_steps is not None and not (whole and checkpoint_steps >= 1):
        raise ValueError(
            f"checkpoint_steps is a whole number of steps, at least 1, not {checkpoint_steps!r}"
        )
    return checkpoint_steps


def recorded(
    model: MultilayeredNetwork,
    stimulus: Tensor,
    neurons: npt.NDArray[np.int64],
    steps: Sequence[int],
    window: int | None,
    initial: Tensor | None = None,
) -> Tensor:
    """Run a network; return the states of some neurons after some steps.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (batch, sensory, num_layers)
    neurons : ndarray of int64
    steps : sequence of int
        Layers, from 0.
    window : int or None
        Steps kept in memory at a time for the gradient. None chooses.
    initial : Tensor, shape (n_neurons, batch), optional
        What column 0 of the stimulus joins.

    Returns
    -------
    Tensor, shape (batch, neurons, steps)
    """
    n_batch, n_read = len(stimulus), len(neurons) * len(steps)
    gradient = records_gradient(model, stimulus)
    window = choose_window(model, n_batch, n_read=n_read, gradient=gradient, window=window)
    ascending = sorted(steps)
    if can_fuse(model, initial):
        grid = Grid(np.array(ascending), neurons, n_batch)
        _, read, *_ = fused_response(
            model, stimulus, 0.0, grid, Room(), window=window, initial=initial
        )
        states = read.view(len(steps), len(neurons), n_batch).permute(2, 1, 0)
    else:
        which = torch.from_numpy(neurons).to(model.device)
        activate = partial(model.activation_function, leak=0.0)
        states = unrolled_steps(
            model, stimulus, 0.0, activate, neurons=which, window=window, initial=initial
        )
        states = states[..., ascending]
    return states[..., [ascending.index(step) for step in steps]]

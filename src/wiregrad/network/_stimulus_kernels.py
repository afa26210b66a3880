"""The stimulus on its way into the network, and its gradient on the way out, compiled."""

from __future__ import annotations

from typing import Any, TypeAlias

import numba
import numpy.typing as npt

from ..product.compiled import kernel, parallel_kernel

__all__ = ["drive_start", "hand_back", "read_start", "take_in"]

Array: TypeAlias = npt.NDArray[Any]


@parallel_kernel
def take_in(stimulus: Array, threshold: Any, given: Array) -> None:  # pragma: no cover - compiled
    """Fill in what the network takes in, (step, sensory, width): in [threshold, 1], or 0.

    The stimulus is (batch, sensory, step); columns beyond the batch are left alone.
    """
    zero, one = given.dtype.type(0), given.dtype.type(1)
    # Neurons outermost: what is read and what is written lie near one another then.
    for j in numba.prange(given.shape[1]):
        for b in range(stimulus.shape[0]):
            for t in range(given.shape[0]):
                x = stimulus[b, j, t]
                given[t, j, b] = min(x, one) if x >= threshold else zero


@parallel_kernel
def hand_back(
    d_given: Array, stimulus: Array, threshold: Any, leak: Any, d_stimulus: Array
) -> None:  # pragma: no cover - compiled
    """Carry the gradient of what was taken in back to the stimulus, (batch, sensory, step)."""
    zero = d_given.dtype.type(0)
    for j in numba.prange(d_stimulus.shape[1]):
        for b in range(d_stimulus.shape[0]):
            for t in range(d_stimulus.shape[2]):
                x, gradient = stimulus[b, j, t], d_given[t, j, b]
                passed = gradient if x <= 1 else zero
                d_stimulus[b, j, t] = passed if x >= threshold else gradient * leak


@kernel
def drive_start(
    given: Array, sensory: Array, places: Array, start: Array, active: Array
) -> int:  # pragma: no cover - compiled
    """Drive a silent start, (neuron, batch), and list who is active in it; return their number.

    What is given is (sensory, batch); sensory neurons are ascending, and `places` are their rows.
    """
    n = 0
    for j in range(len(sensory)):
        n_set = 0
        for b in range(start.shape[1]):
            x = given[places[j], b]
            start[sensory[j], b] = x
            n_set += x != 0
        active[n] = sensory[j]
        n += n_set > 0
    return n


@kernel
def read_start(
    g: Array, sensory: Array, places: Array, d_given: Array
) -> None:  # pragma: no cover - compiled
    """Read the gradient of the start, (neuron, batch), at sensory neurons: see `drive_start`."""
    for j in range(len(sensory)):
        for b in range(g.shape[1]):
            d_given[places[j], b] = g[sensory[j], b]

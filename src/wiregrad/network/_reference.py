"""A slow and obvious network: dense, float64, loops. Everything else is tested against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["reference_forward"]


def reference_forward(
    weights: npt.ArrayLike,
    sensory_indices: Sequence[int],
    stimulus: npt.ArrayLike,
    *,
    threshold: float = 0.01,
    slope: npt.ArrayLike = 5.0,
    bias: npt.ArrayLike = 0.0,
    divisive: Sequence[tuple[int, int, float]] = (),
    divisive_rule: str = "product",
) -> npt.NDArray[np.float64]:
    """Run the unrolled rate network step by step, neuron by neuron.

    Parameters
    ----------
    weights : array, shape (n_neurons, n_neurons)
        W[post, pre], without the divisive connections.
    sensory_indices : sequence of int
        The neurons that receive the stimulus.
    stimulus : array, shape (sensory, step)
        The number of steps is the number of columns.
    threshold : float
        Drive and input below it are 0.
    slope, bias : float or array, shape (n_neurons,)
        The neuron is tanh(slope * input + bias).
    divisive : sequence of (post, pre, weight times strength)
        Connections that scale the slope of `post`.
    divisive_rule : {"product", "sum"}
        How several of them combine.

    Returns
    -------
    ndarray of float64, shape (n_neurons, step)

    Notes
    -----
    Cost: n_neurons squared a step, in float64. Meant for tests.

    Examples
    --------
    >>> reference_forward([[0, 0], [0.5, 0]], [0], [[1.0, 0.25]]).round(3).tolist()
    [[0.25, 0.0], [0.987, 0.555]]
    """
    W = np.asarray(weights, dtype=np.float64)
    u = np.asarray(stimulus, dtype=np.float64)
    u = np.where(u >= threshold, np.minimum(u, 1.0), 0.0)
    n_neurons, n_steps = len(W), u.shape[1]
    slopes, biases = np.broadcast_to(slope, n_neurons), np.broadcast_to(bias, n_neurons)

    h = np.zeros(n_neurons)
    h[list(sensory_indices)] = u[:, 0]
    states = np.zeros((n_neurons, n_steps))
    for t in range(n_steps):
        scale = _divisive_scale(n_neurons, divisive, h, divisive_rule)
        z = slopes * scale * (W @ h) + biases
        h = np.tanh(np.where(z >= threshold, z, 0.0))
        if t < n_steps - 1:
            h[list(sensory_indices)] += u[:, t + 1]
            h = np.minimum(h, 1.0)
        states[:, t] = h
    return states


def _divisive_scale(
    n_neurons: int,
    divisive: Sequence[tuple[int, int, float]],
    h: npt.NDArray[np.float64],
    rule: str,
) -> npt.NDArray[np.float64]:
    scale = np.ones(n_neurons)
    for post, pre, weight in divisive:
        if rule == "product":
            scale[post] *= max(0.0, 1.0 + weight * h[pre])
        else:
            scale[post] += weight * h[pre]
    return np.maximum(scale, 0.0)

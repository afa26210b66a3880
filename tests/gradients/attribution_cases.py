"""What an attribution is checked against: a slow network whose states and synapses can be held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

import wiregrad as wg

FloatArray = npt.NDArray[np.float64]


def attribute(
    network: wg.MultilayeredNetwork, stimulus: Any, targets: Any, **options: Any
) -> wg.Attribution:
    return wg.attribution(network, stimulus, targets, **{"progress": False, **options})


def slow_states(
    network: wg.MultilayeredNetwork,
    stimulus: npt.ArrayLike,
    *,
    weights: FloatArray | None = None,
    held: Mapping[tuple[int, int], float] | None = None,
) -> FloatArray:
    """Run a network without groups, dense and in float64: (sensory, step) to (n_neurons, step).

    `held` sets states, {(layer, neuron): value}; `weights` takes the place of the network's.
    """
    W = dense(network) if weights is None else weights
    u = np.asarray(stimulus, dtype=np.float64)
    u = np.where(u >= network.threshold, np.minimum(u, 1), 0)
    h = np.zeros(len(W))
    h[network.sensory_indices.numpy()] = u[:, 0]
    states = np.zeros((len(W), u.shape[1]))
    for t in range(u.shape[1]):
        z = network.tanh_steepness * (W @ h) + network.default_bias
        h = np.tanh(np.where(z >= network.threshold, z, 0))
        if t + 1 < u.shape[1]:
            h[network.sensory_indices.numpy()] += u[:, t + 1]
            h = np.minimum(h, 1)
        for (layer, neuron), value in (held or {}).items():
            if layer == t:
                h[neuron] = value
        states[:, t] = h
    return states


def dense(network: wg.MultilayeredNetwork) -> FloatArray:
    return network.weights.to_scipy().toarray().astype(np.float64)


def plain_response(
    network: wg.MultilayeredNetwork, x: torch.Tensor, places: Mapping[int, list[int]]
) -> torch.Tensor:
    """Sum some activations of a batch: (batch, sensory, step) to (batch,), with a graph."""
    states = network(x)
    return torch.stack([states[:, ids, t].sum(dim=1) for t, ids in places.items()]).sum(dim=0)


def from_state(
    network: wg.MultilayeredNetwork, h: torch.Tensor, x: torch.Tensor, layer: int
) -> torch.Tensor:
    """Go on from a state (batch, n_neurons) of one layer to the last, in plain dense torch."""
    W = torch.from_numpy(dense(network)).to(h)
    u = torch.where(x >= network.threshold, x, 0).clamp(max=1)
    for t in range(layer + 1, network.num_layers):
        z = network.tanh_steepness * (h @ W.T) + network.default_bias
        h = torch.tanh(torch.where(z >= network.threshold, z, 0))
        if t + 1 < network.num_layers:
            h = h.index_add(1, network.sensory_indices, u[..., t + 1]).clamp(max=1)
    return h

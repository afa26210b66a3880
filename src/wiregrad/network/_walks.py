"""Which neurons the stimulus can reach at all, and in how many hops."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["NO_WALK", "driven_states", "shortest_walks"]

#: Stands for the length of a walk that does not exist.
NO_WALK = -1


def shortest_walks(
    network: MultilayeredNetwork, also: npt.NDArray[np.int64] | None = None
) -> npt.NDArray[np.int64]:
    """Count the fewest hops, at least one, from any sensory neuron to every neuron.

    Parameters
    ----------
    network : MultilayeredNetwork
        Connections of either sign count, divisive ones too; those of weight 0 do not.
    also : ndarray of int64, optional
        Other neurons from which walks may begin.

    Returns
    -------
    ndarray of int64, shape (n_neurons,)
        `NO_WALK` (-1) where there is no walk of any length. A sensory neuron has a number only if
        a walk leads back to it.

    Notes
    -----
    A stimulus may begin at any step, so a neuron can be driven in `activations[..., t]` if and only
    if its shortest walk has at most t + 1 hops (or it is driven directly, before the last step).

    Cost: one pass over the edges.

    Examples
    --------
    >>> import wiregrad as wg
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> shortest_walks(wg.MultilayeredNetwork(chain, [0], device="cpu")).tolist()
    [-1, 1, 2]
    """
    walks = np.full(network.n_neurons, NO_WALK, dtype=np.int64)
    frontier = network.sensory_indices.cpu().numpy()
    if also is not None:
        frontier = np.union1d(frontier, also)
    hops = 0
    while len(frontier):
        hops += 1
        frontier = _next(network, frontier, hops, walks)
    return walks


def driven_states(
    network: MultilayeredNetwork, input_steps: Collection[int]
) -> npt.NDArray[np.bool_]:
    """Mark the states that a stimulus can change: those at the end of a walk of the right length.

    Parameters
    ----------
    network : MultilayeredNetwork
        Connections of either sign count, divisive ones too; those of weight 0 do not.
    input_steps : collection of int
        Steps at which the stimulus may drive the sensory neurons, from 0.

    Returns
    -------
    ndarray of bool, shape (n_neurons, step)
        A state after t steps is marked if a walk of t - s connections leads to it from a sensory
        neuron that is driven at step s. Directly driven ones are marked as well. Where states may
        remember (`tau`, functions of one's own), what was marked once stays so.

    Notes
    -----
    Cost: for each step, one pass over the edges of what is marked.

    Examples
    --------
    >>> import wiregrad as wg
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> network = wg.MultilayeredNetwork(chain, [0], num_layers=2, device="cpu")
    >>> driven_states(network, [0]).tolist()
    [[False, False], [True, False], [False, True]]
    """
    sensory = network.sensory_indices.cpu().numpy()
    remembers = network.may_remember
    driven = np.zeros((network.n_neurons, network.num_layers), dtype=np.bool_)
    now = sensory if 0 in input_steps else sensory[:0]
    before = now  # what an activation that remembers may carry on
    for layer in range(network.num_layers):
        following = _next(network, now, 1, np.full(network.n_neurons, NO_WALK, dtype=np.int64))
        driven[following, layer] = True
        if layer + 1 in input_steps:  # no input joins the last state
            driven[sensory, layer] = True
        if remembers:
            driven[before, layer] = True
        now = before = np.flatnonzero(driven[:, layer])
    return driven


def _next(
    network: MultilayeredNetwork,
    frontier: npt.NDArray[np.int64],
    hops: int,
    walks: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """List the neurons one hop beyond a frontier that have no walk yet, and note it in `walks`."""
    from ._walk_kernels import next_neurons  # numba is loaded when it is first needed

    found = np.empty(network.n_neurons, dtype=np.int64)
    n = next_neurons(*network.weights.arrays(1, 1).pre, frontier, hops, walks, found)
    following = np.concatenate([found[:n], _by_divisive_edges(network, frontier, walks)])
    walks[following] = hops
    return following


def _by_divisive_edges(
    network: MultilayeredNetwork, frontier: npt.NDArray[np.int64], walks: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """List the neurons not reached yet that connections which scale slopes lead to."""
    if network.divisive_strength is None:
        return frontier[:0]
    post, pre = network.divnorm_indices.cpu().numpy()
    linked = (network.divnorm_weights.cpu().numpy() != 0) & np.isin(pre, frontier)
    reached = np.unique(post[linked])
    new: npt.NDArray[np.int64] = reached[walks[reached] == NO_WALK]
    return new

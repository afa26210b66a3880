"""Which neurons the stimulus can reach at all, and in how many hops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["NO_WALK", "shortest_walks"]

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
    from ._walk_kernels import next_neurons  # numba is loaded when it is first needed

    out_edges = network.weights.arrays(1, 1).pre
    walks = np.full(network.n_neurons, NO_WALK, dtype=np.int64)
    frontier = network.sensory_indices.cpu().numpy()
    if also is not None:
        frontier = np.union1d(frontier, also)
    found = np.empty(network.n_neurons, dtype=np.int64)
    hops = 0
    while len(frontier):
        hops += 1
        frontier = np.concatenate(
            [
                found[: next_neurons(*out_edges, frontier, hops, walks, found)].copy(),
                _by_divisive_edges(network, frontier, walks),
            ]
        )
        walks[frontier] = hops
    return walks


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

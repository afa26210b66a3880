"""Which neurons the stimulus can reach at all, and in how many hops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["NO_WALK", "shortest_walks"]

#: Stands for the length of a walk that does not exist.
NO_WALK = -1


def shortest_walks(network: MultilayeredNetwork) -> npt.NDArray[np.int64]:
    """Count the fewest hops, at least one, from any sensory neuron to every neuron.

    Parameters
    ----------
    network : MultilayeredNetwork
        Connections of either sign count, divisive ones too; those of weight 0 do not.

    Returns
    -------
    ndarray of int64, shape (n_neurons,)
        `NO_WALK` (-1) where there is no walk of any length. A sensory neuron has a number only if
        a walk leads back to it.

    Notes
    -----
    A stimulus may begin at any step, so a neuron can be driven in `activations[..., t]` if and only
    if its shortest walk has at most t + 1 hops (or it is driven directly, before the last step).

    Cost: one pass over the edges for each hop of the longest shortest walk.

    Examples
    --------
    >>> import wiregrad as wg
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> shortest_walks(wg.MultilayeredNetwork(chain, [0], device="cpu")).tolist()
    [-1, 1, 2]
    """
    connected = _connections(network)
    walks = np.full(network.n_neurons, NO_WALK, dtype=np.int64)
    frontier = np.zeros(network.n_neurons, dtype=np.int32)
    frontier[network.sensory_indices.cpu().numpy()] = 1
    hops = 0
    while frontier.any():
        hops += 1
        new = (connected @ frontier > 0) & (walks == NO_WALK)
        walks[new] = hops
        frontier = new.astype(np.int32)
    return walks


def _connections(network: MultilayeredNetwork) -> sparse.csr_array:
    """Return 1 where a connection [post, pre] is, additive or divisive."""
    matrix = network.weights.to_scipy()
    one = (matrix.data != 0).astype(np.int32)  # a saved network may hold zeros
    connected = sparse.csr_array((one, matrix.indices, matrix.indptr), shape=matrix.shape)
    if network.divisive_strength is None:
        return connected
    post, pre = network.divnorm_indices.cpu().numpy()
    one = (network.divnorm_weights.cpu().numpy() != 0).astype(np.int32)
    divisive = sparse.coo_array((one, (post, pre)), matrix.shape)
    return sparse.csr_array(connected + divisive)

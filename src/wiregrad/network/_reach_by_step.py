"""Which states a stimulus can change at all, where manipulations stand in its way."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["can_change"]

IndexArray: TypeAlias = npt.NDArray[np.int64]


def can_change(
    network: MultilayeredNetwork,
    member: IndexArray,
    neuron: IndexArray,
    layer: IndexArray,
    input_steps: Collection[int],
) -> npt.NDArray[np.bool_]:
    """Say of single states whether a stimulus can change them.

    Parameters
    ----------
    network : MultilayeredNetwork
    member, neuron, layer : ndarray of int64, shape (n,)
        Batch member, for what is done to single members; neuron; and state after layer + 1 steps.
    input_steps : collection of int
        Steps at which the stimulus may drive the sensory neurons, from 0.

    Returns
    -------
    ndarray of bool, shape (n,)

    Notes
    -----
    Cost: a pass over the edges for each step, for all members side by side to whom something else
    is done.

    Examples
    --------
    >>> import wiregrad as wg
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> network = wg.MultilayeredNetwork(chain, [0], num_layers=2, device="cpu")
    >>> silenced = network.manipulated(wg.Manipulations().silence(1, members=1))
    >>> member, layer = np.array([0, 1, 0]), np.array([1, 1, 0])
    >>> can_change(silenced, member, np.array([2, 2, 2]), layer, [0, 1]).tolist()
    [True, False, False]
    """
    kinds, kind = network.interventions.kinds(member)
    holds = network.interventions.holds(network.num_layers, len(kinds), kinds)
    connected = _connections(network)
    sensory = network.sensory_indices.cpu().numpy()
    reached = np.zeros((network.n_neurons, len(kinds)), np.bool_)
    reached[sensory] = 0 in input_steps
    reached.reshape(-1)[holds.held[0][0]] = False
    found = np.zeros(len(member), np.bool_)
    for t in range(network.num_layers):
        heard = reached.astype(np.float32)
        heard.reshape(-1)[holds.muted] = 0
        by_walk = connected @ heard > 0
        by_walk.reshape(-1)[holds.deaf] = False
        if network.may_remember:
            by_walk |= reached
        if t + 1 in input_steps:  # no input joins the last state
            by_walk[sensory] = True
        by_walk.reshape(-1)[holds.held[t + 1][0]] = False
        reached = by_walk
        here = layer == t
        found[here] = reached[neuron[here], kind[here]]
    return found


def _connections(network: MultilayeredNetwork) -> sparse.csr_array:
    """Return 1 for each connection that is not of weight 0, divisive ones too; [post, pre]."""
    matrix = network.weights.to_scipy()
    matrix.data = (matrix.data != 0).astype(np.float32)
    if network.divisive_strength is None:
        return matrix
    ends = network.divnorm_indices.cpu().numpy()
    there = (network.divnorm_weights.cpu().numpy() != 0).astype(np.float32)
    return matrix + sparse.csr_array((there, (ends[0], ends[1])), shape=matrix.shape)

"""A network some of whose neurons are silent."""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ..network import MultilayeredNetwork

__all__ = ["silenced"]


def silenced(network: MultilayeredNetwork, neurons: npt.NDArray[np.int64]) -> MultilayeredNetwork:
    """Return a copy of a network in which some neurons neither receive nor hand on anything.

    The weights of all other connections stay as they are: shares of the input that there was.

    Parameters
    ----------
    network : MultilayeredNetwork
        It is not changed.
    neurons : ndarray of int64
        Indices. Of those that are inputs, the stimulus must be taken away as well.

    Notes
    -----
    Cost: a pass over the edges, and the weights once more in memory.

    Examples
    --------
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> network = MultilayeredNetwork(chain, [0], num_layers=2, device="cpu")
    >>> silenced(network, np.array([1]))(np.array([[1.0, 0.0]])).max().item()
    0.0
    """
    kept = np.ones(network.n_neurons)
    kept[neurons] = 0.0
    keep = sparse.diags_array(kept)
    weights = sparse.csr_array(keep @ network.weights.to_scipy() @ keep)
    weights.eliminate_zeros()
    lesioned = copy.copy(network)
    # A copy shares the dict of its parts, the weights among them, with what it is a copy of.
    lesioned.__dict__["_modules"] = dict(network.__dict__["_modules"])
    lesioned.all_weights = weights
    return lesioned

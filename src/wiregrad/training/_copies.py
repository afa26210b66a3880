"""Several copies of a network side by side, each with parameters of its own, run as one."""

from __future__ import annotations

import copy

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from ..network import Groups, MultilayeredNetwork
from ..product import SparseMatrix

__all__ = ["side_by_side"]


def side_by_side(network: MultilayeredNetwork, n_copies: int) -> MultilayeredNetwork:
    """Make one network of several copies that are not connected.

    Parameters
    ----------
    network : MultilayeredNetwork
        Without an activation function of the user's own, which might look across neurons.
    n_copies : int

    Returns
    -------
    MultilayeredNetwork
        Neuron i of copy c is neuron c * n_neurons + i; parameters, inputs and connections follow
        one another likewise. With one copy, a copy of the network.

    Notes
    -----
    Every entry of a parameter is repeated whatever it is for, and nothing else is known of it here.
    Cost: the network's memory `n_copies` times.

    Examples
    --------
    >>> chain = np.array([[0, 0], [0.5, 0]])
    >>> network = MultilayeredNetwork(chain, [0], idx_to_group={0: "s", 1: "a"}, device="cpu")
    >>> twice = side_by_side(network, 2)
    >>> twice.slope.data[2] = 1.0  # that of "a" in the second copy
    >>> twice(np.ones((2, 2)))[:, 0]
    tensor([1.0000, 0.9866, 1.0000, 0.4621])
    """
    network.activations = []  # not to be copied
    copies = copy.deepcopy(network)
    if n_copies == 1:
        return copies
    n, device = network.n_neurons, network.device

    def shifted(indices: Tensor, by: int) -> Tensor:
        """Repeat indices along their last axis, each time counted from the next copy."""
        return torch.cat([indices + c * by for c in range(n_copies)], dim=-1)

    matrix = sparse.block_diag([network.weights.to_scipy()] * n_copies, format="csr")
    copies.weights = SparseMatrix(sparse.csr_array(matrix)).to(device=device)
    copies.sensory_indices = shifted(network.sensory_indices, n)
    copies.neurons = None
    if network.groups is not None and network.indices is not None:
        _repeat_groups(network, copies, n_copies)
        copies.register_buffer("indices", shifted(network.indices, len(network.groups.names)))
    if network.divisive_strength is not None:
        copies.register_buffer("divnorm_indices", shifted(network.divnorm_indices, n))
        copies.register_buffer("divnorm_weights", network.divnorm_weights.repeat(n_copies))
        sources = shifted(network._divnorm_source, len(network.divisive_strength))
        copies.register_buffer("_divnorm_source", sources)
    for name, parameter in network.named_parameters():
        entries = parameter.detach().repeat(n_copies)
        setattr(copies, name, nn.Parameter(entries, requires_grad=False))
    return copies


def _repeat_groups(
    network: MultilayeredNetwork, copies: MultilayeredNetwork, n_copies: int
) -> None:
    """Give each copy groups of its own, (copy, name); past the checks, which forbid changes."""
    groups = network.groups
    if groups is None:
        return
    of_neuron = np.concatenate([groups.of_neuron + c * len(groups.names) for c in range(n_copies)])
    names: list[object] = [(c, name) for c in range(n_copies) for name in groups.names]
    within = copies.__dict__
    within["_groups"] = Groups(names, of_neuron)
    within["idx_to_group"] = None
    pairs = network.divisive_normalization
    if pairs:
        within["divisive_normalization"] = {
            (c, pre): [(c, post) for post in ([posts] if isinstance(posts, str) else posts)]
            for c in range(n_copies)
            for pre, posts in pairs.items()
        }

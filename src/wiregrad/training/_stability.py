"""Stability: does activity, once there, grow or die out? The spectral radius tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from ..gradients import given_tensor
from ..network import MultilayeredNetwork, divide_slopes

__all__ = ["spectral_radius"]

#: Components of up to so many neurons are solved densely.
_DENSE = 400


def spectral_radius(
    network: MultilayeredNetwork, stimuli: Tensor | np.ndarray
) -> npt.NDArray[np.float64]:
    """Return the spectral radius of the network linearised at its state after the last step.

    Parameters
    ----------
    network : MultilayeredNetwork
        Of rate neurons.
    stimuli : ndarray or Tensor, shape (batch, sensory, step)

    Returns
    -------
    ndarray of float64, shape (batch,)
        The largest |eigenvalue| of d h(t+1) / d h(t), without further input. Below 1 a small change
        of activity dies out in the end; above, it grows until neurons saturate or fall silent.
        It is exactly 0 where no active neurons feed back on themselves.

    Raises
    ------
    ValueError
        If the network has an activation function of the user's own.

    Notes
    -----
    The derivative is that of the response itself, without a surrogate slope: silent neurons pass
    nothing on. Eigenvalues are those of the strongly connected components of active neurons, each
    by itself; large ones by Arnoldi iteration (ARPACK). Cost: a run of the network, and for each
    stimulus some dozens of passes over the edges among active neurons.

    Examples
    --------
    >>> loop = np.array([[0, 0.1], [0.2, 0]])
    >>> network = MultilayeredNetwork(loop, [0], num_layers=2, default_bias=0.02, device="cpu")
    >>> spectral_radius(network, np.zeros((1, 1, 2))).round(2)
    array([0.71])
    """
    if network.custom_activation_function is not None:
        raise ValueError(
            "the spectral radius is that of rate neurons; this network has an activation function "
            "of your own"
        )
    given = given_tensor(stimuli, "stimuli", network)
    with torch.no_grad():
        states = network(given, record_steps=-1)[..., 0].double().cpu().numpy()
    network.activations = []
    weights = network.weights.to_scipy().astype(np.float64)
    return np.array([_radius(_jacobian(network, weights, h)) for h in states])


def _jacobian(
    network: MultilayeredNetwork, weights: sparse.csr_array, h: npt.NDArray[np.float64]
) -> Any:
    """Return d h(t+1) / d h(t) at a state, as a sparse matrix [post, pre]."""
    slope, bias = _of_neurons(network)
    summed = weights @ h
    scale, d_scale = _divisive(network, h)
    z = slope * scale * summed + bias
    response = np.where(z >= network.threshold, np.tanh(z), 0.0)
    gain = np.where(z >= network.threshold, 1 - response**2, 0.0)
    jacobian = sparse.diags_array(gain * slope * scale) @ weights
    if d_scale is not None:
        jacobian = jacobian + sparse.diags_array(gain * slope * summed) @ d_scale
    tau = getattr(network, "tau", None)
    if isinstance(tau, Tensor) and network.indices is not None:
        share = 1 / tau.detach().double().cpu().numpy()[network.indices.cpu().numpy()]
        jacobian = sparse.diags_array(share) @ jacobian + sparse.diags_array(1 - share)
    return sparse.csr_array(jacobian)


def _of_neurons(
    network: MultilayeredNetwork,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    n = network.n_neurons
    if network.slope is None or network.biases is None or network.indices is None:
        return np.full(n, network.tanh_steepness), np.full(n, network.default_bias)
    group = network.indices.cpu().numpy()
    slope, bias = (
        part.detach().double().cpu().numpy()[group] for part in (network.slope, network.biases)
    )
    return slope, bias


def _divisive(network: MultilayeredNetwork, h: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    """Return what divisive normalisation scales slopes by, and its derivative [post, pre]."""
    n = network.n_neurons
    if network.divisive_strength is None:
        return 1.0, None
    post, pre = network.divnorm_indices
    strengths = network.divisive_strength.detach()[network._divnorm_source]
    state = torch.from_numpy(h)[:, None]
    factor = (network.divnorm_weights.detach() * strengths).double().cpu()
    # One entry a connection, so that its share of the derivative can be told apart.
    at_pre = state[pre.cpu()].clone().requires_grad_()
    edge_state = torch.arange(len(factor))
    ends = torch.stack([post.cpu(), edge_state])
    with torch.enable_grad():
        scale = divide_slopes(
            torch.ones(n, 1, dtype=torch.float64),
            at_pre,
            ends,
            factor,
            torch.ones_like(factor),
            network.divisive_rule,
        )
        (d_edge,) = torch.autograd.grad(scale.sum(), at_pre)
    ends_of = (post.cpu().numpy(), pre.cpu().numpy())
    d_scale = sparse.csr_array((d_edge[:, 0].numpy(), ends_of), shape=(n, n))
    return scale.detach()[:, 0].numpy(), d_scale


def _radius(jacobian: Any) -> float:
    """Return the spectral radius of a sparse matrix, component by component."""
    from scipy.sparse.csgraph import connected_components

    jacobian.eliminate_zeros()
    largest = float(np.abs(jacobian.diagonal()).max(initial=0))
    # Eigenvalues of a component of one neuron are on the diagonal.
    _, of_neuron = connected_components(jacobian, directed=True, connection="strong")
    sizes = np.bincount(of_neuron)
    order = np.argsort(of_neuron, kind="stable")
    ends = np.cumsum(sizes)
    alone = sizes[of_neuron] == 1
    if not alone.all():
        largest = float(np.abs(jacobian.diagonal()[alone]).max(initial=0))
    for component in np.flatnonzero(sizes > 1):
        members = order[ends[component] - sizes[component] : ends[component]]
        largest = max(largest, _radius_of_block(jacobian[members][:, members]))
    return largest


def _radius_of_block(block: Any) -> float:
    if block.shape[0] <= _DENSE:
        return float(np.abs(np.linalg.eigvals(block.toarray())).max())
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    try:
        start = np.ones(block.shape[0])
        found: npt.NDArray[Any] = eigs(
            block, k=1, which="LM", v0=start, return_eigenvectors=False, tol=1e-6
        )
    except ArpackNoConvergence as error:
        found = np.asarray(error.eigenvalues)
        if not len(found):
            return _by_powers(block)
    return float(np.abs(found).max())


def _by_powers(block: Any, n_powers: int = 500) -> float:
    """Return the growth of a vector over many products: near the radius, whatever its phase."""
    vector, logs = np.ones(block.shape[0]), []
    for _ in range(n_powers):
        vector = block @ vector
        norm = float(np.linalg.norm(vector))
        if norm == 0:
            return 0.0
        logs.append(np.log(norm))
        vector /= norm
    return float(np.exp(np.mean(logs[n_powers // 2 :])))

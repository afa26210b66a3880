"""Which neurons lie on a walk from the stimulus to the targets, step by step."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["Mask", "on_walks"]

Mask: TypeAlias = npt.NDArray[np.bool_]


def on_walks(weights: sparse.csr_array, active: Mask, driven: Mask, wanted: Mask) -> Mask:
    """Find the neurons that carry activity from the stimulus to the targets.

    A walk starts at a driven neuron, takes one connection a step, leads through active neurons
    only, and ends at a target at its step; the target itself may be silent.

    Parameters
    ----------
    weights : csr_array
        W[post, pre].
    active, driven, wanted : ndarray of bool, shape (n_neurons, steps + 1)
        Whether a neuron is active, receives stimulus, is a target after that many steps.

    Returns
    -------
    ndarray of bool, shape (n_neurons, steps + 1)

    Notes
    -----
    Cost: two passes over the edges a step.

    Examples
    --------
    >>> chain = sparse.csr_array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> active = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], dtype=bool)
    >>> driven = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 0]], dtype=bool)
    >>> wanted = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 1]], dtype=bool)
    >>> on_walks(chain, active, driven, wanted).astype(int).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    """
    links = sparse.csr_array(
        ((weights.data != 0).astype(np.float32), weights.indices, weights.indptr),
        shape=weights.shape,
    )
    leads = wanted.copy()
    for step in range(wanted.shape[1] - 1, 0, -1):
        leads[:, step - 1] |= active[:, step - 1] & _any(links.T, leads[:, step])
    found = leads & driven
    for step in range(1, wanted.shape[1]):
        carrying = found[:, step - 1] & active[:, step - 1]
        found[:, step] |= leads[:, step] & _any(links, carrying)
    return found


def _any(links: sparse.csr_array | sparse.csc_array, mask: npt.NDArray[np.bool_]) -> Mask:
    """Whether each row is linked to something in the mask."""
    return np.asarray(links @ mask.astype(np.float32) > 0)

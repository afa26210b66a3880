"""The neurons that receive the stimulus."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch

from .._messages import few

__all__ = ["read_sensory_indices"]


def read_sensory_indices(
    indices: Iterable[int] | torch.Tensor, n_neurons: int
) -> npt.NDArray[np.int64]:
    """Check the indices of the sensory neurons; their order is kept.

    Parameters
    ----------
    indices : list, tuple, range, array, Series, Index or tensor of integers
        Row i of a stimulus drives neuron indices[i].
    n_neurons : int
        Neurons in the network.

    Raises
    ------
    ValueError
        If they are not integers, not one-dimensional, empty, repeated or out of range.

    Examples
    --------
    >>> read_sensory_indices(range(2, 4), 5).tolist()
    [2, 3]
    """
    if isinstance(indices, torch.Tensor):
        indices = indices.detach().cpu().numpy()
    if isinstance(indices, (set, frozenset)):
        raise ValueError("sensory_indices is a set, which has no order: pass a list")
    array = np.asarray(indices)
    if array.ndim != 1 or not len(array):
        raise ValueError(
            f"sensory_indices must be a one-dimensional, non-empty sequence of neuron indices, "
            f"not of shape {array.shape}"
        )
    if array.dtype.kind not in "iu":
        raise ValueError(f"sensory_indices must be integers, not {array.dtype}")
    outside = array[(array < 0) | (array >= n_neurons)]
    if len(outside):
        raise ValueError(
            f"sensory_indices are out of range: {few(outside)}; "
            f"the network has {n_neurons:,} neurons (0 to {n_neurons - 1:,})"
        )
    values, count = np.unique(array, return_counts=True)
    if (count > 1).any():
        raise ValueError(f"sensory_indices are repeated: {few(values[count > 1])}")
    return array.astype(np.int64)

"""The two layouts of a sparse matrix, and the blocks that threads share it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

__all__ = ["Arrays", "Blocks", "Layout", "as_arrays", "divide", "even_bounds", "make_layout"]

#: A matrix in CSR form: row starts, column indices, values.
Layout: TypeAlias = tuple[Tensor, Tensor, Tensor]
Arrays: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Postsynaptic neurons in blocks, one for each thread.

    Attributes
    ----------
    bounds : ndarray of int64, shape (n_blocks + 1,)
        The first neuron of each block, and the number of neurons.
    split : ndarray, shape (n_blocks + 1, n_neurons)
        Where the row of each neuron, by pre, enters each block; no columns without that layout.
    """

    bounds: npt.NDArray[np.int64]
    split: npt.NDArray[np.integer]


def make_layout(matrix: sparse.csr_array, device: torch.device) -> Layout:
    """Bring a matrix into CSR form with ascending indices, of 32 bits where they fit."""
    matrix.sort_indices()
    width = np.int32 if max(matrix.nnz, *matrix.shape) < 2**31 else np.int64
    indptr, indices = (part.astype(width, copy=False) for part in (matrix.indptr, matrix.indices))
    crow, col, values = (
        torch.from_numpy(array).to(device) for array in (indptr, indices, matrix.data)
    )
    return crow, col, values


def as_arrays(layout: Layout) -> Arrays:
    """View a layout as the kernels take it.

    Indices are unsigned: numba then leaves out the check for negative ones, a third of the time.
    """
    crow, col, values = (part.detach().cpu().numpy() for part in layout)
    unsigned = np.dtype(f"u{crow.dtype.itemsize}")
    return crow.view(unsigned), col.view(unsigned), values


def even_bounds(crow: npt.NDArray[Any], n: int) -> npt.NDArray[np.int64]:
    """Divide the rows of a CSR matrix into `n` blocks of about as many entries each.

    Examples
    --------
    >>> even_bounds(np.array([0, 4, 5, 6, 8]), 2).tolist()
    [0, 1, 4]
    """
    shares = (int(crow[-1]) * np.arange(n + 1) / n).astype(crow.dtype)
    bounds = np.searchsorted(crow, shares).astype(np.int64)
    bounds[0], bounds[-1] = 0, len(crow) - 1
    return bounds


def divide(by_post: Arrays, by_pre: Arrays | None, n: int) -> Blocks:
    """Divide the postsynaptic neurons into `n` blocks of about as many edges each."""
    crow = by_post[0]
    bounds = even_bounds(crow, n)
    if by_pre is None:
        return Blocks(bounds, np.empty((n + 1, 0), crow.dtype))
    from ._kernels import split_rows  # numba is loaded when it is first needed

    split = np.empty((n + 1, len(crow) - 1), by_post[0].dtype)
    split_rows(by_pre[0], by_pre[1], bounds, split)
    return Blocks(bounds, split)

"""Weights as users hold them, read into one form: a checked CSR matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse

from .._messages import few

__all__ = ["WeightsLike", "read_weights"]

WeightsLike = sparse.spmatrix | sparse.sparray | np.ndarray | torch.Tensor


def read_weights(weights: WeightsLike) -> sparse.csr_array:
    """Read weights W[post, pre] of any supported kind.

    Parameters
    ----------
    weights : scipy sparse matrix or array, ndarray, or torch tensor (dense, COO or CSR)
        Square, of any float or integer type. Entries given more than once are added up.

    Returns
    -------
    csr_array
        With ascending indices and no stored zeros; float64 for a float64 tensor, else float32.

    Raises
    ------
    TypeError
        If `weights` is none of these, or holds no real numbers.
    ValueError
        If they are not a square matrix, or hold NaN or infinity: the first pairs are named.

    Examples
    --------
    >>> read_weights(np.array([[0, 2], [0, 0]])).toarray().tolist()
    [[0.0, 2.0], [0.0, 0.0]]
    """
    matrix = _to_scipy(weights)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"all_weights must be square, one row and one column a neuron, not {matrix.shape}"
        )
    matrix.sum_duplicates()
    _check_finite(matrix)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def _to_scipy(weights: WeightsLike) -> sparse.csr_array:
    if isinstance(weights, torch.Tensor):
        return _from_torch(weights)
    if isinstance(weights, np.ndarray) or sparse.issparse(weights):
        return _from_arrays(weights)
    raise TypeError(
        "all_weights must be a scipy sparse matrix or array, a numpy array or a torch tensor, "
        f"not {type(weights).__name__}"
    )


def _from_arrays(weights: Any) -> sparse.csr_array:  # scipy's stubs give spmatrix no dtype
    if np.ndim(weights) != 2:
        raise ValueError(
            f"all_weights must be square, one row and one column a neuron, not {np.shape(weights)}"
        )
    if weights.dtype.kind not in "fiub":
        raise TypeError(f"all_weights must hold real numbers, not {weights.dtype}")
    return sparse.csr_array(weights, dtype=np.float32, copy=True)


def _from_torch(weights: torch.Tensor) -> sparse.csr_array:
    if weights.is_complex():
        raise TypeError(f"all_weights must hold real numbers, not {weights.dtype}")
    dtype = torch.float64 if weights.dtype == torch.float64 else torch.float32
    weights = weights.detach().to(device="cpu", dtype=dtype)
    if weights.ndim != 2:
        raise ValueError(
            f"all_weights must be square, one row and one column a neuron, not "
            f"{tuple(weights.shape)}"
        )
    coo = weights if weights.layout == torch.sparse_coo else weights.to_sparse()
    rows, columns = coo._indices().numpy()
    values = coo._values().numpy()
    n_rows, n_columns = weights.shape
    return sparse.csr_array((values, (rows, columns)), shape=(n_rows, n_columns))


def _check_finite(matrix: sparse.csr_array) -> None:
    bad = np.flatnonzero(~np.isfinite(matrix.data))
    if len(bad):
        post = np.searchsorted(matrix.indptr, bad, side="right") - 1
        pairs = [
            f"W[{i}, {j}] = {value}"
            for i, j, value in zip(
                post[:5], matrix.indices[bad[:5]], matrix.data[bad[:5]], strict=True
            )
        ]
        raise ValueError(
            f"all_weights holds {len(bad):,} entries that are NaN or infinite ({few(pairs)}): "
            "drop them or set them to 0, e.g. with numpy.nan_to_num"
        )

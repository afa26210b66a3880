"""Connectivity as users hold it, and summed up by group."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from .._messages import few
from ..network import MultilayeredNetwork

__all__ = ["ConnectivityLike", "labels_of", "read_connectivity", "sum_by_group"]

ConnectivityLike: TypeAlias = (
    "sparse.spmatrix | sparse.sparray | npt.NDArray[Any] | Tensor | MultilayeredNetwork"
)

CodeArray: TypeAlias = npt.NDArray[np.integer]


def labels_of(
    connectivity: ConnectivityLike, network: MultilayeredNetwork | None, argument: str
) -> MultilayeredNetwork | None:
    """Return the network whose labels serve: the one given, or the one that is the connectivity.

    Raises
    ------
    ValueError
        If these are two different networks.
    """
    if not isinstance(connectivity, MultilayeredNetwork):
        return network
    if network is not None and network is not connectivity:
        raise ValueError(f"{argument} and network are two different networks: pass one of them")
    return connectivity


def read_connectivity(
    connectivity: ConnectivityLike, argument: str, square: bool = True
) -> sparse.csr_array:
    """Read connectivity with presynaptic neurons in rows.

    Parameters
    ----------
    connectivity : scipy sparse matrix or array, ndarray, Tensor, or MultilayeredNetwork
        [pre, post]; of a network, its weights W[post, pre] transposed.
    argument : str
        What the caller calls it, for the errors.
    square : bool
        Whether rows and columns must be the same neurons.

    Returns
    -------
    csr_array
        In the dtype that it has; it may share memory with what was given. Not canonical: entries
        given twice, and in any order, are still there.

    Raises
    ------
    TypeError
        If it is of another kind, or holds no real numbers.
    ValueError
        If it is no matrix of the right shape, or holds NaN or infinity: the first pairs are named.

    Examples
    --------
    >>> read_connectivity(np.array([[0, 2], [0, 0]]), "inprop").toarray().tolist()
    [[0, 2], [0, 0]]
    """
    matrix = _to_scipy(connectivity, argument)
    if square and matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"{argument} must be square, a row and a column for each neuron, not {matrix.shape}"
        )
    bad = np.flatnonzero(~np.isfinite(matrix.data))
    if len(bad):
        rows = np.searchsorted(matrix.indptr, bad[:5], side="right") - 1
        pairs = [
            f"[{i}, {j}] is {value}"
            for i, j, value in zip(rows, matrix.indices[bad], matrix.data[bad], strict=False)
        ]
        raise ValueError(
            f"{argument} holds {len(bad):,} entries that are NaN or infinite ({few(pairs)}): "
            "drop them or set them to 0, e.g. with numpy.nan_to_num"
        )
    return matrix


def _to_scipy(connectivity: ConnectivityLike, argument: str) -> sparse.csr_array:
    if isinstance(connectivity, MultilayeredNetwork):
        by_pre: sparse.csr_array = connectivity.weights.to_scipy().T.tocsr()
        return by_pre
    array: Any = connectivity
    if isinstance(array, Tensor):
        array = _from_torch(array)
    known: bool = isinstance(array, np.ndarray) or sparse.issparse(array)
    if not known:
        raise TypeError(
            f"{argument} must be a scipy sparse matrix or array, a numpy array, a torch tensor or "
            f"a MultilayeredNetwork, not {type(array).__name__}"
        )
    if array.ndim != 2:
        raise ValueError(
            f"{argument} must be a matrix, presynaptic neurons in rows and postsynaptic ones in "
            f"columns, not of shape {array.shape}"
        )
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{argument} must hold real numbers, not {array.dtype}")
    return sparse.csr_array(array)


def _from_torch(tensor: Tensor) -> Any:
    tensor = tensor.detach().cpu()
    if tensor.layout == torch.strided or tensor.ndim != 2:
        return tensor.to_dense().numpy()
    coo = tensor if tensor.layout == torch.sparse_coo else tensor.to_sparse()
    rows, columns = coo._indices().numpy()
    return sparse.coo_array((coo._values().numpy(), (rows, columns)), shape=tuple(tensor.shape))


def sum_by_group(
    matrix: sparse.csr_array,
    row_group: CodeArray,
    n_row_groups: int,
    column_group: CodeArray,
    n_column_groups: int,
) -> sparse.csr_array:
    """Add up the entries of a matrix by group of rows and group of columns.

    Parameters
    ----------
    matrix : csr_array, shape (n, m)
    row_group, column_group : ndarray of int, shapes (n,) and (m,)
        Group of each row and column, from 0.
    n_row_groups, n_column_groups : int

    Returns
    -------
    csr_array of float64, shape (n_row_groups, n_column_groups)
        With ascending indices; a sum of 0 is stored as 0.

    Notes
    -----
    Cost: one pass over the entries, and 28 bytes an entry; nothing dense.

    Examples
    --------
    >>> matrix = sparse.csr_array([[1.0, 2.0], [3.0, -2.0], [0.0, 5.0]])
    >>> sum_by_group(matrix, np.array([0, 0, 1]), 2, np.array([1, 0]), 2).toarray().tolist()
    [[0.0, 4.0], [5.0, 0.0]]
    """
    coo = matrix.tocoo()
    rows = row_group.astype(np.int32)[coo.row]
    columns = column_group.astype(np.int32)[coo.col]
    values = coo.data.astype(np.float64)
    shape = (n_row_groups, n_column_groups)
    sums: sparse.csr_array = sparse.coo_array((values, (rows, columns)), shape=shape).tocsr()
    sums.sort_indices()
    return sums

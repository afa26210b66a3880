"""Signs of presynaptic neurons, given to unsigned connectivity."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from .._index_keys import mend_of_text_keys, read_keys
from .._messages import few

__all__ = ["add_sign"]

Connectivity = TypeVar("Connectivity", bound="sparse.spmatrix | sparse.sparray | npt.NDArray[Any]")


def add_sign(inprop: Connectivity, idx_to_sign: Mapping[int, float] | pd.Series) -> Connectivity:
    """Give each weight the sign of its presynaptic neuron, **and transpose**.

    Parameters
    ----------
    inprop : scipy sparse matrix or array, or ndarray, shape (pre, post)
        **Presynaptic neurons in rows**; of any real dtype. It is not changed.
    idx_to_sign : dict or Series
        {index of a presynaptic neuron: +1 or -1}. Weights of neurons without an entry, or whose
        sign is 0 or missing, stay as they are.

    Returns
    -------
    coo_matrix, coo_array or ndarray, shape (post, pre)
        Sign times |weight|, as `MultilayeredNetwork` takes it: a sparse matrix gives a
        `coo_matrix`, a sparse array a `coo_array`. The dtype is that of `inprop`, or, if it has no
        room for their negatives, the next that has (int16 for uint8, float64 for uint64).

    Raises
    ------
    ValueError
        If a sign is none of +1, -1, 0 and missing, if no key is the index of a row or a Series has
        a key twice, or if `inprop` is no matrix.
    TypeError
        If an argument is of another kind.

    Warns
    -----
    UserWarning
        If connections stay as they are for want of a sign: how many, of how many neurons.

    Notes
    -----
    It is the size of a weight that counts: `add_sign(add_sign(W, signs).T, signs)` is
    `add_sign(W, signs)`.

    Cost: one pass over the edges, and 12 bytes an edge beside the result.

    Examples
    --------
    >>> inprop = sparse.csr_array([[0, 0.5, 0], [0, 0, 0.25], [0, 0, 0]])  # 0 -> 1 -> 2
    >>> add_sign(inprop, {0: 1, 1: -1, 2: 1}).toarray()
    array([[ 0.  ,  0.  ,  0.  ],
           [ 0.5 ,  0.  ,  0.  ],
           [ 0.  , -0.25,  0.  ]])
    """
    matrix: Any = inprop
    _check_matrix(matrix)
    signs = _row_signs(idx_to_sign, matrix.shape[0])
    if isinstance(matrix, np.ndarray):
        _warn_of_unsigned(signs, np.count_nonzero(matrix, axis=1))
        dense: Any = _signed(matrix, signs[:, None]).T
        return cast("Connectivity", dense)
    rows = sparse.csr_array(matrix)
    if not rows.has_canonical_format:  # of entries given twice, it is the sum that has a sign
        rows = rows.copy()
        rows.sum_duplicates()
    size = np.diff(rows.indptr)
    _warn_of_unsigned(signs, size)
    data = _signed(rows.data, np.repeat(signs, size))
    pre = np.repeat(np.arange(len(size), dtype=rows.indices.dtype), size)
    kind: Any = sparse.coo_array if isinstance(matrix, sparse.sparray) else sparse.coo_matrix
    signed = kind((data, (rows.indices.copy(), pre)), shape=matrix.shape[::-1])
    return cast("Connectivity", signed)


def _check_matrix(matrix: Any) -> None:
    kinds: tuple[Any, ...] = (np.ndarray, sparse.spmatrix, sparse.sparray)
    if not isinstance(matrix, kinds):
        raise TypeError(
            "inprop must be a scipy sparse matrix or array or a numpy array, not "
            f"{type(matrix).__name__}"
        )
    if matrix.ndim != 2:
        raise ValueError(
            f"inprop must be a matrix, presynaptic neurons in rows, not of shape {matrix.shape}"
        )
    if matrix.dtype.kind not in "fiub":
        raise TypeError(f"inprop must hold real numbers, not {matrix.dtype}")


def _row_signs(idx_to_sign: Any, n_rows: int) -> npt.NDArray[np.int8]:
    """Return the sign of each row; 0 where there is none."""
    if not isinstance(idx_to_sign, (Mapping, pd.Series)):
        raise TypeError(
            f"idx_to_sign is a dict from neuron index to sign, not {type(idx_to_sign).__name__}"
        )
    keys = read_keys(idx_to_sign, "idx_to_sign")
    given = pd.Series(idx_to_sign, dtype=object, copy=True)
    given[given.isna()] = 0
    strange = given[~given.isin([-1, 0, 1])]
    if len(strange):
        raise ValueError(
            f"idx_to_sign holds {few(strange.unique())}, first for neuron {strange.index[0]}: a "
            "sign is +1, -1, or 0 or missing where it is not known"
        )
    place = keys.get_indexer(pd.RangeIndex(n_rows))
    if n_rows and (place < 0).all():
        raise ValueError(
            f"no key of idx_to_sign is the index of a row (0 to {n_rows - 1:,}): it has "
            f"{few(keys) or 'none'}{mend_of_text_keys(keys, 'idx_to_sign')}"
        )
    signs = np.append(given.to_numpy(dtype=np.int8), np.int8(0))  # the last serves for -1
    found: npt.NDArray[np.int8] = signs[place]
    return found


def _signed(values: npt.NDArray[Any], signs: npt.NDArray[np.int8]) -> npt.NDArray[Any]:
    values = values.astype(_signed_dtype(values))
    size = np.abs(values)
    return np.select([signs > 0, signs < 0], [size, 0 - size], values)  # no -0.0


def _signed_dtype(values: npt.NDArray[Any]) -> np.dtype[Any]:
    """Return the smallest type, from that of the values on, that holds their negatives too."""
    dtype = values.dtype
    if dtype.kind in "bu":
        return np.promote_types(dtype, np.int8)
    # The lowest value of an integer type has no counterpart in it: int8 holds -128, but not 128.
    if dtype.kind == "i" and values.size and values.min() == np.iinfo(dtype).min:
        return np.promote_types(dtype, np.dtype(f"u{dtype.itemsize}"))
    return dtype


def _warn_of_unsigned(signs: npt.NDArray[np.int8], n_connections: npt.NDArray[Any]) -> None:
    unsigned = np.flatnonzero((signs == 0) & (n_connections > 0))
    if len(unsigned):
        warnings.warn(
            f"{len(unsigned):,} neurons have no sign in idx_to_sign, so their "
            f"{int(n_connections[unsigned].sum()):,} connections stay as they are: "
            f"{few(unsigned)}",
            stacklevel=3,
        )

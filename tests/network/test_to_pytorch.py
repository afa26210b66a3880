"""Scipy matrices as torch tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

import wiregrad as wg

DENSE = np.array([[0, 2, 0], [1, 0, 3]])


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("dtype", ["int8", "uint16", "float64", "bool"])
def test_every_format_becomes_a_coalesced_float32_tensor(form: str, kind: str, dtype: str) -> None:
    matrix = getattr(sparse, f"{form}_{kind}")(DENSE.astype(dtype))
    tensor = wg.scipy_sparse_to_pytorch(matrix, device="cpu")
    assert tensor.layout == torch.sparse_coo
    assert tensor.dtype == torch.float32
    assert tensor.is_coalesced()
    np.testing.assert_array_equal(tensor.to_dense(), DENSE.astype(dtype))
    # what coalescing anew makes of it is the same
    again = torch.sparse_coo_tensor(
        tensor.indices(), tensor.values(), tensor.shape, check_invariants=True
    ).coalesce()
    assert torch.equal(again.indices(), tensor.indices())
    assert torch.equal(again.values(), tensor.values())


def test_entries_given_twice_are_added_up_and_the_matrix_stays() -> None:
    matrix = sparse.csr_array(
        (np.array([1.0, 2.0, 4.0]), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 3)
    )
    tensor = wg.scipy_sparse_to_pytorch(matrix, device="cpu")
    assert tensor.to_dense().tolist() == [[2, 0, 5]]
    assert matrix.indices.tolist() == [2, 0, 2]
    matrix = sparse.csr_array(DENSE.astype(np.float32))
    wg.scipy_sparse_to_pytorch(matrix, device="cpu").values().zero_()
    np.testing.assert_array_equal(matrix.toarray(), DENSE)


def test_an_empty_matrix_is_an_empty_tensor() -> None:
    tensor = wg.scipy_sparse_to_pytorch(sparse.csr_array((4, 2)), torch.device("cpu"))
    assert tensor.shape == (4, 2)
    assert tensor._nnz() == 0


def test_the_network_takes_it() -> None:
    chain = sparse.csr_array(np.array([[0, 0], [0.5, 0]]))
    network = wg.MultilayeredNetwork(wg.scipy_sparse_to_pytorch(chain, "cpu"), [0], device="cpu")
    assert network(np.array([[1.0, 0.0]]))[1, 0] > 0.9


def test_the_device_is_cuda_where_there_is_one() -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert wg.scipy_sparse_to_pytorch(sparse.csr_array(DENSE)).device.type == expected


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        (DENSE, TypeError, "not ndarray; of a numpy array, make one with scipy.sparse.csr_array"),
        (sparse.csr_array(DENSE * 1j), TypeError, "must hold real numbers, not complex128"),
        (sparse.coo_array(np.array([1, 2])), ValueError, r"two dimensions, not shape \(2,\)"),
    ],
)
def test_what_is_refused(matrix: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wg.scipy_sparse_to_pytorch(matrix)

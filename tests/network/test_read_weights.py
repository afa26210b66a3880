"""Weights of every kind read into one matrix, and what cannot be read refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

import wiregrad as wg
from wiregrad.network._read_weights import read_weights

DENSE = np.array([[0, 2, 0], [-3, 0, 0], [0, 1, 4]])

FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]
DTYPES = ["int8", "uint8", "int32", "int64", "float32", "float64", "longdouble", "bool"]
TORCH_DTYPES = [torch.float16, torch.float32, torch.float64, torch.int32, torch.int64]

# Torch says so each first time anybody makes a CSR tensor.
csr_in_beta = pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")


def torch_kinds(dense: torch.Tensor) -> list[torch.Tensor]:
    return [dense, dense.to_sparse(), dense.to_sparse_csr()]


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        *itertools.product([np.asarray, sparse.csr_array, sparse.coo_matrix], DTYPES),
        (np.asarray, "float16"),  # scipy has no such matrices
        (np.asarray, ">f4"),
    ],
)
def test_decision_01_any_real_dtype_of_numpy_and_scipy(
    kind: Callable[[np.ndarray], Any], dtype: str
) -> None:
    given = kind(np.abs(DENSE).astype(dtype))
    matrix = read_weights(given)
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix.toarray(), np.abs(DENSE).astype(dtype))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", [sparse.coo_array, sparse.coo_matrix])
def test_decision_01_any_scipy_format(kind: Callable[[np.ndarray], Any], format: str) -> None:  # noqa: A002
    np.testing.assert_array_equal(read_weights(kind(DENSE).asformat(format)).toarray(), DENSE)


@csr_in_beta
@pytest.mark.parametrize("dtype", TORCH_DTYPES)
def test_decision_01_any_torch_layout_and_dtype(dtype: torch.dtype) -> None:
    for tensor in torch_kinds(torch.tensor(DENSE, dtype=dtype)):
        matrix = read_weights(tensor)
        assert matrix.dtype == (np.float64 if dtype == torch.float64 else np.float32)
        np.testing.assert_array_equal(matrix.toarray(), DENSE)


def test_a_tensor_that_records_gradients_is_read_too() -> None:
    tensor = torch.tensor(DENSE, dtype=torch.float32, requires_grad=True)
    np.testing.assert_array_equal(read_weights(tensor).toarray(), DENSE)


def scipy_twice() -> sparse.coo_array:
    return sparse.coo_array(([1.0, 2.0, 5.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))


def csr_twice() -> sparse.csr_array:
    return sparse.csr_array(([1.0, 2.0, 5.0], [1, 1, 0], [0, 2, 3]), shape=(2, 2))


def torch_twice() -> torch.Tensor:
    places = torch.tensor([[0, 0, 1], [1, 1, 0]])
    values = torch.tensor([1.0, 2.0, 5.0])
    return torch.sparse_coo_tensor(places, values, (2, 2), check_invariants=True)


@pytest.mark.parametrize("make", [scipy_twice, csr_twice, torch_twice])
def test_entries_given_twice_are_added_up(make: Callable[[], Any]) -> None:
    matrix = read_weights(make())
    assert matrix.nnz == 2
    assert matrix.toarray().tolist() == [[0, 3], [5, 0]]


def test_indices_ascend_and_zeros_are_not_stored() -> None:
    given = sparse.csr_array(([3.0, 0.0, 1.0], [2, 1, 0], [0, 3, 3, 3]), shape=(3, 3))
    matrix = read_weights(given)
    assert (matrix.indices.tolist(), matrix.data.tolist()) == ([0, 2], [1, 3])


def test_the_argument_is_not_changed() -> None:
    given = sparse.csr_array(([3.0, 0.0, 1.0], [2, 1, 0], [0, 3, 3, 3]), shape=(3, 3))
    read_weights(given).data[:] = 99
    assert given.data.tolist() == [3, 0, 1]
    assert given.indices.tolist() == [2, 1, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensor_is_not_changed_with_the_matrix_read_from_it(dtype: torch.dtype) -> None:
    tensor = torch.tensor(DENSE, dtype=dtype)
    for given in (tensor, tensor.to_sparse().coalesce()):
        read_weights(given).data[:] = 99
        assert torch.equal(given.to_dense(), tensor)


@pytest.mark.parametrize("weights", [[[0, 1], [1, 0]], "W", None, {0: 1}])
def test_refuses_what_is_no_matrix(weights: object) -> None:
    kinds = r"scipy sparse matrix or array, a numpy array or a torch tensor, not \w+"
    with pytest.raises(TypeError, match=kinds):
        read_weights(weights)


@pytest.mark.parametrize("shape", [(2, 3), (4,), (2, 2, 2), ()])
@pytest.mark.parametrize("make", [np.zeros, torch.zeros])
def test_refuses_what_is_not_square(make: Callable[..., Any], shape: tuple[int, ...]) -> None:
    text = str(shape).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=rf"must be square, one row and .* a neuron, not {text}"):
        read_weights(make(shape))


def test_refuses_a_sparse_matrix_that_is_not_square() -> None:
    with pytest.raises(ValueError, match=r"must be square, .* not \(2, 3\)"):
        read_weights(sparse.csr_array((2, 3)))


@pytest.mark.parametrize(
    "weights",
    [
        DENSE.astype(complex),
        DENSE.astype(object),
        sparse.csr_array(DENSE.astype(complex)),
        torch.tensor(DENSE.astype(complex)),
    ],
)
def test_refuses_numbers_that_are_not_real(weights: Any) -> None:
    with pytest.raises(TypeError, match=r"all_weights must hold real numbers, not .*(128|object)"):
        read_weights(weights)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.asarray, sparse.coo_array, torch.tensor])
def test_decision_05_weights_that_are_not_finite_are_named(
    kind: Callable[[np.ndarray], Any], bad: float
) -> None:
    weights = DENSE.astype(float)
    weights[2, 0] = bad
    message = rf"1 entries that are NaN or infinite \(W\[2, 0\] = {bad}\): .*nan_to_num"
    with pytest.raises(ValueError, match=message):
        read_weights(kind(weights))


def test_only_the_first_entries_that_are_not_finite_are_listed() -> None:
    with pytest.raises(ValueError, match=r"9 entries .* W\[1, 1\] = nan\)"):
        read_weights(np.full((3, 3), np.nan))


def test_what_overflows_float32_counts_as_infinite() -> None:
    with (
        np.errstate(over="ignore"),
        pytest.raises(ValueError, match=r"W\[0, 1\] = inf"),
    ):
        read_weights(np.array([[0, 1e300], [0, 0]]))


def test_decision_01_all_weights_reads_as_a_sparse_tensor(
    make_chain: Callable[..., wg.MultilayeredNetwork], chain_weights: np.ndarray
) -> None:
    weights = make_chain().all_weights
    assert weights.layout == torch.sparse_coo
    np.testing.assert_array_equal(weights.to_dense().numpy(), chain_weights)

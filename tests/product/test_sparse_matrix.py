"""The differentiable sparse matrix: its product, its gradients and its layouts."""

from __future__ import annotations

import copy as copy_module
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given
from network_cases import QUICK, NetworkCase, network_cases
from scipy import sparse
from torch.autograd import gradcheck, gradgradcheck

from wiregrad.product import _kernels, _sparse_matrix
from wiregrad.product._sparse_matrix import SparseMatrix, multiply_on_device

pytestmark = pytest.mark.kernel

Weights = Callable[..., sparse.csr_array]


@pytest.fixture
def dense(random_weights: Weights) -> np.ndarray:
    return random_weights(12, 0.3, seed=0).toarray().astype(np.float64)


@pytest.fixture
def matrix(dense: np.ndarray) -> SparseMatrix:
    return SparseMatrix(sparse.csr_array(dense))


@pytest.fixture
def columns(generator: torch.Generator) -> torch.Tensor:
    return torch.randn(12, 3, generator=generator, dtype=torch.float64, requires_grad=True)


def gradient(matrix: SparseMatrix, h: torch.Tensor) -> torch.Tensor:
    """Return the gradient of the sum of the product."""
    (grad,) = torch.autograd.grad(matrix(h).sum(), h)
    return grad


@QUICK
@given(case=network_cases())
def test_product_and_gradient_equal_the_dense_ones(case: NetworkCase) -> None:
    n_neurons = len(case.weights)
    matrix = SparseMatrix(sparse.csr_array(case.weights))
    h = torch.linspace(-1, 1, n_neurons * 2, dtype=torch.float64).view(-1, 2).requires_grad_()
    expected = case.weights @ h.detach().numpy()
    np.testing.assert_allclose(matrix(h).detach().numpy(), expected, rtol=0, atol=1e-14)
    column_sums = np.tile(case.weights.sum(axis=0)[:, None], 2)
    np.testing.assert_allclose(gradient(matrix, h).numpy(), column_sums, rtol=0, atol=1e-14)


def test_gradcheck(matrix: SparseMatrix, columns: torch.Tensor) -> None:
    assert gradcheck(matrix, columns)


def test_gradgradcheck(matrix: SparseMatrix, columns: torch.Tensor) -> None:
    assert gradgradcheck(matrix, columns)
    assert gradgradcheck(lambda h: torch.tanh(matrix(h)) ** 2, columns)


@pytest.mark.parametrize("batch", [0, 1, 2, 3, 7, 8, 9, 13, 16, 17, 33])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_batch_of_any_size_has_the_products_of_its_columns(
    random_weights: Weights, batch: int, transposed: bool
) -> None:
    matrix, h = SparseMatrix(random_weights(300, 0.1, seed=7)), torch.rand(300, batch)
    for layouts in ({}, {"tiles_for": batch, "by_post": True}):
        matrix.ask_for(**layouts)
        product = matrix.multiply(h, transposed)
        assert product.shape == h.shape
        assert product.is_contiguous()
        for column in range(batch):
            alone = matrix.multiply(h[:, [column]], transposed)
            assert torch.equal(product[:, [column]], alone)


@pytest.mark.parametrize("transposed", [False, True])
def test_multiply_records_no_gradient(
    matrix: SparseMatrix, columns: torch.Tensor, dense: np.ndarray, transposed: bool
) -> None:
    product = matrix.multiply(columns, transposed)
    assert not product.requires_grad
    expected = (dense.T if transposed else dense) @ columns.detach().numpy()
    np.testing.assert_allclose(product.numpy(), expected, rtol=0, atol=1e-14)


def test_takes_columns_that_are_not_contiguous(matrix: SparseMatrix, columns: torch.Tensor) -> None:
    turned = columns.detach().T.contiguous().T
    assert not turned.is_contiguous()
    assert torch.equal(matrix(turned), matrix(columns.detach()))


def test_other_layouts_are_made_after_a_product_that_would_have_been_faster_by_them(
    matrix: SparseMatrix, columns: torch.Tensor
) -> None:
    by_post = matrix.row.nbytes + matrix.values.nbytes
    tiles = matrix.values.nbytes + 2 * len(matrix.values)
    assert matrix.bytes_to_come(1) == by_post + tiles
    dense = columns.detach()[:, :1]
    first = matrix(dense)
    assert matrix.bytes_to_come(1) == by_post + tiles
    assert torch.equal(matrix(dense), first)
    assert matrix.bytes_to_come(1) == by_post, "tiles are made"
    few = torch.zeros(12, 1, dtype=torch.float64)
    few[3] = 1
    first = matrix.multiply(few, transposed=True)
    assert torch.equal(matrix.multiply(few, transposed=True), first)
    assert matrix.bytes_to_come(1) == 0, "by post"
    assert set(matrix.state_dict()) == {"ccol", "row", "values"}


def test_a_large_matrix_gets_no_layout_by_post(
    matrix: SparseMatrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sparse_matrix, "FEW_EDGES", 3)
    matrix.ask_for(tiles_for=1, by_post=True)
    by = matrix.arrays(2, 1)
    assert len(by.tiles[1]) == len(matrix.values)
    assert len(by.post[1]) == 0
    assert matrix.bytes_to_come(1) == 0


def test_the_layouts_are_rebuilt_after_load_state_dict(
    matrix: SparseMatrix, columns: torch.Tensor, dense: np.ndarray
) -> None:
    gradient(matrix, columns)
    other = SparseMatrix(sparse.csr_array(dense[::-1, ::-1] * 2))
    matrix.load_state_dict(other.state_dict())
    assert torch.equal(matrix(columns), other(columns))
    assert torch.equal(gradient(matrix, columns), gradient(other, columns))


def test_both_layouts_follow_a_change_of_dtype(matrix: SparseMatrix, columns: torch.Tensor) -> None:
    expected = gradient(matrix, columns).float()
    single = matrix.float()
    h = columns.detach().float().requires_grad_()
    assert single(h).dtype == torch.float32
    torch.testing.assert_close(gradient(single, h), expected)


def test_to_coo_is_coalesced_and_a_copy(matrix: SparseMatrix, dense: np.ndarray) -> None:
    coo = matrix.to_coo()
    assert coo.is_coalesced()
    np.testing.assert_array_equal(coo.to_dense().numpy(), dense)
    coo.values().zero_()
    np.testing.assert_array_equal(matrix.to_coo().to_dense().numpy(), dense)


def test_to_scipy(matrix: SparseMatrix, dense: np.ndarray) -> None:
    np.testing.assert_array_equal(matrix.to_scipy().toarray(), dense)


def test_costs_eight_bytes_an_edge(random_weights: Weights) -> None:
    matrix = SparseMatrix(random_weights(50, 0.2, seed=1))
    assert matrix.row.element_size() + matrix.values.element_size() == 8


# Two ways to multiply, one result.


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List which kernels have run."""
    taken: list[str] = []

    def spy(name: str) -> None:
        kernel = getattr(_kernels, name)
        monkeypatch.setattr(_kernels, name, lambda *args: (taken.append(name), kernel(*args))[1])

    for name in ("pull", "push", "pull_all"):
        spy(name)
    return taken


def test_few_active_neurons_are_pushed_with_the_same_bits(
    random_weights: Weights, ways: list[str]
) -> None:
    matrix = SparseMatrix(random_weights(300, 0.1, seed=7))
    h = torch.rand(300, 8) * (torch.rand(300, 1) < 0.1)
    pushed = matrix(h)
    assert ways == ["push"]
    matrix.ask_for(tiles_for=8)
    by = matrix.arrays(1, 8)
    active = _kernels.active_rows(h.numpy())
    pulled = _kernels.pull_all(by.tiles, False, by.blocks.post, active, h.numpy())
    np.testing.assert_array_equal(pushed.numpy(), pulled)
    ways.clear()
    matrix(h)
    assert ways == ["push"], "though there are tiles"


def test_many_active_neurons_are_pulled_once_there_are_tiles(
    random_weights: Weights, ways: list[str]
) -> None:
    matrix = SparseMatrix(random_weights(300, 0.1, seed=7))
    h = torch.rand(300, 1)
    found = [gradient(matrix, h.clone().requires_grad_()) for _ in range(2)]
    assert ways == ["push", "pull_all", "pull_all", "pull_all"]
    assert torch.equal(*found)


def test_the_gradient_of_few_outputs_is_pushed_once_there_is_a_layout_by_post(
    random_weights: Weights, ways: list[str]
) -> None:
    weights = random_weights(300, 0.1, seed=7)
    matrix = SparseMatrix(weights)
    h = torch.rand(300, 1, requires_grad=True)
    for _ in range(2):
        (grad,) = torch.autograd.grad(matrix(h)[4, 0], h)
        np.testing.assert_array_equal(grad[:, 0], weights.toarray()[4])
    assert ways == ["push", "pull", "pull_all", "push"]


# The gradient of the values, and torch's own product.


def test_gradcheck_of_the_values(dense: np.ndarray, columns: torch.Tensor) -> None:
    def product(values: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        matrix = SparseMatrix(sparse.csr_array(dense))
        matrix.values = values
        return matrix(h)

    values = SparseMatrix(sparse.csr_array(dense)).values.requires_grad_()
    assert gradcheck(product, (values, columns))
    assert gradgradcheck(product, (values, columns))


def test_values_have_no_gradient_unless_they_ask(
    matrix: SparseMatrix, columns: torch.Tensor
) -> None:
    matrix(columns).sum().backward()
    assert matrix.values.grad is None
    matrix.values.requires_grad_()
    matrix(columns).sum().backward()
    pre = torch.repeat_interleave(matrix.ccol.diff())
    expected = columns.detach().sum(dim=1)[pre]
    torch.testing.assert_close(matrix.values.grad, expected)


def test_values_changed_in_place_reach_both_layouts(
    matrix: SparseMatrix, columns: torch.Tensor, dense: np.ndarray
) -> None:
    before = gradient(matrix, columns)
    matrix.values.mul_(2)
    torch.testing.assert_close(matrix(columns), torch.from_numpy(2 * dense) @ columns)
    assert torch.equal(gradient(matrix, columns), 2 * before)


@pytest.mark.parametrize("transposed", [False, True])
def test_the_product_of_a_gpu_equals_that_of_the_cpu(
    random_weights: Weights, transposed: bool
) -> None:
    """The same call as on a GPU, on tensors of the CPU."""
    matrix = SparseMatrix(random_weights(80, 0.2, seed=3))
    h = torch.randn(80, 5)
    layout = matrix._by_pre() if transposed else matrix._layout_by_post()
    product = multiply_on_device(layout, h)
    torch.testing.assert_close(product, matrix.multiply(h, transposed))


# Changes and threads.


def test_to_scipy_is_a_copy(matrix: SparseMatrix, dense: np.ndarray) -> None:
    matrix.to_scipy().data[:] = 0
    np.testing.assert_array_equal(matrix.to_scipy().toarray(), dense)


def test_values_that_change_at_every_step_pay_for_no_layout(
    random_weights: Weights, ways: list[str]
) -> None:
    matrix = SparseMatrix(random_weights(300, 0.1, seed=7))
    h = torch.rand(300, 4, requires_grad=True)
    gradient(matrix, h)
    assert ways.pop() == "pull_all", "as they have not changed yet"
    ways.clear()
    for _ in range(4):
        matrix.values.mul_(1.1)
        gradient(matrix, h)
    assert set(ways) == {"push", "pull"}
    for _ in range(30):
        gradient(matrix, h)
    assert ways.pop() == "pull_all", "they no longer change"


def test_no_layout_of_old_values_passes_for_one_of_new_ones(
    matrix: SparseMatrix, columns: torch.Tensor
) -> None:
    """A copy counts changes in place from 0 again."""
    h = columns.detach()[:, :1]
    for _ in range(3):
        matrix.values.mul_(1)
    for _ in range(2):
        expected = matrix(h)
    copy = copy_module.deepcopy(matrix)
    for _ in range(4):
        copy.values.mul_(2)
        expected = 2 * expected
        assert torch.equal(copy(h), expected)
        copy(h)


def test_a_copy_leaves_behind_what_can_be_made_again(
    matrix: SparseMatrix, columns: torch.Tensor
) -> None:
    small = len(pickle.dumps(matrix))
    matrix.ask_for(tiles_for=1, by_post=True)
    matrix.arrays(2, 1)
    assert len(pickle.dumps(matrix)) == small
    assert matrix.bytes_to_come(1) == 0, "the original keeps it"


def test_infinity_stays_where_it_belongs_whichever_way(dense: np.ndarray) -> None:
    matrix = SparseMatrix(sparse.csr_array(dense))
    h = torch.rand(12, 1, dtype=torch.float64) + 1
    h[5] = torch.inf
    first = matrix(h)
    matrix.ask_for(tiles_for=1, by_post=True)
    matrix.arrays(1, 1)
    assert torch.equal(matrix(h).isfinite(), first.isfinite())
    assert first.isfinite().any()


def test_runs_in_inference_mode(dense: np.ndarray) -> None:
    with torch.inference_mode():
        matrix, h = SparseMatrix(sparse.csr_array(dense)), torch.rand(12, 1, dtype=torch.float64)
        for _ in range(3):
            np.testing.assert_allclose(matrix(h).numpy(), dense @ h.numpy(), atol=1e-14)


def test_copies_multiply_alike(matrix: SparseMatrix, columns: torch.Tensor) -> None:
    expected = [matrix(columns.detach()) for _ in range(2)][-1]
    for copy in (copy_module.deepcopy(matrix), pickle.loads(pickle.dumps(matrix))):
        assert torch.equal(copy(columns.detach()), expected)
        copy.values.mul_(2)
        assert torch.equal(copy(columns.detach()), 2 * expected)
    assert torch.equal(matrix(columns.detach()), expected)


def test_values_put_in_the_place_of_others_reach_both_layouts(
    matrix: SparseMatrix, columns: torch.Tensor
) -> None:
    before = gradient(matrix, columns)
    for factor in (2, 4, 8):
        matrix.values = matrix.values * 2
        assert torch.equal(gradient(matrix, columns), factor * before)


def test_layouts_and_blocks_fit_each_other_on_many_threads(random_weights: Weights) -> None:
    def look(seed: int) -> bool:
        matrix.ask_for(tiles_for=None if seed % 3 else 1, by_post=seed % 5 == 0)
        by = matrix.arrays(1 + seed % 4, 1)
        back = 300 if len(by.post[1]) else 0
        shapes = [by.blocks.split.shape, by.blocks.split_back.shape]
        return shapes == [(2 + seed % 4, 300), (2 + seed % 4, back)] and len(by.post[0]) == 301

    for seed in range(20):
        matrix = SparseMatrix(random_weights(300, 0.05, seed=seed))
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(look, range(16)))

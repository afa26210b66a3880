"""The compiled product: right, and the same bits however it is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from product_cases import multiply_in_order
from scipy import sparse

from wiregrad.product import _kernels, widened
from wiregrad.product._kernels import (
    active_rows,
    count_entries,
    pull,
    pull_all,
    push,
    split_rows,
)
from wiregrad.product._tile_shape import TileShape
from wiregrad.product._tiles import make_tiles

pytestmark = pytest.mark.kernel

Weights = Callable[..., sparse.csr_array]


@pytest.fixture(params=["serial", "parallel"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Take one kernel whatever the size of the problem; check at the end that it was taken."""
    calls = []
    name = {"serial": "pull_rows", "parallel": "_pull_parallel"}[request.param]
    compiled = getattr(_kernels, name)
    monkeypatch.setattr(_kernels, name, lambda *args: (calls.append(name), compiled(*args)))
    limit = 0 if request.param == "parallel" else np.inf
    monkeypatch.setattr(_kernels, "PARALLEL_FROM", limit)
    yield request.param
    assert calls


def multiply(matrix: sparse.csr_array, h: np.ndarray) -> np.ndarray:
    return pull(matrix.indptr, matrix.indices, matrix.data, h)


def draw(shape: tuple[int, int], dtype: type = np.float32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize("batch", [1, 8, 16, 24, 32])
def test_inputs_are_added_in_ascending_order_bit_for_bit(
    kernel: str, random_weights: Weights, dtype: type, index_dtype: type, batch: int
) -> None:
    matrix = random_weights(40, 0.3, seed=1).astype(dtype)
    matrix.indptr = matrix.indptr.astype(index_dtype)
    matrix.indices = matrix.indices.astype(index_dtype)
    h = draw((40, batch), dtype)
    product = multiply(matrix, h)
    assert product.dtype == dtype
    np.testing.assert_array_equal(product, multiply_in_order(matrix, h))


def test_equals_scipy_in_float64(kernel: str, random_weights: Weights) -> None:
    matrix = random_weights(500, 0.05, seed=2).astype(np.float64)
    h = draw((500, 8), np.float64)
    np.testing.assert_allclose(multiply(matrix, h), matrix @ h, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("rows", "columns", "batch"), [(3, 3, 8), (1, 1, 1), (2, 3, 0)])
def test_a_matrix_without_entries_gives_zeros(
    kernel: str, rows: int, columns: int, batch: int
) -> None:
    empty = sparse.csr_array((rows, columns), dtype=np.float32)
    product = multiply(empty, draw((columns, batch)))
    np.testing.assert_array_equal(product, np.zeros((rows, batch), dtype=np.float32))


def test_rows_may_be_empty_and_the_matrix_oblong(kernel: str) -> None:
    matrix = sparse.csr_array(
        np.array([[0, 0, 0, 0], [1, 0, -2, 0], [0, 0, 0, 0]], dtype=np.float32)
    )
    h = np.array([[1], [10], [100], [1000]], dtype=np.float32)
    assert multiply(matrix, h).tolist() == [[0], [-199], [0]]


def test_arguments_are_not_changed(kernel: str, random_weights: Weights) -> None:
    matrix, h = random_weights(30, 0.3, seed=3), draw((30, 8))
    arrays = (matrix.indptr, matrix.indices, matrix.data, h)
    before = [array.copy() for array in arrays]
    pull(*arrays)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("n", [1, 2])
def test_a_large_problem_takes_the_parallel_kernel_with_the_same_bits(
    random_weights: Weights, use_threads: Callable[[int], None], n: int
) -> None:
    matrix, h = random_weights(2000, 0.02, seed=4), draw((2000, 8))
    assert matrix.nnz * h.shape[1] > _kernels.PARALLEL_FROM
    use_threads(n)
    serial = np.zeros_like(h)
    _kernels.pull_rows(
        matrix.indptr, matrix.indices, matrix.data, np.arange(2000, dtype=np.uint32), h, serial
    )
    np.testing.assert_array_equal(multiply(matrix, h), serial)


def test_kernels_may_be_called_from_several_threads_at_once(random_weights: Weights) -> None:
    matrix = random_weights(2000, 0.02, seed=5)
    columns = [draw((2000, 8), seed=seed) for seed in range(16)]
    alone = [multiply(matrix, h) for h in columns]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda h: multiply(matrix, h), columns))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


# Pushing: the same bits, from the rows that are not 0.


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [0, 1, 8, 16, 24, 32, 40])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 1.0])
def test_push_equals_pull_bit_for_bit(
    random_weights: Weights, dtype: type, batch: int, share: float
) -> None:
    matrix = random_weights(200, 0.1, seed=5).astype(dtype)
    h = draw((200, batch), dtype)
    h[np.random.default_rng(6).random(200) >= share] = 0
    by_column = matrix.T.tocsr()
    by_column.sort_indices()
    pushed = push(by_column.indptr, by_column.indices, by_column.data, active_rows(h), h)
    assert pushed.dtype == dtype
    np.testing.assert_array_equal(pushed, multiply(matrix, h))


@pytest.mark.parametrize("n", [1, 2])
def test_a_large_push_is_shared_among_threads_with_the_same_bits(
    random_weights: Weights, use_threads: Callable[[int], None], n: int
) -> None:
    by_pre, h = random_weights(2000, 0.02, seed=4), draw((2000, 8))
    arrays = (by_pre.indptr, by_pre.indices, by_pre.data, active_rows(h), h)
    bounds = np.array([0, 900, 2000])
    split = np.empty((3, 2000), by_pre.indptr.dtype)
    split_rows(by_pre.indptr, by_pre.indices, bounds, split)
    use_threads(n)
    np.testing.assert_array_equal(push(*arrays, (bounds, split)), push(*arrays))


def test_active_rows_are_those_with_anything_in_them() -> None:
    h = widened(np.array([[0, 0], [0, 2], [-0.0, 0], [np.nan, 0], [-1, 3]]))
    assert active_rows(h).tolist() == [1, 3, 4]
    assert active_rows(np.zeros((3, 0))).tolist() == []


def test_push_adds_only_the_rows_it_is_given() -> None:
    by_column = sparse.csr_array(np.array([[0, 1.0], [2.0, 0]]))
    parts = by_column.indptr, by_column.indices, by_column.data
    product = push(*parts, np.array([1]), np.array([[5.0], [7.0]]))
    assert product.tolist() == [[14], [0]]


# All tiles: the same bits again.


@pytest.mark.parametrize("limit", [0, np.inf])
@pytest.mark.parametrize("share", [0.05, 1.0])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("batch", [1, 8])
def test_a_pass_over_tiles_equals_pull_bit_for_bit(
    random_weights: Weights,
    monkeypatch: pytest.MonkeyPatch,
    use_threads: Callable[[int], None],
    limit: float,
    share: float,
    back: bool,
    batch: int,
) -> None:
    monkeypatch.setattr(_kernels, "PARALLEL_FROM", limit)
    matrix = random_weights(300, 0.1, seed=8)
    by_pre = matrix.tocsc()
    by_pre.sort_indices()
    shape = TileShape(width=6, diagonal=batch == 1)
    tiles = make_tiles(by_pre.indptr, by_pre.indices, by_pre.data, shape)
    h = draw((300, batch))
    h[np.random.default_rng(2).random(300) >= share] = 0
    expected = matrix.T.tocsr() if back else matrix
    for n in (1, 2):
        use_threads(n)
        product = pull_all(tiles, back, np.array([0, 128, 300]), active_rows(h), h)
        np.testing.assert_array_equal(product, multiply(expected, h))


def test_counts_how_often_each_index_occurs() -> None:
    counts = np.array([1, 0, 0])
    count_entries(np.array([2, 0, 2], np.uint32), counts)
    assert counts.tolist() == [2, 0, 2]


def test_splits_rows_at_the_bounds_of_blocks() -> None:
    indptr, indices = np.array([0, 3, 3, 5]), np.array([0, 2, 4, 1, 3])
    split = np.empty((4, 3), np.int64)
    split_rows(indptr, indices, np.array([0, 2, 2, 5]), split)
    assert split.tolist() == [[0, 3, 3], [1, 3, 4], [1, 3, 4], [3, 3, 5]]


@pytest.mark.parametrize("batch", [2, 7, 9])
def test_batches_that_fill_no_registers_are_refused(random_weights: Weights, batch: int) -> None:
    matrix, h = random_weights(30, 0.3, seed=3), draw((30, batch))
    parts = matrix.indptr, matrix.indices, matrix.data
    shape = TileShape(width=6, diagonal=False)
    tiles, active = make_tiles(*parts, shape), np.arange(30, dtype=np.uint64)
    calls = (
        lambda: pull(*parts, h),
        lambda: push(*parts, active, h),
        lambda: pull_all(tiles, False, np.array([0, 30]), active, h),
    )
    for call in calls:
        with pytest.raises(ValueError, match=f"a batch of {batch} .* multiple of 8"):
            call()

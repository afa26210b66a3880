"""Pull and push for some rows: which rows, which edges, and any batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from product_cases import multiply_in_order
from scipy import sparse

from wiregrad.product.compiled import pull_rows, push_rows

pytestmark = pytest.mark.kernel

Weights = Callable[..., sparse.csr_array]

#: A column alone; one register of either width, and several.
BATCHES = [1, 8, 16, 24, 32, 40, 48]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", BATCHES)
def test_pull_sets_the_rows_it_is_given_and_no_others(
    random_weights: Weights, dtype: type, batch: int
) -> None:
    matrix = random_weights(30, 0.3, seed=2).astype(dtype)
    h = np.random.default_rng(0).normal(size=(30, batch)).astype(dtype)
    y = np.full((30, batch), 7, dtype)
    rows = np.array([0, 3, 29], np.uint32)
    pull_rows(matrix.indptr, matrix.indices, matrix.data, rows, h, y)
    expected = np.full((30, batch), 7, dtype)
    expected[rows] = multiply_in_order(matrix, h)[rows]
    assert np.array_equal(y, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", BATCHES)
def test_push_adds_each_column_once_along_the_edges_between_bounds(
    random_weights: Weights, dtype: type, batch: int
) -> None:
    by_pre = random_weights(30, 0.3, seed=3).astype(dtype)
    h = np.random.default_rng(1).normal(size=(30, batch)).astype(dtype)
    y = np.ones((30, batch), dtype)
    rows = np.array([1, 2, 28], np.uint32)
    first, stop = by_pre.indptr[:-1], by_pre.indptr[1:].copy()
    stop[2] -= 1  # the last edge of row 2 belongs to another thread
    expected = y.copy()
    for row in rows:
        for k in range(first[row], stop[row]):
            expected[by_pre.indices[k]] += by_pre.data[k] * h[row]
    push_rows(first, stop, by_pre.indices, by_pre.data, rows, h, y)
    assert np.array_equal(y, expected)

"""A matrix in tiles: every entry once, in an order that serves both directions, same bits."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from product_cases import multiply_in_order
from scipy import sparse

from wiregrad.product._tile_shape import COLUMN_BITS, DIAGONAL_BITS, TileShape
from wiregrad.product._tiles import Tiles, make_tiles, no_tiles
from wiregrad.product.compiled import mark_tiles, pull_tiles

pytestmark = pytest.mark.kernel

Weights = Callable[..., sparse.csr_array]

#: One column, less than a register, one and two registers, and what is left over.
BATCHES = [0, 1, 8, 16, 24, 32, 40]


#: A column alone, and a batch: tiles in diagonal order, and by column.
ORDERS = [1, 2]


def tiles_of(matrix: sparse.csr_array, batch: int) -> Tiles:
    by_pre = matrix.tocsc()
    by_pre.sort_indices()
    shape = TileShape.of(matrix.shape[0], matrix.nnz, batch)
    return make_tiles(by_pre.indptr, by_pre.indices, by_pre.data, shape)


def side_of(n_neurons: int, width: int) -> int:
    return max(-(-n_neurons // (1 << width)), 1)


def entries(tiles: Tiles, n: int) -> np.ndarray:
    """Return row, column and value of every entry but those between, in the order they lie in."""
    starts, keys, values, width, diagonal = tiles
    bits = DIAGONAL_BITS if diagonal else COLUMN_BITS
    side, begin = side_of(n, width), starts.astype(np.int64)
    tile = np.repeat(np.arange(side * side), np.diff(begin))
    row = (keys & ((1 << bits) - 1)).astype(np.int64)
    grown = np.cumsum((keys >> bits).astype(np.int64))
    before = np.append(0, grown)[begin[:-1]]
    column = grown - before[tile] - (row if diagonal else 0)
    assert (row < 1 << width).all()
    assert ((column >= 0) & (column < 1 << width)).all()
    row, column = (tile // side << width) + row, (tile % side << width) + column
    assert (row < n).all(), "those between too, or memory of others is written to"
    assert (column < n).all()
    found = np.stack([row, column, values], 1)
    return found[values != 0]


def multiply(matrix: sparse.csr_array, back: bool, h: np.ndarray, parts: int = 1) -> np.ndarray:
    tiles, n = tiles_of(matrix, h.shape[1]), len(h)
    busy = np.empty(side_of(n, tiles[3]), bool)
    mark_tiles(np.flatnonzero((h != 0).any(axis=1)), tiles[3], busy)
    y = np.full_like(h, 7)
    bounds = [min(side_of(n, tiles[3]) * p // parts << tiles[3], n) for p in range(parts)] + [n]
    for first, stop in itertools.pairwise(bounds):
        pull_tiles(tiles, back, first, stop, busy, h, y)
    return y


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(1, 400),
    share=st.floats(0, 0.3),
    seed=st.integers(0, 1000),
    batch=st.sampled_from(ORDERS),
)
def test_every_entry_is_there_once_and_rows_and_columns_ascend(
    n: int, share: float, seed: int, batch: int
) -> None:
    matrix = sparse.random_array((n, n), density=share, rng=seed, format="csr", dtype=np.float32)
    found = entries(tiles_of(matrix, batch), n)
    again = sparse.csr_array((found[:, 2], found[:, :2].astype(int).T), shape=(n, n))
    assert (again != matrix).nnz == 0
    assert len(found) == matrix.nnz
    for axis, other in ((0, 1), (1, 0)):
        order = np.lexsort((np.arange(len(found)), found[:, axis]))
        same = np.diff(found[order, axis]) == 0
        assert (np.diff(found[order, other])[same] > 0).all()


def test_neighbours_in_diagonal_order_have_no_end_in_common(random_weights: Weights) -> None:
    """Else one would have to wait for the sum of the other."""
    tiles = tiles_of(random_weights(64, 0.5, seed=1), batch=1)
    assert len(tiles[0]) == 2, "one tile"
    row, column, _ = entries(tiles, 64).T
    total = row + column
    assert (np.diff(total) >= 0).all()
    same = np.diff(total) == 0
    assert same.any()
    assert (np.diff(row)[same] != 0).all()
    assert (np.diff(column)[same] != 0).all()


def test_columns_of_a_batch_are_read_one_after_another(random_weights: Weights) -> None:
    tiles = tiles_of(random_weights(64, 0.5, seed=1), batch=8)
    assert len(tiles[0]) == 2, "one tile"
    _, column, _ = entries(tiles, 64).T
    assert (np.diff(column) >= 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("share", [0.02, 1.0])
def test_a_pass_gives_the_promised_bits(
    random_weights: Weights, dtype: type, batch: int, back: bool, share: float
) -> None:
    matrix = random_weights(150, 0.1, seed=2).astype(dtype)
    rng = np.random.default_rng(batch)
    h = rng.normal(size=(150, batch)).astype(dtype)
    h[rng.random(150) >= share] = 0
    expected = matrix.T.tocsr() if back else matrix
    expected.sort_indices()
    product = multiply(matrix, back, h)
    assert product.dtype == dtype
    np.testing.assert_array_equal(product, multiply_in_order(expected, h))


@pytest.mark.parametrize("back", [False, True])
def test_parts_of_the_rows_make_up_the_whole(random_weights: Weights, back: bool) -> None:
    matrix = random_weights(333, 0.05, seed=3)
    h = np.random.default_rng(0).normal(size=(333, 8)).astype(np.float32)
    whole = multiply(matrix, back, h)
    for parts in (2, 3, 6):
        np.testing.assert_array_equal(multiply(matrix, back, h, parts), whole)


@pytest.mark.parametrize("n", [50, 64, 100])
def test_a_thread_without_neurons_of_its_own_adds_nothing(random_weights: Weights, n: int) -> None:
    matrix = random_weights(n, 0.3, seed=5)
    h = np.random.default_rng(0).random((n, 8), dtype=np.float32)
    tiles, busy = tiles_of(matrix, 3), np.ones(side_of(n, 6), bool)
    for back in (False, True):
        y = np.empty_like(h)
        for first, stop in ((0, 0), (0, n), (n, n)):
            pull_tiles(tiles, back, first, stop, busy, h, y)
        np.testing.assert_array_equal(y, multiply(matrix, back, h))


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65])
def test_small_and_empty_matrices(n: int) -> None:
    h = np.arange(1.0, n + 1)[:, None]
    identity = sparse.csr_array(sparse.eye_array(n, format="csr"))
    np.testing.assert_array_equal(multiply(identity, False, h), h)
    nothing = sparse.csr_array((n, n), dtype=np.float64)
    for back in (False, True):
        np.testing.assert_array_equal(multiply(nothing, back, h), np.zeros_like(h))


@pytest.mark.parametrize("batch", ORDERS)
def test_tiles_hold_six_bytes_an_edge_where_there_are_many(
    random_weights: Weights, batch: int
) -> None:
    matrix = random_weights(500, 0.1, seed=4)
    _, keys, values, *_ = tiles_of(matrix, batch)
    assert keys.itemsize + values.itemsize == 6
    assert matrix.nnz <= len(keys) < 1.05 * matrix.nnz


@pytest.mark.parametrize("batch", ORDERS)
@pytest.mark.parametrize("n", [65, 100, 127, 129])
def test_what_fills_a_gap_in_the_last_tile_lies_within_the_matrix(n: int, batch: int) -> None:
    last = n - 1
    corners = sparse.csr_array(([2.0, 3.0, 4.0], ([0, last, last], [last, 0, last])), shape=(n, n))
    found = entries(tiles_of(corners, batch), n)
    assert len(found) == 3


def test_gaps_are_filled_where_there_are_few() -> None:
    """Two corners of one tile: row + column is 0 and 126."""
    corners = sparse.csr_array(([2.0, 3.0], ([0, 63], [0, 63])), shape=(64, 64))
    _, keys, values, *_ = tiles_of(corners, batch=1)
    assert values.tolist() == [2, 0, 0, 0, 0, 3]
    assert np.cumsum(keys >> 11).tolist() == [0, 31, 62, 93, 124, 126]
    h = np.arange(64.0)[:, None]
    np.testing.assert_array_equal(multiply(corners, False, h), corners @ h)
    _, keys, values, *_ = tiles_of(corners, batch=2)
    assert values.tolist() == [2, *[0] * 8, 3], "steps of 7 columns"
    assert np.cumsum(keys >> 13)[-1] == 63
    h = np.random.default_rng(0).random((64, 8))
    np.testing.assert_array_equal(multiply(corners, True, h), corners.T @ h)


def test_none_stand_for_none() -> None:
    starts, keys, values, *_ = no_tiles(np.ones(3, np.float32))
    assert len(starts) == 1
    assert len(keys) == len(values) == 0
    assert values.dtype == np.float32

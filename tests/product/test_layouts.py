"""Blocks for the threads: even, whole, and at the bounds of tiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from network_cases import QUICK
from scipy import sparse

from wiregrad.product._layouts import count_in_edges, divide, even_bounds

Weights = Callable[..., sparse.csr_array]


@QUICK
@given(
    counts=st.lists(st.integers(0, 20), min_size=1, max_size=80),
    n=st.integers(1, 6),
    width=st.integers(0, 4),
)
def test_blocks_cover_all_rows_at_the_bounds_of_tiles(
    counts: list[int], n: int, width: int
) -> None:
    starts = np.cumsum([0, *counts])
    bounds = even_bounds(starts, n, width)
    assert len(bounds) == n + 1
    assert bounds[0] == 0
    assert bounds[-1] == len(counts)
    assert (np.diff(bounds) >= 0).all()
    assert (bounds[bounds < len(counts)] % (1 << width) == 0).all()
    largest_tile = max(sum(counts[i : i + (1 << width)]) for i in range(0, len(counts), 1 << width))
    assert np.diff(starts[bounds]).max() <= sum(counts) / n + largest_tile


@pytest.mark.kernel
def test_both_splits_say_where_edges_enter_each_block(random_weights: Weights) -> None:
    matrix = random_weights(200, 0.1, seed=1)
    by_pre, by_post = matrix.tocsc(), matrix
    layouts = [(part.indptr, part.indices, part.data) for part in (by_pre, by_post)]
    blocks = divide(*layouts, 3, 6)
    for split, bounds, part in (
        (blocks.split, blocks.post, by_pre),
        (blocks.split_back, blocks.pre, by_post),
    ):
        assert (bounds[1:-1] % 64 == 0).all()
        for row in range(200):
            ends = part.indices[part.indptr[row] : part.indptr[row + 1]]
            expected = part.indptr[row] + np.searchsorted(ends, bounds)
            assert split[:, row].tolist() == expected.tolist()


@pytest.mark.kernel
def test_counts_in_edges(random_weights: Weights) -> None:
    by_pre = random_weights(50, 0.2, seed=2).tocsc()
    starts = count_in_edges((by_pre.indptr, by_pre.indices, by_pre.data))
    assert starts.tolist() == by_pre.tocsr().indptr.tolist()

"""The limits between ways along the edges."""

from __future__ import annotations

import pytest

from wiregrad.product._ways import ways_for


@pytest.mark.parametrize("batch", [0, 1, 2, 16, 64])
@pytest.mark.parametrize("edges", [0, 10**3, 10**7, 10**9])
def test_pushing_gives_up_no_later_than_pulling(batch: int, edges: int) -> None:
    """A push writes where a pull only reads."""
    ways = ways_for(edges, 139_000, 11, batch)
    assert 0 < ways.push_below <= ways.pull_below


def test_a_batch_of_a_sparse_matrix_never_takes_tiles() -> None:
    assert ways_for(2_200_000, 133_000, 11, 16).push_below > 1
    assert ways_for(15_100_000, 139_000, 11, 16).push_below < 1
    assert ways_for(2_200_000, 133_000, 11, 1).push_below < 1

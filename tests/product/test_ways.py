"""The limits between ways along the edges."""

from __future__ import annotations

import pytest

from wiregrad.product._ways import ways_for


@pytest.mark.parametrize("batch", [0, 1, 2, 16, 64])
@pytest.mark.parametrize("entries", [0, 0.1, 1, 100])
def test_pushing_gives_up_no_later_than_pulling(batch: int, entries: float) -> None:
    """A push writes where a pull only reads."""
    ways = ways_for(entries, batch)
    assert 0 < ways.push_below <= ways.pull_below


def test_a_batch_of_a_sparse_matrix_never_takes_tiles() -> None:
    assert ways_for(0.9, 16).push_below > 1
    assert ways_for(3, 16).push_below < 1
    assert ways_for(0.9, 1).push_below < 1

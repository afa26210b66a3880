"""The shape of tiles."""

from __future__ import annotations

import pytest

from wiregrad.product._tile_shape import COLUMN_BITS, DIAGONAL_BITS, TileShape


@pytest.mark.parametrize(
    ("batch", "bits"), [(1, DIAGONAL_BITS), (2, COLUMN_BITS), (64, COLUMN_BITS)]
)
@pytest.mark.parametrize("n_edges", [0, 10**5, 10**10])
def test_a_key_can_hold_a_row_of_a_tile_whatever_the_size(
    n_edges: int, batch: int, bits: int
) -> None:
    widths = [TileShape.of(n, n_edges, batch).width for n in (0, 1, 10**3, 10**5, 10**7, 10**9)]
    assert widths == sorted(widths)
    assert widths[0] >= 6
    assert widths[-1] <= bits


def test_a_column_alone_has_an_order_of_its_own() -> None:
    """A batch of none is a batch."""
    assert [TileShape.of(500, 5_000, batch).diagonal for batch in (0, 1, 2)] == [0, 1, 0]


def test_tiles_of_a_sparse_matrix_are_wider() -> None:
    """So that a column of one still has an entry."""
    few, many = (TileShape.of(140_000, edges, 16) for edges in (2_000_000, 15_000_000))
    assert few.width == many.width + 1
    assert many.entries_by_column(140_000, 15_000_000) > 1

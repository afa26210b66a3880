"""The shape of tiles: how wide, and in which order their entries are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["COLUMN_BITS", "DIAGONAL_BITS", "TileShape"]

#: Bits of a key for the row within a tile: the widest tiles of either order.
DIAGONAL_BITS, COLUMN_BITS = 11, 13

# Two ranges of 2,048 numbers fit the nearest cache, and a tile still has entries enough. Rows of a
# batch, 64 bytes of each at a time, fit the next one.
_WIDEST, _WIDEST_OF_BATCH, _NARROWEST = DIAGONAL_BITS, 12, 6
# Tiles to a side where that leaves them wide enough, for threads to share.
_SHARES = 32


class TileShape(NamedTuple):
    """How a matrix is brought into tiles.

    Attributes
    ----------
    width : int
        Rows and columns of a tile, as a power of 2.
    diagonal : bool
        Whether its entries are in diagonal order, for a column alone, or by column, for batches.
    """

    width: int
    diagonal: bool

    @classmethod
    def of(cls, n_neurons: int, n_edges: int, batch: int) -> TileShape:
        """Choose the shape for a matrix and a batch of so many columns.

        Examples
        --------
        >>> TileShape.of(140_000, 15_000_000, batch=1)
        TileShape(width=11, diagonal=True)
        >>> TileShape.of(140_000, 15_000_000, batch=16)
        TileShape(width=12, diagonal=False)
        >>> TileShape.of(140_000, 2_000_000, batch=16)
        TileShape(width=13, diagonal=False)
        """
        diagonal = batch == 1
        shared = int(np.ceil(np.log2(max(n_neurons, 1) / _SHARES)))
        width = min(max(shared, _NARROWEST), _WIDEST if diagonal else _WIDEST_OF_BATCH)
        shape = cls(width, diagonal)
        if width == _WIDEST_OF_BATCH and shape.entries_by_column(n_neurons, n_edges) < 1:
            return cls(COLUMN_BITS, diagonal)
        return shape

    def entries_by_column(self, n_neurons: int, n_edges: int) -> float:
        """Return how many entries a column has within a tile, on average."""
        return n_edges / max(n_neurons, 1) / max(-(-n_neurons // (1 << self.width)), 1)

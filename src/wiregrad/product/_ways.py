"""Which way along the edges is the fastest, by what it has to read."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Ways", "ways_for"]


# More than all edges: there is no use for tiles.
_ALWAYS = 2.0
# Tiles of a batch with fewer entries in a column are not worth it.
_FEW = 1.0


class Ways(NamedTuple):
    """Where one way along the edges becomes faster than another, as shares of all edges.

    Attributes
    ----------
    push_below : float
        A push along the edges of active neurons is faster than a pass over all tiles while these
        are fewer than this share.
    pull_below : float
        A pull along the edges of wanted neurons likewise.
    """

    push_below: float
    pull_below: float


def ways_for(entries_by_column: float, batch: int) -> Ways:
    """Choose limits for a batch and tiles with so many entries in each of their columns.

    Measured on FlyWire (2.2M edges) and a whole brain (15M), on two cores. A column alone is read
    from tiles two to three times as fast as along rows. In a batch a row is read in one piece, and
    a pass over tiles is faster only where a column of one holds at least an entry.

    Examples
    --------
    >>> ways_for(0.1, batch=1)
    Ways(push_below=0.25, pull_below=0.5)
    >>> ways_for(0.1, batch=16)
    Ways(push_below=2.0, pull_below=2.0)
    >>> ways_for(3, batch=16)
    Ways(push_below=0.35, pull_below=0.45)
    """
    if batch == 1:
        return Ways(0.25, 0.5)
    if entries_by_column < _FEW:
        return Ways(_ALWAYS, _ALWAYS)
    return Ways(0.35, 0.45)

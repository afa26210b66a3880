"""Which way along the edges is the fastest, by what it has to read."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Ways", "ways_for"]


# More than all edges.
_ALWAYS = 2.0


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


def ways_for(n_edges: int, n_neurons: int, width: int, batch: int) -> Ways:
    """Choose limits for a matrix, with tiles of 2 to the power of `width`, and a batch.

    Measured on FlyWire (2.2M edges) and a whole brain (15M), on two cores. A column alone is read
    from tiles two to three times as fast as along rows. In a batch a row is read in one piece, and
    a pass over tiles is faster only where these hold at least as many edges as neurons.

    Examples
    --------
    >>> ways_for(2_200_000, 133_000, width=11, batch=1)
    Ways(push_below=0.25, pull_below=0.5)
    >>> ways_for(2_200_000, 133_000, width=11, batch=16)
    Ways(push_below=2.0, pull_below=2.0)
    >>> ways_for(15_100_000, 139_000, width=11, batch=16)
    Ways(push_below=0.4, pull_below=0.55)
    """
    if batch <= 1:
        return Ways(0.25, 0.5)
    side = max(-(-n_neurons // (1 << width)), 1)
    if n_edges < side * side * (1 << width):
        return Ways(_ALWAYS, _ALWAYS)
    return Ways(0.4, 0.55)

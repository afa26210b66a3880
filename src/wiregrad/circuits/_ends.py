"""Where the edges of a circuit begin and end, as positions among its nodes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["IndexArray", "edge_ends"]

IndexArray: TypeAlias = npt.NDArray[np.int64]


def edge_ends(edges: pd.DataFrame, nodes: pd.DataFrame) -> tuple[IndexArray, IndexArray]:
    """Find the nodes that each edge comes from and leads to.

    Parameters
    ----------
    edges, nodes : DataFrame
        As in a `Circuit`.

    Returns
    -------
    pre, post : ndarray of int64, shape (n_edges,)
        Positions in `nodes`; -1 where there is no such node.

    Examples
    --------
    >>> nodes = pd.DataFrame({"layer": [0, 1], "group": ["a", "a"]})
    >>> edges = pd.DataFrame({"layer": [1], "pre": ["a"], "post": ["a"]})
    >>> [end.tolist() for end in edge_ends(edges, nodes)]
    [[0], [1]]
    """
    names = pd.Index(nodes["group"].astype(object).unique())
    n = len(names)
    # A whole brain's edges are found by a number made of layer and name, not by pairs of them.
    keys = pd.Index(nodes["layer"].to_numpy(np.int64) * n + names.get_indexer(nodes["group"]))
    layer = edges["layer"].to_numpy(np.int64)
    pre, post = (names.get_indexer(edges[end].astype(object)) for end in ("pre", "post"))
    return (
        _find(keys, (layer - 1) * n + pre, known=pre >= 0),
        _find(keys, layer * n + post, known=post >= 0),
    )


def _find(keys: pd.Index, wanted: IndexArray, known: npt.NDArray[np.bool_]) -> IndexArray:
    return np.where(known, keys.get_indexer(pd.Index(wanted)), -1).astype(np.int64)

"""How much of the targets' input runs along each edge of a circuit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._ends import edge_ends

__all__ = ["trace_shares"]


def trace_shares(edges: pd.DataFrame, nodes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the column `share` to the edges and the nodes of a circuit.

    The targets have equal parts of 1. From the last layer to the first, a node's share is split
    among the edges that lead to it in proportion to the size of their excitation and inhibition,
    and handed on to where they come from.

    Parameters
    ----------
    edges, nodes : DataFrame
        As in a `Circuit`, by layer. They are not changed.

    Returns
    -------
    edges, nodes : DataFrame

    Notes
    -----
    Cost: one pass over the edges.

    Examples
    --------
    >>> nodes = pd.DataFrame({"layer": [0, 0, 1], "group": ["a", "b", "t"],
    ...                       "n_targets": [0, 0, 2], "n_groups": 1})
    >>> edges = pd.DataFrame({"layer": [1, 1], "pre": ["a", "b"], "post": ["t", "t"],
    ...                       "excitation": [0.3, 0.0], "inhibition": [0.0, -0.1]})
    >>> edges, nodes = trace_shares(edges, nodes)
    >>> edges["share"].round(3).tolist(), nodes["share"].round(3).tolist()
    ([0.75, 0.25], [0.75, 0.25, 1.0])
    """
    pre, post = edge_ends(edges, nodes)
    size = (edges["excitation"] - edges["inhibition"]).to_numpy(dtype=np.float64)
    received = np.bincount(post, weights=size, minlength=len(nodes))
    part = size / received[post]
    through = nodes["n_targets"].to_numpy(dtype=np.float64)
    through = through / max(through.sum(), 1.0)
    share = np.zeros(len(edges))
    layer = edges["layer"].to_numpy()
    for each in np.unique(layer)[::-1]:
        at = np.flatnonzero(layer == each)
        share[at] = part[at] * through[post[at]]
        through = through + np.bincount(pre[at], weights=share[at], minlength=len(nodes))
    columns = [*edges.columns]
    columns.insert(columns.index("inhibition") + 1, "share")
    nodes = nodes.assign(share=through)
    last = nodes.pop("n_groups")
    return edges.assign(share=share)[columns], nodes.assign(n_groups=last)

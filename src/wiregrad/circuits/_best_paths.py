"""The strongest paths through a circuit, exactly."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .._messages import did_you_mean, few
from ._circuit import Circuit
from ._path_search import PathSearch

__all__ = ["BestPaths", "best_paths"]


@dataclass(frozen=True, eq=False)
class BestPaths:
    """The strongest paths from the stimulus to the targets.

    Attributes
    ----------
    paths : DataFrame
        A row a path, the strongest first:

        - `path`: its number, from 0;
        - `strength`: product of the size of the flows along it, each the weight of an edge times
          the activation before it (dimensionless);
        - `sign`: 1 if it excites, -1 if it inhibits: the product of the signs of its flows;
        - `share`: its part of the summed strength of all paths;
        - `hops`: edges on it;
        - `first_layer`, `last_layer`: where it begins and ends;
        - `source`, `target`: groups at both ends;
        - `route`: all its groups, with arrows in between.
    edges : DataFrame
        A row for each edge of each path, by `path` and `layer`: `path`, and the columns of
        `Circuit.edges`.
    n_paths : int
        Paths that there are in all; rounded beyond 2**53.
    total_strength : float
        Summed strength of all of them.
    truncated : bool
        Whether there are more than are listed here.
    """

    paths: pd.DataFrame
    edges: pd.DataFrame
    n_paths: int
    total_strength: float
    truncated: bool

    def __repr__(self) -> str:
        share = f"{self.paths['share'].sum():.1%}" if len(self.paths) else "none"
        return (
            f"BestPaths({len(self.paths):,} of {self.n_paths:,} paths, with {share} of their "
            "summed strength)"
        )


def best_paths(
    found: Circuit,
    k: int = 100,
    *,
    sources: Collection[str] | str | None = None,
    targets: Collection[str] | str | None = None,
) -> BestPaths:
    """List the strongest paths of a circuit, from driven groups to targets.

    A path starts at a node that receives stimulus, takes one edge a layer, and ends at a target in
    its layer; it has at least one edge. It may pass other driven nodes and targets. Its strength is
    the product, over its edges, of weight times presynaptic activation (the edge's `flow`). Paths
    are ranked by the size of that product; its sign stands beside it.

    Parameters
    ----------
    found : Circuit
        As of `circuit`, by group or by neuron. It is not changed.
    k : int
        Paths to list, at least 1.
    sources, targets : str or collection of str, optional
        Groups that paths may start from and end in. By default all that are driven, all targets.

    Returns
    -------
    BestPaths
        Exactly the `k` strongest, but for the rounding of products that are as good as equal; equal
        ones are in no order that means anything. Edges whose flow is 0, because what excites and
        what inhibits cancel out, are on no path. Without any path, empty tables.

    Raises
    ------
    ValueError
        If `k` is below 1, or a group is not a driven one or a target.

    Notes
    -----
    For each node, the strongest way on to a target is worked out backwards, layer by layer. Then
    paths are followed from the sources, always along the option with the strongest way on, and the
    next best option of each node passed is kept in a heap with the strength it leads to: each path
    taken from the heap is the strongest not listed yet. (The idea of lists of options sorted by
    what they lead to is that of Eppstein 1998, SIAM J Comput 28:652; a layered graph needs no more
    of it.)

    Cost: two passes over the circuit's edges, then k * layers steps with a heap of at most as many
    entries; 60 bytes an edge.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "ASH", steps=3, device="cpu")
    >>> stimulus = np.array([[1.0, 0, 0], [1.0, 0, 0]])
    >>> carried = wg.circuit(network, stimulus, network(stimulus), {2: "AVA"})
    >>> best = wg.best_paths(carried, 2)
    >>> best.paths[["route", "share", "sign"]].round(3)
                       route  share  sign
    0  ASH → AVD → DVC → AVA  0.985     1
    1  ASH → AIB → FLP → AVA  0.015     1
    >>> best
    BestPaths(2 of 3 paths, with 100.0% of their summed strength)
    """
    if k < 1:
        raise ValueError(f"k is {k}: list at least 1 path")
    nodes = found.nodes
    starts = (nodes["n_driven"] > 0).to_numpy() & _named(
        nodes, nodes["n_driven"] > 0, sources, "sources", "driven"
    )
    ends = (nodes["n_targets"] > 0).to_numpy() & _named(
        nodes, nodes["n_targets"] > 0, targets, "targets", "a target"
    )
    search = PathSearch.of(found, starts, ends)
    n_paths, total = search.count(), search.total()
    trails = search.best(k)
    length = np.array([len(trail) for trail in trails], dtype=np.int64)
    rows = np.array([row for trail in trails for row in trail], dtype=np.int64)
    edges = found.edges.iloc[rows].reset_index(drop=True)
    edges.insert(0, "path", np.repeat(np.arange(len(trails)), length))
    paths, edges = _in_order(_path_table(edges, total), edges)
    return BestPaths(paths, edges, n_paths, total, n_paths > len(paths))


def _named(
    nodes: pd.DataFrame,
    possible: pd.Series,
    names: Collection[str] | str | None,
    argument: str,
    what: str,
) -> np.ndarray:
    """Tell which nodes bear one of some names; all if there are none."""
    if names is None:
        return np.ones(len(nodes), dtype=bool)
    listed = [names] if isinstance(names, str) else [str(name) for name in names]
    known = nodes.loc[possible, "group"].unique()
    strangers = [name for name in listed if name not in set(known)]
    if strangers:
        raise ValueError(
            f"{argument} names groups that are not {what} in this circuit: {few(strangers)}; there "
            f"are {few(known)}{did_you_mean(strangers[0], known)}"
        )
    return nodes["group"].isin(listed).to_numpy(dtype=bool)


def _path_table(edges: pd.DataFrame, total: float) -> pd.DataFrame:
    by_path = edges.assign(
        size=edges["flow"].abs(), sign=np.sign(edges["flow"]).astype(np.int64)
    ).groupby("path", sort=True)
    ends = by_path.agg(
        strength=("size", "prod"),
        sign=("sign", "prod"),
        hops=("layer", "size"),
        first_layer=("layer", "min"),
        last_layer=("layer", "max"),
        source=("pre", "first"),
        target=("post", "last"),
    ).reset_index()
    ends["first_layer"] -= 1
    ends.insert(3, "share", ends["strength"] / total if total > 0 else 0.0)
    posts = edges["post"].astype(object).groupby(edges["path"]).agg(" → ".join)
    route = ends["source"].astype(object) + " → " + posts.reindex(ends["path"]).to_numpy()
    whole = ["path", "sign", "hops", "first_layer", "last_layer"]
    texts = dict.fromkeys(["source", "target"], "string")
    types = {**dict.fromkeys(whole, "int64"), **texts, "strength": "float64", "share": "float64"}
    return ends.astype(types).assign(route=route.astype("string"))


def _in_order(paths: pd.DataFrame, edges: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sort the paths by strength; the search knows it as a sum of logarithms, rounded."""
    order = np.argsort(-paths["strength"].to_numpy(), kind="stable")
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    edges = edges.assign(path=number[edges["path"].to_numpy()])
    edges = edges.sort_values(["path", "layer"], ignore_index=True)
    paths = paths.iloc[order].reset_index(drop=True)
    return paths.assign(path=np.arange(len(paths), dtype=np.int64)), edges

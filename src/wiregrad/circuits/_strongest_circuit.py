"""A circuit that can be read: its strongest groups and edges, the rest summed up."""

from __future__ import annotations

import pandas as pd

from ..tables import others_label
from ._circuit import Circuit

__all__ = ["strongest_circuit"]


def strongest_circuit(found: Circuit, groups: int = 12, edges: int = 80) -> Circuit:
    """Keep the strongest groups of each layer and the strongest edges of a circuit.

    Parameters
    ----------
    found : Circuit
        It is not changed.
    groups : int
        Groups to keep in each layer, at least 1. From the targets backwards, those are kept that
        hand the largest share of the targets' input to the groups kept in the next layer. The
        others of a layer become one node; a single one that would be left over is kept instead.
    edges : int
        Edges to keep in all, at least 1, by share. The strongest edge into and out of every node
        is kept as well.

    Returns
    -------
    Circuit
        In which the flows of summed up groups are exact: sums over presynaptic, means over
        postsynaptic members, as if they were one group. `n_groups` in `nodes` says how many were
        summed up, `edges_left_out` and `share_left_out` what was left out.

    Raises
    ------
    ValueError
        If `groups` or `edges` is below 1.

    Notes
    -----
    Cost: a few sorts of the circuit's edges.

    Examples
    --------
    >>> import numpy as np
    >>> import wiregrad as wg
    >>> from wiregrad.circuits import circuit
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    >>> stimulus = np.ones((83, 3))
    >>> targets = pd.DataFrame({"layer": 2, "neuron": network.find("AVA")})
    >>> whole = circuit(network, stimulus, network(stimulus), targets)
    >>> small = strongest_circuit(whole, groups=5)
    >>> len(whole.edges), len(small.edges), small.nodes["group"].iloc[0]
    (155, 45, '24 others')
    """
    if groups < 1 or edges < 1:
        raise ValueError(f"groups is {groups} and edges is {edges}: keep at least 1 of each")
    nodes, label = _merged_nodes(found.nodes, _weak_nodes(found, groups))
    merged = _merged_edges(found.edges, label, nodes)
    kept = _strong_edges(merged, edges)
    total = merged["share"].sum()
    left_out = 1 - merged["share"][kept].sum() / total if total > 0 else 0.0
    return Circuit(
        edges=merged[kept].reset_index(drop=True),
        nodes=nodes,
        n_layers=found.n_layers,
        edges_left_out=found.edges_left_out + int((~kept).sum()),
        share_left_out=float(1 - (1 - found.share_left_out) * (1 - left_out)),
    )


def _weak_nodes(found: Circuit, groups: int) -> pd.Series:
    """Whether each node is to be summed up: decided from the last layer to the first."""
    nodes, edges = found.nodes, found.edges
    weak = pd.Series(False, index=nodes.index)
    handed_on = pd.Series(dtype="float64")
    for layer in range(found.n_layers, -1, -1):
        here = nodes[nodes["layer"] == layer]
        to_kept = here["group"].map(handed_on).fillna(0.0)
        targets_first = here.assign(to_kept=to_kept).sort_values(
            ["n_targets", "to_kept", "share"], ascending=False, kind="stable"
        )
        if len(here) > groups + 1:
            weak[targets_first.index[groups:]] = True
        kept = here["group"][~weak[here.index]]
        into_kept = edges[(edges["layer"] == layer) & edges["post"].isin(kept)]
        handed_on = into_kept.groupby("pre")["share"].sum()
    return weak


def _merged_nodes(nodes: pd.DataFrame, weak: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Sum up the weak nodes; also return the new name of each (layer, group)."""
    n_weak = nodes["n_groups"].where(weak, 0).groupby(nodes["layer"]).transform("sum")
    names = {n: others_label(n, frozenset(nodes["group"])) for n in n_weak[weak].unique()}
    label = nodes["group"].astype(object).where(~weak, n_weak.map(names)).astype("string")
    keys = pd.MultiIndex.from_frame(nodes[["layer", "group"]])
    totals = nodes.assign(group=label)
    for column in ("activation", "input"):
        totals[column] *= nodes["n"]
    merged = totals.groupby(["layer", "group"], as_index=False).sum()
    for column in ("activation", "input"):
        merged[column] /= merged["n"]
    return merged[nodes.columns], label.set_axis(keys)


def _merged_edges(edges: pd.DataFrame, label: pd.Series, nodes: pd.DataFrame) -> pd.DataFrame:
    """Sum edges over presynaptic groups and average them over postsynaptic members."""
    pre = label.reindex(pd.MultiIndex.from_arrays([edges["layer"] - 1, edges["pre"]])).array
    post = label.reindex(pd.MultiIndex.from_arrays([edges["layer"], edges["post"]])).array
    totals = edges.assign(pre=pre, post=post)
    means = ["weight", "flow", "excitation", "inhibition"]
    for column in means:
        totals[column] *= edges["n_post"]
    summed = totals.groupby(["layer", "pre", "post"], as_index=False)[[*means, "share"]].sum()
    by_place = nodes.set_index(["layer", "group"])
    for end, layer in (("pre", summed["layer"] - 1), ("post", summed["layer"])):
        node = by_place.loc[pd.MultiIndex.from_arrays([layer, summed[end]])]
        summed[f"{end}_activation"] = node["activation"].array
        summed[f"n_{end}"] = node["n"].array
    for column in means:
        summed[column] /= summed["n_post"]
    return summed[edges.columns]


def _strong_edges(edges: pd.DataFrame, limit: int) -> pd.Series:
    """Whether each edge is among the strongest, or the strongest at one of its ends."""
    rank = edges["share"].rank(method="first", ascending=False)
    kept = rank <= limit
    for end in ("pre", "post"):
        kept |= rank == rank.groupby([edges["layer"], edges[end]]).transform("min")
    return kept

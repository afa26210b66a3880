"""Two circuits side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ._circuit import Circuit

__all__ = ["CircuitComparison", "compare_circuits"]

_EDGE, _NODE = ["layer", "pre", "post"], ["layer", "group"]


@dataclass(frozen=True, eq=False)
class CircuitComparison:
    """What two circuits have in common, and what sets them apart.

    Attributes
    ----------
    edges : DataFrame
        A row for each edge of either, the largest change of flow first: `layer`, `pre`, `post`;
        `in_first`, `in_second`; `flow_first`, `flow_second` (0 where the edge is not there),
        `flow_change` (second less first), `sign_flips` (from exciting to inhibiting or back); the
        same of `weight` and of `share`.
    nodes : DataFrame
        A row for each node of either, the largest change of activation first: `layer`, `group`,
        `in_first`, `in_second`; `activation_first`, `activation_second`, `activation_change`, and
        the same of `share`.
    shared_edges, shared_nodes : float
        Those that both have as a part of those that either has (Jaccard's index), from 0 to 1; NaN
        where neither has any.
    flow_similarity : float
        Cosine of the angle between the flows of both, over all edges: 1 where all flows are in
        proportion, 0 where no edge is shared, negative where signs are opposite; NaN where one has
        no flow.
    """

    edges: pd.DataFrame
    nodes: pd.DataFrame
    shared_edges: float
    shared_nodes: float
    flow_similarity: float

    def __repr__(self) -> str:
        return (
            f"CircuitComparison({self.shared_edges:.0%} of {len(self.edges):,} edges and "
            f"{self.shared_nodes:.0%} of {len(self.nodes):,} nodes in both; similarity of flows "
            f"{self.flow_similarity:.2f})"
        )


def compare_circuits(first: Circuit, second: Circuit) -> CircuitComparison:
    """Compare two circuits edge by edge and node by node.

    Parameters
    ----------
    first, second : Circuit
        Of the same groups: of two stimuli, of a network before and after a lesion, of two
        individuals. They are not changed.

    Returns
    -------
    CircuitComparison

    Raises
    ------
    ValueError
        If one of them has summed up groups (of `strongest_circuit`), which may not be the same ones
        in the other.

    Notes
    -----
    Layers are compared as they are numbered, from the start of the stimulus.

    Cost: a join of the tables.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "PVD"], steps=2)
    >>> both = np.ones((4, 2)), np.array([[1.0, 1]] * 2 + [[0.0, 0]] * 2)
    >>> circuits = [wg.circuit(network, given, network(given), {1: "AVA"}) for given in both]
    >>> wg.compare_circuits(*circuits)
    CircuitComparison(75% of 4 edges and 80% of 5 nodes in both; similarity of flows 0.58)
    """
    for name, circuit in (("first", first), ("second", second)):
        if (circuit.nodes["n_groups"] > 1).any():
            raise ValueError(
                f"the {name} circuit has summed up groups: compare circuits before "
                "strongest_circuit sums them up, or prune them with prune_circuit instead"
            )
    edges = _side_by_side(first.edges, second.edges, _EDGE, ["flow", "weight", "share"])
    flips = np.sign(edges["flow_first"]) * np.sign(edges["flow_second"]) < 0
    edges.insert([*edges.columns].index("flow_change") + 1, "sign_flips", flips)
    nodes = _side_by_side(first.nodes, second.nodes, _NODE, ["activation", "share"])
    return CircuitComparison(edges, nodes, _jaccard(edges), _jaccard(nodes), _cosine(edges))


def _side_by_side(
    first: pd.DataFrame, second: pd.DataFrame, keys: list[str], values: list[str]
) -> pd.DataFrame:
    """Join two tables on their keys; the largest change of the first value comes first."""
    joined = first[[*keys, *values]].merge(
        second[[*keys, *values]],
        on=keys,
        how="outer",
        suffixes=("_first", "_second"),
        indicator="found",
    )
    table = joined[keys].copy()
    table["in_first"] = (joined["found"] != "right_only").to_numpy(dtype=bool)
    table["in_second"] = (joined["found"] != "left_only").to_numpy(dtype=bool)
    for value in values:
        before, after = (joined[f"{value}_{side}"].fillna(0.0) for side in ("first", "second"))
        table[f"{value}_first"], table[f"{value}_second"] = before, after
        table[f"{value}_change"] = after - before
    size = table[f"{values[0]}_change"].abs()
    order = table.assign(size=-size).sort_values(["size", *keys], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _jaccard(table: pd.DataFrame) -> float:
    return float((table["in_first"] & table["in_second"]).mean()) if len(table) else float("nan")


def _cosine(edges: pd.DataFrame) -> float:
    one, other = (edges[f"flow_{side}"].to_numpy() for side in ("first", "second"))
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths > 0 else float("nan")

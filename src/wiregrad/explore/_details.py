"""A cell type of the circuit that was clicked: its neurons, its partners, its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ._answer import Answer
from ._elements import read_node_id

__all__ = ["Details", "details_of"]

_MOST_NEURONS, _MOST_PARTNERS = 30, 10


@dataclass(frozen=True, eq=False)
class Details:
    """What there is to say of a node of the circuit.

    Attributes
    ----------
    group : str
    layer : int
        Of the node: 0 is the start.
    numbers : dict
        In words, what is counted or measured, and the number.
    neurons : DataFrame
        The most active neurons: `Neuron` and a column for the activation at each step.
    n_neurons : int
        How many there are in all.
    incoming, outgoing : DataFrame
        Edges of the circuit at this node: the partner, `Flow`, `Weight`, `Share`.
    partners : DataFrame
        Strongest partners by wiring, whatever was active: `Cell type`, `Direction`, `Weight`.
    """

    group: str
    layer: int
    numbers: dict[str, str]
    neurons: pd.DataFrame
    n_neurons: int
    incoming: pd.DataFrame
    outgoing: pd.DataFrame
    partners: pd.DataFrame


def details_of(answer: Answer, name: object) -> Details | None:
    """Look a node of the drawing up; None where there is none of that name.

    Notes
    -----
    Cost: two passes over the edges.
    """
    node = read_node_id(name, answer.circuit)
    if node is None:
        return None
    group, layer = str(node["group"]), int(node["layer"])
    members = np.flatnonzero((answer.labels["group"] == group).to_numpy(dtype=bool))
    edges = answer.circuit.edges
    into = edges[(edges["layer"] == layer) & (edges["post"] == group)]
    out_of = edges[(edges["layer"] == layer + 1) & (edges["pre"] == group)]
    return Details(
        group=group,
        layer=layer,
        numbers=_numbers(node),
        neurons=_neurons(answer, members, layer),
        n_neurons=len(members),
        incoming=_partners(into, "pre", "From"),
        outgoing=_partners(out_of, "post", "To"),
        partners=_by_wiring(answer, members),
    )


def _numbers(node: pd.Series) -> dict[str, str]:
    layer = int(node["layer"])
    numbers = {"neurons that take part": f"{node['n']:,} of {node['size']:,}"}
    if layer:
        numbers[f"mean activation at step {layer}"] = f"{node['activation']:.3f}"
    if node["n_driven"]:
        numbers["neurons that receive stimulus"] = f"{node['n_driven']:,}"
        numbers["mean input to those that take part"] = f"{node['input']:.3f}"
    if node["n_targets"]:
        numbers["targets among them"] = f"{node['n_targets']:,}"
    if node["n_groups"] > 1:
        numbers["cell types summed up here"] = f"{node['n_groups']:,}"
    return {**numbers, "share of the targets' input that runs through": f"{node['share']:.1%}"}


def _neurons(answer: Answer, members: np.ndarray, layer: int) -> pd.DataFrame:
    states = answer.activations[members]
    order = np.argsort(-states[:, max(layer - 1, 0)], kind="stable")[:_MOST_NEURONS]
    table = pd.DataFrame({"Neuron": answer.labels["id"].iloc[members[order]].tolist()})
    for step in range(states.shape[1]):
        table[f"Step {step + 1}"] = [f"{value:.3f}" for value in states[order, step]]
    return table


def _partners(edges: pd.DataFrame, end: str, heading: str) -> pd.DataFrame:
    strongest = edges.sort_values("share", ascending=False, kind="stable").head(_MOST_PARTNERS)
    return pd.DataFrame(
        {
            heading: strongest[end].tolist(),
            "Flow": [f"{flow:+.3g}" for flow in strongest["flow"]],
            "Weight": [f"{weight:+.3g}" for weight in strongest["weight"]],
            "Share": [f"{share:.1%}" for share in strongest["share"]],
        }
    )


def _by_wiring(answer: Answer, members: np.ndarray) -> pd.DataFrame:
    """Sum the weights by partner type, on average over those that receive."""
    columns = ["Cell type", "Direction", "Weight"]
    if not len(members):
        return pd.DataFrame(columns=columns)
    weights = answer.network.weights.to_scipy()
    groups = answer.labels["group"]
    codes, names = pd.factorize(groups)
    size = np.bincount(codes)
    into = np.bincount(codes, weights=weights[members].sum(axis=0)) / len(members)
    out_of = np.bincount(codes, weights=weights[:, members].sum(axis=1)) / size
    rows = []
    for direction, by_type in (("input from", into), ("output to", out_of)):
        strongest = np.argsort(-abs(by_type), kind="stable")[:_MOST_PARTNERS]
        rows += [
            (str(names[code]), direction, f"{by_type[code]:+.3g}")
            for code in strongest
            if by_type[code]
        ]
    return pd.DataFrame(rows, columns=columns)

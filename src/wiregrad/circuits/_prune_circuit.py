"""A circuit without what matters little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._best_paths import BestPaths
from ._circuit import Circuit
from ._ends import IndexArray, edge_ends

__all__ = ["path_circuit", "prune_circuit"]

BoolArray = npt.NDArray[np.bool_]


def prune_circuit(
    found: Circuit,
    *,
    keep_share: float = 1.0,
    min_share: float = 0.0,
    min_input_share: float = 0.0,
    min_flow: float = 0.0,
    min_weight: float = 0.0,
    min_activation: float = 0.0,
    walks_only: bool = True,
) -> Circuit:
    """Drop the weak edges of a circuit, and then what leads nowhere.

    Parameters
    ----------
    found : Circuit
        It is not changed.
    keep_share : float
        Of the edges between two layers, the fewest are kept, strongest first by `share`, that carry
        this part of what runs between these layers; from 0 (exclusive) to 1.
    min_share : float
        Smallest `share` of the targets' input that an edge is kept for, from 0 to 1.
    min_input_share : float
        Smallest part of all the excitation and inhibition that arrives at its postsynaptic node
        along the circuit's edges, from 0 to 1.
    min_flow : float
        Smallest size of the flow (dimensionless).
    min_weight : float
        Smallest size of the weight (dimensionless).
    min_activation : float
        Smallest mean activation of the presynaptic group.
    walks_only : bool
        Whether to drop what then lies on no walk from a node with stimulus to a target.

    Returns
    -------
    Circuit
        The edges that meet all of these, as they were (their shares too), and the nodes at their
        ends; targets stay, so that it shows which have lost all that led to them.
        `edges_left_out` and `share_left_out` say what was dropped.

    Raises
    ------
    ValueError
        If a limit is negative or NaN, or a share above 1.

    Notes
    -----
    Cost: a sort of the edges and two passes over them.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "ASH", steps=3, device="cpu")
    >>> stimulus = np.array([[1.0, 0, 0], [1.0, 0, 0]])
    >>> whole = wg.circuit(network, stimulus, network(stimulus), {2: "AVA"})
    >>> small = wg.prune_circuit(whole, keep_share=0.8)
    >>> len(whole.edges), len(small.edges), round(small.share_left_out, 2)
    (8, 6, 0.01)
    """
    shares = {"keep_share": keep_share, "min_share": min_share, "min_input_share": min_input_share}
    sizes = {"min_flow": min_flow, "min_weight": min_weight, "min_activation": min_activation}
    for name, value in (shares | sizes).items():
        if not value >= 0:
            raise ValueError(f"{name} is {value}: give a number from 0 up")
        if name in shares and value > 1:
            raise ValueError(f"{name} is {value}: a share is from 0 to 1")
    if keep_share == 0:
        raise ValueError("keep_share is 0: nothing would be left; give a share above 0, to 1")
    edges = found.edges
    kept = np.array(
        (edges["share"] >= min_share)
        & (edges["flow"].abs() >= min_flow)
        & (edges["weight"].abs() >= min_weight)
        & (edges["pre_activation"] >= min_activation),
        dtype=bool,
    )
    if min_input_share > 0:
        kept &= _input_share(edges) >= min_input_share
    if keep_share < 1:
        kept &= _strongest_part(edges, keep_share)
    if walks_only:
        kept &= _on_walks(found, kept)
    return keep_edges(found, kept)


def path_circuit(found: Circuit, best: BestPaths) -> Circuit:
    """Keep what lies on some of the best paths of a circuit.

    Parameters
    ----------
    found : Circuit
        The one whose paths were listed. It is not changed.
    best : BestPaths

    Returns
    -------
    Circuit
        The edges on the paths, and the nodes at their ends; targets stay.

    Raises
    ------
    ValueError
        If the paths have an edge that the circuit has not.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "ASH", steps=3, device="cpu")
    >>> stimulus = np.array([[1.0, 0, 0], [1.0, 0, 0]])
    >>> whole = wg.circuit(network, stimulus, network(stimulus), {2: "AVA"})
    >>> len(wg.path_circuit(whole, wg.best_paths(whole, 2)).edges)
    6
    """
    place = ["layer", "pre", "post"]
    own = pd.MultiIndex.from_frame(found.edges[place])
    wanted = pd.MultiIndex.from_frame(best.edges[place].drop_duplicates())
    if len(wanted.difference(own)):
        layer, pre, post = wanted.difference(own)[0]
        raise ValueError(
            f"the paths run from {pre!r} to {post!r} in layer {layer}, where this circuit has no "
            "edge: pass the circuit that they were listed of"
        )
    return keep_edges(found, np.asarray(own.isin(wanted)))


def keep_edges(found: Circuit, kept: BoolArray) -> Circuit:
    """Keep some edges and the nodes at their ends; targets stay."""
    pre, post = edge_ends(found.edges[kept], found.nodes)
    held = np.array(found.nodes["n_targets"] > 0)
    held[pre] = held[post] = True
    share = found.edges["share"]
    total = float(share.sum())
    left_out = 1 - float(share[kept].sum()) / total if total > 0 else 0.0
    return Circuit(
        edges=found.edges[kept].reset_index(drop=True),
        nodes=found.nodes[held].reset_index(drop=True),
        n_layers=found.n_layers,
        edges_left_out=found.edges_left_out + int((~kept).sum()),
        share_left_out=1 - (1 - found.share_left_out) * (1 - left_out),
    )


def _input_share(edges: pd.DataFrame) -> npt.NDArray[np.float64]:
    size = edges["excitation"] - edges["inhibition"]
    arriving = size.groupby([edges["layer"], edges["post"]]).transform("sum")
    return np.asarray(size / arriving, dtype=np.float64)


def _strongest_part(edges: pd.DataFrame, part: float) -> BoolArray:
    """Tell which edges make up a part of what runs between their layers."""
    ranked = edges.sort_values("share", ascending=False, kind="stable")
    by_layer = ranked["share"].groupby(ranked["layer"])
    before = by_layer.cumsum() - ranked["share"]  # what the stronger ones carry already
    needed = before < part * by_layer.transform("sum") * (1 - 1e-12)
    return needed.reindex(edges.index).to_numpy(dtype=bool)


def _on_walks(found: Circuit, kept: BoolArray) -> BoolArray:
    """Tell which of the edges kept lie on a walk from a driven node to a target."""
    pre, post = edge_ends(found.edges, found.nodes)
    from_start = _reach(found, kept, pre, post, "n_driven")
    to_end = _reach(found, kept, post, pre, "n_targets", backwards=True)
    return np.asarray(kept & from_start[pre] & to_end[post])


def _reach(
    found: Circuit,
    kept: BoolArray,
    source: IndexArray,
    end: IndexArray,
    what: str,
    backwards: bool = False,
) -> BoolArray:
    """Follow the edges kept from the nodes that have something, layer by layer."""
    reached = np.array(found.nodes[what] > 0)
    layer = found.edges["layer"].to_numpy()
    for each in np.unique(layer)[:: -1 if backwards else 1]:
        at = np.flatnonzero(kept & (layer == each))
        reached[end[at[reached[source[at]]]]] = True
    return reached

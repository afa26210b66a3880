"""The circuit of an answer: what carries activity from the stimulus to the targets, by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from ..network import MultilayeredNetwork
from ..tables import ArrayLike, FloatArray, GroupsLike, given_stimulus, read_activations
from ._grouping import Grouping
from ._trace import trace_shares
from ._walks import Mask, on_walks
from ._wanted import TargetsLike, wanted_places

__all__ = ["Circuit", "circuit"]


@dataclass(frozen=True, eq=False)
class Circuit:
    """Groups and the edges between them, in layers from the stimulus to the targets.

    Layer 0 is the stimulus at the start (its column 0); layer l is the state after l steps.
    Sensory neurons that later columns drive appear in their layers, whether or not an edge leads
    to them.

    Attributes
    ----------
    edges : DataFrame
        A row for each layer and pair of groups, by `layer`, `pre`, `post`; an edge goes from `pre`
        in layer - 1 to `post` in layer.

        - `weight`: mean over the members of `post` of the summed weights from members of `pre`;
        - `flow`: the same with each weight times the presynaptic activation of the step before:
          what `pre` adds to the input of an average member of `post`, signed;
        - `excitation`, `inhibition`: the positive and the negative part of the flow;
        - `share`: part of the targets' input that runs along this edge; see below;
        - `pre_activation`, `post_activation`: means over the members;
        - `n_pre`, `n_post`: members.
    nodes : DataFrame
        A row for each layer and group, by `layer`, `group`.

        - `n`: members; `size`: neurons in the whole group;
        - `activation`: mean over the members; `input`: their mean stimulus in this layer;
        - `n_driven`: members that receive stimulus; `n_targets`: members that are targets;
        - `share`: part of the targets' input that runs through this node;
        - `n_groups`: 1, or the number of groups that `strongest_circuit` summed up here.
    n_layers : int
        Steps of the network; layers go from 0 to it.
    edges_left_out : int
        Edges that `strongest_circuit` left out.
    share_left_out : float
        The `share` of these as a fraction of the `share` of all edges.

    Notes
    -----
    Members are not all neurons of a group, but those that lie on a walk or are targets at that
    step: with one column of the eye stimulated, the other columns do not dilute what it does.
    Hence the flows into a node add up to the mean input W h of its members, less what comes from
    neurons that the stimulus does not reach (those that are active by their bias).

    Shares are traced backwards from the targets, which have equal parts of 1: every node hands its
    own share on to its presynaptic groups in proportion to the size of their excitation and
    inhibition.
    """

    edges: pd.DataFrame
    nodes: pd.DataFrame
    n_layers: int
    edges_left_out: int = 0
    share_left_out: float = 0.0


def circuit(
    network: MultilayeredNetwork,
    stimulus: ArrayLike,
    activations: ArrayLike,
    targets: TargetsLike,
    *,
    by: GroupsLike | None = None,
) -> Circuit:
    """Find what carries activity from a stimulus to the targets.

    Parameters
    ----------
    network : MultilayeredNetwork
    stimulus : ndarray or Tensor, shape (sensory, step)
        Dimensionless; as the network receives it.
    activations : ndarray or Tensor, shape (n_neurons, step)
        What the network answers to it: activations after each step.
    targets : dict or DataFrame
        {layer: neurons}, where layer t is the state after t + 1 steps, negative ones count from the
        end, and neurons are whatever `network.find` takes; or a table with the columns `layer` and
        `neuron` (index): of `result.targets`, the rows of one batch member.
    by : str, dict or Series, optional
        What makes a group: "id" (each neuron is one), a column of the network's neurons, or
        {neuron index: group}. By default the network's groups, else its cell types. A neuron
        without a group is one of its own, under its id.

    Returns
    -------
    Circuit
        Only what lies on a walk from active inputs to a target at its step, through active
        neurons. Connections that inhibit belong to it, and so do those into a silent target.

    Raises
    ------
    ValueError
        If the arrays do not fit the network or each other, the targets belong to several batch
        members or lie outside the network, or there is no such column.

    Notes
    -----
    Cost: three passes over the edges a step; memory for the edges on walks, and 20 bytes a neuron
    and step. Divisive connections scale slopes and add no input: they are not among the edges.

    Examples
    --------
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, -0.5, 0]])  # 0 excites 1, 1 inhibits 2
    >>> network = MultilayeredNetwork(chain, sensory_indices=[0], num_layers=2, device="cpu")
    >>> stimulus = np.array([[1.0, 0.0]])
    >>> targets = pd.DataFrame({"layer": [1], "neuron": [2]})
    >>> found = circuit(network, stimulus, network(stimulus), targets)
    >>> found.edges[["layer", "pre", "post", "flow", "share"]].round(2)
       layer pre post  flow  share
    0      1   0    1  0.50    1.0
    1      2   1    2 -0.49    1.0
    """
    given = given_stimulus(network, stimulus)
    states = read_activations(network, activations)
    if given.shape[1] != states.shape[1]:
        raise ValueError(
            f"the stimulus has {given.shape[1]} steps, the activations have {states.shape[1]}: "
            "pass activations that this stimulus gave"
        )
    driven = np.zeros((len(states), states.shape[1] + 1))
    driven[network.sensory_indices.cpu().numpy(), :-1] = given
    states = np.column_stack([driven[:, 0], states])
    wanted = wanted_places(targets, network, states.shape[1])
    grouping = Grouping.of(network, by)
    weights = network.weights.to_scipy()
    walks = on_walks(weights, states > 0, driven > 0, wanted)
    nodes = _nodes(grouping, walks | wanted, states, driven, wanted)
    edges = _edges(grouping, weights, walks, walks | wanted, states)
    edges, nodes = trace_shares(_with_members(edges, nodes), nodes)
    return Circuit(grouping.named(edges), grouping.named(nodes), states.shape[1] - 1)


def _nodes(
    grouping: Grouping, members: Mask, states: FloatArray, driven: FloatArray, wanted: Mask
) -> pd.DataFrame:
    layer, neuron = np.nonzero(members.T)
    table = pd.DataFrame(
        {
            "layer": layer.astype(np.int64),
            "group": grouping.of_neuron[neuron],
            "activation": states[neuron, layer],
            "input": driven[neuron, layer],
            "driven": driven[neuron, layer] > 0,
            "wanted": wanted[neuron, layer],
        }
    )
    nodes = table.groupby(["layer", "group"], as_index=False).agg(
        n=("activation", "size"),
        activation=("activation", "mean"),
        input=("input", "mean"),
        n_driven=("driven", "sum"),
        n_targets=("wanted", "sum"),
    )
    nodes.insert(3, "size", grouping.size[nodes["group"].to_numpy()])
    counts = ["n", "size", "n_driven", "n_targets"]
    return nodes.astype(dict.fromkeys(counts, "int64")).assign(n_groups=np.int64(1))


def _edges(
    grouping: Grouping,
    weights: sparse.csr_array,
    walks: Mask,
    members: Mask,
    states: FloatArray,
) -> pd.DataFrame:
    """Sum the connections on walks by layer and pair of groups; means are taken later."""
    layers = []
    for layer in range(1, states.shape[1]):
        pre = np.flatnonzero(walks[:, layer - 1] & (states[:, layer - 1] > 0))
        post = np.flatnonzero(members[:, layer])
        block = weights[post][:, pre].tocoo()
        flow = block.data * states[pre[block.col], layer - 1]
        table = pd.DataFrame(
            {
                "layer": np.int64(layer),
                "pre": grouping.of_neuron[pre[block.col]],
                "post": grouping.of_neuron[post[block.row]],
                "weight": block.data.astype(np.float64),
                "excitation": np.maximum(flow, 0.0),
                "inhibition": np.minimum(flow, 0.0),
            }
        )
        layers.append(table[block.data != 0])
    edges: pd.DataFrame = pd.concat(layers).groupby(["layer", "pre", "post"], as_index=False).sum()
    return edges


def _with_members(edges: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Turn sums over the postsynaptic members into means, and note both ends' activation."""
    ends = nodes[["layer", "group", "activation", "n"]]
    pre = ends.assign(layer=ends["layer"] + 1).rename(
        columns={"group": "pre", "activation": "pre_activation", "n": "n_pre"}
    )
    post = ends.rename(columns={"group": "post", "activation": "post_activation", "n": "n_post"})
    edges = edges.merge(pre, on=["layer", "pre"]).merge(post, on=["layer", "post"])
    for column in ("weight", "excitation", "inhibition"):
        edges[column] /= edges["n_post"]
    edges.insert(4, "flow", edges["excitation"] + edges["inhibition"])
    return edges.sort_values(["layer", "pre", "post"], ignore_index=True)

"""The circuit as elements of Cytoscape: boxes in columns, a column a step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from ..circuits import Circuit
from ..show.drawing import EXCITATION, INHIBITION, INK, activation_colour, placed_nodes, short

__all__ = ["STYLESHEET", "elements_of", "graph_height", "node_id", "read_node_id"]

_COLUMN, _ROW, _BOX = 216, 44, 136  # pixels
_LABEL = 40  # characters; what does not fit the box is cut by the browser
_WIDEST, _THINNEST = 9.0, 1.2  # pixels

#: How the elements look; what differs from one to the other is in their data.
STYLESHEET: list[dict[str, Any]] = [
    {
        "selector": "node",
        "style": {
            "shape": "round-rectangle",
            "width": _BOX,
            "height": 27,
            "label": "data(label)",
            "text-valign": "center",
            "text-halign": "center",
            "text-wrap": "ellipsis",
            "text-max-width": f"{_BOX - 10}px",
            "font-size": 13,
            "font-family": "system-ui, -apple-system, Segoe UI, Roboto, Arial, sans-serif",
            "color": "data(ink)",
            "background-color": "data(colour)",
            "border-width": "data(frame)",
            "border-color": "data(border)",
        },
    },
    {
        "selector": "node.step",
        "style": {
            "shape": "rectangle",
            "background-opacity": 0,
            "border-width": 0,
            "color": "#5b6270",
            "events": "no",
        },
    },
    {"selector": "node.others", "style": {"border-style": "dashed"}},
    {"selector": "node:selected", "style": {"border-color": "#e69f00", "border-width": 4}},
    {
        "selector": "edge",
        "style": {
            "curve-style": "unbundled-bezier",
            "edge-distances": "node-position",
            "control-point-distances": "data(bends)",
            "control-point-weights": "data(weights)",
            "source-endpoint": "90deg",
            "target-endpoint": "270deg",
            "width": "data(width)",
            "line-color": "data(colour)",
            "target-arrow-color": "data(colour)",
            "target-arrow-shape": "triangle",
            "arrow-scale": 0.8,
            "opacity": 0.65,
        },
    },
    {
        "selector": "edge.inhibits",
        "style": {"line-style": "dashed", "target-arrow-shape": "tee"},
    },
]


def elements_of(circuit: Circuit) -> list[dict[str, Any]]:
    """Write a circuit as elements, placed as in `plot_circuit`.

    Parameters
    ----------
    circuit : Circuit
        As of `strongest_circuit`; empty ones give no elements.

    Examples
    --------
    >>> import wiregrad as wg
    >>> from wiregrad.circuits import circuit
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, -0.5, 0]])  # 0 excites 1, 1 inhibits 2
    >>> network = wg.MultilayeredNetwork(chain, sensory_indices=[0], num_layers=2, device="cpu")
    >>> stimulus = np.array([[1.0, 0.0]])
    >>> targets = pd.DataFrame({"layer": [1], "neuron": [2]})
    >>> found = elements_of(circuit(network, stimulus, network(stimulus), targets))
    >>> [(e["data"]["source"], e["classes"]) for e in found if "source" in e["data"]]
    [('n1', 'inhibits'), ('n0', 'excites')]
    """
    if not len(circuit.nodes):
        return []
    nodes = placed_nodes(circuit)
    places = pd.MultiIndex.from_frame(nodes[["layer", "group"]])
    boxes = [_box(place, node) for place, (_, node) in enumerate(nodes.iterrows())]
    steps = [_step(layer) for layer in sorted(set(nodes["layer"]))]
    return [*steps, *_lines(circuit.edges, places, nodes["y"].to_numpy()), *boxes]


def graph_height(circuit: Circuit) -> int:
    """Height in pixels in which a circuit is readable."""
    most = int(circuit.nodes.groupby("layer").size().max()) if len(circuit.nodes) else 1
    return min(max(_ROW * (most + 2), 240), 760)


def node_id(place: int) -> str:
    """Name a node of the drawing by its place in `placed_nodes`: names from data stay out of it."""
    return f"n{place}"


def read_node_id(name: object, circuit: Circuit) -> pd.Series | None:
    """Return the node that a name means; None where it means none."""
    if not len(circuit.nodes) or not isinstance(name, str):
        return None
    nodes = placed_nodes(circuit)
    found = [place for place in range(len(nodes)) if node_id(place) == name]
    return nodes.iloc[found[0]] if found else None


def _box(place: int, node: pd.Series) -> dict[str, Any]:
    others = bool(node["n_groups"] > 1)
    active = 0.0 if others else float(node["activation"])
    driven = "▸ " if node["n_driven"] else ""
    return {
        "data": {
            "id": node_id(place),
            "label": driven + short(node["group"], _LABEL - len(driven)),
            "colour": "#ffffff" if others else activation_colour(active),
            "ink": "#ffffff" if active > 0.62 else INK,
            "frame": 3 if node["n_targets"] else 1,
            "border": INK if node["n_targets"] else "#8b909a",
        },
        "position": {"x": float(node["layer"] * _COLUMN), "y": float(node["y"] * _ROW)},
        "classes": "others" if others else "",
    }


def _step(layer: int) -> dict[str, Any]:
    return {
        "data": {
            "id": f"step{layer}",
            "label": f"step {layer}" if layer else "start",
            "colour": "#ffffff",
            "ink": "#5b6270",
            "frame": 0,
            "border": "#ffffff",
        },
        "position": {"x": float(layer * _COLUMN), "y": -float(_ROW)},
        "classes": "step",
        "selectable": False,
        "grabbable": False,
    }


def _lines(edges: pd.DataFrame, places: pd.MultiIndex, y: np.ndarray) -> list[dict[str, Any]]:
    if not len(edges):
        return []
    pre = places.get_indexer(pd.MultiIndex.from_arrays([edges["layer"] - 1, edges["pre"]]))
    post = places.get_indexer(pd.MultiIndex.from_arrays([edges["layer"], edges["post"]]))
    size = edges["flow"].abs().to_numpy(dtype=np.float64)
    width = np.maximum(_WIDEST * size / max(size.max(), 1e-12), _THINNEST)
    inhibits = (edges["flow"] < 0).to_numpy()
    return [
        {
            "data": {
                "source": node_id(pre[edge]),
                "target": node_id(post[edge]),
                "width": round(float(width[edge]), 2),
                "colour": INHIBITION if inhibits[edge] else EXCITATION,
                **_bends(float(y[post[edge]] - y[pre[edge]]) * _ROW),
            },
            "classes": "inhibits" if inhibits[edge] else "excites",
        }
        for edge in np.argsort(width, kind="stable")  # thin ones first
    ]


def _bends(climb: float) -> dict[str, str]:
    """Bend a line so that it leaves and arrives horizontally, whatever it climbs.

    Both control points lie half-way between the columns, one at the height of each end; Cytoscape
    takes how far along the line between the boxes' centres they are, and how far beside it.
    """
    length = math.hypot(_COLUMN, climb)
    along, beside = 0.5 * _COLUMN**2 / length**2, 0.5 * _COLUMN * climb / length
    return {
        "weights": f"{along:.3f} {1 - along:.3f}",
        "bends": f"{-beside:.1f} {beside:.1f}",
    }

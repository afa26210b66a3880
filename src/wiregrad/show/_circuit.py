"""A circuit as a layered graph, from the stimulus to the targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..circuits import Circuit, edge_ends, strongest_circuit
from ._layers import place_nodes
from ._plotly import (
    ACTIVATION_SCALE,
    EXCITATION,
    GREY,
    INHIBITION,
    INK,
    SOFT,
    Figure,
    graph_objects,
    message_figure,
    new_figure,
    plain,
    short,
)

__all__ = ["activation_colour", "circuit_width", "layout_of", "placed_nodes", "plot_circuit"]

_ROW, _BOX_HEIGHT, _BOX_WIDTH = 30, 21, 112  # pixels
_LABEL, _DIGITS = 15, 13  # characters that fit a box
_LEGEND_WIDTH = 620  # pixels, with the scale of activations beside it
_WIDEST, _THINNEST = 9.0, 1.2  # pixels
_CURVE = np.linspace(0, 1, 25)
_GAP = 56  # pixels between the boxes of two columns, at least
_MANY_LINES = 150
_STRAIGHT = 0.3  # part of the way from column to column that a line leaves and arrives level


def plot_circuit(circuit: Circuit, groups: int = 60, edges: int = 600) -> Figure:
    """Draw a circuit: a column a layer, a box a group of neurons, a line an edge.

    Parameters
    ----------
    circuit : Circuit
        As of `circuit`; large ones are easier to read after `prune_circuit` or
        `strongest_circuit`.
    groups, edges : int
        Most groups a layer and edges in all to draw; of larger circuits, those that
        `strongest_circuit` keeps, and a line below says what was left out.

    Returns
    -------
    plotly Figure
        Activity runs from left to right. Boxes: the darker, the larger the mean activation of
        their neurons (0 to 1); a thick frame marks targets, a triangle those that receive
        stimulus. Lines: as wide as the flow (weight times presynaptic activation, dimensionless);
        vermilion and solid where it excites, blue and dashed where it inhibits. Without any node,
        a figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Notes
    -----
    Within each layer, groups are ordered for few crossings (see `place_nodes`).

    Cost: a line for each edge; a few hundred are drawn at once.

    Examples
    --------
    >>> import numpy as np
    >>> import wiregrad as wg
    >>> from wiregrad.circuits import circuit
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, -0.5, 0]])  # 0 excites 1, 1 inhibits 2
    >>> network = wg.MultilayeredNetwork(chain, sensory_indices=[0], num_layers=2, device="cpu")
    >>> stimulus = np.array([[1.0, 0.0]])
    >>> targets = pd.DataFrame({"layer": [1], "neuron": [2]})
    >>> figure = plot_circuit(circuit(network, stimulus, network(stimulus), targets))
    >>> [trace.line.dash for trace in figure.data if trace.meta == "edge"]  # thin ones first
    ['dash', 'solid']
    """
    go = graph_objects()
    if not len(circuit.nodes):
        return message_figure("There is no target, hence no circuit.")
    circuit, nodes, lines = layout_of(circuit, groups, edges)
    height = float(nodes["y"].max()) + 1
    columns = list(range(nodes["layer"].min(), nodes["layer"].max() + 1))
    plot_height = _ROW * height + 10
    figure = new_figure(
        int(plot_height) + 130,
        xaxis={"range": [columns[0] - 0.5, columns[-1] + 0.5], "side": "top", "tickvals": columns},
        yaxis={"range": [height - 0.4, -0.6], "visible": False},
        margin={"l": 10, "r": 10, "t": 40, "b": 90},
        legend={"orientation": "h", "x": 0, "y": -12 / plot_height, "yanchor": "top"},
        hovermode="closest",
    )
    figure.update_xaxes(
        ticktext=[f"step {layer}" if layer else "start" for layer in columns],
        showgrid=False,
        zeroline=False,
        ticks="",
    )
    figure.add_traces([_edge_line(go, edge, len(lines)) for _, edge in lines.iterrows()])
    figure.add_trace(_node_marks(go, nodes, plot_height))
    figure.add_traces(_legend(go))
    figure.update_layout(
        shapes=[_box(node) for _, node in nodes.iterrows()],
        annotations=[
            *(_label(node) for _, node in nodes.iterrows()),
            *_left_out(circuit, plot_height),
        ],
    )
    return figure


def circuit_width(circuit: Circuit) -> int:
    """Width in pixels below which the boxes of a circuit would touch."""
    layers = circuit.nodes["layer"]
    columns = int(layers.max() - layers.min()) + 1 if len(layers) else 1
    return max(columns * (_BOX_WIDTH + _GAP) + 20, _LEGEND_WIDTH)


def layout_of(
    circuit: Circuit, groups: int, edges: int
) -> tuple[Circuit, pd.DataFrame, pd.DataFrame]:
    """Place a circuit, or the strongest part of one that is too large to read.

    Returns
    -------
    circuit : Circuit
        What is drawn.
    nodes : DataFrame
        Its nodes, with their height `y`, from 0 down.
    lines : DataFrame
        Its edges, the widest last, with `y_pre`, `y_post`, `width` (pixels) and `of_others`
        (whether a summed up group is at an end).
    """
    if circuit.nodes.groupby("layer").size().max() > groups + 1 or len(circuit.edges) > edges:
        circuit = strongest_circuit(circuit, groups, edges)
    nodes = placed_nodes(circuit)
    return circuit, nodes, _with_places(circuit.edges, nodes)


def placed_nodes(circuit: Circuit) -> pd.DataFrame:
    """Give the nodes their vertical positions; strong ones start on top."""
    nodes = circuit.nodes.sort_values(["layer", "share"], ascending=[True, False], kind="stable")
    nodes = nodes.reset_index(drop=True)
    edges = circuit.edges
    ends = edge_ends(edges, nodes)
    y = place_nodes(
        nodes["layer"].to_numpy(),
        (nodes["n_groups"] > 1).to_numpy(),
        np.array(ends, dtype=np.int64),
        edges["share"].to_numpy(dtype=np.float64) + 1e-9,
    )
    return nodes.assign(y=y)


def _with_places(edges: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Give the edges the positions of their ends and their width; the widest come last."""
    pre, post = edge_ends(edges, nodes)
    y, others = nodes["y"].to_numpy(), (nodes["n_groups"] > 1).to_numpy()
    size = edges["flow"].abs()
    edges = edges.assign(
        y_pre=y[pre],
        y_post=y[post],
        of_others=others[pre] | others[post],
        width=np.maximum(_WIDEST * size / max(size.max(), 1e-12) if len(edges) else 0, _THINNEST),
    )
    return edges.sort_values("width", kind="stable")


def _edge_line(go: Any, edge: pd.Series, n_lines: int) -> Any:
    inhibits = edge["flow"] < 0
    between = np.clip((_CURVE - _STRAIGHT) / (1 - 2 * _STRAIGHT), 0, 1)
    bend = between**2 * (3 - 2 * between)  # leaves and arrives level, at the sides of the boxes
    return go.Scatter(
        x=(edge["layer"] - 1 + _CURVE).tolist(),
        y=(edge["y_pre"] + (edge["y_post"] - edge["y_pre"]) * bend).tolist(),
        mode="lines",
        line={
            "width": float(edge["width"]),
            "color": INHIBITION if inhibits else EXCITATION,
            "dash": "dash" if inhibits else "solid",
        },
        opacity=_opacity(bool(edge["of_others"]), n_lines),
        text=_edge_text(edge),
        hoverinfo="text",
        showlegend=False,
        meta="edge",
    )


def _opacity(of_others: bool, n_lines: int) -> float:
    """Lines of summed up groups are many and say little: they stay in the background."""
    if of_others:
        return 0.25
    return 0.7 if n_lines <= _MANY_LINES else 0.55


def _edge_text(edge: pd.Series) -> str:
    word = "inhibits" if edge["flow"] < 0 else "excites"
    text = (
        f"<b>{plain(edge['pre'])}</b> {word} <b>{plain(edge['post'])}</b> at step {edge['layer']}"
        f"<br>flow {edge['flow']:+.3g}, weight {edge['weight']:+.3g}, "
        f"activation before {edge['pre_activation']:.3g}"
    )
    if edge["excitation"] > 0 > edge["inhibition"]:
        text += f"<br>(excitation {edge['excitation']:+.3g}, inhibition {edge['inhibition']:+.3g})"
    return f"{text}<br>{edge['share']:.1%} of the targets' input runs along it"


def _node_marks(go: Any, nodes: pd.DataFrame, plot_height: float) -> Any:
    """Invisible marks on the boxes: they hold the texts to hover and the scale of the colours."""
    return go.Scatter(
        x=nodes["layer"].tolist(),
        y=nodes["y"].tolist(),
        mode="markers",
        marker={
            "size": _BOX_HEIGHT,
            "opacity": 0,
            "color": nodes["activation"].tolist(),
            "cmin": 0,
            "cmax": 1,
            "colorscale": ACTIVATION_SCALE,
            "colorbar": {
                "title": {"text": "activation", "side": "top"},
                "orientation": "h",
                "thickness": 10,
                "len": 180,
                "lenmode": "pixels",
                "x": 1,
                "xanchor": "right",
                "y": -12 / plot_height,
                "yanchor": "top",
                "tickvals": [0, 0.5, 1],
            },
        },
        text=[_node_text(node) for _, node in nodes.iterrows()],
        hoverinfo="text",
        showlegend=False,
        meta="node",
    )


def _node_text(node: pd.Series) -> str:
    neurons = f"{node['n']:,} of {node['size']:,} neurons take part"
    lines = [f"<b>{plain(node['group'])}</b>: {neurons}"]
    lines += [f"mean activation {node['activation']:.3g}"] if node["layer"] else []
    if node["n_driven"]:
        lines.append(f"{node['n_driven']:,} receive stimulus, {node['input']:.3g} on average")
    if node["n_targets"]:
        lines.append(f"{node['n_targets']:,} are targets")
    return "<br>".join([*lines, f"{node['share']:.1%} of the targets' input runs through"])


def _box(node: pd.Series) -> dict[str, Any]:
    return {
        "type": "rect",
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": node["layer"],
        "yanchor": node["y"],
        "x0": -_BOX_WIDTH / 2,
        "x1": _BOX_WIDTH / 2,
        "y0": -_BOX_HEIGHT / 2,
        "y1": _BOX_HEIGHT / 2,
        "fillcolor": "#ffffff" if node["n_groups"] > 1 else activation_colour(node["activation"]),
        "line": {
            "color": INK if node["n_targets"] else GREY,
            "width": 2.5 if node["n_targets"] else 1,
            "dash": "dot" if node["n_groups"] > 1 else "solid",
        },
        "layer": "above",
    }


def _label(node: pd.Series) -> dict[str, Any]:
    dark = node["activation"] > 0.62 and node["n_groups"] == 1
    driven = "▸" if node["n_driven"] else ""
    length = _DIGITS if node["group"].isdigit() else _LABEL
    return {
        "x": node["layer"],
        "y": node["y"],
        "text": driven + plain(short(node["group"], length - len(driven))),
        "showarrow": False,
        "font": {"size": 11, "color": "#ffffff" if dark else INK},
    }


def _left_out(circuit: Circuit, plot_height: float) -> list[dict[str, Any]]:
    if not circuit.edges_left_out:
        return []
    text = (
        f"Not drawn: the {circuit.edges_left_out:,} weakest edges, with "
        f"{circuit.share_left_out:.1%} of the flow traced back from the targets."
    )
    place = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "yanchor": "top"}
    font = {"size": 11, "color": SOFT}
    y = -52 / plot_height
    return [{"text": text, "showarrow": False, "align": "left", "y": y, "font": font, **place}]


def activation_colour(activation: float) -> str:
    """Interpolate between the stops of the colour scale, as plotly does."""
    stops = [stop for stop, _ in ACTIVATION_SCALE]
    channels = np.array([_channels(colour) for _, colour in ACTIVATION_SCALE])
    at = [np.interp(activation, stops, channel) for channel in channels.T]
    return "rgb({:.0f},{:.0f},{:.0f})".format(*at)


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _legend(go: Any) -> list[Any]:
    lines = {"excites": (EXCITATION, "solid"), "inhibits": (INHIBITION, "dash")}
    entries = [
        go.Scatter(name=name, mode="lines", line={"color": colour, "dash": dash, "width": 3})
        for name, (colour, dash) in lines.items()
    ]
    frame = {"symbol": "square", "color": "white", "size": 12, "line": {"width": 2.5, "color": INK}}
    driven = {"symbol": "triangle-right", "size": 9, "color": INK}
    entries += [
        go.Scatter(name="target", mode="markers", marker=frame),
        go.Scatter(name="receives stimulus", mode="markers", marker=driven),
    ]
    return [entry.update(x=[None], y=[None], hoverinfo="skip", meta="legend") for entry in entries]

"""A circuit as a vector file, for print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..circuits import Circuit
from ._circuit import layout_of
from ._ngl_colours import colours_of
from ._plotly import ACTIVATION_SCALE, EXCITATION, GREY, INHIBITION, INK, short
from ._printing import check_printable, matplotlib_part, print_styles

__all__ = ["print_circuit"]

_COLUMN, _ROW = 1.35, 0.24  # inches
_BOX, _BOX_HEIGHT = 0.62, 0.72  # parts of a column and of a row
_POINTS = 0.55  # of line width for a pixel on the screen
_LABEL, _DIGITS = 15, 12  # characters that fit a box


def print_circuit(
    circuit: Circuit, path: str | Path, groups: int = 60, edges: int = 600, font_size: float = 6.5
) -> Path:
    """Draw a circuit into a vector file, such as a PDF or an SVG, with matplotlib.

    Parameters
    ----------
    circuit : Circuit
    path : str or Path
        Ends with .pdf, .svg, .eps or .png; an existing file is replaced.
    groups, edges : int
        As for `plot_circuit`.
    font_size : float
        In points, of the names. Texts stay texts, which other programs can edit.

    Returns
    -------
    Path
        The picture is as large as it has to be: 1.35 inches a layer, 0.24 inches a group.

    Raises
    ------
    ValueError
        If the name has another ending, or the circuit has no nodes.
    ModuleNotFoundError
        If matplotlib is not installed.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import wiregrad as wg
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, -0.5, 0]])  # 0 excites 1, 1 inhibits 2
    >>> network = wg.MultilayeredNetwork(chain, sensory_indices=[0], num_layers=2, device="cpu")
    >>> stimulus = np.array([[1.0, 0.0]])
    >>> carried = wg.circuit(network, stimulus, network(stimulus), {1: 2})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print_circuit(carried, Path(folder) / "chain.svg").name
    'chain.svg'
    """
    path = Path(path)
    check_printable(path)
    if not len(circuit.nodes):
        raise ValueError("there is no target, hence no circuit to print")
    matplotlib_part()  # if it is missing, say so before any work
    circuit, nodes, lines = layout_of(circuit, groups, edges)
    first, last = nodes["layer"].min(), nodes["layer"].max()
    rows = float(nodes["y"].max()) + 1
    inches = ((last - first + 1) * _COLUMN, (rows + 3.4) * _ROW)
    with print_styles():
        figure = matplotlib_part("figure").Figure(figsize=inches)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(first - 0.5, last + 0.5)
        axes.set_ylim(rows + 1.6, -1.8)
        axes.axis("off")
        for line in lines.to_dict("records"):
            _draw_line(axes, line)
        for node in nodes.to_dict("records"):
            _draw_box(axes, node, font_size)
        for layer in range(first, last + 1):
            name = f"step {layer}" if layer else "start"
            axes.text(layer, -1.1, name, ha="center", va="center", fontsize=font_size + 1)
        _draw_legend(axes, circuit, first - 0.45, rows, font_size)
        figure.savefig(path)
    return path


def _draw_line(axes: Any, line: dict[Any, Any]) -> None:
    """Draw an edge from the side of one box to that of the next, leaving and arriving level."""
    inhibits = line["flow"] < 0
    part = np.linspace(0, 1, 40)
    x = line["layer"] - 1 + _BOX / 2 + part * (1 - _BOX)
    y = line["y_pre"] + (line["y_post"] - line["y_pre"]) * part**2 * (3 - 2 * part)
    axes.plot(
        x,
        y,
        color=INHIBITION if inhibits else EXCITATION,
        linestyle=(0, (3, 2)) if inhibits else "solid",
        linewidth=_POINTS * line["width"],
        alpha=0.3 if line["of_others"] else 0.8,
        solid_capstyle="butt",
        zorder=1,
    )


def _draw_box(axes: Any, node: dict[Any, Any], font_size: float) -> None:
    others, target = node["n_groups"] > 1, node["n_targets"] > 0
    stops = [stop for _, stop in ACTIVATION_SCALE]
    fill = colours_of(np.array([node["activation"]]), (0.0, 1.0), stops)[0]
    patches = matplotlib_part("patches")
    axes.add_patch(
        patches.Rectangle(
            (node["layer"] - _BOX / 2, node["y"] - _BOX_HEIGHT / 2),
            _BOX,
            _BOX_HEIGHT,
            facecolor="white" if others else fill,
            edgecolor=INK if target else GREY,
            linewidth=1.4 if target else 0.5,
            linestyle=":" if others else "-",
            zorder=2,
        )
    )
    length = _DIGITS if node["group"].isdigit() else _LABEL
    name = short(node["group"], length)
    axes.text(
        node["layer"],
        node["y"],
        ("▸" if node["n_driven"] else "") + name,
        ha="center",
        va="center",
        fontsize=font_size,
        color="white" if node["activation"] > 0.62 and not others else INK,
        zorder=3,
    )


def _draw_legend(axes: Any, circuit: Circuit, x: float, rows: float, font_size: float) -> None:
    said = "solid: excites; dashed: inhibits; width: flow; darker: more active; frame: target"
    axes.text(x, rows + 0.4, f"{said}; ▸: receives stimulus", fontsize=font_size - 1, va="center")
    largest = circuit.edges["flow"].abs().max()
    if pd.isna(largest):
        return
    said = f"widest line: flow {largest:.3g}"
    if circuit.edges_left_out:
        said += (
            f"; not drawn: {circuit.edges_left_out:,} weakest edges with "
            f"{circuit.share_left_out:.1%} of the flow"
        )
    axes.text(x, rows + 1.1, said, fontsize=font_size - 1, va="center")

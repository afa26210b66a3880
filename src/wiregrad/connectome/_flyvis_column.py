"""The fly's visual column, tiled over a hexagonal eye (Lappalainen et al. 2024)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._bundled import Arrays, load_bundled
from ._connectome import Connectome

__all__ = ["flyvis_column"]

IntArray: TypeAlias = npt.NDArray[np.int64]

#: Columns from the centre of the eye to its edge: 1 + 3 * 15 * 16 = 721 columns.
EXTENT = 15

CITATIONS = ("Lappalainen et al. 2024, Nature 634:1132 (wiring as compiled in flyvis)",)

_ROLES = np.array(["intermediate", "input", "output"])


def flyvis_column() -> Connectome:
    """Load the visual system of the fly: 65 cell types tiled over 721 columns.

    Returns
    -------
    Connectome
        45,669 cells and 1,513,231 connections. Columns: `id` (`"T4a(0,-3)"`), `cell_type`, `u` and
        `v` (the column, in axial hexagonal coordinates), `role` (input for the photoreceptors R1
        to R8, intermediate, output).

    Notes
    -----
    Each of the 605 pairs of connected types is a filter: the mean number of synapses from the cells
    of one type to a cell of the other, by their distance in columns. The filter is laid over every
    column of the eye, so counts are fractional and the weights of a type repeat from column to
    column. Offsets inside a filter's outline at which no synapse was reconstructed count 1. Signs
    belong to pairs of types.

    Source: Lappalainen et al. 2024, Nature 634:1132.

    Cost: under two seconds and about 300 MB while it is tiled.

    Examples
    --------
    >>> import wiregrad as wg
    >>> eye = wg.datasets.flyvis_column()
    >>> eye.n_neurons, eye.n_edges
    (45669, 1513231)
    >>> eye.neurons.loc[eye.select("T4a and u=0 and v=0")[0], "id"]
    'T4a(0,0)'
    """
    spec = load_bundled("flyvis_column_spec.npz")
    cells = _cells(spec)
    edges = _edges(spec, cells)
    ids = cells["cell_type"] + "(" + cells["u"].astype(str) + "," + cells["v"].astype(str) + ")"
    return Connectome.from_edges(
        edges.assign(pre=ids.to_numpy()[edges["pre"]], post=ids.to_numpy()[edges["post"]]),
        cells.assign(id=ids),
        sign="sign",
        unit="synapses (mean over columns)",
        name="fly visual column",
        provenance={"source": "wiregrad.datasets.flyvis_column", "citations": CITATIONS},
    )


def _hexagon(extent: int) -> tuple[IntArray, IntArray]:
    """List the columns of a hexagonal eye, by u and then v."""
    u, v = np.mgrid[-extent : extent + 1, -extent : extent + 1].reshape(2, -1)
    inside = np.abs(u + v) <= extent
    return u[inside], v[inside]


def _cells(spec: Arrays) -> pd.DataFrame:
    """List all cells: type by type, each over the columns it is found in.

    A type's pattern is (kind, stride in u, stride in v): most occur in every column, the wide-field
    types Lawf1 and Lawf2 in every third by every second.
    """
    u, v = _hexagon(EXTENT)
    tables = []
    for name, (_, stride_u, stride_v), role in zip(
        spec["cell_type"], spec["pattern"].astype(int), spec["role"], strict=True
    ):
        here = (u % stride_u == 0) & (v % stride_v == 0)
        tables.append(
            pd.DataFrame({"cell_type": str(name), "u": u[here], "v": v[here], "role": _ROLES[role]})
        )
    return pd.concat(tables, ignore_index=True)


def _edges(spec: Arrays, cells: pd.DataFrame) -> pd.DataFrame:
    """Lay every filter over all cells of its presynaptic type."""
    n_types, width = len(spec["cell_type"]), 2 * EXTENT + 1
    type_of_cell = np.repeat(np.arange(n_types), cells.groupby("cell_type", sort=False).size())
    grid = np.full((n_types, width, width), -1)
    grid[type_of_cell, cells["u"] + EXTENT, cells["v"] + EXTENT] = np.arange(len(cells))
    members = np.split(np.arange(len(cells)), np.flatnonzero(np.diff(type_of_cell)) + 1)
    u, v = cells["u"].to_numpy() + EXTENT, cells["v"].to_numpy() + EXTENT

    pres, posts, offset_of_edge = [], [], []
    for k, (edge, du, dv) in enumerate(
        zip(spec["off_edge"], spec["off_du"].astype(int), spec["off_dv"].astype(int), strict=True)
    ):
        pre = members[spec["src"][edge]]
        to_u, to_v = u[pre] + du, v[pre] + dv
        on_eye = (to_u >= 0) & (to_u < width) & (to_v >= 0) & (to_v < width)
        pre, to_u, to_v = pre[on_eye], to_u[on_eye], to_v[on_eye]
        post = grid[spec["tar"][edge], to_u, to_v]
        pres.append(pre[post >= 0])
        posts.append(post[post >= 0])
        offset_of_edge.append(np.full(len(posts[-1]), k))
    offset = np.concatenate(offset_of_edge)
    return pd.DataFrame(
        {
            "pre": np.concatenate(pres),
            "post": np.concatenate(posts),
            "count": spec["off_n"][offset],
            "sign": spec["sign"][spec["off_edge"][offset]],
        }
    )

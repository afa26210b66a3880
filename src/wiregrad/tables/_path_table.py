"""The edges between active groups, layer by layer, as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from ._arrays import FloatArray
from ._connectivity import sum_by_group
from ._text_column import text_column
from ._text_groups import TextGroups

__all__ = ["GroupEdges", "Layer", "path_table"]


@dataclass(frozen=True, eq=False)
class GroupEdges:
    """Edges from groups to groups, by presynaptic, then postsynaptic name.

    Attributes
    ----------
    pre, post : ndarray of int32, shape (n_edges,)
        Positions in the names of the groups.
    weight : ndarray of float64, shape (n_edges,)
        Sum over the presynaptic members, mean over the postsynaptic ones.
    pre_names, post_names : ndarray of str (dtype object)
    """

    pre: npt.NDArray[np.int32]
    post: npt.NDArray[np.int32]
    weight: FloatArray
    pre_names: npt.NDArray[np.object_]
    post_names: npt.NDArray[np.object_]

    @classmethod
    def of(
        cls,
        connectivity: sparse.csr_array,
        pre: TextGroups,
        post: TextGroups,
        threshold: float,
    ) -> GroupEdges:
        """Group the edges of a connectivity matrix [pre, post]; keep |weight| >= threshold, not 0.

        Notes
        -----
        Cost: one pass over the edges, and 28 bytes an edge; no group x group table.

        Examples
        --------
        >>> inprop = sparse.csr_array([[0, 0, 0.5], [0, 0, 0.25], [0, -0.1, 0]])
        >>> groups = TextGroups.of(np.array(["a", "a", "b"]))
        >>> edges = GroupEdges.of(inprop, groups, groups, 0)
        >>> edges.pre.tolist(), edges.post.tolist(), edges.weight.tolist()
        ([0, 1], [1, 0], [0.75, -0.05])
        """
        sums = sum_by_group(
            connectivity, pre.of_neuron, pre.n_groups, post.of_neuron, post.n_groups
        )
        weight = sums.data / post.sizes[sums.indices]
        kept = np.flatnonzero((np.abs(weight) >= threshold) & (weight != 0))
        rows = np.repeat(np.arange(pre.n_groups, dtype=np.int32), np.diff(sums.indptr))
        return cls(
            rows[kept], sums.indices[kept].astype(np.int32), weight[kept], pre.names, post.names
        )

    def active(self, layer: Layer) -> npt.NDArray[np.bool_]:
        """Tell which edges lead from an active group to an active one, in a layer."""
        pre, post = ~np.isnan(layer.pre), ~np.isnan(layer.post)
        return pre[self.pre] & post[self.post]


class Layer(NamedTuple):
    """Activations of the groups on both sides of a layer; NaN where a group is not active."""

    number: int
    pre: FloatArray
    post: FloatArray


#: The layers of a batch member; they are made anew each time they are asked for.
LayersOf: TypeAlias = Callable[[int], Iterator[Layer]]


def path_table(
    edges: GroupEdges, layers_of: LayersOf, n_members: int = 1, batched: bool = False
) -> pd.DataFrame:
    """List the edges between groups that are active in a layer, by member, layer, pre and post.

    Parameters
    ----------
    edges : GroupEdges
    layers_of : callable
        Gives the layers of a batch member; it is called twice for each.
    n_members : int
        Batch members.
    batched : bool
        Whether to number them in a last column, `batch`.

    Returns
    -------
    DataFrame
        `pre`, `post`, `weight`, `layer`, `pre_activation`, `post_activation`, and `batch`.

    Notes
    -----
    Cost: two passes over the edges a layer. Rows are counted first, so that each column of numbers
    is allocated once and at its size: 32 bytes a row (40 with `batch`), its text, and 8 while the
    text is being written. Layers with the same edges share their text. A column is an array of its
    own, so pandas copies none.
    """
    n_rows = sum(
        int(np.count_nonzero(edges.active(layer)))
        for member in range(n_members)
        for layer in layers_of(member)
    )
    columns = _allocate(n_rows, batched)
    pre: list[npt.NDArray[np.int32]] = []
    post: list[npt.NDArray[np.int32]] = []
    selected, start = None, 0
    for member in range(n_members):
        for layer in layers_of(member):
            selected = _select(edges, layer, selected)
            rows = slice(start, start + len(selected.at))
            _fill(columns, rows, edges, selected, layer)
            if batched:
                columns["batch"][rows] = member
            pre.append(selected.pre)
            post.append(selected.post)
            start = rows.stop
    text = {"pre": text_column(edges.pre_names, pre), "post": text_column(edges.post_names, post)}
    return pd.DataFrame(text | columns, copy=False)


def _allocate(n_rows: int, batched: bool) -> dict[str, Any]:
    dtypes: dict[str, Any] = {"weight": np.float64, "layer": np.int64}
    dtypes |= {"pre_activation": np.float64, "post_activation": np.float64}
    dtypes |= {"batch": np.int64} if batched else {}
    return {name: np.empty(n_rows, dtype=dtype) for name, dtype in dtypes.items()}


class _Selected(NamedTuple):
    """The edges of a layer: their positions, and the groups at both ends."""

    at: npt.NDArray[np.intp]
    pre: npt.NDArray[np.int32]
    post: npt.NDArray[np.int32]


def _select(edges: GroupEdges, layer: Layer, before: _Selected | None) -> _Selected:
    at = np.flatnonzero(edges.active(layer))
    if before is not None and np.array_equal(at, before.at):
        return before
    return _Selected(at, edges.pre[at], edges.post[at])


def _fill(
    columns: dict[str, Any], rows: slice, edges: GroupEdges, selected: _Selected, layer: Layer
) -> None:
    columns["weight"][rows] = edges.weight[selected.at]
    columns["layer"][rows] = layer.number
    columns["pre_activation"][rows] = layer.pre[selected.pre]
    columns["post_activation"][rows] = layer.post[selected.post]

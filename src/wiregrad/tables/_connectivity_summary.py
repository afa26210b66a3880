"""Connectivity between groups as a table of all by all."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from numbers import Number
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork
from ._connectivity import ConnectivityLike, labels_of, read_connectivity, sum_by_group
from ._group_medians import median_by_column_group
from ._mapping import GroupsLike, group_labels
from ._neurons import read_neurons
from ._shaded import show_in_notebook
from ._text_groups import MISSING, TextGroups

__all__ = ["result_summary"]

#: Cells that a summary may have: 16 GB.
_MOST_CELLS = 2_000_000_000


def result_summary(
    stepsn: ConnectivityLike,
    inidx: Any,
    outidx: Any,
    inidx_map: GroupsLike | None = None,
    outidx_map: GroupsLike | None = None,
    display_output: bool = True,
    display_threshold: float = 1e-3,
    threshold_axis: str = "row",
    sort_within: str = "column",
    sort_names: Any = None,
    pre_in_column: bool = False,
    include_undefined_groups: bool = False,
    outprop: bool = False,
    combining_method: str = "mean",
    *,
    network: MultilayeredNetwork | None = None,
) -> pd.DataFrame:
    """Sum up connectivity from groups to groups: what an average member of each receives.

    Parameters
    ----------
    stepsn : scipy sparse matrix or array, ndarray, Tensor, or MultilayeredNetwork
        Weights with **presynaptic neurons in rows**, shape (pre, post). The network itself does as
        well, with its labels.
    inidx, outidx : number, list, tuple, range, set, array, Series, Index or tensor
        Presynaptic and postsynaptic neurons to look at, or a mask of them; missing values and
        repeats are dropped. With a network: any selection.
    inidx_map, outidx_map : dict, Series or str, optional
        {neuron index: group}. With a network also "id" or another column of its labels, and its
        groups if left out. Without either, each neuron is a group of its own. `outidx_map` is
        `inidx_map` if left out.
    display_output : bool
        Show the table, shaded by |weight|, if this runs in a notebook.
    display_threshold : float
        Smallest |weight| to show: rows (or columns) without any that large are left out.
    threshold_axis : {"row", "column"}
        What `display_threshold` leaves out.
    sort_within : {"column", "row"}
        "column" sorts the rows by the values of a column; "row" sorts the columns by the values of
        a row, after the rows by their mean |weight|. Descending, as signed numbers; what is equal
        stays in the order of the names as text.
    sort_names : str, number, or a list, array or Index of them, optional
        The columns (or rows) to sort by, by the text of their names; the first one if left out.
    pre_in_column : bool
        Put presynaptic groups into columns.
    include_undefined_groups : bool
        Call neurons whose group is missing "undefined" instead of "nan".
    outprop : bool
        Sum over the postsynaptic members and combine over the presynaptic ones: what an average
        member sends. Otherwise sum over presynaptic members, combine over postsynaptic ones.
    combining_method : {"mean", "median", "sum"}
        How to combine.
    network : MultilayeredNetwork, optional
        Where names come from if `stepsn` is a matrix.

    Returns
    -------
    DataFrame
        float64. Presynaptic groups in rows, postsynaptic ones in columns, names as text. Means and
        medians are over the selected members, those without any connection included.

    Raises
    ------
    ValueError
        If an option is none of those above, a neuron is out of range or has no group, a selection
        is empty, `sort_names` are no names of the table, nothing passes `display_threshold`, or the
        table would be too large for any memory.
    TypeError
        If an argument is of another kind.

    Notes
    -----
    Cost: one pass over the edges, and 28 bytes an edge (a median also sorts them); only what passes
    `display_threshold` is written out, at 8 bytes a cell.

    Source: the grouping rule is that of connectome_interpreter 2.9.1.

    Examples
    --------
    >>> inprop = np.array([[0, 0, 0.5, 0.1], [0, 0, 0.2, 0.2], [0, 0, 0, 0], [0, 0, 0.1, 0]])
    >>> groups = {0: "a", 1: "a", 2: "b", 3: "b"}
    >>> result_summary(inprop, [0, 1, 3], [2, 3], groups).round(3)
          b
    a  0.50
    b  0.05
    """
    _check_choice("threshold_axis", threshold_axis, ("row", "column"))
    _check_choice("sort_within", sort_within, ("column", "row"))
    _check_choice("combining_method", combining_method, ("mean", "median", "sum"))
    network = labels_of(stepsn, network, "stepsn")
    matrix = read_connectivity(stepsn, "stepsn", square=False)
    rows = _select(inidx, matrix.shape[0], "inidx", network)
    columns = _select(outidx, matrix.shape[1], "outidx", network)
    missing = "undefined" if include_undefined_groups else MISSING
    outidx_map = inidx_map if outidx_map is None else outidx_map
    pre = TextGroups.of(group_labels(inidx_map, rows, "inidx_map", network), missing)
    post = TextGroups.of(group_labels(outidx_map, columns, "outidx_map", network), missing)

    picked = matrix[rows][:, columns]
    if outprop:
        weights = _combine(picked.T.tocsr(), post, pre, combining_method).T.tocsr()
    else:
        weights = _combine(picked, pre, post, combining_method)
    cells = _Cells(weights, pre.names, post.names)
    if pre_in_column:
        cells = _Cells(weights.T.tocsr(), post.names, pre.names)
    table = _write_out(_shown(cells, display_threshold, threshold_axis))
    table = _sorted(table, sort_within, sort_names)
    if display_output:
        show_in_notebook(table)
    return table


class _Cells(NamedTuple):
    weights: sparse.csr_array
    row_names: npt.NDArray[np.object_]
    column_names: npt.NDArray[np.object_]


def _check_choice(argument: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        valid = ", ".join(map(repr, choices))
        raise ValueError(
            f"{argument}={value!r} is none of {valid}{did_you_mean(str(value), choices)}"
        )


def _select(
    neurons: Any, n_neurons: int, argument: str, network: MultilayeredNetwork | None
) -> npt.NDArray[np.int64]:
    selected = read_neurons(neurons, argument, n_neurons, network)
    if not len(selected):
        raise ValueError(f"{argument} is empty: name at least one neuron")
    return selected


def _combine(
    matrix: sparse.csr_array, summed: TextGroups, combined: TextGroups, method: str
) -> sparse.csr_array:
    """Sum the rows of a matrix by group, and combine its columns by group."""
    if method == "median":
        everyone = np.arange(len(combined.of_neuron))
        sums = sum_by_group(matrix, summed.of_neuron, summed.n_groups, everyone, len(everyone))
        return median_by_column_group(sums, combined.of_neuron, combined.n_groups)
    sums = sum_by_group(
        matrix, summed.of_neuron, summed.n_groups, combined.of_neuron, combined.n_groups
    )
    if method == "mean":
        sums.data /= combined.sizes[sums.indices]
    return sums


def _shown(cells: _Cells, threshold: float, axis: str) -> _Cells:
    """Leave out rows, or columns, without any weight that reaches the threshold."""
    weights, row_names, column_names = cells
    if threshold > 0:
        coo = weights.tocoo()
        large = np.abs(coo.data) >= threshold
        if axis == "row":
            kept = np.unique(coo.row[large])
            weights, row_names = weights[kept], row_names[kept]
        else:
            kept = np.unique(coo.col[large])
            weights, column_names = weights[:, kept].tocsr(), column_names[kept]
        if not len(kept):
            largest = np.abs(coo.data).max(initial=0)
            raise ValueError(
                f"no weight reaches display_threshold={threshold}: the largest is {largest:.3g}; "
                "lower it, or set it to 0 to see everything"
            )
    return _Cells(weights, row_names, column_names)


def _write_out(cells: _Cells) -> pd.DataFrame:
    n_rows, n_columns = cells.weights.shape
    if n_rows * n_columns > _MOST_CELLS:
        raise ValueError(
            f"the table would have {n_rows:,} rows and {n_columns:,} columns, "
            f"{8e-9 * n_rows * n_columns:,.0f} GB: group the neurons (inidx_map), select fewer, or "
            "raise display_threshold; activations_to_df lists edges without such a table"
        )
    return pd.DataFrame(
        cells.weights.toarray(),
        index=cells.row_names.tolist(),
        columns=cells.column_names.tolist(),
        copy=False,
    )


def _sorted(table: pd.DataFrame, within: str, names: Any) -> pd.DataFrame:
    if within == "row":
        order = table.abs().mean(axis=1).sort_values(ascending=False, kind="stable").index
        table = table.loc[order]
    known = table.columns if within == "column" else table.index
    by = _names_to_sort_by(names) or [known[0]]
    strangers = [name for name in by if name not in known]
    if strangers:
        place = "columns" if within == "column" else "rows"
        raise ValueError(
            f"sort_names are not among the {place} of the table: {few(strangers)}"
            f"{did_you_mean(strangers[0], known)}; with sort_within={within!r} they must be"
        )
    axis: Any = "index" if within == "column" else "columns"
    return table.sort_values(
        by if len(by) > 1 else by[0], axis=axis, ascending=False, kind="stable"
    )


def _names_to_sort_by(names: Any) -> list[str]:
    """List names as text."""
    if names is None:
        return []
    if isinstance(names, (str, Number, np.generic)):
        return [str(names)]
    if isinstance(names, (Sequence, np.ndarray, pd.Series, pd.Index)) and np.ndim(names) < 2:
        return [str(name) for name in np.ravel(np.asarray(names, dtype=object)).tolist()]
    raise ValueError(
        f"sort_names={reprlib.repr(names)} is a {type(names).__name__}: give the name of a group, "
        "or a list of names"
    )

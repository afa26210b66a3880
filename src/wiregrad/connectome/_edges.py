"""From a table of edges to a sparse matrix of counts, with every row accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from .._messages import did_you_mean, few, first_rows
from ._merge_pairs import merge_pairs
from ._signs import EdgeSigns, numeric_signs

__all__ = [
    "COUNT_COLUMNS",
    "SET_ASIDE",
    "Edges",
    "counts_from_edges",
    "refuse_floats",
    "require_columns",
    "require_rows",
    "standard_neurons",
]

IndexArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]

#: Names under which a table may hold its counts, where the caller does not say.
COUNT_COLUMNS = ("count", "weight", "syn_count", "n_syn")

#: What a provenance says was merged and left out, in words.
SET_ASIDE = {
    "rows_merged": "rows added to others of the same pair",
    "rows_with_count_0": "rows with count 0 left out",
    "connections_dropped": "connections dropped",
    "rows_of_unlisted_neurons": "rows of neurons that are not in the neurons table left out",
}


@dataclass(frozen=True, eq=False)
class Edges:
    """What an edge table holds: counts, signs where it has them, and what was set aside.

    Attributes
    ----------
    counts : csr_array of float64, shape (n_neurons, n_neurons)
        [pre, post].
    signs : EdgeSigns or None
    account : dict
        Rows merged and left out, connections dropped and what they counted, for the provenance.
    """

    counts: sparse.csr_array
    signs: EdgeSigns | None
    account: dict[str, float]


def standard_neurons(neurons: pd.DataFrame, id_column: str, type_column: str) -> pd.DataFrame:
    """Check a neurons table and name its id and cell type columns `id` and `cell_type`.

    A table without cell types makes every neuron a type of its own. The argument is not changed.

    Raises
    ------
    ValueError
        If the table is empty, a column is missing or there twice, or ids are missing, repeated or
        floats.
    """
    require_rows(neurons, "neurons table")
    require_columns(neurons, [id_column], "neurons table")
    if type_column != "cell_type" or type_column in neurons.columns:
        require_columns(neurons, [type_column], "neurons table")
    ids = neurons[id_column]
    _check_ids(ids, f"the neurons table's {id_column!r}")
    repeated = ids[ids.duplicated()].unique()
    if len(repeated):
        raise ValueError(
            f"{len(repeated):,} neuron ids occur more than once in the neurons table: "
            f"{few(repeated)}; an id names one neuron"
        )
    types = neurons[type_column] if type_column in neurons.columns else ids.astype("string")
    others = neurons.drop(columns=[id_column, type_column], errors="ignore")
    for name in ("cell_type", "id"):
        if name in others.columns:
            raise ValueError(
                f"the neurons table would have two columns {name!r}, its own and the one chosen "
                f"with {name}=: drop or rename its own"
            )
    others.insert(0, "cell_type", types)
    others.insert(0, "id", ids)
    return others.reset_index(drop=True)


def counts_from_edges(
    edges: pd.DataFrame,
    ids: pd.Series,
    pre: str,
    post: str,
    count: str | None,
    sign: str | None,
    *,
    min_synapses: float = 0,
    self_connections: bool = True,
) -> Edges:
    """Build the count matrix [pre, post].

    Connections listed more than once are added up before anything is dropped.

    Raises
    ------
    ValueError
        If columns are missing, an id is not in the neurons table, counts are not finite or
        negative, or nothing is left.
    """
    require_rows(edges, "edge table")
    _check_min_synapses(min_synapses)
    count = count or _find_count_column(edges)
    require_columns(edges, [pre, post, count, *([sign] if sign else [])], "edge table")
    rows, columns = (_positions(edges[name], ids, name) for name in (pre, post))
    values = _check_counts(edges[count], count)
    counted = values > 0
    if not counted.any():
        raise ValueError(f"the connectome is empty: every {count!r} is 0")
    pairs = merge_pairs(rows[counted], columns[counted], len(ids))
    total = pairs.add(values[counted])
    own = pairs.pre == pairs.post
    keep = (total >= min_synapses) & (self_connections | ~own)
    if not keep.any():
        largest = total[self_connections | ~own]
        raise ValueError(
            f"the connectome is empty: no connection has min_synapses={min_synapses:g} or more "
            f"(the largest has {largest.max():g})"
            if len(largest)
            else "the connectome is empty: all connections are of a neuron with itself"
        )
    ends = (pairs.pre[keep], pairs.post[keep])
    signs = None
    if sign is not None:
        sign_of_row = _edge_signs(edges[sign], sign)[counted]
        signs = EdgeSigns(
            net=pairs.add(sign_of_row * values[counted])[keep],
            unknown=pairs.add(np.where(sign_of_row == 0, values[counted], 0.0))[keep],
        )
    return Edges(
        counts=sparse.csr_array((total[keep], ends), shape=(len(ids),) * 2),
        signs=signs,
        account={
            "rows_merged": len(pairs.slot) - len(total),
            "rows_with_count_0": int((~counted).sum()),
            "connections_dropped": int((~keep).sum()),
            "count_dropped": float(total[~keep].sum()),
        },
    )


def _check_min_synapses(value: object) -> None:
    if not (isinstance(value, (int, float, np.number)) and 0 <= value < np.inf):
        raise ValueError(f"min_synapses is a number, 0 or more, not {value!r}")


def require_rows(table: pd.DataFrame, what: str) -> None:
    """Refuse what is no table, and a table without rows."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"the {what} is a pandas DataFrame, not {type(table).__name__}")
    if not len(table):
        raise ValueError(f"the connectome is empty: the {what} has no rows")


def require_columns(table: pd.DataFrame, names: list[str], what: str) -> None:
    """Refuse a table that lacks a column, or has one twice."""
    for name in names:
        if name not in table.columns:
            raise ValueError(
                f"the {what} has no column {name!r}: it has {few(table.columns, limit=20)}"
                f"{did_you_mean(name, table.columns)}"
            )
        if not isinstance(table[name], pd.Series):
            raise ValueError(f"the {what} has more than one column {name!r}: drop or rename one")


def _find_count_column(edges: pd.DataFrame) -> str:
    found = [name for name in COUNT_COLUMNS if name in edges.columns]
    if len(found) == 1:
        return found[0]
    problem = (
        f"several columns may hold the counts: {few(found)}"
        if found
        else f"no column holds the counts ({few(COUNT_COLUMNS)}): "
        f"it has {few(edges.columns, limit=20)}"
    )
    raise ValueError(f"in the edge table {problem}; name one with count='...'")


def _check_ids(ids: pd.Series, what: str) -> None:
    missing = np.flatnonzero(ids.isna())
    if len(missing):
        raise ValueError(f"{what} is missing in {first_rows(missing.tolist())}")
    refuse_floats(ids, what)


def refuse_floats(ids: pd.Series, what: str) -> None:
    """Refuse ids that may have been rounded."""
    if pd.api.types.is_float_dtype(ids):
        raise ValueError(
            f"{what} holds floats, which cannot keep 64-bit ids exactly: read the column as "
            "integers or text"
        )


def _positions(values: pd.Series, ids: pd.Series, name: str) -> IndexArray:
    _check_ids(values, f"the edge table's {name!r}")
    positions: IndexArray = pd.Index(ids).get_indexer(pd.Index(values)).astype(np.int64)
    strangers = np.flatnonzero(positions < 0)
    if len(strangers):
        unknown = values.iloc[strangers].unique()
        kinds = (
            ""
            if values.dtype == ids.dtype
            else (f" (the edge table holds {values.dtype}, the neurons table {ids.dtype})")
        )
        raise ValueError(
            f"{len(unknown):,} ids in the edge table's {name!r} are not in the neurons table: "
            f"{few(unknown)}, first in {first_rows(strangers.tolist(), limit=3)}{kinds}"
        )
    return positions


def _check_counts(values: pd.Series, name: str) -> FloatArray:
    try:
        counts = values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(f"the edge table's {name!r} does not hold numbers") from None
    for problem, rows, mend in (
        ("NaN", np.isnan(counts), "drop those rows or fill them, e.g. with .fillna(0)"),
        ("infinite", np.isinf(counts), "counts are finite"),
        ("negative", counts < 0, "counts are not signed: give signs with sign='column'"),
    ):
        where = np.flatnonzero(rows)
        if len(where):
            raise ValueError(
                f"the edge table's {name!r} is {problem} in {len(where):,} "
                f"{'row' if len(where) == 1 else 'rows'} ({first_rows(where.tolist())}): {mend}"
            )
    return counts


def _edge_signs(values: pd.Series, name: str) -> FloatArray:
    if not pd.api.types.is_numeric_dtype(values):
        raise ValueError(f"the edge table's {name!r} does not hold numbers: a sign is +1, -1 or 0")
    return numeric_signs(values, f"the edge table's {name!r}")

"""Which column of the neurons table the ends of the edges refer to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import few, first_rows
from ._dialects import ID_COLUMNS, INDEX_COLUMNS
from ._edges import refuse_floats

__all__ = ["MatchedTables", "as_whole_numbers", "match_ids", "names_rows"]


@dataclass(frozen=True)
class MatchedTables:
    """Tables whose edges name their ends by the neurons' column `id`.

    Attributes
    ----------
    neurons, edges : DataFrame
        The tables, or copies with ids in place of positions or whole numbers in place of text.
    id : str
        The id column.
    rows_dropped : int
        Rows of edges left out, because a neuron is not in the neurons table.
    """

    neurons: pd.DataFrame
    edges: pd.DataFrame
    id: str
    rows_dropped: int = 0


@dataclass(frozen=True)
class _Candidate:
    """A column that may be meant, and the rows of edges that it holds both ends of."""

    column: str
    names: pd.Series
    ends: tuple[pd.Series, pd.Series]
    listed: npt.NDArray[np.bool_]


def match_ids(
    neurons: pd.DataFrame,
    edges: pd.DataFrame,
    pre: str,
    post: str,
    given: str | None = None,
    *,
    drop_unlisted: bool = False,
    table: str = "the neurons table",
) -> MatchedTables:
    """Find the id column of a neurons table, and make the edges name their ends by it.

    Edges may name neurons by an id, or by their position in a column such as `idx`.

    Parameters
    ----------
    neurons, edges : DataFrame
    pre, post : str
        The columns of `edges` with the ends of a connection.
    given : str, optional
        The id column, where the caller names it.
    drop_unlisted : bool
        Whether rows of neurons that are not in the table are left out; else they are an error.
    table : str
        What the error calls the neurons table.

    Returns
    -------
    MatchedTables

    Raises
    ------
    ValueError
        If no column may hold ids, the ends are floats, or neurons are not in the table.

    Examples
    --------
    >>> neurons = pd.DataFrame({"idx": [0, 1], "root_id": [720575940600000001, 720575940600000002]})
    >>> edges = pd.DataFrame({"pre": [0], "post": [1]})
    >>> matched = match_ids(neurons, edges, "pre", "post")
    >>> matched.id, matched.edges["post"].tolist()
    ('root_id', [720575940600000002])
    """
    if given is not None and given not in neurons.columns:
        return MatchedTables(neurons, edges, given)  # from_edges says which columns there are
    for end in (pre, post):
        refuse_floats(edges[end], f"the edge table's {end!r}")
    ids, indices = _columns(neurons, given)
    if not ids and not indices:
        raise ValueError(
            f"no column of {table} holds ids ({few(ID_COLUMNS, limit=9)}): it has "
            f"{few(neurons.columns, limit=20)}; name one with id='...'"
        )
    best = _best([*ids, *indices], neurons, (edges[pre], edges[post]))
    id_column = best.column
    if best.column not in ids and ids and (given or names_rows(neurons[ids[0]])):
        id_column = ids[0]
    edges = edges.assign(**{pre: best.ends[0], post: best.ends[1]})
    if not best.listed.all():
        if not drop_unlisted:
            _refuse_unlisted(best, table)
            return MatchedTables(neurons, edges, best.column)  # from_edges names missing ids
        if not best.listed.any():
            raise ValueError(f"no row of the edge table has both its neurons in {table}")
        edges = edges[best.listed]
    if best.column == id_column:
        neurons = neurons.assign(**{id_column: best.names})
    else:
        edges = _translate(edges, (pre, post), best.names, neurons[id_column])
    return MatchedTables(neurons, edges, id_column, int((~best.listed).sum()))


def as_whole_numbers(*columns: pd.Series) -> list[pd.Series]:
    """Where some columns hold ids as numbers and others as text, read the text as numbers.

    Text that is anything but digits comes back as it is.
    """
    whole = [pd.api.types.is_integer_dtype(column) for column in columns]
    if all(whole) or not any(whole):
        return list(columns)
    return [_digits_to_integers(column) for column in columns]


def _columns(neurons: pd.DataFrame, given: str | None) -> tuple[list[str], list[str]]:
    """Return the columns that may hold ids, and those that may hold positions."""
    indices = [c for c in INDEX_COLUMNS if c in neurons.columns and c != given]
    if given is not None:
        return [given], indices
    present = [c for c in ID_COLUMNS if c in neurons.columns]
    # Where none will do, from_edges says what is wrong with the likeliest.
    return [c for c in present if names_rows(neurons[c])] or present[:1], indices


def names_rows(column: pd.Series) -> bool:
    """Whether every row has a value of its own."""
    return bool(column.notna().all() and column.is_unique)


def _best(
    columns: list[str], neurons: pd.DataFrame, ends: tuple[pd.Series, pd.Series]
) -> _Candidate:
    """Return the first column that holds all ends, or else the one that holds the most."""
    candidates = []
    for column in columns:
        names, pre, post = as_whole_numbers(neurons[column], *ends)
        listed = _positions(names, pre) >= 0
        listed &= _positions(names, post) >= 0
        candidates.append(_Candidate(column, names, (pre, post), listed))
        if listed.all():
            return candidates[-1]
    return max(candidates, key=lambda candidate: int(candidate.listed.sum()))


def _positions(names: pd.Series, ends: pd.Series) -> npt.NDArray[np.intp]:
    """Find ends among names; -1 where one is missing or not there."""
    distinct = pd.Index(names.drop_duplicates().dropna())
    positions: npt.NDArray[np.intp] = distinct.get_indexer(pd.Index(ends))
    return positions


def _refuse_unlisted(best: _Candidate, table: str) -> None:
    names, (pre, post) = best.names, best.ends
    refuse_floats(names, f"the neurons table's {best.column!r}")
    strange = [end[(_positions(names, end) < 0) & end.notna().to_numpy()] for end in (pre, post)]
    unknown = pd.concat(strange).drop_duplicates()
    if not len(unknown):
        return
    kinds = {str(end.dtype) for end in best.ends} - {str(names.dtype)}
    differ = f" (they are {few(sorted(kinds))}, those of the neurons {names.dtype})"
    raise ValueError(
        f"{len(unknown):,} neurons of the edge table are not in {table} under {best.column!r}: "
        f"{few(unknown)}{differ if kinds else ''}, first in "
        f"{first_rows(np.flatnonzero(~best.listed).tolist(), limit=3)}; name the right table with "
        "neurons='file', or leave these rows out with unlisted='drop'"
    )


def _translate(
    edges: pd.DataFrame, ends: tuple[str, str], indices: pd.Series, ids: pd.Series
) -> pd.DataFrame:
    """Replace positions by ids."""
    twice = indices[indices.duplicated()]
    if len(twice):
        raise ValueError(f"the neurons table's {indices.name!r} has {twice.iloc[0]} more than once")
    ids = ids[indices.notna()]  # as _positions counts; iloc keeps their type, and so every digit
    found = {end: ids.iloc[_positions(indices, edges[end])] for end in ends}
    return edges.assign(**{end: id_.set_axis(edges.index) for end, id_ in found.items()})


def _digits_to_integers(texts: pd.Series) -> pd.Series:
    """Read whole numbers from text, exactly; anything else comes back as it is."""
    if not pd.api.types.is_string_dtype(texts):
        return texts
    given = texts.dropna()
    if not given.str.fullmatch(r"\d{1,18}").all():
        return texts
    return texts.astype(np.int64 if len(given) == len(texts) else "Int64")

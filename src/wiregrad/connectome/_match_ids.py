"""Which column of the neurons table the ends of the edges refer to."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .._messages import few
from ._dialects import ID_COLUMNS, INDEX_COLUMNS

__all__ = ["match_ids"]


def match_ids(
    neurons: pd.DataFrame, edges: pd.DataFrame, pre: str, post: str, given: str | None
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Find the id column of a neurons table, and make the edges name their ends by it.

    Edges may name neurons by an id, or by their position in a column such as `idx`.

    Parameters
    ----------
    neurons, edges : DataFrame
    pre, post : str
        The columns of `edges` with the ends of a connection.
    given : str, optional
        The id column, where the caller names it.

    Returns
    -------
    neurons, edges : DataFrame
        The arguments, or copies with ids in place of positions or whole numbers in place of text.
    id : str
        The id column.

    Raises
    ------
    ValueError
        If no column may hold ids.

    Examples
    --------
    >>> neurons = pd.DataFrame({"idx": [0, 1], "root_id": [720575940600000001, 720575940600000002]})
    >>> edges = pd.DataFrame({"pre": [0], "post": [1]})
    >>> _, edges, id = match_ids(neurons, edges, "pre", "post", None)
    >>> id, edges["post"].tolist()
    ('root_id', [720575940600000002])
    """
    ids = [given] if given is not None else [c for c in ID_COLUMNS if c in neurons.columns]
    indices = [c for c in INDEX_COLUMNS if c in neurons.columns and c != given]
    if not ids and not indices:
        raise ValueError(
            f"no column of the neurons table holds ids ({few(ID_COLUMNS, limit=9)}): it has "
            f"{few(neurons.columns, limit=20)}; name one with id='...'"
        )
    ids = [column for column in ids if column in neurons.columns and _names_rows(neurons[column])]
    for column in [*ids, *indices]:
        neurons, edges = _as_whole_numbers(neurons, edges, column, pre, post)
        if _holds(neurons[column], edges[pre]) and _holds(neurons[column], edges[post]):
            if column in ids or not ids:
                return neurons, edges, column
            return neurons, _translate(neurons, edges, column, ids[0], pre, post), ids[0]
    # Nothing fits: the first is reported, with the ids that it lacks.
    return neurons, edges, given or [*ids, *indices][0]


def _names_rows(column: pd.Series) -> bool:
    return bool(column.notna().all() and column.is_unique)


def _holds(ids: pd.Series, ends: pd.Series) -> bool:
    return bool(ends.isin(ids).all())


def _translate(
    neurons: pd.DataFrame, edges: pd.DataFrame, index: str, column: str, pre: str, post: str
) -> pd.DataFrame:
    """Replace positions by ids."""
    ids = neurons.set_index(index)[column]
    ends = {end: ids.reindex(edges[end]).to_numpy() for end in (pre, post)}
    return edges.assign(**ends)


def _as_whole_numbers(
    neurons: pd.DataFrame, edges: pd.DataFrame, column: str, pre: str, post: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where one table keeps ids as numbers and the other as text, read the text as numbers."""
    numbers = pd.api.types.is_integer_dtype
    if numbers(neurons[column]) and not (numbers(edges[pre]) and numbers(edges[post])):
        edges = edges.assign(**{end: _digits_to_integers(edges[end]) for end in (pre, post)})
    elif numbers(edges[pre]) and numbers(edges[post]) and not numbers(neurons[column]):
        neurons = neurons.assign(**{column: _digits_to_integers(neurons[column])})
    return neurons, edges


def _digits_to_integers(texts: pd.Series) -> pd.Series:
    """Read whole numbers from text, exactly; anything else comes back as it is."""
    if not pd.api.types.is_string_dtype(texts) or not texts.str.fullmatch(r"\d{1,18}").all():
        return texts
    return texts.astype(np.int64)

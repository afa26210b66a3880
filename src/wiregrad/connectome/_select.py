"""The selection language: how every function and command is told which neurons are meant."""

from __future__ import annotations

import re
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few

__all__ = ["Selection", "select_neurons"]

#: What names neurons: an index, a string of the selection language, a boolean mask, or a list of
#: them.
Selection: TypeAlias = object

IndexArray: TypeAlias = npt.NDArray[np.int64]

_QUERY = "query:"
_AND = re.compile(r"(\s+and\s+)")
# A term that opens with a quote or a slash, after "column=" or at once, and closes with the same.
_OPENED = re.compile(r"""(?:[^=]*=\s*)?(["'/])(.*)""", re.DOTALL)


def select_neurons(neurons: pd.DataFrame, what: Selection) -> IndexArray:
    """Find the neurons that a selection names.

    Parameters
    ----------
    neurons : DataFrame
        One row a neuron, with at least the columns `id` and `cell_type`.
    what : int, str, boolean mask, or a sequence of int and str
        - an integer: the neuron at that index (its position in the table). An integer that is no
          index but is an id means that id;
        - a string: an id (`"AVAL"`), a cell type (`"AVA"`), `"column=value"`, `"/regex/"` (searched
          in ids and cell types), `"column=/regex/"`, or several of these joined by `and`.
          `"query: ..."` hands the rest to `pandas.DataFrame.query`. A string of digits that is
          neither id nor cell type is an index. A name that itself holds ` and ` is quoted:
          `"'R1 and R2'"`, `"column='a and b'"`;
        - a boolean mask with one entry a neuron (array, list or Series);
        - a sequence of integers and strings: all that any of them names.

    Returns
    -------
    ndarray of int64
        The selected indices, each once. A sequence keeps its order; everything else is ascending.

    Raises
    ------
    ValueError
        If something matches nothing (the nearest names are given), if an index is out of range, if
        a column does not exist, if a name is both an id and the cell type of other neurons, or if
        the selection is empty.

    Notes
    -----
    Cost: one pass over the columns that are named.

    Examples
    --------
    >>> neurons = pd.DataFrame({"id": ["AVAL", "AVAR", "PLML"], "cell_type": ["AVA", "AVA", "PLM"],
    ...                         "side": ["L", "R", "L"]})
    >>> select_neurons(neurons, "AVA").tolist()
    [0, 1]
    >>> select_neurons(neurons, "/^AV/ and side=R").tolist()
    [1]
    >>> select_neurons(neurons, ["PLML", 0]).tolist()
    [2, 0]
    """
    if isinstance(what, str):
        return _select_text(neurons, what)
    if isinstance(what, (bool, np.bool_)):
        raise ValueError(f"{what} selects no neurons: give an index, a name, a list or a mask")
    if isinstance(what, (int, np.integer)):
        return np.array([_select_integer(neurons, int(what))], dtype=np.int64)
    if isinstance(what, (set, frozenset)):
        return np.sort(_select_sequence(neurons, what))
    return _select_sequence(neurons, what)


def _select_sequence(neurons: pd.DataFrame, what: object) -> IndexArray:
    if isinstance(what, (float, np.floating)) or not hasattr(what, "__iter__"):
        raise ValueError(
            f"{what!r} selects no neurons: give an index, an id, a cell type, a list or a mask"
        )
    array = np.asarray(what) if hasattr(what, "__array__") else None
    items = list(what) if array is None else list(array.ravel())
    if not items:
        raise ValueError("the selection is empty: name at least one neuron")
    if all(isinstance(item, (bool, np.bool_)) for item in items):
        return _select_mask(neurons, np.asarray(items, dtype=bool))
    if array is None and pd.api.types.infer_dtype(items, skipna=False) == "integer":
        array = np.asarray(items)
    if array is not None and array.dtype.kind in "iu" and _all_in_range(array, len(neurons)):
        return pd.unique(array.ravel().astype(np.int64))
    return pd.unique(np.concatenate([select_neurons(neurons, item) for item in items]))


def _all_in_range(indices: npt.NDArray[np.integer], n_neurons: int) -> bool:
    return bool((indices >= 0).all() and (indices < n_neurons).all())


def _select_mask(neurons: pd.DataFrame, mask: npt.NDArray[np.bool_]) -> IndexArray:
    if len(mask) != len(neurons):
        raise ValueError(
            f"the mask has {len(mask):,} entries but there are {len(neurons):,} neurons"
        )
    if not mask.any():
        raise ValueError("the selection is empty: the mask is False for every neuron")
    return np.flatnonzero(mask).astype(np.int64)


def _select_integer(neurons: pd.DataFrame, index: int) -> int:
    if 0 <= index < len(neurons):
        return index
    if pd.api.types.is_integer_dtype(neurons["id"]):
        match = np.flatnonzero(neurons["id"].to_numpy() == index)
        if len(match):
            return int(match[0])
    raise ValueError(
        f"{index} is neither a neuron's index (0 to {len(neurons) - 1:,}) nor a neuron's id"
    )


def _select_text(neurons: pd.DataFrame, text: str) -> IndexArray:
    if text.strip().startswith(_QUERY):
        return _select_query(neurons, text.strip()[len(_QUERY) :].strip())
    mask = np.ones(len(neurons), dtype=bool)
    terms = _terms(text)
    for term in terms:
        mask &= _match_term(neurons, term)
    if not mask.any():
        raise ValueError(
            f"no neuron is {' and '.join(terms)} at once: each part alone matches some"
        )
    return np.flatnonzero(mask).astype(np.int64)


def _terms(text: str) -> list[str]:
    pieces = _AND.split(text)  # terms at even places, the words between them at odd ones
    terms: list[str] = []
    while pieces:
        # Quotes and regular expressions may hold " and ": put back together what was cut there.
        joined = ("".join(pieces[:length]) for length in range(1, len(pieces) + 1, 2))
        term = next((term for term in joined if not _is_open(term)), pieces[0])
        terms.append(term.strip())
        pieces = pieces[2 * len(_AND.findall(term)) + 2 :]
    if not all(terms):
        raise ValueError(f"{text!r} selects no neurons: it is empty, or has an empty part")
    return terms


def _is_open(term: str) -> bool:
    opened = _OPENED.fullmatch(term)
    return opened is not None and not opened[2].rstrip().endswith(opened[1])


def _unquote(text: str) -> str:
    return text[1:-1] if re.fullmatch(r"""(["']).*\1""", text, re.DOTALL) else text


def _match_term(neurons: pd.DataFrame, term: str) -> npt.NDArray[np.bool_]:
    if _is_regex(term):
        pattern = _compile(term)
        hits = _search(neurons["id"], pattern) | _search(neurons["cell_type"], pattern)
        return _require(hits, f"no neuron's id or cell type matches {term}")
    exact = _match_name(neurons, term)
    if not exact.any():
        exact = _match_name(neurons, _unquote(term))
    if exact.any():
        return exact
    column, equals, value = (part.strip() for part in term.partition("="))
    if equals:
        return _match_column(neurons, column, value)
    if re.fullmatch(r"\d+", term):
        exact[_select_integer(neurons, int(term))] = True
        return exact
    known = [*neurons["cell_type"].dropna().unique(), *neurons["id"]]
    raise ValueError(
        f"{term!r} is neither the id nor the cell type of a neuron{did_you_mean(term, known)}"
    )


def _match_name(neurons: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    is_id = _equals(neurons["id"], name)
    is_type = _equals(neurons["cell_type"], name)
    if is_id.any() and is_type.any() and (is_id != is_type).any():
        raise ValueError(
            f"{name!r} is the id of one neuron and the cell type of others: "
            f"write 'id={name}' or 'cell_type={name}'"
        )
    return is_id | is_type


def _match_column(neurons: pd.DataFrame, column: str, value: str) -> npt.NDArray[np.bool_]:
    if column not in neurons.columns:
        raise ValueError(
            f"there is no column {column!r}: the neurons table has "
            f"{few(neurons.columns, limit=20)}{did_you_mean(column, neurons.columns)}"
        )
    values = neurons[column]
    if _is_regex(value):
        return _require(_search(values, _compile(value)), f"no neuron's {column!r} matches {value}")
    value = _unquote(value)
    known = values.dropna().unique()
    return _require(
        _equals(values, value),
        f"no neuron has {column}={value}: {column!r} holds {few(known, limit=8)}"
        f"{did_you_mean(value, known)}",
    )


def _equals(values: pd.Series, text: str) -> npt.NDArray[np.bool_]:
    """Compare a column with a text: as numbers where the column holds numbers, else as text."""
    if pd.api.types.is_integer_dtype(values) and re.fullmatch(r"[+-]?\d+", text):
        return (values == int(text)).to_numpy(dtype=bool, na_value=False)
    if pd.api.types.is_float_dtype(values):
        try:
            return (values == float(text)).to_numpy(dtype=bool, na_value=False)
        except ValueError:
            return np.zeros(len(values), dtype=bool)
    return (values.astype("string") == text).to_numpy(dtype=bool, na_value=False)


def _search(values: pd.Series, pattern: re.Pattern[str]) -> npt.NDArray[np.bool_]:
    texts = values.astype("string")
    return np.array([isinstance(text, str) and bool(pattern.search(text)) for text in texts])


def _is_regex(text: str) -> bool:
    return len(text) > 2 and text.startswith("/") and text.endswith("/")


def _compile(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text[1:-1])
    except re.error as error:
        raise ValueError(f"{text} is not a regular expression: {error}") from None


def _require(hits: npt.NDArray[np.bool_], message: str) -> npt.NDArray[np.bool_]:
    if not hits.any():
        raise ValueError(message)
    return hits


def _select_query(neurons: pd.DataFrame, query: str) -> IndexArray:
    positions = neurons.reset_index(drop=True)
    try:
        answer = positions.eval(query, local_dict={}, global_dict={})
    except Exception as error:  # pandas raises many kinds: name, syntax, type, undefined variable
        raise ValueError(f"pandas cannot answer the query {query!r}: {error}") from None
    if not (isinstance(answer, pd.Series) and pd.api.types.is_bool_dtype(answer)):
        raise ValueError(f"the query {query!r} is not true or false of a neuron: compare something")
    found = np.flatnonzero(answer.to_numpy(dtype=bool, na_value=False))
    if not len(found):
        raise ValueError(f"no neuron answers the query {query!r}")
    return found.astype(np.int64)

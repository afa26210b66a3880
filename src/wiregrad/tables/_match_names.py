"""Names of groups in a user's table, matched with the groups of neurons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._index_keys import mend_of_text_keys, read_keys
from .._messages import few
from ..network import MultilayeredNetwork
from ._mapping import GroupsLike, group_labels
from ._text_groups import MISSING

__all__ = ["labelled_neurons", "match_names"]


def labelled_neurons(
    groups: GroupsLike | None,
    n_neurons: int,
    argument: str,
    network: MultilayeredNetwork | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.generic]]:
    """List the neurons that have an entry in a dict of groups, with their groups.

    Parameters
    ----------
    groups, argument, network
        See `group_labels`. Entries for what is no neuron are passed over.
    n_neurons : int

    Returns
    -------
    neurons : ndarray of int64, shape (n,)
        Ascending; all of them where groups come from a network or there are none.
    labels : ndarray, shape (n,)

    Raises
    ------
    ValueError
        If no key of the dict is a neuron, a key of the Series is repeated, or a column is
        named that there is not.
    TypeError
        If `groups` is of another kind.

    Examples
    --------
    >>> neurons, labels = labelled_neurons({3: "a", 1: "b", 9: "b"}, 4, "idx_to_group")
    >>> neurons.tolist(), labels.tolist()
    ([1, 3], ['b', 'a'])
    """
    neurons = np.arange(n_neurons)
    if isinstance(groups, (Mapping, pd.Series)):
        keys = read_keys(groups, argument)
        neurons = neurons[keys.get_indexer(pd.Index(neurons)) >= 0]
        if not len(neurons):
            raise ValueError(
                f"no key of {argument} is the index of a neuron (0 to {n_neurons - 1:,}): it has "
                f"{few(keys)}{mend_of_text_keys(keys, argument)}"
            )
    return neurons, group_labels(groups, neurons, argument, network)


def match_names(
    labels: npt.NDArray[np.generic], names: pd.Index | npt.NDArray[Any]
) -> npt.NDArray[np.intp]:
    """Find the labels of neurons among some names.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        Of any kind.
    names : Index or ndarray, shape (m,)
        Each once.

    Returns
    -------
    ndarray of int, shape (n,)
        Position of each label among the names, -1 if it is none of them. A label that is none as
        it stands is looked for as text: 5, 5.0 and "5" are one name, None is "nan".

    Notes
    -----
    Cost: one pass over the labels and one over the names.

    Examples
    --------
    >>> match_names(np.array(["b", 5, "c"], dtype=object), pd.Index(["5", "b"])).tolist()
    [1, 0, -1]
    """
    codes, different = pd.factorize(labels, use_na_sentinel=False)
    given = pd.Index(names)
    place = given.get_indexer(pd.Index(different))
    lost = place < 0
    if lost.any():
        text = pd.Index(_text(given), dtype=object)
        first = np.flatnonzero(~text.duplicated())  # of 5 and "5", the one that comes first
        found = text[first].get_indexer(pd.Index(_text(different[lost]), dtype=object))
        place[lost] = np.where(found < 0, -1, np.append(first, -1)[found])
    matched: npt.NDArray[np.intp] = place[codes]
    return matched


def _text(names: Any) -> list[str]:
    listed = np.asarray(names).tolist()
    return [MISSING if _is_missing(name) else _whole(str(name)) for name in listed]


def _is_missing(name: object) -> bool:
    return name is None or name is pd.NA or name != name


def _whole(text: str) -> str:
    """Write a whole number without its point: pandas makes floats of integers beside a NaN."""
    return text.removesuffix(".0") if text.removesuffix(".0").isdecimal() else text

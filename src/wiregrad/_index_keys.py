"""Keys of a mapping by neuron index, as users write them: what is wrong with them, and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ._messages import few

__all__ = ["mend_of_text_keys", "read_keys"]


def read_keys(mapping: Mapping[Any, Any] | pd.Series, argument: str) -> pd.Index:
    """Return the keys of a dict, or the index of a Series, each once.

    Raises
    ------
    ValueError
        If a Series has several entries for one key, with the first of these.

    Examples
    --------
    >>> read_keys({3: "a", 1: "b"}, "idx_to_group").tolist()
    [3, 1]
    """
    given = mapping.index if isinstance(mapping, pd.Series) else list(mapping.keys())
    keys: pd.Index = pd.Index(given)
    if not keys.is_unique:
        repeated = keys[keys.duplicated()].unique()
        raise ValueError(
            f"{argument} has several entries for {len(repeated):,} keys: {few(repeated)}; give "
            "every neuron one"
        )
    return keys


def mend_of_text_keys(keys: pd.Index, argument: str) -> str:
    """Say how to make numbers of keys that are text, as in JSON; nothing if none is.

    Examples
    --------
    >>> mend_of_text_keys(pd.Index(["0", "1"]), "groups")
    '; its keys are text: make them numbers, {int(k): v for k, v in groups.items()}'
    """
    numerals = (isinstance(key, str) and key.strip().isdecimal() for key in keys)
    if not any(numerals):
        return ""
    return f"; its keys are text: make them numbers, {{int(k): v for k, v in {argument}.items()}}"

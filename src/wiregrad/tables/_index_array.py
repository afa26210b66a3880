"""Whatever holds numbers of neurons, as a plain array."""

from __future__ import annotations

import reprlib
from collections.abc import Set, ValuesView
from numbers import Number
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

__all__ = ["to_nparray"]

# abc.Set covers set, frozenset and the keys of a dict.
_COLLECTIONS = (
    *(list, tuple, range, Set, ValuesView),
    *(np.ndarray, pd.Series, pd.Index, pd.api.extensions.ExtensionArray),
)


def to_nparray(input_data: Any, unique: bool = True) -> npt.NDArray[Any]:
    """Turn one number, or any collection of them, into a one-dimensional array.

    Parameters
    ----------
    input_data : number, list, tuple, range, set, array, Series, Index or tensor
        Usually neuron indices; the keys or values of a dict, and collections of text, do as well.
    unique : bool
        Keep each value once, **sorted**. Otherwise the order is kept, and so are repeats.

    Returns
    -------
    ndarray, shape (n,)
        Without missing values (NaN, None, NA, NaT).

    Raises
    ------
    TypeError
        If it is none of these; a text is not taken for its letters.

    Notes
    -----
    Cost: a sort, if `unique`.

    Examples
    --------
    >>> to_nparray([3, 1, 3]).tolist(), to_nparray((3, 1, 3), unique=False).tolist()
    ([1, 3], [3, 1, 3])
    >>> to_nparray([2.0, float("nan")]).tolist()
    [2.0]
    """
    array = _without_missing(_read(input_data))
    return np.unique(array) if unique else array


def _read(data: Any) -> Any:
    """Return an array of numbers, or a list of anything else."""
    if isinstance(data, Tensor):
        data = data.detach().cpu().numpy()
    if isinstance(data, np.ndarray) and data.dtype.kind in "biufc":
        return data.ravel()
    if isinstance(data, (Number, np.generic)) and not isinstance(data, (np.str_, np.bytes_)):
        return [data]
    if isinstance(data, _COLLECTIONS):
        return data.ravel().tolist() if isinstance(data, np.ndarray) else list(data)
    raise TypeError(
        f"{reprlib.repr(data)} is a {type(data).__name__}: pass a number, or a list, tuple, range, "
        "set, array, Series, Index or tensor of them" + _mend(data)
    )


def _mend(data: object) -> str:
    if isinstance(data, (str, bytes)):
        return f"; a single name goes into a list: [{reprlib.repr(data)}]"
    return "; of a dict, pass its keys() or its values()" if isinstance(data, dict) else ""


def _without_missing(values: Any) -> npt.NDArray[Any]:
    array = np.array(values) if isinstance(values, list) else values
    if array.dtype.kind in "biufc":
        kept: npt.NDArray[Any] = array[~np.isnan(array)] if array.dtype.kind in "fc" else array
        return kept.ravel()
    # As text, a missing value would be the word nan: missing ones go before numpy sees the list.
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return np.array(held[~pd.isna(held)].tolist())

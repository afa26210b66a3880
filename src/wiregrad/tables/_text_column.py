"""A column of text made from codes, without a Python object a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

__all__ = ["text_column"]

#: Rows of a chunk, at least (but for the last) and at most.
_SMALLEST, _LARGEST = 1 << 13, 1 << 20


def text_column(names: npt.NDArray[np.object_], parts: Sequence[npt.NDArray[np.integer]]) -> Any:
    """Write out names by their positions.

    Parameters
    ----------
    names : ndarray of str
    parts : sequence of ndarray of int
        Positions in `names`, to be joined to one column. An array that comes several times is
        written out once.

    Returns
    -------
    array, shape (n,)
        Of the dtype that this pandas gives to text: `str`, kept by pyarrow, or, in pandas 2,
        `object` with one Python object a name.

    Notes
    -----
    Cost: 8 bytes and the characters a row of each different part; 8 bytes as objects.

    Examples
    --------
    >>> list(text_column(np.array(["a", "b"], dtype=object), [np.array([1, 0]), np.array([1])]))
    ['b', 'a', 'b']
    """
    dtype: Any = pd.Series(["a"]).dtype
    if pd.api.types.is_object_dtype(dtype):
        return names[np.concatenate(parts)] if parts else names[:0]
    chunks = list(_chunks(pa.array(names, type=pa.large_string()), parts))
    return dtype.__from_arrow__(pa.chunked_array(chunks, type=pa.large_string()))


def _chunks(names: Any, parts: Sequence[npt.NDArray[np.integer]]) -> Iterator[Any]:
    written: dict[int, list[Any]] = {}
    waiting: list[npt.NDArray[np.integer]] = []  # small parts are joined with their neighbours
    for part in parts:
        if len(part) < _SMALLEST:
            waiting.append(part)
        if waiting and (len(part) >= _SMALLEST or sum(map(len, waiting)) >= _SMALLEST):
            yield from _write(names, np.concatenate(waiting))
            waiting = []
        if len(part) >= _SMALLEST:
            if id(part) not in written:
                written[id(part)] = _write(names, part)
            yield from written[id(part)]
    if waiting:
        yield from _write(names, np.concatenate(waiting))


def _write(names: Any, codes: npt.NDArray[np.integer]) -> list[Any]:
    # Piece by piece: pyarrow grows an array by doubling, and copies it each time.
    starts = range(0, len(codes), _LARGEST)
    return [names.take(pa.array(codes[start : start + _LARGEST])) for start in starts]

"""What the members of a group that pass a threshold do on average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._arrays import FloatArray

__all__ = ["ThresholdLike", "known_threshold", "means_of_passing", "passing", "threshold_of"]

#: One threshold, or {column: threshold}; columns that are not in it have none.
ThresholdLike: TypeAlias = float | Mapping[int, float] | None


def threshold_of(threshold: ThresholdLike, column: int, argument: str) -> float:
    """Return the threshold of a column; 0 where there is none.

    Raises
    ------
    ValueError
        If it is NaN.

    Examples
    --------
    >>> threshold_of({1: 0.5}, 1, "threshold"), threshold_of({1: 0.5}, 0, "threshold")
    (0.5, 0)
    """
    value = threshold.get(column, 0) if isinstance(threshold, Mapping) else threshold
    return 0 if value is None else known_threshold(value, argument)


def known_threshold(threshold: float, argument: str) -> float:
    """Return a threshold, if it is not NaN.

    Raises
    ------
    ValueError
        If it is.

    Examples
    --------
    >>> known_threshold(0.5, "threshold")
    0.5
    """
    if threshold != threshold:
        raise ValueError(f"{argument} is NaN: give a number; 0 lets everything pass")
    return threshold


def passing(values: npt.NDArray[Any], threshold: float) -> npt.NDArray[np.bool_]:
    """Tell which values pass a threshold: at 0 or below it, all.

    Floats are compared in their own dtype, whatever that of the threshold is, so that a float32 0.7
    passes a threshold of 0.7.

    Examples
    --------
    >>> passing(np.float32([0.7, 0.6]), np.float64(0.7)).tolist()
    [True, False]
    """
    if not threshold > 0:
        return np.ones(values.shape, dtype=bool)
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):  # beyond float16 is infinity, which nothing passes
            threshold = values.dtype.type(threshold)
    return values >= threshold


def means_of_passing(
    values: npt.NDArray[Any], group: npt.NDArray[np.integer], n_groups: int, threshold: float
) -> FloatArray:
    """Average the values of each group that pass a threshold.

    Parameters
    ----------
    values : ndarray, shape (n,)
    group : ndarray of int, shape (n,)
        Group of each value.
    n_groups : int
    threshold : float

    Returns
    -------
    ndarray of float64, shape (n_groups,)
        NaN for a group that none passes of.

    Examples
    --------
    >>> means_of_passing(np.array([0.2, 0.4, 0.1]), np.array([0, 0, 1]), 2, 0.2).round(3).tolist()
    [0.3, nan]
    """
    kept = passing(values, threshold)
    count = np.bincount(group[kept], minlength=n_groups)
    total = np.bincount(group[kept], weights=values[kept], minlength=n_groups)
    return total / np.where(count > 0, count, np.nan)

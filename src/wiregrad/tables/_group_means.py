"""What the members of a group that pass a threshold do on average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._arrays import FloatArray

__all__ = ["ThresholdLike", "means_of_passing", "passing", "threshold_of"]

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
    if value is not None and value != value:
        raise ValueError(f"{argument} is NaN: give a number; 0 lets everything pass")
    return 0 if value is None else value


def passing(values: npt.NDArray[Any], threshold: float) -> npt.NDArray[np.bool_]:
    """Tell which values pass a threshold: at 0 or below it, all.

    Values are compared in their own dtype, so that a float32 0.7 passes a threshold of 0.7.
    """
    return values >= threshold if threshold > 0 else np.ones(len(values), dtype=bool)


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

"""Arrays of finite real numbers, or an error that says where they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

__all__ = ["finite_array"]


def finite_array(values: Any, argument: str) -> npt.NDArray[Any]:
    """Read an array or a tensor of finite real numbers, in the dtype that it has.

    Parameters
    ----------
    values : ndarray, Tensor, or nested lists
    argument : str
        What the caller calls it, for the errors.

    Raises
    ------
    TypeError
        If it holds anything but real numbers.
    ValueError
        If any are NaN or infinite: how many, and where the first are.

    Examples
    --------
    >>> finite_array([[0.5, 1]], "out").dtype
    dtype('float64')
    """
    array = values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{argument} must hold real numbers, not {array.dtype}")
    bad = ~np.isfinite(array)
    if bad.any():
        places = [tuple(place) for place in np.argwhere(bad)[:5].tolist()]
        raise ValueError(
            f"{argument} holds {np.count_nonzero(bad):,} values that are NaN or infinite, first at "
            f"{places}: replace them, e.g. with numpy.nan_to_num"
        )
    return array

"""Stimuli and activations with a row for each neuron, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._finite import finite_array

__all__ = ["read_states"]


def read_states(
    values: Any,
    argument: str,
    n_rows: int | None = None,
    rows: str = "neurons",
    batched: bool = False,
) -> npt.NDArray[np.floating]:
    """Read a stimulus or activations in the floating type that means of them have.

    Parameters
    ----------
    values : ndarray or Tensor, shape (neuron, step), or (batch, neuron, step) if `batched`
    argument : str
        What the caller calls it, for the errors.
    n_rows : int, optional
        How many rows there must be, and what they stand for:
    rows : str
    batched : bool
        Whether a batch will do.

    Returns
    -------
    ndarray
        float64, or float32 for the smaller types.

    Raises
    ------
    ValueError
        If it has another shape, or holds NaN or infinity.
    TypeError
        If it holds anything but real numbers.

    Examples
    --------
    >>> read_states(np.ones((2, 3), dtype=np.int64), "activations").dtype
    dtype('float64')
    """
    array = finite_array(values, argument)
    if array.ndim == 3 and not batched:
        raise ValueError(
            f"{argument} has shape {array.shape}, a batch: pass one member of it, for example "
            f"{argument}[0]"
        )
    if array.ndim not in (2, 3):
        valid = "(neuron, step)" + (" or (batch, neuron, step)" if batched else "")
        raise ValueError(f"{argument} has shape {array.shape}, but {valid} is needed")
    if n_rows is not None and array.shape[-2] != n_rows:
        raise ValueError(
            f"{argument} has shape {array.shape}: {array.shape[-2]:,} rows, but there are "
            f"{n_rows:,} {rows}"
        )
    return array.astype(np.result_type(array.dtype, np.float32), copy=False)

"""Stimuli as users hold them, checked and brought to one form."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import Tensor

__all__ = ["StimulusLike", "read_stimulus"]

StimulusLike = np.ndarray | Tensor


def read_stimulus(
    inputs: StimulusLike, n_sensory: int, num_layers: int, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Check a stimulus and convert it to the network's dtype and device.

    Parameters
    ----------
    inputs : ndarray or Tensor, shape (batch, sensory, step) or (sensory, step)
        Of any real dtype.
    n_sensory, num_layers : int
        What the network needs.

    Returns
    -------
    Tensor, shape (batch, sensory, num_layers)
        Its values are as given: the threshold and the cap at 1 belong to the network.

    Raises
    ------
    ValueError
        If the shape does not fit, or a value is NaN or infinite.
    TypeError
        If it is neither an array nor a tensor, or complex.

    Examples
    --------
    >>> read_stimulus(np.ones((2, 3)), 2, 3, torch.float32, torch.device("cpu")).shape
    torch.Size([1, 2, 3])
    """
    if not isinstance(inputs, (np.ndarray, Tensor)):
        raise TypeError(
            f"inputs must be a numpy array or a torch tensor, not {type(inputs).__name__}"
        )
    if isinstance(inputs, np.ndarray) and inputs.dtype.kind not in "fiub":
        raise TypeError(f"inputs must hold real numbers, not {inputs.dtype}")
    if isinstance(inputs, np.ndarray):
        # a copy: torch takes no read-only, reversed or foreign-endian arrays
        inputs = torch.from_numpy(inputs.astype(np.float64, order="C"))
    if inputs.is_complex():
        raise TypeError(f"inputs must hold real numbers, not {inputs.dtype}")
    tensor = inputs.to(device=device, dtype=dtype)
    _check_shape(tensor, n_sensory, num_layers)
    _check_finite(tensor)
    if tensor.shape[-1] > num_layers:
        warnings.warn(
            f"inputs have {tensor.shape[-1]} steps but the network has num_layers={num_layers}: "
            f"the first {num_layers} are used",
            stacklevel=5,
        )
        tensor = tensor[..., :num_layers]
    return tensor if tensor.ndim == 3 else tensor.unsqueeze(0)


def _check_shape(tensor: Tensor, n_sensory: int, num_layers: int) -> None:
    right = tensor.ndim in (2, 3)
    right = right and tensor.shape[-2] == n_sensory and tensor.shape[-1] >= num_layers
    if not right:
        raise ValueError(
            f"inputs have shape {tuple(tensor.shape)}, but the network needs "
            f"({n_sensory}, {num_layers}) or (batch, {n_sensory}, {num_layers}): "
            f"{n_sensory} sensory neurons x {num_layers} steps"
        )


def _check_finite(tensor: Tensor) -> None:
    bad = ~torch.isfinite(tensor.detach())
    if bad.any():
        places = [tuple(place) for place in bad.nonzero()[:5].tolist()]
        raise ValueError(
            f"inputs hold {int(bad.sum()):,} values that are NaN or infinite, first at {places}: "
            "replace them, e.g. with numpy.nan_to_num or .fillna(0) on a response table"
        )

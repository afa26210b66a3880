"""Stimuli as users hold them, checked and brought to one form."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["StimulusLike", "read_state", "read_stimulus", "real_tensor", "require_finite"]

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
    tensor = real_tensor(inputs, "inputs", dtype, device)
    _check_shape(tensor, n_sensory, num_layers)
    mend = "numpy.nan_to_num or .fillna(0) on a response table"
    require_finite(tensor, "inputs hold", mend)
    if tensor.shape[-1] > num_layers:
        warnings.warn(
            f"inputs have {tensor.shape[-1]} steps but the network has num_layers={num_layers}: "
            f"the first {num_layers} are used",
            stacklevel=5,
        )
        tensor = tensor[..., :num_layers]
    return tensor if tensor.ndim == 3 else tensor.unsqueeze(0)


def read_state(
    state: StimulusLike | None, network: MultilayeredNetwork, n_batch: int
) -> Tensor | None:
    """Check a state to start from and convert it to the network's dtype and device.

    Parameters
    ----------
    state : ndarray or Tensor, shape (batch, n_neurons) or (n_neurons,), or None

    Returns
    -------
    Tensor, shape (n_neurons, batch), or None

    Raises
    ------
    ValueError
        If the shape does not fit, or a value is NaN or infinite, or no activation of this network.
    TypeError
        If it is neither an array nor a tensor, or complex.
    """
    if state is None:
        return None
    if not isinstance(state, (np.ndarray, Tensor)):
        raise TypeError(
            f"initial_state must be a numpy array or a torch tensor, not {type(state).__name__}"
        )
    tensor = real_tensor(state, "initial_state", network.dtype, network.device)
    if tuple(tensor.shape) not in {(network.n_neurons,), (n_batch, network.n_neurons)}:
        raise ValueError(
            f"initial_state has shape {tuple(tensor.shape)}, but must have (n_neurons,) = "
            f"({network.n_neurons},) or (batch, n_neurons) = ({n_batch}, {network.n_neurons})"
        )
    require_finite(tensor, "initial_state holds", "numpy.nan_to_num")
    low, high = min(network.input_range[0], 0), 1
    if network.dynamics is None and network.custom_activation_function is None:
        beyond = tensor.detach()[(tensor.detach() < low) | (tensor.detach() > high)]
        if len(beyond):
            raise ValueError(
                f"initial_state holds {len(beyond):,} values that no state of this network can "
                f"have, such as {beyond[0]:g}: they are from {low:g} to {high:g}"
            )
    return tensor.expand(n_batch, network.n_neurons).t()


def _check_shape(tensor: Tensor, n_sensory: int, num_layers: int) -> None:
    right = tensor.ndim in (2, 3)
    right = right and tensor.shape[-2] == n_sensory and tensor.shape[-1] >= num_layers
    if not right:
        raise ValueError(
            f"inputs have shape {tuple(tensor.shape)}, but the network needs "
            f"({n_sensory}, {num_layers}) or (batch, {n_sensory}, {num_layers}): "
            f"{n_sensory} sensory neurons x {num_layers} steps"
        )


def real_tensor(
    values: StimulusLike, what: str, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Convert an array or a tensor of real numbers; `what` is its name in the error.

    Raises
    ------
    TypeError
        If it holds anything but real numbers.
    """
    if isinstance(values, np.ndarray):
        real = values.dtype.kind in "fiub"
    else:
        real = not values.is_complex()
    if not real:
        raise TypeError(f"{what} must hold real numbers, not {values.dtype}")
    if isinstance(values, np.ndarray):
        # a copy: torch takes no read-only, reversed or foreign-endian arrays
        values = torch.from_numpy(values.astype(np.float64, order="C"))
    return values.to(device=device, dtype=dtype)


def require_finite(tensor: Tensor, holds: str, mend: str) -> None:
    """Refuse NaN and infinity; `holds` begins the error ("inputs hold"), `mend` ends it.

    Raises
    ------
    ValueError
        If there is any: how many, and where the first are.
    """
    bad = ~torch.isfinite(tensor.detach())
    if bad.any():
        places = [tuple(place) for place in bad.nonzero()[:5].tolist()]
        raise ValueError(
            f"{holds} {int(bad.sum()):,} values that are NaN or infinite, first at {places}: "
            f"replace them, e.g. with {mend}"
        )

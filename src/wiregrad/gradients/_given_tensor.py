"""Stimuli that a caller gives, as tensors of the network's kind."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from ..network import MultilayeredNetwork, real_tensor

__all__ = ["given_tensor"]


def given_tensor(given: Tensor | np.ndarray, name: str, model: MultilayeredNetwork) -> Tensor:
    """Convert what a caller gives to the network's dtype and device, without its graph.

    Raises
    ------
    TypeError
        If it is neither an array nor a tensor, or holds no real numbers; the message names the
        argument.

    Examples
    --------
    >>> import wiregrad as wg
    >>> network = wg.MultilayeredNetwork(np.eye(2), [0], device="cpu")
    >>> given_tensor(np.array([[1, 0]]), "inputs", network)
    tensor([[1., 0.]])
    """
    if not isinstance(given, (Tensor, np.ndarray)):
        raise TypeError(
            f"{name} must be a torch tensor or a numpy array, not {type(given).__name__}"
        )
    return real_tensor(given, name, model.dtype, model.device).detach()

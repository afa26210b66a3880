"""Where a search begins: seeds, and a start stimulus for every batch member."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor

from ..network import MultilayeredNetwork, require_finite
from ._given_tensor import given_tensor
from ._resolved_targets import ResolvedTargets

__all__ = ["choose_seed", "given_start", "random_start"]


def choose_seed(seed: int | None) -> int:
    """Return the seed; one drawn from torch's global generator if there is none.

    Raises
    ------
    ValueError
        If it is no integer.
    """
    if seed is None:
        return int(torch.randint(2**31, (1,)).item())
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"seed is an integer or None, not {seed!r}")
    return int(seed)


def random_start(model: MultilayeredNetwork, targets: ResolvedTargets, seed: int) -> Tensor:
    """Draw a start for every member from [0, 1).

    What a member gets depends on the seed and on its targets, not on its place in the batch.

    Returns
    -------
    Tensor, shape (batch, sensory, step)
    """
    shape = (len(model.sensory_indices), model.num_layers)
    starts = []
    for digest in targets.digests():
        noise = hashlib.sha256(f"{seed}:".encode() + digest).digest()
        generator = np.random.default_rng(int.from_bytes(noise, "big"))
        starts.append(generator.random(shape, dtype=np.float32))
    return torch.from_numpy(np.stack(starts)).to(device=model.device, dtype=model.dtype)


def given_start(model: MultilayeredNetwork, given: Tensor | np.ndarray, n_members: int) -> Tensor:
    """Check a start that the caller gives, and bring it within [0, 1].

    Returns
    -------
    Tensor, shape (batch, sensory, step)
        A copy.

    Raises
    ------
    ValueError
        If the shape is not (batch, sensory, step), or a value is NaN or infinite.
    TypeError
        If it is neither an array nor a tensor, or holds no real numbers.
    """
    start = given_tensor(given, "input_tensor", model)
    shape = (n_members, len(model.sensory_indices), model.num_layers)
    if tuple(start.shape) != shape:
        raise ValueError(
            f"input_tensor has shape {tuple(start.shape)}, but must have (batch, sensory, step) = "
            f"{shape}"
        )
    require_finite(start, "input_tensor holds", "numpy.nan_to_num")
    return start.clamp(0, 1)

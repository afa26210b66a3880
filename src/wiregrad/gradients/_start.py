"""Where a search begins: seeds, and a start stimulus for every batch member."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor

from ..network import MultilayeredNetwork, require_finite
from ._given_tensor import given_tensor
from ._ranges import full_drive, gains
from ._resolved_targets import ResolvedTargets

# How strong a start may be: from full strength down, and then ever closer around the best.
_FACTORS = (
    [2 ** (-k / 2) for k in range(1, 11)],
    [2 ** (k / 8) for k in (-3, -2, -1, 1, 2, 3)],
    [2 ** (k / 32) for k in (-3, -2, -1, 1, 2, 3)],
)

# Numbers of the noise that is drawn with a seed: starts count from 0.
_SHAKING = -1

__all__ = [
    "choose_seed",
    "given_start",
    "linear_slope",
    "make_noise",
    "make_starts",
    "random_start",
]


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


def make_starts(
    model: MultilayeredNetwork, targets: ResolvedTargets, slope: Tensor, seed: int, n_starts: int
) -> Tensor:
    """Make the starts of every member, one after the other.

    The first drives the inputs through which the targets would come nearest if the network were
    linear, as many of them and as strongly as suits; the others are drawn evenly from all that
    inputs may be, 0 where an input has no walk of the right length to any target, and scaled as
    suits. What a member gets depends on the seed and on its targets, not on its place in the batch.

    Parameters
    ----------
    model : MultilayeredNetwork
    targets : ResolvedTargets
    slope : Tensor, shape (batch, sensory, step)
        As of `linear_slope`.
    seed, n_starts : int

    Returns
    -------
    Tensor, shape (batch * n_starts, sensory, step)

    Notes
    -----
    Cost: some 40 forward runs of all starts.
    """
    untold = model.input_range[1] / 2
    driven = torch.where(_told(slope), full_drive(slope, model.input_range), untold)
    first = _Fit(model, targets, driven)
    first.shorten(gains(slope, model.input_range))
    first.scale()
    starts = [first.best]
    for number in range(1, n_starts):
        other = _Fit(model, targets, _of_use(slope, _noise(model, targets, seed, number)))
        other.scale()
        starts.append(other.best)
    return torch.stack(starts, dim=1).flatten(0, 1)


def make_noise(
    model: MultilayeredNetwork, targets: ResolvedTargets, slope: Tensor, seed: int, number: int
) -> Tensor:
    """Draw from [0, 1) for every input of a member that may reach its targets; 0 for the others.

    `slope`, as of `linear_slope`, tells which.

    Returns
    -------
    Tensor, shape (batch, sensory, step)
    """
    return _of_use(slope, _drawn(model, targets, seed, _SHAKING - number))


def _of_use(slope: Tensor, noise: Tensor) -> Tensor:
    """Silence the inputs that reach no target, if the slope tells which."""
    return torch.where((slope != 0) | ~_told(slope), noise, 0)


def _told(slope: Tensor) -> Tensor:
    """Say by member whether a slope tells anything: at rest a user's own function may have none."""
    return (slope != 0).flatten(1).any(dim=1)[:, None, None]


class _Fit:
    """Fits stimuli to targets by forward runs alone; keeps the nearest.

    A network driven to saturation has no slope to follow back.
    """

    def __init__(self, model: MultilayeredNetwork, targets: ResolvedTargets, start: Tensor) -> None:
        self._targets, self.best, self._range = targets, start, model.input_range
        self._watch = targets.watch(model, leak=0.0)
        self._nearest = start.new_full((len(start),), torch.inf)
        self._try(start)

    def _try(self, stimulus: Tensor) -> None:
        """Keep a stimulus for the members that it brings nearer than the best so far."""
        with torch.no_grad():
            miss = self._watch(stimulus).read - self._targets.value
        distance = self._targets.mean_by_member(miss.square())
        nearer = distance < self._nearest
        self.best = torch.where(nearer[:, None, None], stimulus, self.best)
        self._nearest = torch.where(nearer, distance, self._nearest)

    def shorten(self, ranking: Tensor) -> None:
        """Try the first 1, 2, 4, ... inputs of a ranking."""
        start, ordered = self.best, ranking.flatten(1).sort(dim=1, descending=True).values
        size = 1
        while size < ordered.shape[1]:
            least = ordered[:, size - 1, None, None]
            self._try(torch.where(ranking >= least, start, 0))
            size *= 2

    def scale(self) -> None:
        """Try weaker stimuli, and then ever closer ones around the best."""
        for factors in _FACTORS:
            around = self.best
            for factor in factors:
                self._try((factor * around).clamp(*self._range))


def linear_slope(model: MultilayeredNetwork, targets: ResolvedTargets) -> Tensor:
    """Return by how much each input would move a member's targets towards their values.

    In the network linearised at rest, with no threshold: the signed effective connectivity, by
    walks of every length there is time for.
    """
    silence = torch.zeros(
        (targets.n_members, len(model.sensory_indices), model.num_layers),
        dtype=model.dtype,
        device=model.device,
    )
    return targets.slope(model, silence, leak=1.0)


def _noise(model: MultilayeredNetwork, targets: ResolvedTargets, seed: int, number: int) -> Tensor:
    low, high = model.input_range
    return low + (high - low) * _drawn(model, targets, seed, number)


def _drawn(model: MultilayeredNetwork, targets: ResolvedTargets, seed: int, number: int) -> Tensor:
    shape = (len(model.sensory_indices), model.num_layers)
    starts = []
    for digest in targets.digests():
        key = f"{seed}:{number}:" if number else f"{seed}:"
        noise = hashlib.sha256(key.encode() + digest).digest()
        generator = np.random.default_rng(int.from_bytes(noise, "big"))
        starts.append(generator.random(shape, dtype=np.float32))
    return torch.from_numpy(np.stack(starts)).to(device=model.device, dtype=model.dtype)


def random_start(model: MultilayeredNetwork, targets: ResolvedTargets, seed: int) -> Tensor:
    """Draw a start for every member from all that inputs may be: see `make_starts`.

    Returns
    -------
    Tensor, shape (batch, sensory, step)
    """
    return _noise(model, targets, seed, 0)


def given_start(model: MultilayeredNetwork, given: Tensor | np.ndarray, n_members: int) -> Tensor:
    """Check a start that the caller gives, and bring it within the input range.

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
    return start.clamp(*model.input_range)

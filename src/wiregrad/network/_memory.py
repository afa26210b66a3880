"""How much memory a run needs, how much there is, and what to do where that is too little."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ..product import row_width
from ._fused import can_fuse

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = [
    "available_memory",
    "choose_window",
    "estimate_memory",
    "has_room",
    "records_gradient",
]

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
# Where a run would take more than this share of what is free, states are computed twice instead.
_PLENTY = 0.5
# Nobody need look for so little.
_LITTLE = 50_000_000
# What plain differentiable steps keep of every state for the gradient: W h, drive, activation, ...
_PLAIN_COPIES = 5


def available_memory(device: torch.device) -> int | None:
    """Return the bytes that are free for new work on a device; None where that cannot be known.

    On the CPU it is known on Linux only: the free memory of the machine, or what a container or a
    job may still take if that is less.

    Examples
    --------
    >>> free = available_memory(torch.device("cpu"))
    >>> free is None or free > 0
    True
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    of_machine = _number_after("MemAvailable:", _MEMINFO)
    if of_machine is None:
        return None
    left = _left_to_the_job()
    return of_machine * 1024 if left is None else min(of_machine * 1024, left)


def _left_to_the_job() -> int | None:
    """Return what the control group of this process may still take, caches aside."""
    limit, used = (_first_number(_CGROUP / name) for name in ("memory.max", "memory.current"))
    if limit is None or used is None:
        return None
    caches = _number_after("inactive_file", _CGROUP / "memory.stat") or 0
    return max(limit - used + caches, 0)


def _first_number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such file, or the word "max"
        return None


def _number_after(word: str, path: Path) -> int | None:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(word)), None)


def records_gradient(model: MultilayeredNetwork, stimulus: torch.Tensor) -> bool:
    """Whether a run on this stimulus records what a gradient needs."""
    wanted = stimulus.requires_grad or model.is_training_parameters
    return torch.is_grad_enabled() and wanted


def estimate_memory(
    model: MultilayeredNetwork,
    batch: int,
    *,
    n_read: int | None = None,
    gradient: bool = False,
    window: int | None = None,
) -> int:
    """Estimate the peak of a run above what the process holds already, in bytes.

    Parameters
    ----------
    model : MultilayeredNetwork
    batch : int
        Members.
    n_read : int, optional
        States read of each member; by default all are kept and returned.
    gradient : bool
        Whether the gradient of the stimulus is taken.
    window : int, optional
        Steps kept at a time, if not all states are returned.
    """
    size, layouts = model.weights.values.element_size(), model.weights.bytes_to_come(batch)
    n_steps, n_sensory = model.num_layers, len(model.sensory_indices)
    if can_fuse(model):
        batch = row_width(batch)
    one_state = model.n_neurons * batch * size
    stimulus = n_sensory * batch * n_steps * size
    if not can_fuse(model):
        kept = (_PLAIN_COPIES * (window or n_steps) + n_steps // (window or n_steps)) * one_state
        returned = 2 * (n_steps * one_state if n_read is None else n_read * batch * size)
        return returned + 2 * one_state + (kept if gradient else 0) + 4 * stimulus + layouts
    window = min(window or n_steps, n_steps)
    if n_read is None:
        window = n_steps
    states = (window + 1) * one_state * (1 if model.tau is None else 2)  # and what is remembered
    lists = (window + 1) * model.n_neurons * 4
    reading = 0 if n_read is None else 2 * n_read * batch * size
    total = states + lists + reading + 3 * stimulus + layouts
    if not gradient:
        return total
    n_windows = math.ceil(n_steps / window)
    starts = n_windows * one_state if n_windows > 1 else 0
    upstream = n_steps * one_state if n_read is None else 0
    if model.is_training_parameters:  # their gradients need the summed input
        upstream += window * one_state
    if model.tau is not None:
        upstream += 3 * one_state
    return total + starts + 3 * one_state + 2 * lists + upstream + 3 * stimulus


def has_room(model: MultilayeredNetwork, batch: int) -> bool:
    """Whether a run with its gradient, of so many members, leaves half of the memory free."""
    free = available_memory(model.device)
    needed = estimate_memory(model, batch, n_read=0, gradient=True)
    return free is None or needed < max(_LITTLE, _PLENTY * free)


def choose_window(
    model: MultilayeredNetwork,
    batch: int,
    *,
    n_read: int | None,
    gradient: bool,
    window: int | None = None,
) -> int:
    """Choose how many steps to keep in memory at a time, or check a choice.

    All of them if there is plenty of memory; otherwise the square root of their number, so that the
    states kept at the starts of windows and those within one are about as many. Without a gradient
    one step at a time is enough.

    Raises
    ------
    MemoryError
        If even that cannot fit: how much is needed, how much there is, and what would help.
    """
    n_steps = model.num_layers
    chosen = window is not None
    if window is None:
        window = 1 if n_read is not None and not gradient else n_steps

    def needed(steps: int) -> int:
        return estimate_memory(model, batch, n_read=n_read, gradient=gradient, window=steps)

    if needed(window) < _LITTLE:
        return window
    free = available_memory(model.device)
    if free is None:
        return window
    splits = gradient and (n_read is not None or not can_fuse(model))
    if splits and not chosen and needed(window) > _PLENTY * free:
        window = math.ceil(math.sqrt(n_steps))
    if needed(window) > free:
        raise MemoryError(
            f"a run of {batch:,} batch members needs about {needed(window) / 1e9:.1f} GB of "
            f"memory, and {free / 1e9:.1f} GB are free: take a smaller batch"
            + (", or keep fewer states with record=" if n_read is None else "")
        )
    return window

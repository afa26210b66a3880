"""How much memory a run needs, how much there is, and what to do where that is too little."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ._fused import can_fuse

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["available_memory", "choose_window", "estimate_memory"]

_MEMINFO = Path("/proc/meminfo")
# Where a run would take more than this share of what is free, states are computed twice instead.
_PLENTY = 0.5
# What plain differentiable steps keep of every state for the gradient: W h, drive, activation, ...
_PLAIN_COPIES = 5


def available_memory() -> int | None:
    """Return the bytes that are free for new work, or None where that cannot be known (Linux only).

    Examples
    --------
    >>> free = available_memory()
    >>> free is None or free > 0
    True
    """
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else None


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
    size = model.weights.values.element_size()
    n_steps, n_sensory = model.num_layers, len(model.sensory_indices)
    one_state = model.n_neurons * batch * size
    stimulus = n_sensory * batch * n_steps * size
    if not can_fuse(model):
        kept = (_PLAIN_COPIES * (window or n_steps) + n_steps // (window or n_steps)) * one_state
        return (n_steps + 2) * one_state + (kept if gradient else 0) + 4 * stimulus
    window = min(window or n_steps, n_steps)
    if n_read is None:
        window = n_steps
    states = (window + 1) * one_state
    lists = (window + 1) * model.n_neurons * 4
    reading = 0 if n_read is None else n_read * batch * (2 * size + 32)
    total = states + lists + reading + 3 * stimulus
    if not gradient:
        return total
    starts = (math.ceil(n_steps / window) - 1) * one_state
    upstream = n_steps * one_state if n_read is None else 0
    return total + starts + 2 * one_state + 2 * lists + upstream + 3 * stimulus + _layout(model)


def _layout(model: MultilayeredNetwork) -> int:
    """Count what the layout by pre takes, and what making it does, if it is not there."""
    if model.weights.has_layout_by_pre:
        return 0
    one = sum(part.nbytes for part in (model.weights.crow, model.weights.col, model.weights.values))
    return 2 * one


def choose_window(
    model: MultilayeredNetwork, batch: int, *, n_read: int | None, gradient: bool
) -> int:
    """Choose how many steps to keep in memory at a time.

    All of them if there is plenty of memory; otherwise the square root of their number, so that the
    states kept at the starts of windows and those within one are about as many. Without a gradient
    one step at a time is enough.

    Raises
    ------
    MemoryError
        If even that cannot fit: how much is needed, how much there is, and what would help.
    """
    n_steps = model.num_layers
    if n_read is None:
        window = n_steps
    elif not gradient:
        window = 1
    else:
        window = n_steps
    free = available_memory()
    if free is None:
        return window

    def needed(steps: int) -> int:
        return estimate_memory(model, batch, n_read=n_read, gradient=gradient, window=steps)

    if n_read is not None and gradient and needed(window) > _PLENTY * free:
        window = math.ceil(math.sqrt(n_steps))
    if needed(window) > free:
        raise MemoryError(
            f"a run of {batch:,} batch members needs about {needed(window) / 1e9:.1f} GB of "
            f"memory, and {free / 1e9:.1f} GB are free: take a smaller batch"
            + (", or keep fewer states with record=" if n_read is None else "")
        )
    return window

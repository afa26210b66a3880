"""How many problems fit side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..network import MultilayeredNetwork, has_room
from ..product import row_width

__all__ = ["choose_batch_size"]

_MOST = 64

# Starts of a member that may be run side by side, where the arguments do not say.
_STARTS = 4

# A search keeps its stimulus every fifth pass, for at most so many passes.
_PASSES, _KEPT_EVERY = 2_000, 5

# A batch may take this share of a worker's memory.
_PLENTY = 0.5


def choose_batch_size(
    network: MultilayeredNetwork,
    n_problems: int,
    arguments: Mapping[str, Any],
    *,
    sharing: int,
    memory: int | None = None,
    batch_size: int | None = None,
) -> int:
    """Choose a batch size, or check a choice.

    Parameters
    ----------
    network : MultilayeredNetwork
    n_problems : int
        Every worker is to have a batch, so there may be less in each.
    arguments : dict
        Those of activation_maximisation.
    sharing : int
        Number of batches that are solved at the same time: on this machine, unless `memory` is
        given.
    memory : int, optional
        Bytes that each may take, where they are solved on other machines.
    batch_size : int, optional
        The choice.

    Returns
    -------
    int
        At most 64, if it was not chosen.

    Raises
    ------
    ValueError
        If the choice is no whole number from 1 on.
    """
    if batch_size is not None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(
                f"batch_size is a whole number of problems, at least 1, not {batch_size!r}"
            )
        return batch_size
    weight = _weight(network, arguments)
    size = max(1, min(_MOST, math.ceil(n_problems / sharing)))
    while size > 1 and not _fits(network, math.ceil(size * weight), sharing, memory):
        size = math.ceil(size / 2)
    return size


def _fits(network: MultilayeredNetwork, members: int, sharing: int, memory: int | None) -> bool:
    if memory is None:
        return has_room(network, members * sharing)
    return _needed(network, members) < _PLENTY * memory


def _weight(network: MultilayeredNetwork, arguments: Mapping[str, Any]) -> float:
    """Count how many single runs a member weighs: its starts, and the stimuli that are kept."""
    passes = arguments.get("num_iterations") or _PASSES
    stimulus = len(network.sensory_indices) * network.num_layers * network.dtype.itemsize
    kept = stimulus * math.ceil(passes / _KEPT_EVERY)
    starts = arguments.get("n_starts") or _STARTS
    register = row_width(2)  # a batch has room for whole registers of members
    one = (_needed(network, 2 * register) - _needed(network, register)) / register
    return float(starts + kept / one)


def _needed(network: MultilayeredNetwork, members: int) -> int:
    return network.memory_estimate(members, record=[0], record_steps=[0], gradient=True)

"""The neurons that a gradient can pass on its way back, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ._needed import Needed, needed_after
from ._places import Array
from ._room import Room
from ._walks import shortest_walks

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["Wanted", "as_window", "reachable_neurons"]

# Lists of more than this share of the neurons are made complete: that needs no looking up.
_NEARLY_ALL = 0.8

#: Neurons of the start, of all steps, where each step begins, and edges: see `backward`.
Wanted: TypeAlias = tuple[Array, Array, Array, Array]


def as_window(entry: Array, lists: Sequence[Array], indptr: Array) -> Wanted:
    """Join lists of neurons; also say where each begins, and the out-edges of the one before it.

    Examples
    --------
    >>> neurons = [np.array(rows, np.uint32) for rows in ([0], [1, 2], [2])]
    >>> _, joined, starts, edges = as_window(neurons[0], neurons[1:], np.array([0, 4, 5, 6]))
    >>> joined.tolist(), starts.tolist(), edges.tolist()
    ([1, 2, 2], [0, 2, 3], [4, 2])
    """
    from ..product.compiled import count_edges  # numba is loaded when it is first needed

    starts = np.cumsum([0, *(len(rows) for rows in lists)])
    edges = np.array([count_edges(indptr, rows) for rows in [entry, *lists[:-1]]], np.int64)
    return entry, np.concatenate(lists), starts, edges


def reachable_neurons(
    model: MultilayeredNetwork,
    room: Room,
    needed: Needed,
    sensory: Array,
    indptr: Array,
    first: int,
    stop: int,
) -> Wanted:
    """List the neurons that the stimulus can change and that are needed, once for all passes.

    Parameters
    ----------
    model : MultilayeredNetwork
    room : Room
        Where they are kept.
    needed : Needed
    sensory : ndarray
        Ascending.
    indptr : ndarray
        Where the out-edges of each neuron begin.
    first, stop : int
        The steps asked for.
    """
    if room.reachable is None:
        room.reachable = _reachable(model, model.num_layers)
    window = first, stop, len(needed[0])
    if window not in room.wanted:
        entry = room.reachable[first - 1] if first else sensory
        lists = []
        for t in range(first, stop):
            reached = room.reachable[t]
            some = needed_after(needed, t, reached)
            lists.append(np.intersect1d(reached, some, assume_unique=True))
        room.wanted[window] = as_window(entry, lists, indptr)
    return room.wanted[window]


def _reachable(model: MultilayeredNetwork, n_steps: int) -> list[Array]:
    """List the neurons whose state after each step the stimulus can change at all, or more.

    What others hand back reaches no stimulus.
    """
    hops = shortest_walks(model)
    sensory = model.sensory_indices.numpy()
    everyone = np.arange(model.n_neurons, dtype=np.uint32)
    lists = []
    for t in range(n_steps):
        within = (hops >= 1) & (hops <= t + 1)
        if t < n_steps - 1:
            within[sensory] = True
        nearly_all = within.mean() > _NEARLY_ALL
        lists.append(everyone if nearly_all else np.flatnonzero(within).astype(np.uint32))
    return lists

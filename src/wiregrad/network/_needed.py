"""Which neurons matter to what is read of a network, step by step from the end."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from ._places import Array, Grid, Places

__all__ = ["Needed", "needed_after", "needed_neurons", "no_neurons"]

#: Neurons whose state after each step matters, one step after another, and where each begins; of
#: steps after which all matter, none.
Needed: TypeAlias = tuple[Array, Array]


def no_neurons(n_steps: int) -> Needed:
    """Name no neurons at any step: all matter."""
    return np.empty(0, np.uint32), np.zeros(n_steps + 1, np.int64)


def needed_after(needed: Needed, t: int, everyone: Array) -> Array:
    """Return the neurons whose state after step `t` matters.

    Examples
    --------
    >>> needed = np.array([2], np.uint32), np.array([0, 0, 1])
    >>> [needed_after(needed, t, np.arange(3)).tolist() for t in (0, 1)]
    [[0, 1, 2], [2]]
    """
    neurons, starts = needed
    some = neurons[starts[t] : starts[t + 1]]
    return some if len(some) else everyone


def needed_neurons(
    places: Places | Grid,
    by_post: tuple[Array, Array, Array],
    sensory: Array,
    n_steps: int,
    most: float,
) -> Needed:
    """List the neurons that the states which are read depend on, for the last steps.

    After the last step these are the neurons that are read, after the one before besides those that
    lead to them, and so on, until they have so many in-edges that listing them would not pay.

    Parameters
    ----------
    places : Places or Grid
        The states to read.
    by_post : (indptr, indices, values)
        The weights in CSR form.
    sensory : ndarray
        These matter after every step but the last: a stimulus joins them.
    n_steps : int
    most : float
        List no more than have this share of all edges.

    Notes
    -----
    Cost: the in-edges of the neurons that are listed.

    Examples
    --------
    >>> chain = np.array([0, 0, 1, 2], np.uint32), np.array([0, 1], np.uint32), np.ones(2)
    >>> last = Places(np.array([2]), np.array([2]), np.array([0]))  # 0 -> 1 -> 2 is read at the end
    >>> neurons, starts = needed_neurons(last, chain, np.array([0]), n_steps=3, most=0.75)
    >>> neurons.tolist(), starts.tolist()
    ([0, 0, 1, 2], [0, 1, 3, 4])
    """
    starts, sources = by_post[0].astype(np.int64), by_post[1]
    n_neurons, n_edges = len(starts) - 1, len(sources)
    lists: list[Array] = []
    matters = np.zeros(n_neurons, bool)
    for t in reversed(range(n_steps)):
        matters[places.neurons_at(t)] = True
        if lists:
            matters[sensory] = True
        rows = np.flatnonzero(matters)
        if not len(rows) or (starts[rows + 1] - starts[rows]).sum() > most * n_edges:
            break
        lists.append(rows.astype(np.uint32))
        matters = _leading_to(rows, starts, sources)
    lists.reverse()
    sizes = [0] * (n_steps - len(lists)) + [len(rows) for rows in lists]
    return np.concatenate([np.empty(0, np.uint32), *lists]), np.cumsum([0, *sizes])


def _leading_to(rows: Array, starts: Array, sources: Array) -> Array:
    """Mark the neurons with an edge to some others."""
    marked = np.zeros(len(starts) - 1, bool)
    sizes = starts[rows + 1] - starts[rows]
    before = np.cumsum(sizes) - sizes
    edges = np.arange(sizes.sum()) + np.repeat(starts[rows] - before, sizes)
    marked[sources[edges]] = True
    return marked

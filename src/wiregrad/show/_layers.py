"""Where the nodes of a layered graph go: few crossings, short edges, no overlap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["crossings", "place_nodes"]

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]

_SWEEPS = 12


def place_nodes(
    layer: IndexArray, last: npt.NDArray[np.bool_], edges: IndexArray, weight: FloatArray
) -> FloatArray:
    """Choose the vertical position of every node of a layered graph.

    Within each layer the nodes are ordered by the mean position of their neighbours, layer by
    layer, forwards and backwards (the barycentre sweeps of Sugiyama, Tagawa and Toda 1981, IEEE
    Trans Syst Man Cybern 11:109); of all orders met, the one with the fewest crossings is kept.
    Then each layer moves as near to its neighbours as distances of at least 1 allow, and no further
    up or down than the longest layer.

    Parameters
    ----------
    layer : ndarray, shape (n,)
        Layer of each node.
    last : ndarray of bool, shape (n,)
        Nodes that go to the end of their layer, whatever their neighbours.
    edges : ndarray, shape (2, m)
        Nodes at both ends of each edge, one layer apart.
    weight : ndarray, shape (m,)
        How much an edge pulls; above 0.

    Returns
    -------
    ndarray, shape (n,)
        Positions in units of the smallest distance between two nodes of a layer; from 0 down.

    Notes
    -----
    Cost: a sweep passes over the edges, and counts crossings in a table of the nodes of each two
    layers.

    Examples
    --------
    >>> layer = np.array([0, 0, 1, 1])
    >>> crossed = np.array([[0, 1], [3, 2]])
    >>> place_nodes(layer, np.zeros(4, dtype=bool), crossed, np.ones(2)).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    order = pd.Series(np.arange(len(layer))).groupby(layer).rank().to_numpy() - 1
    order = _ranked(order, layer, last)
    best, fewest = order, crossings(layer, order, edges)
    for sweep in range(_SWEEPS):
        order = _sweep(order, layer, last, edges, weight, forwards=sweep % 2 == 0)
        count = crossings(layer, order, edges)
        if count < fewest:
            best, fewest = order, count
    return _settle(best, layer, edges, weight)


def crossings(layer: IndexArray, order: FloatArray, edges: IndexArray) -> int:
    """Count the pairs of edges that cross."""
    count = 0
    for each in np.unique(layer[edges[0]]):
        ends = order[edges[:, layer[edges[0]] == each]]
        (a, n_a), (b, n_b) = (_places(end) for end in ends)
        edges_at = np.zeros((n_a, n_b), dtype=np.int64)
        np.add.at(edges_at, (a, b), 1)
        # Of the edges that begin below (in rows after a), those that end above (before b).
        below = np.cumsum(edges_at[::-1], axis=0)[::-1]
        crossed = np.cumsum(below, axis=1)
        count += int((edges_at[:-1, 1:] * crossed[1:, :-1]).sum())
    return count


def _places(order: FloatArray) -> tuple[IndexArray, int]:
    """Count from 0 the places that occur, in their order."""
    places, number = np.unique(order, return_inverse=True)
    return number.astype(np.int64), len(places)


def _sweep(
    order: FloatArray,
    layer: IndexArray,
    last: npt.NDArray[np.bool_],
    edges: IndexArray,
    weight: FloatArray,
    forwards: bool,
) -> FloatArray:
    source, end = edges if forwards else edges[::-1]
    layers = np.unique(layer)
    for each in layers if forwards else layers[::-1]:
        here = layer == each
        centre = _barycentre(order, source, end, weight)
        order = np.where(here, _ranked(np.where(here, centre, order), layer, last), order)
    return order


def _barycentre(
    position: FloatArray, source: IndexArray, end: IndexArray, weight: FloatArray
) -> FloatArray:
    """Mean position of the neighbours; a node without any keeps its own."""
    n = len(position)
    total = np.bincount(end, weights=weight, minlength=n)
    mean = np.bincount(end, weights=weight * position[source], minlength=n)
    return np.where(total > 0, mean / np.where(total > 0, total, 1.0), position)


def _ranked(key: FloatArray, layer: IndexArray, last: npt.NDArray[np.bool_]) -> FloatArray:
    """Rank of each node in its layer, centred at 0."""
    by_key = np.lexsort((key, last, layer))
    rank = np.empty(len(key))
    starts = np.searchsorted(layer[by_key], layer[by_key], side="left")
    rank[by_key] = np.arange(len(key)) - starts
    size = np.bincount(layer)[layer]
    return rank - (size - 1) / 2


def _settle(
    order: FloatArray, layer: IndexArray, edges: IndexArray, weight: FloatArray
) -> FloatArray:
    """Pull the nodes to their neighbours, in their order, within the height of the longest layer.

    Beyond it there is nothing but empty paper.
    """
    position = order.copy()
    half = (float(np.bincount(layer).max()) - 1) / 2 if len(layer) else 0.0
    layers = np.unique(layer)
    for sweep in range(6):
        source, end = edges if sweep % 2 == 0 else edges[::-1]
        for each in layers if sweep % 2 == 0 else layers[::-1]:
            here = np.flatnonzero(layer == each)
            here = here[np.argsort(order[here], kind="stable")]
            wish = _barycentre(position, source, end, weight)[here]
            position[here] = _apart(wish, -half, half)
    return position - position.min() if len(position) else position


def _apart(wish: FloatArray, low: float, high: float) -> FloatArray:
    """Nearest positions, in the same order, at least 1 apart, within limits (by least squares)."""
    blocks: list[tuple[float, int]] = []  # mean and length of runs that touch
    for value in (wish - np.arange(len(wish))).tolist():
        mean, n = value, 1
        while blocks and blocks[-1][0] > mean:
            before, m = blocks.pop()
            mean, n = (before * m + mean * n) / (m + n), m + n
        blocks.append((mean, n))
    fitted = np.repeat([mean for mean, _ in blocks], [n for _, n in blocks])
    return np.asarray(np.clip(fitted, low, high - (len(wish) - 1)) + np.arange(len(wish)))

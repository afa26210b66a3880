"""Draw edges: by block probability and each neuron's propensity, and back along edges there are.

An edge is one int64, pre * n_neurons + post; sets of edges are sorted arrays of them.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["copy_back", "draw_edges", "has_reverse", "holds", "propensities", "reverse"]

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

# More rounds than this are needed only where the blocks cannot hold so many edges.
_MOST_ROUNDS = 100


def propensities(
    rng: np.random.Generator,
    degree_out: Integers,
    degree_in: Integers,
    *,
    sigma: float,
    rho: float,
    loyalty: float,
) -> tuple[Floats, Floats]:
    """Draw how readily each neuron gives and takes further edges, log-normal.

    Parameters
    ----------
    rng : Generator
    degree_out, degree_in : ndarray, shape (n_neurons,)
        Of the edges there are.
    sigma : float
        Standard deviation of the logarithms.
    rho : float
        Correlation of what is drawn for out and in.
    loyalty : float
        Correlation of a propensity with the logarithm of the degree there is.

    Returns
    -------
    out, inward : ndarray, shape (n_neurons,)
    """
    noise = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=len(degree_out)).T
    return tuple(  # type: ignore[return-value]  # two of them
        np.exp(sigma * (loyalty * _scores(degree) + np.sqrt(1 - loyalty**2) * own))
        for degree, own in zip((degree_out, degree_in), noise, strict=True)
    )


def _scores(degree: Integers) -> Floats:
    """Standardise the logarithms of the degrees; no edge counts as half of one."""
    logs = np.log(np.maximum(degree, 0.5))
    known = logs[degree > 0]
    return (logs - known.mean()) / max(known.std(), 1e-9)


def draw_edges(
    rng: np.random.Generator,
    wanted: int,
    class_of: Integers,
    expected: Floats,
    out: Floats,
    inward: Floats,
    taken: Integers,
) -> Integers:
    """Draw so many distinct edges, none of them taken and none from a neuron to itself.

    The two classes are drawn by `expected`, then pre within its class by `out` and post within its
    own by `inward`.

    Parameters
    ----------
    rng : Generator
    wanted : int
    class_of : ndarray, shape (n_neurons,)
    expected : ndarray, shape (n_classes, n_classes)
        Edges from class to class, up to a factor.
    out, inward : ndarray, shape (n_neurons,)
    taken : ndarray of int64
        Edges, sorted.

    Returns
    -------
    ndarray of int64, shape (wanted,)
        Edges, sorted.

    Raises
    ------
    ValueError
        If the blocks cannot hold as many.
    """
    n_neurons = len(class_of)
    found = np.empty(0, dtype=np.int64)
    for _ in range(_MOST_ROUNDS):
        missing = wanted - len(found)
        if missing <= 0:
            return np.sort(rng.choice(found, wanted, replace=False))
        pre, post = _draw(rng, int(1.1 * missing) + 100, class_of, expected, out, inward)
        edges = (pre * n_neurons + post)[pre != post]
        found = np.union1d(found, edges[~holds(taken, edges)])
    raise ValueError(f"no room for {wanted:,} edges: only {len(found):,} were found")


def _draw(
    rng: np.random.Generator,
    n_draws: int,
    class_of: Integers,
    expected: Floats,
    out: Floats,
    inward: Floats,
) -> tuple[Integers, Integers]:
    pre_class, post_class = np.nonzero(expected)
    share = expected[pre_class, post_class]
    per_block = rng.multinomial(n_draws, share / share.sum())
    chosen_class = np.repeat(pre_class, per_block), np.repeat(post_class, per_block)
    pre, post = np.empty((2, n_draws), dtype=np.int64)
    for chosen, classes, weight in zip((pre, post), chosen_class, (out, inward), strict=True):
        for one in np.unique(classes):
            members = np.flatnonzero(class_of == one)
            here = np.flatnonzero(classes == one)
            steps = np.cumsum(weight[members])
            place = np.searchsorted(steps, rng.random(len(here)) * steps[-1], side="right")
            chosen[here] = members[np.minimum(place, len(members) - 1)]
    return pre, post


def copy_back(rng: np.random.Generator, wanted: int, edges: Integers, n_neurons: int) -> Integers:
    """Choose edges that have no reverse, and return their reverses, sorted."""
    single = edges[~has_reverse(edges, n_neurons)]
    return np.sort(reverse(rng.choice(single, wanted, replace=False), n_neurons))


def has_reverse(edges: Integers, n_neurons: int) -> npt.NDArray[np.bool_]:
    """Say of each edge whether its reverse is there as well."""
    return holds(edges, reverse(edges, n_neurons))


def reverse(edges: Integers, n_neurons: int) -> Integers:
    """Swap pre and post."""
    pre, post = np.divmod(edges, n_neurons)
    return post * n_neurons + pre


def holds(sorted_edges: Integers, edges: Integers) -> npt.NDArray[np.bool_]:
    """Say of each of `edges` whether it is among the sorted ones."""
    if not len(sorted_edges):
        return np.zeros(len(edges), dtype=bool)
    place = np.minimum(np.searchsorted(sorted_edges, edges), len(sorted_edges) - 1)
    return sorted_edges[place] == edges

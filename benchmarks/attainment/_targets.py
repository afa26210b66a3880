"""Which neurons are to be switched on: a seeded choice over cell types."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["choose_targets", "choose_tenth", "within_reach"]

Integers = npt.NDArray[np.integer]


def within_reach(matrix: sparse.csr_matrix, sensory: Integers, steps: int) -> npt.NDArray[np.bool_]:
    """Say which neurons are not sensory and lie at most so many steps from those that are.

    Parameters
    ----------
    matrix : csr_matrix
        W[post, pre].
    sensory : ndarray of int
    steps : int

    Returns
    -------
    ndarray of bool, shape (n_neurons,)
    """
    size = abs(matrix)
    arrived = np.zeros(matrix.shape[0], dtype=np.float32)
    arrived[sensory] = 1
    for _ in range(steps):
        arrived = np.sign(arrived + size @ arrived)
    reached = arrived > 0
    reached[sensory] = False
    return reached


def choose_targets(
    possible: npt.NDArray[np.bool_], groups: Integers, number: int, seed: int
) -> list[int]:
    """Draw cell types, and of each a neuron; once every type has one, neurons at large.

    A smaller number gives the first of a larger one's targets.

    Parameters
    ----------
    possible : ndarray of bool, shape (n_neurons,)
    groups : ndarray of int, shape (n_neurons,)
    number : int
        There are fewer targets where fewer neurons are possible.
    seed : int

    Returns
    -------
    list of int
    """
    rng = np.random.default_rng(seed)
    types = np.unique(groups[possible])
    rng.shuffle(types)
    chosen = [
        int(rng.choice(np.flatnonzero(possible & (groups == group)))) for group in types[:number]
    ]
    if len(chosen) < number:
        rest = np.setdiff1d(np.flatnonzero(possible), chosen)
        rng.shuffle(rest)
        chosen += rest[: number - len(chosen)].tolist()
    return chosen


def choose_tenth(targets: list[int], seed: int) -> list[int]:
    """Draw a tenth of the targets, at least one; in their order."""
    places = np.random.default_rng([seed, 10]).permutation(len(targets))
    return [targets[place] for place in sorted(places[: max(1, round(len(targets) / 10))])]

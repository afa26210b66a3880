"""Neurons that names stand for: one for a number, any number of them for another selection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ..tables import find_numbers

__all__ = ["Members", "members_of"]

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Members:
    """The neurons of some names.

    Attributes
    ----------
    neurons : ndarray of int64
        Those of all names.
    start, size : ndarray of int64, shape (n_names,)
        The neurons of name i are `neurons[start[i] : start[i] + size[i]]`.
    """

    neurons: IndexArray
    start: IndexArray
    size: IndexArray

    def of_each(self, names: npt.NDArray[np.integer]) -> tuple[IndexArray, IndexArray]:
        """List the neurons of some names, one after another.

        Parameters
        ----------
        names : ndarray of int, shape (n,)
            Positions of names; one may stand there several times.

        Returns
        -------
        row, neuron : ndarray of int64, shape (n_found,)
            Position in `names` and index of a neuron that this name stands for.

        Examples
        --------
        >>> members = Members(np.array([4, 7, 8]), np.array([0, 1]), np.array([1, 2]))
        >>> row, neuron = members.of_each(np.array([1, 0, 1]))
        >>> row.tolist(), neuron.tolist()
        ([0, 0, 1, 2, 2], [7, 8, 4, 7, 8])
        """
        size = self.size[names]
        row = np.repeat(np.arange(len(names)), size)
        within = np.arange(len(row)) - (np.cumsum(size) - size)[row]
        return row, self.neurons[self.start[names][row] + within]


def members_of(
    names: Sequence[Any], network: MultilayeredNetwork, find: Callable[[int], IndexArray]
) -> Members:
    """Find the neurons of some names, all numbers at once.

    Parameters
    ----------
    names : sequence
        Each once, for the sake of time.
    network : MultilayeredNetwork
    find : callable
        Finds the neurons of the name at a position, or raises; called for what is no number of a
        neuron.

    Notes
    -----
    Cost: one pass over the names and one over the neurons, and what `find` takes.
    """
    found = np.full(len(names), -1)
    numbers = {place: int(name) for place, name in enumerate(names) if _is_whole(name)}
    if numbers:
        # As objects: numpy makes a float of an integer beyond int64 beside a negative one.
        given = np.array(list(numbers.values()), dtype=object)
        found[list(numbers)] = find_numbers(network, pd.Index(given).infer_objects().to_numpy())
    lost = np.flatnonzero(found < 0)
    others = [find(int(place)) for place in lost]
    size = np.ones(len(names), dtype=np.int64)
    size[lost] = [len(other) for other in others]
    start = np.arange(len(names))
    start[lost] = len(names) + np.cumsum(size[lost]) - size[lost]
    return Members(np.concatenate([found, *others]), start, size)


def _is_whole(name: Any) -> bool:
    return isinstance(name, (int, np.integer)) and not isinstance(name, bool)

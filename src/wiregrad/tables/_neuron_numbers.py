"""Numbers that mean neurons: indices, and ids that are numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork

__all__ = ["find_numbers", "ids_are_numbers"]


def find_numbers(network: MultilayeredNetwork, numbers: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Find the neuron that each number means, as `network.find` does one at a time.

    Parameters
    ----------
    network : MultilayeredNetwork
    numbers : array of int, shape (n,)
        Indices; a number that is none but is an id means that id.

    Returns
    -------
    ndarray of int64, shape (n,)
        Indices in the order of the numbers, repeats included; -1 for what is neither.

    Notes
    -----
    Cost: one pass over the numbers; where one is no index, also one over the neurons.

    Examples
    --------
    >>> import wiregrad as wg
    >>> network = wg.MultilayeredNetwork(np.zeros((3, 3)), [0], device="cpu")
    >>> find_numbers(network, [2, 0, 7]).tolist()
    [2, 0, -1]
    """
    array = np.asarray(numbers)
    inside = np.asarray((array >= 0) & (array < network.n_neurons), dtype=bool)
    found = np.where(inside, array, -1).astype(np.int64)
    if not inside.all():
        found[~inside] = _positions(network, array[~inside])
    return found


def ids_are_numbers(network: MultilayeredNetwork) -> bool:
    """Tell whether the network has labels, and their ids are integers."""
    return network.neurons is not None and pd.api.types.is_integer_dtype(network.neurons["id"])


def _positions(network: MultilayeredNetwork, ids: npt.NDArray[Any]) -> npt.NDArray[np.intp] | int:
    if network.neurons is None or not ids_are_numbers(network):
        return -1
    known = network.neurons["id"].reset_index(drop=True).drop_duplicates()
    place = pd.Index(known).get_indexer(pd.Index(ids))
    return np.where(place < 0, -1, known.index.to_numpy()[place])

"""Which neurons are meant: by index, and on a network by name or mask too."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from .._messages import few
from ..network import MultilayeredNetwork
from ._index_array import to_nparray
from ._neuron_numbers import find_numbers, ids_are_numbers

__all__ = ["needed", "read_neurons", "read_sensory"]

IndexArray = npt.NDArray[np.int64]


def needed(argument: str) -> ValueError:
    """Make the error for an argument that only a network could stand in for."""
    return ValueError(f"{argument} is missing: give it, or network= to take it from")


def read_neurons(
    neurons: Any,
    argument: str,
    n_neurons: int | None = None,
    network: MultilayeredNetwork | None = None,
) -> IndexArray:
    """Read neurons of which neither order nor repeats matter.

    Parameters
    ----------
    neurons : int, mask, or a collection of int; with a network any selection
        Missing values are passed over. A mask has an entry for each neuron.
    argument : str
        What the caller calls them, for the errors.
    n_neurons : int, optional
        How many neurons there are, if that is known.
    network : MultilayeredNetwork, optional

    Returns
    -------
    ndarray of int64, shape (n,)
        Ascending, each once.

    Raises
    ------
    ValueError
        If they are no whole numbers, out of range, or match nothing.
    TypeError
        If they are no collection.

    Examples
    --------
    >>> read_neurons([3, 1.0, None, 1], "neuron_indices", 4).tolist()
    [1, 3]
    """
    listed = [neurons] if isinstance(neurons, str) else neurons
    array = to_nparray(listed, unique=False)
    if array.dtype.kind not in "biuf":
        if network is None:
            raise ValueError(
                f"{argument} holds names ({few(array)}): pass network=, which knows them, or the "
                "neurons' indices"
            )
        return np.unique(network.find(list(listed)))
    if array.dtype.kind == "b":
        return _of_mask(array, argument, n_neurons)
    indices = _whole(array, argument)
    outside = _outside(indices, n_neurons)
    if outside.any() and network is not None:
        return np.unique(_find_ids(indices, network))
    _refuse_outside(indices[outside], argument, n_neurons)
    return np.unique(indices)


def read_sensory(
    sensory_indices: Any,
    n_neurons: int | None = None,
    network: MultilayeredNetwork | None = None,
) -> IndexArray:
    """Read the neurons that receive the stimulus, in the order of its rows.

    Parameters
    ----------
    sensory_indices : sequence of int; with a network any selection, or None for its own
        On a network with labels, numbers that are no index may be ids.
    n_neurons : int, optional
        How many neurons there are, if that is known.
    network : MultilayeredNetwork, optional

    Returns
    -------
    ndarray of int64, shape (n_sensory,)

    Raises
    ------
    ValueError
        If they are not given, not whole numbers, repeated or out of range, or have no order.

    Examples
    --------
    >>> read_sensory((4, 2)).tolist()
    [4, 2]
    """
    if sensory_indices is None:
        if network is None:
            raise needed("sensory_indices")
        return np.asarray(network.sensory_indices.cpu().numpy(), dtype=np.int64)
    if isinstance(sensory_indices, (set, frozenset)):
        raise ValueError("sensory_indices is a set, which has no order: pass a list")
    if isinstance(sensory_indices, Tensor):
        sensory_indices = sensory_indices.detach().cpu().numpy()
    array = np.asarray(sensory_indices)
    if network is not None and array.ndim == 0 and array.dtype.kind in "iu":
        array = array.ravel()  # one neuron
    if network is not None and array.size and array.dtype.kind not in "iuf":
        return np.asarray(network.find(sensory_indices), dtype=np.int64)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "iu":
        raise ValueError(
            "sensory_indices is a one-dimensional, non-empty sequence of neuron indices, not "
            f"{array.dtype} of shape {array.shape}"
        )
    outside = _outside(array, n_neurons)
    if outside.any() and network is not None and ids_are_numbers(network):
        found = _find_ids(array, network)
    else:
        _refuse_outside(array[outside], "sensory_indices", n_neurons)
        found = array.astype(np.int64)
    order = np.argsort(found, kind="stable")
    repeated = order[1:][found[order[1:]] == found[order[:-1]]]
    if len(repeated):
        raise ValueError(f"sensory_indices are repeated: {few(pd.unique(array[repeated]))}")
    return found


def _find_ids(numbers: npt.NDArray[Any], network: MultilayeredNetwork) -> IndexArray:
    """Find neurons by numbers some of which are ids, in their order."""
    found = find_numbers(network, numbers)
    lost = np.flatnonzero(found < 0)
    if len(lost):
        network.find(int(numbers[lost[0]]))  # raises, and says what would do
    return found


def _of_mask(mask: npt.NDArray[np.bool_], argument: str, n_neurons: int | None) -> IndexArray:
    if n_neurons is not None and len(mask) != n_neurons:
        raise ValueError(
            f"{argument} is a mask of {len(mask):,} entries, but there are {n_neurons:,} neurons"
        )
    return np.flatnonzero(mask).astype(np.int64)


def _whole(array: npt.NDArray[Any], argument: str) -> IndexArray:
    broken = array[array != np.floor(array)]
    if len(broken):
        raise ValueError(f"{argument} are the indices of neurons, whole numbers, not {few(broken)}")
    return array.astype(np.int64)


def _outside(indices: npt.NDArray[Any], n_neurons: int | None) -> npt.NDArray[np.bool_]:
    beyond = np.zeros(len(indices), dtype=bool) if n_neurons is None else indices >= n_neurons
    return (indices < 0) | beyond


def _refuse_outside(outside: npt.NDArray[Any], argument: str, n_neurons: int | None) -> None:
    if len(outside):
        valid = "" if n_neurons is None else f": there are {n_neurons:,} (0 to {n_neurons - 1:,})"
        raise ValueError(f"{argument} are out of range, {few(outside)}{valid}")

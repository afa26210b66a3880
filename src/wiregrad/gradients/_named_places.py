"""Places in a network, named as `{layer: neurons}`: checked, and listed one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from ..network import MultilayeredNetwork
from ._members import members_of
from ._numbers import finite_number
from ._target_rows import count_from_start, layers_are

__all__ = ["WeightedPlaces", "list_neurons", "list_places", "weigh_places"]

IndexArray = npt.NDArray[np.int64]


def list_places(
    named: Sequence[tuple[Any, Any]], model: MultilayeredNetwork, argument: str
) -> tuple[IndexArray, list[IndexArray]]:
    """Find the layer and the neurons of each `(layer, neurons)`.

    Parameters
    ----------
    named : sequence of (layer, neurons)
        Negative layers count from the end. Neurons are whatever `find` takes; of a list, all that
        each of its items names.
    model : MultilayeredNetwork
    argument : str
        What the caller's argument is called, for errors.

    Returns
    -------
    layers : ndarray of int64, shape (len(named),)
    neurons : list of ndarray of int64

    Raises
    ------
    ValueError
        If nothing is named, or a layer or neuron is not in the network.

    Examples
    --------
    >>> import wiregrad as wg
    >>> network = wg.MultilayeredNetwork(np.eye(3), [0], 2, device="cpu")
    >>> list_places([(-1, [2, 0])], network, "targets")
    (array([1]), [array([2, 0])])
    """
    named = [(layer, what) for layer, what in named if not _is_empty_list(what)]
    if not named:
        raise ValueError(
            f"{argument} names no neurons: give {{layer: neurons}}, such as {{-1: [0]}}"
        )
    layers = _layers([layer for layer, _ in named], model.num_layers, argument)
    return layers, [list_neurons(what, model) for _, what in named]


def list_neurons(what: Any, model: MultilayeredNetwork) -> IndexArray:
    """List the neurons of a selection; of a list, all that each of its items names."""
    if isinstance(what, (np.ndarray, pd.Series, pd.Index, Tensor)) and what.ndim:
        what = np.asarray(what).ravel().tolist()
    if not isinstance(what, (list, tuple, range)):
        return model.find(what)
    if all(isinstance(item, bool | np.bool_) for item in what):  # a mask
        return model.find(what)
    members = members_of(list(what), model, lambda code: model.find(what[code]))
    return members.of_each(np.arange(len(what)))[1]


@dataclass(frozen=True, eq=False)
class WeightedPlaces:
    """A weighted sum of activations: each place once, by layer and then neuron.

    Attributes
    ----------
    layer, neuron : Tensor of int64, shape (n,)
    weight : Tensor, shape (n,)
        Of the network's dtype.
    """

    layer: Tensor
    neuron: Tensor
    weight: Tensor


def weigh_places(targets: Mapping[int, Any], model: MultilayeredNetwork) -> WeightedPlaces:
    """Read targets, `{layer: neurons}` or `{layer: {neurons: weight}}`.

    Weights of what is named several times are added up.

    Raises
    ------
    TypeError
        If it is no dict.
    ValueError
        If nothing is named, a layer or neuron is not in the network, or a weight is no number.

    Examples
    --------
    >>> import wiregrad as wg
    >>> network = wg.MultilayeredNetwork(np.eye(3), [0], 2, device="cpu")
    >>> weigh_places({1: {0: 1, 2: -1}}, network).weight
    tensor([ 1., -1.])
    """
    if not isinstance(targets, Mapping):
        raise TypeError(
            "targets are a dict {layer: neurons}, or {layer: {neurons: weight}} for differences, "
            f"not {type(targets).__name__}"
        )
    named: list[tuple[Any, Any]] = []
    weights: list[float] = []
    for layer, what in targets.items():
        by_weight = what.items() if isinstance(what, Mapping) else [(what, 1.0)]
        for neurons, weight in by_weight:
            if not _is_empty_list(neurons):
                named.append((layer, neurons))
                weights.append(finite_number(f"the weight of {neurons!r} in targets", weight))
    layers, members = list_places(named, model, "targets")
    sizes = [len(m) for m in members]
    places = np.stack([np.repeat(layers, sizes), np.concatenate(members)])
    (layer, neuron), place = np.unique(places, axis=1, return_inverse=True)
    total = np.bincount(place.ravel(), np.repeat(weights, sizes), minlength=len(layer))
    return WeightedPlaces(
        torch.from_numpy(layer).to(model.device),
        torch.from_numpy(neuron).to(model.device),
        torch.from_numpy(total).to(model.device, model.dtype),
    )


def _is_empty_list(what: Any) -> bool:
    if isinstance(what, str) or not isinstance(what, Sized) or getattr(what, "ndim", 1) == 0:
        return False
    return len(what) == 0


def _layers(given: list[Any], num_layers: int, argument: str) -> IndexArray:
    for layer in given:
        whole = isinstance(layer, (int, np.integer)) and not isinstance(layer, bool)
        if not whole and not (isinstance(layer, float) and layer.is_integer()):
            raise ValueError(
                f"the layer {layer!r} of {argument} is no whole number: {layers_are(num_layers)}"
            )
    layers, outside = count_from_start(np.array(given, dtype=np.int64), num_layers)
    if outside.any():
        raise ValueError(
            f"layer {given[int(np.flatnonzero(outside)[0])]} of {argument} is out of "
            f"range: {layers_are(num_layers)}"
        )
    return layers

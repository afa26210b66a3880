"""The part of a network that a stimulus can reach at all: smaller arrays, the same numbers."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..product import SparseMatrix, Stamp, same_stamp, stamp_of
from ._walks import shortest_walks

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["NetworkPart", "reached_part", "rests"]

# A part is not worth its memory where more than this share of the connections is in it.
_WORTHWHILE = 0.8


class NetworkPart:
    """Some neurons of a network and the connections among them; all else is the network's own.

    It stands for the network as long as no neuron is active of itself: see `rests`.

    Parameters
    ----------
    whole : MultilayeredNetwork
        On the CPU.
    neurons : ndarray of int64
        Ascending, with all sensory neurons among them.

    Attributes
    ----------
    neurons : ndarray of int64
    place : ndarray of int64, shape (n_neurons of the network,)
        Where each neuron is in the part; -1 if it is not.
    """

    def __init__(self, whole: MultilayeredNetwork, neurons: npt.NDArray[np.int64]) -> None:
        # The network remembers its part, and shall not be kept alive by it.
        self._whole = weakref.ref(whole)
        self.neurons = neurons
        self.place = np.full(whole.n_neurons, -1, np.int64)
        self.place[neurons] = np.arange(len(neurons))
        self.weights = SparseMatrix(whole.weights.to_scipy()[neurons][:, neurons])
        self.sensory_indices = torch.from_numpy(self.place[whole.sensory_indices.numpy()])
        self.n_neurons = len(neurons)
        self.interventions = whole.interventions.within(self.place)
        self.indices: Tensor | None = None
        if whole.indices is not None:
            self.indices = whole.indices[torch.from_numpy(neurons)]

    def __getattr__(self, name: str) -> Any:
        whole = self.__dict__["_whole"]()
        if whole is None:
            raise RuntimeError("the network of this part is gone")
        return getattr(whole, name)


def rests(model: MultilayeredNetwork) -> bool:
    """Whether no neuron is active without input.

    Then activity spreads from the stimulus alone, a hop a step, and a part of the network that
    holds all that it reaches in the steps there are stands for the network; and so does one that
    holds all that neurons which are held active reach, too.

    Examples
    --------
    >>> import wiregrad as wg
    >>> rests(wg.MultilayeredNetwork(np.eye(2), [0], device="cpu", default_bias=0.02))
    False
    """
    # As the kernels compare: in the network's own precision.
    threshold = torch.tensor(model.threshold, dtype=model.dtype)
    if model.biases is None:
        return bool(torch.tensor(model.default_bias, dtype=model.dtype) < threshold)
    return bool((model.biases.detach().to(model.dtype) < threshold).all())


@dataclass(frozen=True, eq=False)
class _Known:
    """The part found last of a network, and what of the network it was found for."""

    stamp: Stamp
    sensory: Tensor
    indices: Stamp
    num_layers: int
    part: NetworkPart | None

    def fits(self, model: MultilayeredNetwork, also: npt.NDArray[np.int64]) -> bool:
        return (
            same_stamp(self.stamp, model.weights.stamp)
            and same_stamp(self.indices, _stamp_of_indices(model))
            and torch.equal(self.sensory, model.sensory_indices)
            and self.num_layers == model.num_layers
            and (self.part is None or bool((self.part.place[also] >= 0).all()))
        )


def _stamp_of_indices(model: MultilayeredNetwork) -> Stamp:
    return () if model.indices is None else stamp_of(model.indices)


_known: weakref.WeakKeyDictionary[MultilayeredNetwork, _Known] = weakref.WeakKeyDictionary()


def reached_part(model: MultilayeredNetwork, also: npt.NDArray[np.int64]) -> NetworkPart | None:
    """Find the part that a stimulus, or a held neuron, can reach, if so small that it pays.

    Parameters
    ----------
    model : MultilayeredNetwork
        One that can be fused.
    also : ndarray of int64
        Neurons that shall be in it, reached or not.

    Returns
    -------
    NetworkPart or None

    Notes
    -----
    Cost: a pass over the edges, and the connections of the part once more in memory; the last part
    of a network is remembered.

    Examples
    --------
    >>> import wiregrad as wg
    >>> weights = np.array([[0, 0, 0.0], [0.5, 0, 0], [0.9, 0, 0]]).T  # 1 and 2 drive 0
    >>> network = wg.MultilayeredNetwork(weights, [1], num_layers=2, device="cpu")
    >>> reached_part(network, np.array([1])).neurons.tolist()
    [0, 1]
    """
    known = _known.get(model)
    if known is None or not known.fits(model, also):
        known = _known[model] = _Known(
            model.weights.stamp,
            model.sensory_indices.clone(),
            _stamp_of_indices(model),
            model.num_layers,
            _find(model, also),
        )
    return known.part


def _find(model: MultilayeredNetwork, also: npt.NDArray[np.int64]) -> NetworkPart | None:
    held = model.interventions.active
    walks = shortest_walks(model, held)
    within = (walks >= 1) & (walks <= model.num_layers)
    within[held] = True
    within[model.sensory_indices.numpy()] = True
    within[also] = True
    out_edges = np.diff(model.weights.ccol.numpy())
    if out_edges[within].sum() > _WORTHWHILE * len(model.weights.values):
        return None
    return NetworkPart(model, np.flatnonzero(within))

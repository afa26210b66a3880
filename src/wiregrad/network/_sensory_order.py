"""The sensory neurons as kernels take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._places import Array
from ._room import Room

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["SensoryOrder"]


@dataclass(frozen=True, eq=False)
class SensoryOrder:
    """The sensory neurons, ascending; their rows of the stimulus; and the row by neuron, or -1."""

    sensory: Array
    places: Array
    place_of: Array

    @classmethod
    def of(cls, model: MultilayeredNetwork, room: Room) -> SensoryOrder:
        if room.sensory_order is None:
            sensory = model.sensory_indices.numpy()
            order = np.argsort(sensory)
            place_of = np.full(model.n_neurons, -1, np.int32)
            place_of[sensory] = np.arange(len(sensory))
            ascending = sensory[order].astype(np.uint32)
            room.sensory_order = (ascending, order.astype(np.uint32), place_of)
        return cls(*room.sensory_order)

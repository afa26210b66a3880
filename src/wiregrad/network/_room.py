"""Memory that is used again from pass to pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor

from ..product import aligned
from ._needed import Needed
from ._places import Array

__all__ = ["Room"]


@dataclass(eq=False)
class Room:
    """Arrays by name, and what need not be looked up again.

    Attributes
    ----------
    arrays : dict
    sensory_order : tuple or None
        The sensory neurons in ascending order, and where to find their stimuli.
    slope_and_bias : tuple or None
        Of every neuron, while they have no gradient.
    cleared : ndarray or None
        States whose first is 0 but for sensory neurons, which every run sets: a batch's take longer
        to clear than to drive.
    reachable : list of ndarray, or None
        Of each step: the neurons that the stimulus can change at all.
    wanted : dict
        By window of steps, and how many neurons are needed: the neurons that the stimulus can
        change at all, and that are needed, before and within it.
    needed : dict
        The neurons that what is read depends on, after the last steps, by the share of edges that
        are looked at.
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    sensory_order: tuple[Array, Array, Array] | None = None
    slope_and_bias: tuple[Tensor, Tensor] | None = None
    cleared: Array | None = None
    reachable: list[Array] | None = None
    wanted: dict[tuple[int, ...], tuple[Array, Array, Array, Array]] = field(default_factory=dict)
    needed: dict[float, Needed] = field(default_factory=dict)

    def empty(self, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return an array of that shape; what it holds is undefined."""
        return self._get(name, shape, dtype, np.empty)

    def zeros(self, name: str, shape: tuple[int, ...], dtype: Any) -> Array:
        """Return an array of that shape; it holds zeros or what was written to it before."""
        return self._get(name, shape, dtype, np.zeros)

    def _get(self, name: str, shape: tuple[int, ...], dtype: Any, make: Any) -> Array:
        array = self.arrays.get(name)
        if array is None or array.shape != shape or array.dtype != dtype:
            array = self.arrays[name] = aligned(shape, dtype, make)
        return array

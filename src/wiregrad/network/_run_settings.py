"""What is asked of a run of the fused network, and the gradients on their way back through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._places import Array, Grid, Places
from ._room import Room

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["RunSettings", "Upstream"]


@dataclass(frozen=True, eq=False)
class RunSettings:
    """What is asked of a run.

    Attributes
    ----------
    model : MultilayeredNetwork
    threshold, leak : float
        Slope of the surrogate gradient below threshold is `leak`.
    places : Places or Grid
        The states to read.
    room : Room
        Where arrays are kept from run to run.
    give_states : bool
        Whether all states are returned: they belong to the caller, and lie in no room.
    add_up : bool
        Whether activations are summed up.
    keep_summed : bool
        Whether slopes and biases have gradients.
    needs_gradient : bool
    window : int
        Steps whose states are in memory at a time. Where that is not all of them, one state a
        window is kept, and the others are computed again for the gradient.
    rows : ndarray of int64, shape (batch,), or None
        Which batch member each is, for what is done to single members; None: in order.
    initial : ndarray, shape (n_neurons, batch), or None
        What column 0 of the stimulus joins; None: silence.
    """

    model: MultilayeredNetwork
    threshold: float
    leak: float
    places: Places | Grid
    room: Room
    give_states: bool
    add_up: bool
    keep_summed: bool
    needs_gradient: bool
    window: int
    rows: Array | None = None
    initial: Array | None = None


_NOWHERE = np.empty(0, np.int64), np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Upstream:
    """Gradients on their way back: given of single states, all, and sums; found of the rest.

    At the entries of `cut`, (neuron, batch), no gradient is handed back along the edges. If `g` is
    the `whole` gradient of activations already, none is asked of states, and no stimulus joins.
    """

    read: Array
    dense: Array
    per_size: Array
    per_square: Array
    d_given: Array
    d_slope: Array
    d_bias: Array
    g: Array
    cut: tuple[Array, Array] = _NOWHERE
    whole: bool = False

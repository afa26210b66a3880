"""Pulses and trains of pulses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .._messages import few
from ..network import MultilayeredNetwork

__all__ = ["pulses"]


def pulses(
    network: MultilayeredNetwork,
    neurons: Any,
    *,
    onset: int = 0,
    width: int = 1,
    period: int | None = None,
    n_pulses: int | None = None,
) -> npt.NDArray[np.float32]:
    """Drive some sensory neurons by a pulse or a train of pulses.

    Parameters
    ----------
    network : MultilayeredNetwork
    neurons : selection or dict
        The sensory neurons that are driven, at full strength; or {selection: strength}.
    onset, width : int
        The first step of the first pulse, and the steps that each lasts.
    period : int, optional
        Steps from one onset to the next, at least `width`. By default there is one pulse.
    n_pulses : int, optional
        With a period: pulses in all, by default as many as there is time for.

    Returns
    -------
    ndarray of float32, shape (sensory, step)

    Raises
    ------
    ValueError
        If neurons receive no input, a strength is outside [0, 1], or a number is out of range.

    Notes
    -----
    Cost: 4 bytes for each value of the result.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, ["ASHL", "FLPL"], 6, device="cpu")
    >>> pulses(network, {"ASH": 1, "FLPL": 0.5}, period=3, width=2).tolist()
    [[1.0, 1.0, 0.0, 1.0, 1.0, 0.0], [0.5, 0.5, 0.0, 0.5, 0.5, 0.0]]
    """
    on = _on(network.num_layers, onset, width, period, n_pulses)
    given = neurons if isinstance(neurons, Mapping) else {_Whole(neurons): 1.0}
    sensory = network.sensory_indices.cpu().numpy()
    stimulus = np.zeros((len(sensory), network.num_layers), dtype=np.float32)
    for what, strength in given.items():
        if not 0 <= strength <= 1:
            raise ValueError(f"the strength of {what!r} is a number from 0 to 1, not {strength!r}")
        found = network.find(what.selection if isinstance(what, _Whole) else what)
        rows = np.flatnonzero(np.isin(sensory, found))
        if not len(rows):
            raise ValueError(
                f"none of the neurons {few(found)} receives input: choose among the network's "
                "sensory neurons"
            )
        stimulus[np.ix_(rows, on)] = strength
    return stimulus


class _Whole:
    """A selection as the key of a dict, whether it can be one or not."""

    def __init__(self, selection: Any) -> None:
        self.selection = selection


def _on(
    n_steps: int, onset: int, width: int, period: int | None, n_pulses: int | None
) -> npt.NDArray[np.intp]:
    """List the steps at which there is input."""
    for name, value, least in (
        ("onset", onset, 0),
        ("width", width, 1),
        ("period", period, width),
        ("n_pulses", n_pulses, 1),
    ):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if value is not None and (not whole or value < least):
            raise ValueError(f"{name} is a whole number of at least {least}, not {value!r}")
    if onset >= n_steps:
        raise ValueError(f"onset={onset} is out of range: there are {n_steps} steps, from 0")
    since = np.arange(n_steps) - onset
    number = since // (period or n_steps)
    on = (since >= 0) & (since - number * (period or n_steps) < width)
    if n_pulses is not None:
        on &= number < n_pulses
    return np.flatnonzero(on)

"""What a count is a share of: the denominators of the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few

if TYPE_CHECKING:
    from ._connectome import Connectome

__all__ = ["SHARE_UNIT", "default_normalisation", "input_of_neurons", "input_totals"]

FloatArray = npt.NDArray[np.float64]

#: The unit of counts that are shares of a neuron's input already.
SHARE_UNIT = "share of the postsynaptic neuron's input"

_INPUT, _DATASET, _NONE = "input", "input over the whole dataset", "none"


def default_normalisation(connectome: Connectome) -> str:
    """Return "none" where the counts are shares already, else "input"."""
    return _NONE if connectome.unit == SHARE_UNIT else _INPUT


def input_of_neurons(connectome: Connectome) -> FloatArray:
    """Sum each neuron's input, shape (n_neurons,), in the connectome's unit."""
    counts = connectome.counts
    return np.bincount(counts.indices, weights=counts.data, minlength=counts.shape[1]).astype(
        np.float64, copy=False
    )


def input_totals(connectome: Connectome, normalise: str, column: str) -> FloatArray:
    """Return what each neuron's incoming counts are divided by.

    Parameters
    ----------
    connectome : Connectome
    normalise : {"input", "input over the whole dataset", "none"}
        All input that the connectome holds; all input of a larger data set that it is a part of,
        from a column of the neurons table; or 1.
    column : str
        The column with these totals.

    Returns
    -------
    ndarray of float64, shape (n_neurons,)

    Raises
    ------
    ValueError
        If there is no such way or no such column, or a total is missing or smaller than the input
        that the connectome itself holds.
    """
    if normalise == _NONE:
        return np.ones(connectome.n_neurons)
    own = input_of_neurons(connectome)
    if normalise == _INPUT:
        return own
    if normalise != _DATASET:
        raise ValueError(
            f"normalise is {_INPUT!r}, {_DATASET!r} or {_NONE!r}, not {normalise!r}"
            f"{did_you_mean(str(normalise), [_INPUT, _DATASET, _NONE])}"
        )
    return _known_totals(connectome, own, column)


def _known_totals(connectome: Connectome, own: FloatArray, column: str) -> FloatArray:
    neurons = connectome.neurons
    if column not in neurons.columns:
        raise ValueError(
            f"there is no column {column!r} with each neuron's input over the whole dataset: name "
            f"one with total_input=; the neurons table has {few(neurons.columns, limit=20)}"
        )
    values = pd.to_numeric(neurons[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    short = np.flatnonzero((own > 0) & ~(values >= own * (1 - 1e-9)))
    if len(short):
        examples = [
            f"{neurons['id'].iloc[i]} has {values[i]:g} but receives {own[i]:g}" for i in short[:3]
        ]
        raise ValueError(
            f"the column {column!r} is missing or smaller than the input in the connectome for "
            f"{len(short):,} neurons: {few(examples)}"
        )
    return values

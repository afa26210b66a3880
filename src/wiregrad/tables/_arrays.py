"""Stimuli and activations of one problem, checked and as plain arrays."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ..network import MultilayeredNetwork

__all__ = ["ArrayLike", "FloatArray", "given_stimulus", "read_activations", "read_inputs"]

FloatArray: TypeAlias = npt.NDArray[np.float64]
ArrayLike: TypeAlias = "npt.NDArray[np.generic] | Tensor"


def given_stimulus(network: MultilayeredNetwork, stimulus: ArrayLike) -> FloatArray:
    """Return what the network makes of a stimulus: silent below the threshold, at most 1.

    Parameters
    ----------
    network : MultilayeredNetwork
    stimulus : ndarray or Tensor, shape (sensory, step)

    Returns
    -------
    ndarray of float64, shape (sensory, step)

    Raises
    ------
    ValueError
        If it is not a single stimulus for this network, or holds a NaN.
    """
    array = read_inputs(network, stimulus, "stimulus")
    return np.where(array >= network.threshold, np.minimum(array, 1.0), 0.0)


def read_inputs(network: MultilayeredNetwork, values: ArrayLike, what: str) -> FloatArray:
    """Return a number for each input, shape (sensory, step), as float64.

    Raises
    ------
    ValueError
        If it is not of a single problem on this network, or holds a NaN.
    """
    return _read(values, what, len(network.sensory_indices), "sensory neurons")


def read_activations(network: MultilayeredNetwork, activations: ArrayLike) -> FloatArray:
    """Return activations, shape (n_neurons, step), as float64.

    Raises
    ------
    ValueError
        If they are not those of a single problem on this network, or hold a NaN.
    """
    return _read(activations, "activations", network.n_neurons, "neurons")


def _read(values: ArrayLike, what: str, n_rows: int, rows: str) -> FloatArray:
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 3:
        field = {"stimulus": "input", "activations": "output"}.get(what)
        of_result = f" (of a result: result.batch_{field}[0])" if field else ""
        raise ValueError(
            f"{what} has shape {array.shape}, a batch: pass one member of it, "
            f"for example {what}[0]{of_result}"
        )
    if array.ndim != 2 or len(array) != n_rows or not array.shape[1]:
        raise ValueError(
            f"{what} has shape {array.shape}, but this network needs ({n_rows:,}, steps): "
            f"a row for each of its {n_rows:,} {rows}, at least one step"
        )
    if np.isnan(array).any():
        raise ValueError(f"{what} holds {int(np.isnan(array).sum()):,} NaN")
    return array

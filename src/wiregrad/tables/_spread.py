"""How much the members of a group differ, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..network import MultilayeredNetwork
from ._arrays import ArrayLike, read_activations
from ._labels import neuron_labels

__all__ = ["activation_spread"]

_LOW, _HIGH = 0.1, 0.9


def activation_spread(network: MultilayeredNetwork, activations: ArrayLike) -> pd.DataFrame:
    """Summarise by group and step how activations are spread among the members.

    Parameters
    ----------
    network : MultilayeredNetwork
    activations : ndarray or Tensor, shape (n_neurons, step)
        Dimensionless, in [0, 1]; as the network returns them.

    Returns
    -------
    DataFrame
        A row for each group and step, by group, then step: `group` (see `neuron_labels`), `step`
        (steps taken; layer t is step t + 1), `n` (members), `mean`, `low` and `high` (between them
        are four fifths of the members: the first and the last tenth are left out), `median`, `min`
        and `max`.

    Raises
    ------
    ValueError
        If the activations are a batch, have the wrong number of rows, or hold a NaN.

    Notes
    -----
    Cost: a sort of the activations of each step.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 2, device="cpu")
    >>> table = activation_spread(network, network(np.ones((83, 2))))
    >>> table[table["group"] == "VA"].round(2)[["step", "n", "mean", "low", "high"]]
         step   n  mean   low  high
    228     1  12  0.05  0.00  0.22
    229     2  12  0.53  0.02  0.81
    """
    states = read_activations(network, activations)
    codes, names = pd.factorize(neuron_labels(network)["group"], sort=True)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(names) + 1))
    n, steps = np.diff(starts), states.shape[1]
    columns = {name: np.empty((len(names), steps)) for name in ("mean", *_PLACES)}
    for step in range(steps):
        ranked = np.lexsort((states[:, step], codes))
        values = states[ranked, step]
        columns["mean"][:, step] = np.add.reduceat(values, starts[:-1]) / n
        for name, place in _PLACES.items():
            columns[name][:, step] = _quantile(values, starts[:-1], n, place)
    return pd.DataFrame(
        {
            "group": pd.Series(np.repeat(np.asarray(names, dtype=object), steps), dtype="string"),
            "step": np.tile(np.arange(1, steps + 1, dtype=np.int64), len(names)),
            "n": np.repeat(n, steps).astype(np.int64),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )


_PLACES = {"low": _LOW, "median": 0.5, "high": _HIGH, "min": 0.0, "max": 1.0}


def _quantile(values: np.ndarray, starts: np.ndarray, n: np.ndarray, place: float) -> np.ndarray:
    """Interpolate a quantile of each run of sorted values."""
    at = place * (n - 1)
    below = np.floor(at).astype(np.int64)
    above = np.minimum(below + 1, n - 1)
    part = at - below
    return np.asarray(values[starts + below] * (1 - part) + values[starts + above] * part)

"""Activity on a hexagonal grid of columns, such as those of the eye."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..network import MultilayeredNetwork
from ._arrays import ArrayLike, given_stimulus, read_activations
from ._mapping import GroupsLike, group_labels

__all__ = ["activity_on_grid"]


def activity_on_grid(
    network: MultilayeredNetwork,
    activations: ArrayLike,
    neurons: Any,
    u: GroupsLike = "u",
    v: GroupsLike = "v",
    stimulus: ArrayLike | None = None,
) -> pd.DataFrame:
    """Average the activity of some neurons in each column of a hexagonal grid.

    Parameters
    ----------
    network : MultilayeredNetwork
    activations : ndarray or Tensor, shape (n_neurons, step)
        Dimensionless; as the network returns them, or anything else that has a number for each
        neuron, such as an attribution.
    neurons : index, list, mask, group or selection
        As `network.find` takes them, such as the cell type "T4a".
    u, v : str, dict or Series
        The two coordinates of each neuron's column: columns of the network's neurons, or {neuron
        index: coordinate}. Neurons without both are left out.
    stimulus : ndarray or Tensor, shape (sensory, step), optional
        Its column 0 becomes step 0, for those of the neurons that are sensory.

    Returns
    -------
    DataFrame
        A row for each step and column, by `step`, `u`, `v`: `step` (steps taken; 0 is the
        stimulus), `u`, `v`, `n` (neurons) and `activation` (their mean). Empty where no neuron has
        a column.

    Raises
    ------
    ValueError
        If no neuron is found, a coordinate is no number, or arrays do not fit the network.

    Notes
    -----
    Cost: one pass over the activations of the neurons.

    Examples
    --------
    >>> import wiregrad as wg
    >>> eye = wg.datasets.flyvis_column()
    >>> network = wg.MultilayeredNetwork.from_connectome(eye, "role=input", 2, device="cpu")
    >>> light = np.ones((len(network.sensory_indices), 2))
    >>> table = activity_on_grid(network, network(light), "Mi1")
    >>> len(table), table["n"].unique().tolist()
    (1442, [1])
    """
    states = read_activations(network, activations)
    found = network.find(neurons)
    numbers = [_coordinates(at, found, name, network) for at, name in ((u, "u"), (v, "v"))]
    known = ~np.isnan(numbers[0]) & ~np.isnan(numbers[1])
    columns = {"u": numbers[0][known], "v": numbers[1][known]}
    neuron = found[known]
    parts = []
    if stimulus is not None:
        given = np.full(network.n_neurons, np.nan)
        rows = given_stimulus(network, stimulus)[:, 0]
        given[network.sensory_indices.cpu().numpy()] = rows
        start = pd.DataFrame({"step": 0, **columns, "activation": given[neuron]})
        parts.append(start[start["activation"].notna()])
    for step, state in enumerate(states.T, 1):
        parts.append(pd.DataFrame({"step": step, **columns, "activation": state[neuron]}))
    by_column = pd.concat(parts).groupby(["step", "u", "v"])["activation"]
    table = by_column.agg(n="size", activation="mean").reset_index()
    return table.astype({"step": "int64", "n": "int64", "activation": "float64"})


def _coordinates(
    at: GroupsLike, neurons: np.ndarray, argument: str, network: MultilayeredNetwork
) -> np.ndarray:
    labels = pd.Series(group_labels(at, neurons, argument, network))
    try:
        return pd.to_numeric(labels).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(
            f"{argument} must give numbers, the coordinates of columns, not such as "
            f"{labels.dropna().iloc[0]!r}"
        ) from None

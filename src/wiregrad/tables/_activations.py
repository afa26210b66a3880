"""Activations as a table: by group and step."""

from __future__ import annotations

import pandas as pd

from ..network import MultilayeredNetwork
from ._arrays import ArrayLike, read_activations
from ._group_statistics import group_statistics
from ._labels import neuron_labels

__all__ = ["activations_by_group"]


def activations_by_group(network: MultilayeredNetwork, activations: ArrayLike) -> pd.DataFrame:
    """Summarise activations by group and step.

    Parameters
    ----------
    network : MultilayeredNetwork
    activations : ndarray or Tensor, shape (n_neurons, step)
        Dimensionless, in [0, 1]; as the network returns them.

    Returns
    -------
    DataFrame
        A row for each group and step, by group, then step:

        - `group`: see `neuron_labels`;
        - `step`: steps taken; layer t of the network is step t + 1;
        - `n`: neurons of the group;
        - `n_active`: how many of them are above 0;
        - `mean`, `max`: activation over all `n`.

    Raises
    ------
    ValueError
        If the activations are a batch, have the wrong number of rows, or hold a NaN.

    Notes
    -----
    Cost: one pass over the activations, and 50 bytes a group and step.

    Examples
    --------
    >>> import numpy as np
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 2, device="cpu")
    >>> table = activations_by_group(network, network(np.ones((83, 2))))
    >>> table[table["group"] == "AVA"].round(3)
       group  step  n  n_active   mean    max
    46   AVA     1  2         2  0.940  0.947
    47   AVA     2  2         2  0.962  0.969
    """
    states = read_activations(network, activations)
    return group_statistics(neuron_labels(network)["group"], states, first_step=1)

"""A saliency map as a table: by group of sensory neurons and step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..network import MultilayeredNetwork
from ._arrays import ArrayLike, read_inputs
from ._labels import neuron_labels

__all__ = ["saliency_by_group"]


def saliency_by_group(network: MultilayeredNetwork, saliency: ArrayLike) -> pd.DataFrame:
    """Summarise a saliency map, or another number for each input, by group and step.

    Parameters
    ----------
    network : MultilayeredNetwork
    saliency : ndarray or Tensor, shape (sensory, step)
        Signed; rows in the order of `network.sensory_indices`, as `saliency` returns them.

    Returns
    -------
    DataFrame
        A row for each group with sensory neurons and each step, by group, then step: `group` (see
        `neuron_labels`), `step` (at which the input is given; 0 is the start), `n` (sensory neurons
        of the group), `mean`, `min` and `max` over them.

    Raises
    ------
    ValueError
        If the map is a batch, has the wrong number of rows, or holds a NaN.

    Notes
    -----
    Cost: one pass over the map.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "PLML"], 2, device="cpu")
    >>> saliency_by_group(network, np.array([[1.0, 0], [-0.5, 0], [0, 0.2]]))
      group  step  n  mean  min  max
    0   ASH     0  2  0.25 -0.5  1.0
    1   ASH     1  2  0.00  0.0  0.0
    2   PLM     0  1  0.00  0.0  0.0
    3   PLM     1  1  0.20  0.2  0.2
    """
    values = read_inputs(network, saliency, "saliency")
    sensory = network.sensory_indices.cpu().numpy()
    row, step = np.indices(values.shape)
    groups = neuron_labels(network)["group"].take(sensory).reset_index(drop=True)
    table = pd.DataFrame(
        {
            "group": groups.take(row.ravel()).array,
            "step": step.ravel().astype(np.int64),
            "value": values.ravel(),
        }
    )
    by_group = table.groupby(["group", "step"])["value"]
    summed = by_group.agg(n="size", mean="mean", min="min", max="max").reset_index()
    return summed.astype({"group": "string", "n": "int64"})

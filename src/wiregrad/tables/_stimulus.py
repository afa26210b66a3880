"""A stimulus as tables: by group and step, and neuron by neuron."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..network import MultilayeredNetwork
from ._arrays import ArrayLike, given_stimulus
from ._group_statistics import group_statistics
from ._labels import neuron_labels

__all__ = ["active_inputs", "stimulus_by_group"]


def stimulus_by_group(network: MultilayeredNetwork, stimulus: ArrayLike) -> pd.DataFrame:
    """Summarise a stimulus by group of sensory neurons and step.

    Parameters
    ----------
    network : MultilayeredNetwork
    stimulus : ndarray or Tensor, shape (sensory, step)
        Dimensionless; rows in the order of `network.sensory_indices`. What lies below the
        network's threshold counts as 0, what lies above 1 as 1.

    Returns
    -------
    DataFrame
        A row for each group with sensory neurons and each step, by group, then step:

        - `group`: see `neuron_labels`;
        - `step`: steps taken when this input is given; 0 is the start, before the first hop;
        - `n`: sensory neurons of the group;
        - `n_active`: how many of them receive input;
        - `mean`, `max`: input over all `n`, in [0, 1].

    Raises
    ------
    ValueError
        If the stimulus is a batch, has the wrong number of rows, or holds a NaN.

    Notes
    -----
    Cost: one pass over the stimulus.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "PLML"], 2, device="cpu")
    >>> stimulus_by_group(network, np.array([[1.0, 0], [0.5, 0], [0, 0.2]]))
      group  step  n  n_active  mean  max
    0   ASH     0  2         2  0.75  1.0
    1   ASH     1  2         0  0.00  0.0
    2   PLM     0  1         0  0.00  0.0
    3   PLM     1  1         1  0.20  0.2
    """
    given = given_stimulus(network, stimulus)
    sensory = network.sensory_indices.cpu().numpy()
    return group_statistics(neuron_labels(network)["group"].take(sensory), given, first_step=0)


def active_inputs(network: MultilayeredNetwork, stimulus: ArrayLike) -> pd.DataFrame:
    """List the sensory neurons that receive input, and when.

    Parameters
    ----------
    network : MultilayeredNetwork
    stimulus : ndarray or Tensor, shape (sensory, step)
        As for `stimulus_by_group`.

    Returns
    -------
    DataFrame
        A row for each input above 0, by step, group and neuron: `step` (0 is the start), `group`,
        `id`, `neuron` (index) and `input` (in [0, 1]).

    Raises
    ------
    ValueError
        If the stimulus is a batch, has the wrong number of rows, or holds a NaN.

    Notes
    -----
    Cost: one pass over the stimulus.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "PLML"], 2, device="cpu")
    >>> active_inputs(network, np.array([[1.0, 0], [0, 0], [0, 0.2]]))
       step group    id  neuron  input
    0     0   ASH  ASHL      43    1.0
    1     1   PLM  PLML     167    0.2
    """
    given = given_stimulus(network, stimulus)
    row, step = np.nonzero(given)
    neuron = network.sensory_indices.cpu().numpy()[row]
    labels = neuron_labels(network).take(neuron).reset_index(drop=True)
    table = pd.DataFrame(
        {
            "step": step.astype(np.int64),
            "group": labels["group"],
            "id": labels["id"],
            "neuron": neuron.astype(np.int64),
            "input": given[row, step],
        }
    )
    return table.sort_values(["step", "group", "neuron"], ignore_index=True)

"""A name and a group for every neuron, whatever the network knows of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork

__all__ = ["neuron_labels", "neuron_names"]


def neuron_labels(network: MultilayeredNetwork) -> pd.DataFrame:
    """Name every neuron and its group, as text.

    Parameters
    ----------
    network : MultilayeredNetwork

    Returns
    -------
    DataFrame
        One row a neuron, in the order of their indices. `id`: the id of the neurons table, or the
        index where the network has no such table. `group`: the network's group; on a network
        without groups the cell type; without cell types, or where a neuron has none, its id.

    Notes
    -----
    Cost: one pass over the neurons.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", device="cpu")
    >>> neuron_labels(network).loc[[53, 54]].to_numpy().tolist()
    [['AVAL', 'AVA'], ['AVAR', 'AVA']]
    """
    index = pd.Series(range(network.n_neurons), dtype="int64").astype("string")
    neurons, groups = network.neurons, network.groups
    ids = index if neurons is None else neurons["id"].astype("string").reset_index(drop=True)
    if groups is not None:
        names = pd.Series([str(name) for name in groups.names], dtype="string")
        labels = names.take(groups.of_neuron).reset_index(drop=True)
    elif neurons is not None:
        labels = neurons["cell_type"].astype("string").reset_index(drop=True).fillna(ids)
    else:
        labels = index
    return pd.DataFrame({"id": ids, "group": labels})


def neuron_names(network: MultilayeredNetwork, neurons: npt.ArrayLike) -> list[str]:
    """Say what to call some neurons in a sentence.

    Parameters
    ----------
    network : MultilayeredNetwork
    neurons : sequence of int
        Indices.

    Returns
    -------
    list of str
        Their ids; where ids are numbers, each after its neuron's cell type, if that is known.

    Notes
    -----
    Cost: that of the neurons named.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", device="cpu")
    >>> neuron_names(network, [53, 54])
    ['AVAL', 'AVAR']
    """
    places = np.asarray(neurons, dtype=np.int64)
    if network.neurons is None:
        return [str(place) for place in places]
    named = network.neurons.iloc[places]
    ids = named["id"].astype("string")
    if not pd.api.types.is_integer_dtype(named["id"]):
        return ids.tolist()
    types = named["cell_type"].astype("string")
    return (types + " " + ids).where(types.notna() & (types != ids), ids).tolist()

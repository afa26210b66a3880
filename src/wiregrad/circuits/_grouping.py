"""Which neurons make a node of a circuit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ..tables import GroupsLike, group_labels, neuron_labels

__all__ = ["Grouping"]


@dataclass(frozen=True, eq=False)
class Grouping:
    """The groups of a network's neurons, numbered in the order of their names.

    Attributes
    ----------
    names : ndarray of str (dtype object), shape (n_groups,)
    of_neuron : ndarray of int64, shape (n_neurons,)
    size : ndarray of int64, shape (n_groups,)
        Neurons of each group.
    """

    names: npt.NDArray[np.object_]
    of_neuron: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]

    @classmethod
    def of(cls, network: MultilayeredNetwork, by: GroupsLike | None = None) -> Grouping:
        """Group by the network's own groups, or as said; see `circuit`.

        Raises
        ------
        ValueError
            If there is no such column, or a neuron is not in the dict.
        """
        own = neuron_labels(network)
        labels = own["group"]
        if by is not None:
            every = np.arange(network.n_neurons)
            labels = pd.Series(group_labels(by, every, "by", network)).astype("string")
            labels = labels.fillna(own["id"])
        codes, names = pd.factorize(labels, sort=True)
        codes = codes.astype(np.int64)
        return cls(np.asarray(names, dtype=object), codes, np.bincount(codes))

    def named(self, table: pd.DataFrame) -> pd.DataFrame:
        """Put names where the numbers of groups are, in columns called pre, post or group."""
        for column in {"pre", "post", "group"} & set(table.columns):
            names = pd.Series(self.names[table[column].to_numpy()], dtype="string")
            table = table.assign(**{column: names})
        return table

"""Units: the entries of a parameter that share one value, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork

__all__ = [
    "Units",
    "units_of_divisive_pairs",
    "units_of_edges",
    "units_of_groups",
    "units_of_sources",
]

IndexArray = npt.NDArray[np.int64]

_EDGE_SHARING = ("shared", "pre", "post", "pair", "edge")


@dataclass(frozen=True, eq=False)
class Units:
    """Which unit each entry of a parameter belongs to.

    Attributes
    ----------
    of_entry : ndarray of int64, shape (n_entries,)
        -1 for entries that are not trained.
    names : list
        The units: a group's name, "(all)", or (pre, post) of a pair.
    """

    of_entry: IndexArray
    names: list[object]

    def only(self, wanted: Sequence[object], kind: str) -> Units:
        """Keep some units; the entries of the others are not trained.

        Raises
        ------
        ValueError
            If one of these is no unit, or none is named.
        """
        named = [tuple(name) if isinstance(name, list) else name for name in wanted]
        strangers = [name for name in named if name not in self.names]
        if strangers or not named:
            shown = few(map(repr, strangers)) or "nothing"
            near = did_you_mean(str(strangers[0]), self.names) if strangers else ""
            raise ValueError(
                f"only={shown}: {kind!r} has {len(self.names):,} units, such as "
                f"{few(map(repr, self.names), limit=3)}{near}"
            )
        kept = [i for i, name in enumerate(self.names) if name in set(named)]
        place = np.full(len(self.names) + 1, -1, np.int64)  # the last: of entries in no unit
        place[kept] = np.arange(len(kept))
        return Units(place[self.of_entry], [self.names[i] for i in kept])


def units_of_groups(network: MultilayeredNetwork, by: str) -> Units:
    """Share among the network's groups, one entry each.

    `by` is "group" (each its own value), "neuron" (the same, where every neuron is a group),
    "shared" (one value), or a column of the network's labels.

    Raises
    ------
    ValueError
        If a group of more than one neuron stands against "neuron", or groups against the column.
    """
    groups = network.groups
    if groups is None:
        return Units(np.empty(0, np.int64), [])
    n_groups = len(groups.names)
    if by == "shared":
        return Units(np.zeros(n_groups, np.int64), ["(all)"])
    if by == "neuron" and n_groups < network.n_neurons:
        raise ValueError(
            f"by='neuron': this network's {network.n_neurons:,} neurons share their parameters in "
            f"{n_groups:,} groups; make it with group_by='id' (each neuron a group), and share "
            "what is to be shared by a column, such as by='cell_type'"
        )
    if by in ("group", "neuron"):
        return Units(np.arange(n_groups), list(groups.names))
    labels = _labels_of_groups(network, groups.of_neuron, groups.names, by)
    codes, names = pd.factorize(labels, sort=True)
    return Units(codes.astype(np.int64), list(names))


def _labels_of_groups(
    network: MultilayeredNetwork, of_neuron: IndexArray, names: Sequence[object], by: str
) -> pd.Series:
    """Return the value of a column for each group; a group without one is its own."""
    table = network.neurons
    columns = [] if table is None else list(table.columns)
    if table is None or by not in columns:
        choices = ["group", "neuron", "shared", *columns]
        raise ValueError(
            f"by={by!r} is no way to share: there are 'group', 'neuron', 'shared'"
            + (f" and the columns {few(columns, limit=20)}" if columns else "")
            + did_you_mean(str(by), choices)
        )
    # reset: labels may have any index
    values = table[by].reset_index(drop=True).groupby(of_neuron)
    mixed = np.flatnonzero(values.nunique().to_numpy() > 1)
    if len(mixed):
        raise ValueError(
            f"by={by!r}: the neurons of {few(names[i] for i in mixed.tolist())} differ in it, but "
            "share their parameters as a group of the network; make it with a finer group_by"
        )
    first = values.first().astype(object)
    return first.where(first.notna(), pd.Series(list(names), dtype=object, index=first.index))


def units_of_sources(network: MultilayeredNetwork, by: str) -> Units:
    """Share among the presynaptic groups of divisive normalisation: "group" or "shared"."""
    names = list(network.divisive_normalization or ())
    if by == "shared":
        return Units(np.zeros(len(names), np.int64), ["(all)"])
    if by != "group":
        raise ValueError(
            f"by={by!r}: a divisive strength is one of a presynaptic group (by='group') or of all "
            "(by='shared'); for pairs of groups train 'divisive_gain'"
        )
    return Units(np.arange(len(names)), names)


def units_of_divisive_pairs(network: MultilayeredNetwork, by: str) -> Units:
    """Share among divisive connections, as `units_of_edges`."""
    ends = network.divnorm_indices.cpu().numpy()
    return _units_of(network, ends[1], ends[0], by)


def units_of_edges(network: MultilayeredNetwork, by: str) -> Units:
    """Share among connections: by "pair" of groups, "pre" or "post" group, "edge", or "shared".

    Without groups, every neuron stands for itself.
    """
    matrix = network.weights
    pre = np.repeat(np.arange(network.n_neurons), np.diff(matrix.ccol.cpu().numpy()))
    return _units_of(network, pre, matrix.row.cpu().numpy().astype(np.int64), by)


def _units_of(network: MultilayeredNetwork, pre: IndexArray, post: IndexArray, by: str) -> Units:
    if by not in _EDGE_SHARING:
        raise ValueError(
            f"by={by!r}: connections share by one of {', '.join(map(repr, _EDGE_SHARING))}"
        )
    if by == "shared":
        return Units(np.zeros(len(pre), np.int64), ["(all)"])
    if by == "edge":
        ends = zip(pre.tolist(), post.tolist(), strict=True)
        return Units(np.arange(len(pre)), list(ends))
    groups = network.groups
    of_neuron = np.arange(network.n_neurons) if groups is None else groups.of_neuron
    names = list(range(network.n_neurons)) if groups is None else groups.names
    if by in ("pre", "post"):
        found, codes = np.unique(of_neuron[pre if by == "pre" else post], return_inverse=True)
        return Units(codes.astype(np.int64), [names[i] for i in found])
    found, codes = np.unique(of_neuron[pre] * len(names) + of_neuron[post], return_inverse=True)
    pairs: list[object] = [(names[i // len(names)], names[i % len(names)]) for i in found]
    return Units(codes.astype(np.int64), pairs)

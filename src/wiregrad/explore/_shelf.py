"""The connectomes that the page was started with, and the networks made of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..connectome import Connectome, SignRule
from ..network import NO_WALK, MultilayeredNetwork, shortest_walks
from ._selections import Names

__all__ = ["Reach", "Shelf", "Wiring"]

_MOST_NETWORKS = 6
# Reach is shown up to so many hops.
_MOST_HOPS = 12


@dataclass(frozen=True, eq=False)
class Reach:
    """Which neurons the inputs reach, and when.

    Attributes
    ----------
    new : list of int
        Neurons that are reached for the first time at hop 1, 2, ...
    n_neurons : int
    targets : DataFrame
        A row for each cell type of the targets: `group`, `n`, `first` (fewest hops to one of them;
        <NA> if none is reached), `all` (to the last of them; <NA> if one is not reached).
    """

    new: list[int]
    n_neurons: int
    targets: pd.DataFrame


class Wiring:
    """A connectome, the names in it, and networks made of it.

    Networks are made once for the same choice; the last few are kept.

    Parameters
    ----------
    connectome : Connectome
    sign : sign rule, optional
        As for `Connectome.weights`.
    """

    def __init__(self, connectome: Connectome, sign: SignRule = None) -> None:
        self.connectome = connectome
        self._sign = sign
        self._lock = threading.Lock()
        self._networks: OrderedDict[object, MultilayeredNetwork] = OrderedDict()

    @cached_property
    def names(self) -> Names:
        """The names of the neurons."""
        return Names(self.connectome.neurons)

    def network(
        self, inputs: tuple[str, ...], steps: int, unknown_sign: int = 0
    ) -> MultilayeredNetwork:
        """Make the network for some inputs, or find it where it was made before.

        Raises
        ------
        ValueError
            If the inputs match nothing, or the connectome has no signs.

        Notes
        -----
        Cost: half a second for a whole fly brain.
        """
        self.names.find(inputs)  # refuses what a page may not ask
        key = inputs, steps, unknown_sign
        with self._lock:
            if key not in self._networks:
                self._networks[key] = MultilayeredNetwork.from_connectome(
                    self.connectome,
                    inputs=inputs[0] if len(inputs) == 1 else list(inputs),
                    steps=steps,
                    sign=self._sign,
                    unknown_sign=unknown_sign,
                )
            self._networks.move_to_end(key)
            while len(self._networks) > _MOST_NETWORKS:
                self._networks.popitem(last=False)
            return self._networks[key]

    def reach(
        self, inputs: tuple[str, ...], targets: tuple[str, ...], steps: int, unknown_sign: int = 0
    ) -> Reach:
        """Count what the inputs reach, hop by hop, and when they reach the targets.

        Raises
        ------
        ValueError
            As for `network`.
        """
        network = self.network(inputs, steps, unknown_sign)
        walks = shortest_walks(network)
        new = np.bincount(walks[walks != NO_WALK], minlength=2)[1:].tolist()
        aimed = self.names.find(targets) if targets else np.empty(0, dtype=np.int64)
        return Reach(new[:_MOST_HOPS], network.n_neurons, self._reached(walks, aimed))

    def _reached(
        self, walks: npt.NDArray[np.int64], neurons: npt.NDArray[np.int64]
    ) -> pd.DataFrame:
        labels = self.connectome.group_labels().iloc[neurons].to_numpy()
        hops = pd.array(walks[neurons], dtype="Int64")
        hops[walks[neurons] == NO_WALK] = pd.NA
        table = pd.DataFrame({"group": labels, "hops": hops})
        by_group = table.groupby("group", sort=True)["hops"]
        rows = by_group.agg(n="size", first="min", all="max")
        rows.loc[by_group.count() < rows["n"], "all"] = pd.NA
        return rows.reset_index()


class Shelf:
    """The connectomes that can be chosen on the page: no others can be had.

    Parameters
    ----------
    loaders : dict
        Name on the page to a function that loads the connectome; it is called once, when the
        connectome is first chosen.
    sign : sign rule, optional
        As for `Connectome.weights`, for all of them.
    """

    def __init__(
        self, loaders: Mapping[str, Callable[[], Connectome]], sign: SignRule = None
    ) -> None:
        if not loaders:
            raise ValueError("there is no connectome to explore: give at least one")
        self._loaders, self._sign = dict(loaders), sign
        self._loaded: dict[str, Wiring] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        """What can be chosen; the first is chosen at the start."""
        return list(self._loaders)

    def __getitem__(self, name: str) -> Wiring:
        """Return a connectome by its name on the page.

        Raises
        ------
        ValueError
            If it is none of those that the page was started with: a name is never taken for a path.
        """
        if name not in self._loaders:
            shown = name if len(name) <= 60 else name[:59] + "…"
            raise ValueError(
                f"there is no connectome {shown!r} here: this page was started with "
                f"{few(self._loaders)}{did_you_mean(shown, self._loaders)}"
            )
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = Wiring(self._loaders[name](), self._sign)
            return self._loaded[name]

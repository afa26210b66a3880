"""Names for the neurons of a network: ids, cell types and columns in, indices out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean
from ..connectome import Connectome, Selection, SignedWeights, select_neurons
from ._groups import Groups

__all__ = ["find_neurons", "network_provenance"]

_COLLECTIONS = (list, tuple, set, frozenset)


def find_neurons(
    neurons: pd.DataFrame | None, groups: Groups | None, n_neurons: int, what: Selection
) -> npt.NDArray[np.int64]:
    """Find neurons by whatever names the network knows.

    A group's name means all its members. A network made from a connectome also understands the
    whole selection language; one made from bare weights understands indices, lists and masks.

    Raises
    ------
    ValueError
        If it matches nothing, or names are used on a network without labels.
    """
    if isinstance(what, str) and groups is not None:
        members = groups.members(what)
        if len(members):
            return members
    if isinstance(what, (np.ndarray, pd.Series, pd.Index)) and what.dtype.kind not in "biuf":
        what = np.asarray(what).ravel().tolist()  # names
    if isinstance(what, _COLLECTIONS) and any(isinstance(item, str) for item in what):
        parts = [find_neurons(neurons, groups, n_neurons, item) for item in what]
        found = pd.unique(np.concatenate(parts))
        return np.sort(found) if isinstance(what, (set, frozenset)) else found
    if neurons is not None:
        return select_neurons(neurons, what)
    if isinstance(what, str):
        names = [] if groups is None else groups.names
        raise ValueError(
            f"{what!r} is not the name of a group of this network{did_you_mean(what, names)}"
            + ("" if names else ": it has no groups; use indices, or from_connectome")
        )
    return select_neurons(pd.DataFrame({"id": np.arange(n_neurons)}), what)


def network_provenance(
    connectome: Connectome, weights: SignedWeights, choices: Mapping[str, Any]
) -> dict[str, Any]:
    """Collect what a result must remember of its wiring, and the choices made in building on it."""
    return {
        "connectome": connectome.name,
        "checksum": connectome.checksum,
        "unit": connectome.unit,
        "n_neurons": connectome.n_neurons,
        "n_edges": connectome.n_edges,
        "total_count": float(connectome.counts.data.sum()),
        "signs": weights.signs.to_dict(),
        "signs_in_words": str(weights.signs),
        "choices": dict(choices),
        **{f"connectome_{key}": value for key, value in connectome.provenance.items()},
    }

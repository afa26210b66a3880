"""Whether a network is the one that a fit left behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ._kinds import KINDS
from ._parameters import Trainable

__all__ = ["require_fitted"]

_REMEDY = "pass the network that was fitted, as of wiregrad.load_network"


def require_fitted(
    network: MultilayeredNetwork,
    provenance: Mapping[str, Any],
    trainables: Mapping[str, Trainable],
    parameters: pd.DataFrame,
) -> None:
    """Refuse a network that a fit is not of.

    Factors on connections are not compared: a network does not know what they were factors on.

    Raises
    ------
    ValueError
        If it was made from another connectome, has another number of steps, or other values than
        the fitted ones.
    """
    made, fitted = (each.get("checksum") for each in (network.provenance, provenance))
    if made != fitted:
        raise ValueError(
            f"the network was made from {_origin(network.provenance)}, and the fit is of one made "
            f"from {_origin(provenance)}: {_REMEDY}"
        )
    steps = provenance.get("choices", {}).get("steps", network.num_layers)
    if steps != network.num_layers:
        raise ValueError(
            f"the fit is of {steps} steps, and the network has {network.num_layers}: {_REMEDY}"
        )
    for name, how in trainables.items():
        if not KINDS[name].gain:
            rows = parameters[parameters["parameter"] == name]
            _require_values(name, _values(network, name, how), rows)


def _origin(provenance: Mapping[str, Any]) -> str:
    checksum = provenance.get("checksum")
    if checksum is None:
        return "bare weights"
    return f"the connectome {provenance.get('connectome')!r} (checksum {checksum[:12]})"


def _values(network: MultilayeredNetwork, name: str, how: Trainable) -> npt.NDArray[np.float64]:
    """Return the mean value of each unit; none where the network lacks the parameter or a unit."""
    kind = KINDS[name]
    if kind.tensor(network) is None:
        return np.empty(0)
    try:
        units = kind.units(network, how.by or kind.by)
        units = units if how.only is None else units.only(how.only, name)
    except ValueError:
        return np.empty(0)
    entries = kind.value(network).double().cpu().numpy()
    trained = units.of_entry >= 0
    n = len(units.names)
    total = np.bincount(units.of_entry[trained], entries[trained], n)
    means: npt.NDArray[np.float64] = total / np.bincount(units.of_entry[trained], minlength=n)
    return means


def _require_values(name: str, values: npt.NDArray[np.float64], rows: pd.DataFrame) -> None:
    fitted = rows["fitted"].to_numpy()
    if len(values) != len(fitted):
        raise ValueError(
            f"the fit has {len(fitted):,} values of {name!r}, and the network other groups or none "
            f"of them: {_REMEDY}"
        )
    other = ~np.isclose(values, fitted, rtol=1e-5, atol=1e-6)  # a network is in float32
    if other.any():
        first = int(np.argmax(other))
        raise ValueError(
            f"the network does not have the fitted values: {name} of {rows['name'].iloc[first]} is "
            f"{values[first]:.4g}, and was fitted to {fitted[first]:.4g}: {_REMEDY}"
        )

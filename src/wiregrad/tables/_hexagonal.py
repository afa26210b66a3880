"""Where columns of a compound eye lie: hexagonal coordinates, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork

__all__ = ["Eye", "read_eye"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Eye:
    """The sensory neurons that see, and where.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_seeing,)
        Rows of the stimulus.
    x, y : ndarray of float64, shape (n_seeing,)
        Position in the plane; neighbouring columns are 1 apart.
    n_sensory, n_steps : int
    """

    rows: npt.NDArray[np.int64]
    x: FloatArray
    y: FloatArray
    n_sensory: int
    n_steps: int

    def along(self, direction: float) -> FloatArray:
        """Return how far each neuron lies in a direction, in degrees from x towards y."""
        angle = np.deg2rad(direction)
        place: FloatArray = self.x * np.cos(angle) + self.y * np.sin(angle)
        return place

    def stimulus(self, seen: FloatArray) -> npt.NDArray[np.float32]:
        """Put what is seen, (n_seeing, step), into a stimulus, (sensory, step), within [0, 1]."""
        whole = np.zeros((self.n_sensory, self.n_steps), dtype=np.float32)
        whole[self.rows] = np.clip(seen, 0, 1)
        return whole


def read_eye(network: MultilayeredNetwork, neurons: Any, columns: tuple[str, str]) -> Eye:
    """Find where the sensory neurons of a network look.

    Parameters
    ----------
    network : MultilayeredNetwork
        With labels.
    neurons : selection or None
        Which of its sensory neurons see; by default all that have a place.
    columns : (str, str)
        Columns of the neurons table with the axial hexagonal coordinates u and v. Column (u, v)
        lies at x = u + v / 2, y = v * sqrt(3) / 2.

    Raises
    ------
    ValueError
        If the network has no such columns, or no sensory neuron that is chosen has a place.
    """
    table = network.neurons
    known = [] if table is None else list(table.columns)
    missing = [name for name in columns if name not in known]
    if table is None or missing:
        raise ValueError(
            f"there is no column {missing[0]!r} that says where neurons look: the network's "
            f"neurons have {few(known, limit=20) or 'no labels'}"
            f"{did_you_mean(missing[0], known)}; name the columns with columns=(u, v)"
        )
    sensory = network.sensory_indices.cpu().numpy()
    u, v = (pd.to_numeric(table[name]).to_numpy(dtype=np.float64)[sensory] for name in columns)
    seeing = np.isfinite(u) & np.isfinite(v)
    if neurons is not None:
        seeing &= np.isin(sensory, network.find(neurons))
    rows = np.flatnonzero(seeing)
    if not len(rows):
        raise ValueError(
            "none of these neurons receives input and has a place: choose among the network's "
            "sensory neurons"
        )
    u, v = u[rows], v[rows]
    return Eye(rows, u + v / 2, v * np.sqrt(3) / 2, len(sensory), network.num_layers)

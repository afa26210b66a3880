"""What a connectome holds, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ._signs import has_sign_rule
from ._weights import SignSummary, signed_counts

if TYPE_CHECKING:
    from ._connectome import Connectome

__all__ = ["ConnectomeSummary", "Degrees", "describe"]


@dataclass(frozen=True)
class Degrees:
    """Connections a neuron: the median, the mean and the largest."""

    median: float
    mean: float
    largest: int

    def __str__(self) -> str:
        return f"median {self.median:g}, mean {self.mean:.1f}, largest {self.largest:,}"


@dataclass(frozen=True)
class ConnectomeSummary:
    """What a connectome holds. Printed, it reads as a short table.

    Attributes
    ----------
    name : str
        The connectome's name.
    n_neurons, n_cell_types, n_edges : int
        Neurons, cell types, and connected pairs (a pair counts once a direction).
    n_synapses : float
        The sum of all counts, in `unit`.
    unit : str
        What is counted.
    excitatory, inhibitory, unknown : float
        Shares of all input by sign, which add up to 1; NaN where the connectome has no signs.
    signs : SignSummary or None
        The sign rule behind these shares.
    out_degree, in_degree : Degrees
        Connections out of and into a neuron.
    autapses : int
        Connections of a neuron with itself.
    isolated : tuple
        The ids of neurons without any connection.
    """

    name: str
    n_neurons: int
    n_cell_types: int
    n_edges: int
    n_synapses: float
    unit: str
    excitatory: float
    inhibitory: float
    unknown: float
    signs: SignSummary | None
    out_degree: Degrees
    in_degree: Degrees
    autapses: int
    isolated: tuple[object, ...]

    def __str__(self) -> str:
        return "\n".join(f"{word:<14}{text}" for word, text in self.lines())

    def lines(self) -> list[tuple[str, str]]:
        """Return the summary as (word, text) pairs, in reading order."""
        return [
            ("connectome", self.name),
            ("neurons", f"{self.n_neurons:,} of {self.n_cell_types:,} cell types"),
            ("connections", f"{self.n_edges:,} ({self.autapses:,} of a neuron with itself)"),
            ("total count", f"{self.n_synapses:,.10g} {self.unit}"),
            ("signs", self._sign_text()),
            ("out-degree", str(self.out_degree)),
            ("in-degree", str(self.in_degree)),
            ("isolated", self._isolated_text()),
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return the summary as a frame with one row and one column a number."""
        flat = {
            key: value
            for key, value in asdict(self).items()
            if not isinstance(value, (dict, tuple))
        }
        for side in ("out_degree", "in_degree"):
            flat |= {f"{side}_{key}": value for key, value in asdict(getattr(self, side)).items()}
        flat.pop("signs", None)
        return pd.DataFrame([{**flat, "isolated": len(self.isolated)}])

    def _sign_text(self) -> str:
        if self.signs is None:
            return "none: give a sign rule to build a network"
        return (
            f"{self.excitatory:.1%} of input excitatory, {self.inhibitory:.1%} inhibitory, "
            f"{self.unknown:.1%} unknown ({self.signs.rule})"
        )

    def _isolated_text(self) -> str:
        if not self.isolated:
            return "none"
        names = ", ".join(map(str, self.isolated[:8]))
        return (
            f"{len(self.isolated):,} neurons ({names}{', ...' if len(self.isolated) > 8 else ''})"
        )


def describe(connectome: Connectome) -> ConnectomeSummary:
    """Count what a connectome holds. See `Connectome.describe`."""
    counts = connectome.counts
    out_degree = np.diff(counts.indptr)
    in_degree = np.bincount(counts.indices, minlength=counts.shape[1])
    isolated = connectome.neurons["id"].to_numpy()[(out_degree == 0) & (in_degree == 0)]
    excitatory, inhibitory, unknown, signs = _sign_shares(connectome)
    return ConnectomeSummary(
        name=connectome.name,
        n_neurons=connectome.n_neurons,
        n_cell_types=int(connectome.group_labels("cell_type").nunique()),
        n_edges=int(counts.nnz),
        n_synapses=float(counts.data.sum()),
        unit=connectome.unit,
        excitatory=excitatory,
        inhibitory=inhibitory,
        unknown=unknown,
        signs=signs,
        out_degree=_degrees(out_degree),
        in_degree=_degrees(in_degree),
        autapses=int(np.count_nonzero(counts.diagonal())),
        isolated=tuple(isolated.tolist()),
    )


def _degrees(degree: np.ndarray) -> Degrees:
    return Degrees(float(np.median(degree)), float(degree.mean()), int(degree.max()))


def _sign_shares(connectome: Connectome) -> tuple[float, float, float, SignSummary | None]:
    known_rule = connectome.edge_signs is not None or has_sign_rule(connectome.neurons)
    if not known_rule or not connectome.counts.nnz:
        return np.nan, np.nan, np.nan, None
    try:
        net, unknown, signs = signed_counts(connectome)
    except ValueError:  # a column that was not named for it need not hold signs
        return np.nan, np.nan, np.nan, None
    total = connectome.counts.data.sum()
    known = connectome.counts.data - unknown
    excitatory, inhibitory = (known + net).sum() / (2 * total), (known - net).sum() / (2 * total)
    return float(excitatory), float(inhibitory), float(unknown.sum() / total), signs

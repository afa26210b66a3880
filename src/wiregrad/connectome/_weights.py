"""Signed weights: the fraction of its input that a neuron receives along each connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ._normalise import default_normalisation, input_totals
from ._signs import TRANSMITTER_SIGNS, SignRule, neuron_signs

if TYPE_CHECKING:
    from ._connectome import Connectome

__all__ = ["SignSummary", "SignedWeights", "signed_counts", "signed_weights"]

FloatArray: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SignSummary:
    """Which sign rule was used, and how much of the connectome it leaves without a sign.

    Attributes
    ----------
    rule : str
        The rule in words.
    unknown_sign : int
        The sign that connections of unknown sign were given: 0 (silent), +1 or -1.
    unknown_neurons : int
        Neurons with at least one outgoing connection of unknown sign.
    unknown_edges : int
        Connections whose sign is unknown, wholly or in part.
    unknown_input : float
        Their summed count, in the connectome's unit.
    unknown_share : float
        `unknown_input` as a fraction of all input.
    """

    rule: str
    unknown_sign: int
    unknown_neurons: int
    unknown_edges: int
    unknown_input: float
    unknown_share: float

    def __str__(self) -> str:
        meaning = {0: "weight 0, still counted as input", 1: "taken as +", -1: "taken as -"}
        text = f"signs by {self.rule}"
        if not self.unknown_edges:
            return f"{text}; all known"
        return (
            f"{text}; unknown for {self.unknown_edges:,} connections of {self.unknown_neurons:,} "
            f"neurons, {self.unknown_share:.1%} of all input ({meaning[self.unknown_sign]})"
        )

    def to_dict(self) -> dict[str, object]:
        """Return the fields as a plain dict, for provenance."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class SignedWeights:
    """Signed, input-normalised weights with the account of their signs.

    Attributes
    ----------
    matrix : csr_array of float32, shape (n_neurons, n_neurons)
        W[post, pre]; with normalised input dimensionless, in [-1, 1], and the absolute values of a
        row sum to at most 1.
    signs : SignSummary
        Which signs were used and how many were unknown.
    """

    matrix: sparse.csr_array
    signs: SignSummary


def signed_weights(
    connectome: Connectome,
    sign: SignRule = None,
    *,
    unknown_sign: int = 0,
    transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
    normalise: str | None = None,
    total_input: str = "total_input",
) -> SignedWeights:
    """Turn counts into signed weights W[post, pre].

    See `Connectome.weights` for the parameters.
    """
    net, unknown, summary = signed_counts(
        connectome, sign, unknown_sign=unknown_sign, transmitter_signs=transmitter_signs
    )
    counts = connectome.counts
    totals = input_totals(connectome, normalise or default_normalisation(connectome), total_input)
    data = (net + unknown_sign * unknown) / totals[counts.indices]
    matrix = sparse.csr_array(
        (data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape
    ).T.tocsr()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return SignedWeights(matrix, summary)


def signed_counts(
    connectome: Connectome,
    sign: SignRule = None,
    *,
    unknown_sign: int = 0,
    transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
) -> tuple[FloatArray, FloatArray, SignSummary]:
    """Split every connection's count by sign.

    Returns
    -------
    net : ndarray of float64, shape (n_edges,)
        Excitatory minus inhibitory count, in the order of `connectome.counts.data`.
    unknown : ndarray of float64, shape (n_edges,)
        Count of unknown sign.
    summary : SignSummary
        The rule, and how much it leaves unknown.
    """
    if unknown_sign not in (-1, 0, 1):
        raise ValueError(f"unknown_sign is 0, +1 or -1, not {unknown_sign!r}")
    counts = connectome.counts
    net, unknown, rule = _apply_rule(connectome, sign, transmitter_signs)
    pre = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    summary = SignSummary(
        rule=rule,
        unknown_sign=int(unknown_sign),
        unknown_neurons=len(np.unique(pre[unknown > 0])),
        unknown_edges=int(np.count_nonzero(unknown)),
        unknown_input=float(unknown.sum()),
        unknown_share=float(unknown.sum() / counts.data.sum()) if counts.nnz else 0.0,
    )
    return net, unknown, summary


def _apply_rule(
    connectome: Connectome, sign: SignRule, transmitter_signs: Mapping[str, float]
) -> tuple[FloatArray, FloatArray, str]:
    counts = connectome.counts
    if (isinstance(sign, str) and sign == "edges") or (
        sign is None and connectome.edge_signs is not None
    ):
        if connectome.edge_signs is None:
            raise ValueError(
                "sign='edges' asks for a sign per connection, but this connectome has none: "
                "name the column in from_edges(..., sign='...')"
            )
        return connectome.edge_signs.net, connectome.edge_signs.unknown, "connection"
    per_neuron, rule = neuron_signs(connectome.neurons, sign, transmitter_signs)
    per_edge = np.repeat(per_neuron, np.diff(counts.indptr))
    return per_edge * counts.data, np.where(per_edge == 0, counts.data, 0.0), rule

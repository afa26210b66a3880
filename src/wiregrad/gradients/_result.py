"""What activation maximisation returns: six fields to unpack, and all that is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork

__all__ = ["MaximisationResult"]

FloatArray = npt.NDArray[np.floating]


class _Fields(NamedTuple):
    input: FloatArray
    output: FloatArray
    activation_losses: list[float]
    out_regularisation_losses: list[float]
    in_regularisation_losses: list[float]
    snapshots: list[FloatArray]


class MaximisationResult(_Fields):
    """The stimulus that was found and what it does.

    It unpacks as a tuple of its first six fields.

    Attributes
    ----------
    input : ndarray, shape (batch, sensory, step) or (sensory, step)
        The stimulus, in [0, 1] and 0 below the network's threshold. A batch of one has no batch
        axis.
    output : ndarray, shape (batch, n_neurons, step) or (n_neurons, step)
        The activations it causes: exactly `network(input)`.
    activation_losses, out_regularisation_losses, in_regularisation_losses : list of float
        Mean over batch members of the squared distance from the targets and of the penalties, one
        entry a pass, and one more at the end: that of `input`.
    snapshots : list of ndarray, shaped as `input`
        The stimulus at every fifth pass of each stage.
    targets : DataFrame
        One row a target: `batch`, `layer`, `neuron` (index), `value` (asked), `attained`, `nearest`
        (activation at the nearest approach, before inputs were left out: the ceiling that was
        found), `resting` (activation without any input), `status`, `shortest_walk` (fewest hops
        from the inputs; <NA> if there is no walk). Status is "reached" (within 0.02 of the value),
        "improved" (nearer than at rest by more than 0.02), "stuck", or "unreachable" (no walk of
        the right length).
    members : DataFrame
        One row a batch member: `batch`, `status`, `active_inputs` (entries of the stimulus above
        0), `active_neurons` (sensory neurons that have one), `best_pass`, `passes`, `seed`,
        `agreement` (share of the starts that came as near to the targets as the best one; 1 where
        they were reached), `minimal` (none of the active inputs can be left out without losing the
        targets: each was, and the network was run).
    seed : int
        What start stimuli were drawn with.
    arguments : dict
        The other arguments of the call.
    version : str
        The package's version.
    provenance : dict
        Where the network comes from; empty for a network made from bare weights.
    n_passes : int
        Forward and backward passes that were made.
    seconds : float
        How long it took.
    stage_seconds : dict
        How long each stage of an automatic search took: reach, shorten, thin, prune.
    interrupted : bool
        Whether it was stopped by control-C, so that more passes might have found more.
    network : MultilayeredNetwork or None
        The network that was asked. It is left out of pickles and copies.
    """

    targets: pd.DataFrame
    members: pd.DataFrame
    seed: int
    arguments: dict[str, Any]
    version: str
    provenance: dict[str, Any]
    n_passes: int
    seconds: float
    stage_seconds: dict[str, float]
    interrupted: bool
    network: MultilayeredNetwork | None

    @property
    def batch_input(self) -> FloatArray:
        """The stimulus with its batch axis, (batch, sensory, step)."""
        return self.input if self.input.ndim == 3 else self.input[np.newaxis]

    @property
    def batch_output(self) -> FloatArray:
        """The activations with their batch axis, (batch, n_neurons, step)."""
        return self.output if self.output.ndim == 3 else self.output[np.newaxis]

    def __repr__(self) -> str:
        lines = [
            f"member {row.batch}: {row.status}, {row.active_inputs:,} active inputs to "
            f"{row.active_neurons:,} neurons"
            for row in self.members.head(5).itertuples()
        ]
        rest = len(self.members) - len(lines)
        lines += [f"and {rest:,} more members"] if rest else []
        passes = f"{self.n_passes:,} passes in {self.seconds:.1f} s"
        return f"MaximisationResult after {passes}\n  " + "\n  ".join(lines)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the network behind: a result is small, a whole brain is not.

        Functions among the arguments leave their names: not every function can be pickled.
        """
        return {
            **self.__dict__,
            "network": None,
            "arguments": _name_functions(self.arguments),
            "provenance": _name_functions(self.provenance),
        }


def _name_functions(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _name_functions(item) for key, item in value.items()}
    return getattr(value, "__qualname__", repr(value)) if callable(value) else value

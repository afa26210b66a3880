"""What came of a question: stimulus, activations, and what there is to say of the targets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..circuits import Circuit, circuit, compare_circuits, strongest_circuit
from ..gradients import Attribution, MaximisationResult
from ..network import MultilayeredNetwork
from ..tables import (
    activations_by_group,
    active_inputs,
    neuron_labels,
    stimulus_by_group,
)
from ._attribution import COLUMNS, attribution_table
from ._question import Question

__all__ = ["Answer", "FloatArray"]

FloatArray = npt.NDArray[np.floating]

_MOST_GROUPS, _MOST_EDGES = 12, 80  # of the circuit that is drawn


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of a question.

    Attributes
    ----------
    question : Question
    network : MultilayeredNetwork
        The one that was run last: the silenced one, of a lesion.
    stimulus : ndarray, shape (sensory, step)
    activations : ndarray, shape (n_neurons, step)
    targets : DataFrame
        A row a target neuron: `batch`, `layer`, `neuron`, `attained`, and of a search all that
        `MaximisationResult.targets` has.
    result : MaximisationResult or None
        Of a search.
    untouched : Answer or None
        Of a lesion: what there is without it.
    attribution : Attribution or None
        Of an attribution.
    silenced : ndarray of int64
        Of a lesion: the neurons that are silent.
    """

    question: Question
    network: MultilayeredNetwork
    stimulus: FloatArray
    activations: FloatArray
    targets: pd.DataFrame
    result: MaximisationResult | None = None
    untouched: Answer | None = None
    attribution: Attribution | None = None
    silenced: npt.NDArray[np.int64] | None = None

    @property
    def intact(self) -> FloatArray | None:
        """Of a lesion: the activations before it, shape (n_neurons, step)."""
        return None if self.untouched is None else self.untouched.activations

    @cached_property
    def labels(self) -> pd.DataFrame:
        """Id and group of every neuron; see `neuron_labels`."""
        return neuron_labels(self.network)

    @cached_property
    def named_targets(self) -> pd.DataFrame:
        """The targets with their ids and cell types, steps counted from 1."""
        table = self.targets
        names = self.labels.iloc[table["neuron"].to_numpy()].reset_index(drop=True)
        named = table.reset_index(drop=True).drop(columns="batch")
        named.insert(0, "cell_type", names["group"])
        named.insert(0, "id", names["id"])
        named.insert(2, "step", named.pop("layer") + 1)
        return named

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """The active inputs, a row for each neuron and step; see `active_inputs`."""
        return active_inputs(self.network, self.stimulus)

    @cached_property
    def stimulus_table(self) -> pd.DataFrame:
        """The stimulus by group; see `stimulus_by_group`."""
        return stimulus_by_group(self.network, self.stimulus)

    @cached_property
    def activation_table(self) -> pd.DataFrame:
        """The activations by group; see `activations_by_group`."""
        return activations_by_group(self.network, self.activations)

    @cached_property
    def change_table(self) -> pd.DataFrame:
        """Of a lesion: `group`, `step`, `n`, `intact`, `silenced` (means) and their `change`."""
        if self.intact is None:
            return pd.DataFrame(
                columns=["group", "step", "n", "intact", "silenced", "change"]
            ).astype({"group": "string", "step": "int64", "n": "int64"})
        before = activations_by_group(self.network, self.intact)
        after = self.activation_table["mean"]
        return before[["group", "step", "n"]].assign(
            intact=before["mean"], silenced=after, change=after - before["mean"]
        )

    @cached_property
    def attribution_table(self) -> pd.DataFrame:
        """Of an attribution: the sources that are not 0; see `attribution_table`."""
        if self.attribution is None:
            return pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
        return attribution_table(self.attribution)

    @cached_property
    def whole_circuit(self) -> Circuit:
        """All that lies on a walk from an active input to a target; see `circuit`."""
        return circuit(self.network, self.stimulus, self.activations, self.targets)

    @cached_property
    def circuit(self) -> Circuit:
        """What is drawn of it; see `strongest_circuit`."""
        return strongest_circuit(self.whole_circuit, _MOST_GROUPS, _MOST_EDGES)

    @cached_property
    def reportable(self) -> object:
        """What a report of it is about: a result of the library; None if there is none.

        Of a search and an attribution their result; of a stimulus its circuit; of a lesion the
        circuits with and without it.
        """
        found = self.attribution if self.result is None else self.result
        if found is not None or not len(self.targets):
            return found
        if self.untouched is None:
            return self.whole_circuit
        return compare_circuits(self.untouched.whole_circuit, self.whole_circuit)

"""The report's account of one answer: targets, stimulus, activations and circuit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..circuits import circuit
from ..network import MultilayeredNetwork
from ..tables import (
    activations_by_group,
    active_inputs,
    neuron_labels,
    neuron_names,
    stimulus_by_group,
    strongest_targets,
    targets_by_group,
)
from ._activations import plot_activations
from ._circuit_page import circuit_html
from ._heatmap import heatmap_width
from ._html import Page
from ._member_tables import stimulus_table, sum_table, target_table
from ._stimulus import plot_stimulus
from ._targets import plot_targets
from ._words import amount, counted, joined

__all__ = ["Member"]

_MOST_ROWS = 30
_MOST_MARKED = 10  # types of targets that are shown however silent they are


@dataclass(frozen=True, eq=False)
class Member:
    """One batch member of a result, and what the report shows of it.

    Attributes
    ----------
    network : MultilayeredNetwork
    stimulus : ndarray, shape (sensory, step)
    activations : ndarray, shape (n_neurons, step)
    targets : DataFrame
        This member's rows of `result.target_neurons`.
    sums : DataFrame
        This member's rows of `result.targets` that are of several neurons.
    """

    network: MultilayeredNetwork
    stimulus: npt.NDArray[np.floating]
    activations: npt.NDArray[np.floating]
    targets: pd.DataFrame
    sums: pd.DataFrame

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """The active inputs; see `active_inputs`."""
        return active_inputs(self.network, self.stimulus)

    @cached_property
    def target_rows(self) -> pd.DataFrame:
        """The targets, one by one or by group where they are many; strongest first."""
        rows = targets_by_group(self.network, self.targets, self._by)
        return strongest_targets(rows, _MOST_ROWS)

    @property
    def _by(self) -> str:
        return "id" if len(self.targets) <= _MOST_ROWS else "group"

    @property
    def _names(self) -> dict[str, str]:
        """What to call the targets that stand one by one, by their ids."""
        if self._by == "group":
            return {}
        neurons = self.targets["neuron"].to_numpy()
        ids = neuron_labels(self.network)["id"].iloc[neurons]
        return dict(zip(ids, neuron_names(self.network, neurons), strict=True))

    @property
    def reached(self) -> int:
        """Number of targets that were reached."""
        return int((self.targets["status"] == "reached").sum())

    def answer(self) -> str:
        """Say in a sentence or two what the stimulus is and what it does."""
        rows, names = self.target_rows, self._names
        said = []
        columns = rows["group"], rows["attained"], rows["value"]
        for group, attained, value in zip(*columns, strict=True):
            asked = f" (asked {value:g})" if pd.notna(value) else ""
            said.append(f"{names.get(group, group)} attains {amount(attained)}{asked}")
        driven = self.inputs["neuron"].nunique()
        given = self.inputs.groupby("group")["input"].sum()
        groups = given.sort_values(ascending=False, kind="stable").index.tolist()
        sensory = counted(len(self.network.sensory_indices), "sensory neuron")
        by = f"{driven:,} of {sensory}" + (f": {joined(groups, 8)}" if groups else "")
        return f"{joined(said, 4)}. The stimulus found drives {by}."

    def parts(self, page: Page) -> dict[str, str]:
        """Return the parts of the account: what each is about, and its HTML."""
        return {
            "What the targets attain": self.targets_html(page),
            "The stimulus": self.stimulus_html(page),
            "Activations through the steps": self.activations_html(page),
            "The circuit": self.circuit_html(page),
        }

    def targets_html(self, page: Page) -> str:
        """Show what each target attains: table and figure."""
        rows = self.target_rows
        grouped = self._by == "group"
        what = "Activation attained by the targets" + (", by cell type" if grouped else "")
        figure = page.figure(
            plot_targets(rows, len(rows)),
            what,
            f"{what}: dots. Diamonds: activation asked for. Ticks: activation without any stimulus."
            + (" Pale lines run from the lowest to the highest of a cell type." if grouped else ""),
            min_width=340,
        )
        return sum_table(self.sums) + target_table(self.network, rows, self._by) + figure

    def stimulus_html(self, page: Page) -> str:
        """Show what the stimulus gives to which sensory neurons, and when."""
        by_group = stimulus_by_group(self.network, self.stimulus)
        heatmap = plot_stimulus(by_group, _MOST_ROWS)
        figure = page.figure(
            heatmap,
            "Input to the sensory neurons by cell type and step",
            "A row is a type of sensory neurons (behind the dot: how many there are), a column the "
            "step at which input is given. A number is the mean input, from 0 to 1, of the neurons "
            "that receive any; how many these are stands in brackets where it is not all of them. "
            "Types that receive most in all are on top.",
            min_width=heatmap_width(heatmap),
        )
        return figure + stimulus_table(by_group, self.inputs, _MOST_ROWS)

    def activations_html(self, page: Page) -> str:
        """Show how the strongest cell types are active through the steps."""
        ranked = self.targets.sort_values("attained", ascending=False, kind="stable")["neuron"]
        types = neuron_labels(self.network)["group"].iloc[ranked.to_numpy()].drop_duplicates()
        marked = types.head(_MOST_MARKED).tolist()
        by_group = activations_by_group(self.network, self.activations)
        heatmap = plot_activations(by_group, _MOST_ROWS, marked=marked)
        return page.figure(
            heatmap,
            "Activations by cell type and step",
            "A row is a cell type (behind the dot: how many neurons it has), a column a step. A "
            "number is the mean activation, from 0 to 1, of the neurons that are active; how many "
            "these are stands in brackets where it is not all of them. The targets' types "
            + (f"({_MOST_MARKED} of {len(types):,}) " if len(types) > _MOST_MARKED else "")
            + "are in bold and on top; then come the types with the largest summed activation.",
            min_width=heatmap_width(heatmap),
        )

    def circuit_html(self, page: Page) -> str:
        """Show what carries activity from the stimulus to the targets."""
        whole = circuit(self.network, self.stimulus, self.activations, self.targets)
        return circuit_html(whole, page)

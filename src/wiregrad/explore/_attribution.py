"""Attributions on the page: by what method, to what, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..gradients import Attribution
from ..network import MultilayeredNetwork
from ..show.drawing import amount, step_name
from ._question import Question

__all__ = [
    "attribution_table",
    "attribution_words",
    "completeness_rows",
    "sources_of",
    "strongest_rows",
]

COLUMNS = {
    "step": "int64",
    "group": "string",
    "id": "string",
    "neuron": "int64",
    "activity": "float64",
    "attribution": "float64",
}


def sources_of(
    question: Question, network: MultilayeredNetwork
) -> str | Mapping[int, npt.NDArray[np.int64]]:
    """Return what a response is attributed to, as `wiregrad.attribution` takes it.

    The states of all neurons at the step that is asked for, or at every step before the targets
    are looked at: what comes later does nothing to them.
    """
    if question.sources == "stimulus":
        return "stimulus"
    every = np.arange(network.n_neurons)
    return dict.fromkeys(question.source_layers, every)


def attribution_table(found: Attribution) -> pd.DataFrame:
    """List the sources that are not 0: `step`, `group`, `id`, `neuron`, `activity`, `attribution`.

    The step is that at which an input is given, or after which a neuron has its state.
    """
    table = found.to_frame()
    if "layer" in table:
        table = table.assign(step=table["layer"] + 1)
    table = table.loc[table["attribution"] != 0, list(COLUMNS)].astype(COLUMNS)
    return table.sort_values(["step", "group", "neuron"], ignore_index=True)


def strongest_rows(table: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Return the rows with the largest attributions, whatever their signs, as texts to show."""
    order = table["attribution"].abs().sort_values(ascending=False, kind="stable").index
    rows = table.loc[order[:limit]]
    return pd.DataFrame(
        {
            "Neuron": rows["id"],
            "Cell type": rows["group"],
            "Step": [step_name(step) for step in rows["step"].tolist()],
            "Activity": [amount(value, 3) for value in rows["activity"]],
            "Attribution": [_signed(value) for value in rows["attribution"]],
        }
    )


def completeness_rows(found: Attribution) -> pd.DataFrame:
    """Return how much of the targets' change is attributed, as texts; no row of most methods."""
    table = found.completeness
    steps = [step_name(int(layer) + 1) for layer in table["layer"].dropna()]
    return pd.DataFrame(
        {
            "Sources": [f"neurons at step {step}" for step in steps] or ["stimulus"] * len(table),
            "Change of the targets": [_signed(value) for value in table["change"]],
            "Attributed": [_signed(value) for value in table["attributed"]],
            "Carried by jumps": [_signed(value) for value in table["jump"]],
            "Neither": [f"{value:+.1g}" for value in table["error"]],
        }
    )


def attribution_words(question: Question) -> tuple[str, str]:
    """Say what the numbers are: in a word or two, and in a sentence."""
    one, source = ("input", "each input") if question.sources == "stimulus" else _neuron_words()
    summed = "summed over the neurons of a cell type. Warm: it raises them; blue: it lowers them."
    derivative = f"Derivative of the targets' summed activation with respect to {source}, "
    return {
        "gradient": ("gradient", f"{derivative}{summed}"),
        "input_x_gradient": (f"{one} times gradient", f"{derivative}times that {one}, {summed}"),
        "integrated_gradients": (
            "activation carried",
            f"The part of the targets' summed activation that {source} carries: gradients added up "
            f"on the way from silence, {summed}",
        ),
    }[question.method]


def _signed(value: float) -> str:
    return f"{value:+#.3g}" if value else "0"


def _neuron_words() -> tuple[str, str]:
    return "activation", "each neuron's activation at that step"

"""The figures of an answer, by name: the page shows them, and they can be taken away."""

from __future__ import annotations

from collections.abc import Callable

from ..show import plot_activations, plot_circuit, plot_losses, plot_stimulus, plot_targets
from ..show.drawing import Figure, message_figure, signed_heatmap
from ..tables import strongest_targets, targets_by_group
from ._answer import Answer
from ._attribution import attribution_words

__all__ = ["FIGURES", "figure_of", "figures_of"]

_ROWS, _MOST_MARKED, _MOST_SINGLE = 25, 10, 30


def figures_of(answer: Answer) -> list[str]:
    """Name the figures that an answer has, in the order of the page."""
    has = {
        "targets": answer.result is not None,
        "attribution": answer.attribution is not None,
        "change": answer.intact is not None,
        "losses": answer.result is not None,
        "circuit": len(answer.targets) > 0,
    }
    return [name for name in FIGURES if has.get(name, True)]


def figure_of(answer: Answer, name: str) -> Figure:
    """Draw one of the figures of an answer."""
    return FIGURES[name](answer)


def _targets(answer: Answer) -> Figure:
    by = "id" if len(answer.targets) <= _MOST_SINGLE else "group"
    rows = targets_by_group(answer.network, answer.targets, by)
    rows = strongest_targets(rows, _ROWS)
    return plot_targets(rows, len(rows))


def _attribution(answer: Answer) -> Figure:
    what, _ = attribution_words(answer.question)
    table = answer.attribution_table
    if not len(table):
        return message_figure(
            "The gradient is 0 everywhere: the targets are silent, saturated, or not reached by "
            "inputs that are on."
        )
    of_inputs = answer.question.sources == "stimulus"
    steps = "step at which the input is given" if of_inputs else "step (synaptic hops taken)"
    return signed_heatmap(table, "attribution", what, steps, _ROWS)


def _change(answer: Answer) -> Figure:
    steps = "step (synaptic hops taken)"
    table = answer.change_table
    if answer.silenced is not None:  # their own change would leave no colour to the others
        groups = answer.labels["group"]
        silent = groups.iloc[answer.silenced].value_counts()
        whole = silent.index[silent == groups.value_counts().reindex(silent.index)]
        table = table[~table["group"].isin(whole)]
    return signed_heatmap(table, "change", "change of activation", steps, _ROWS)


def _stimulus(answer: Answer) -> Figure:
    return plot_stimulus(answer.stimulus_table, _ROWS)


def _activations(answer: Answer) -> Figure:
    ranked = answer.targets.sort_values("attained", ascending=False, kind="stable")["neuron"]
    types = answer.labels["group"].iloc[ranked.to_numpy()].drop_duplicates()
    marked = types.head(_MOST_MARKED).tolist()
    return plot_activations(answer.activation_table, _ROWS, marked=marked)


def _circuit(answer: Answer) -> Figure:
    if not len(answer.whole_circuit.edges):
        return message_figure(
            "No connection leads from an active input to a target in these steps."
        )
    return plot_circuit(answer.circuit)


def _losses(answer: Answer) -> Figure:
    if answer.result is None:
        return message_figure("Only a search has losses.")
    return plot_losses(answer.result)


#: Name to what draws it.
FIGURES: dict[str, Callable[[Answer], Figure]] = {
    "targets": _targets,
    "attribution": _attribution,
    "change": _change,
    "stimulus": _stimulus,
    "activations": _activations,
    "circuit": _circuit,
    "losses": _losses,
}

"""The lines of Python that repeat an answer."""

from __future__ import annotations

from .._version import __version__
from ..show import python_lines, setup_lines
from ..show.drawing import literal
from ._answer import Answer
from ._question import Question

__all__ = ["lines_of"]


def lines_of(answer: Answer, earlier: Answer | None = None) -> str:
    """Write the program that repeats an answer.

    Parameters
    ----------
    answer : Answer
    earlier : Answer, optional
        The search whose stimulus it uses; if that was forgotten, the stimulus is left open.
    """
    question = answer.question
    if answer.result is not None:
        return python_lines(answer.result, answer.network)
    if question.stimulus_of is not None and earlier is not None and earlier.result is not None:
        found = python_lines(earlier.result, earlier.network).replace("\nwg.report(result)\n", "\n")
        parts = ["import numpy as np", found + "stimulus = result.input"]
    else:
        network = answer.network
        setup = setup_lines(network, network.provenance, __version__)
        parts = ["import numpy as np", *setup, _stimulus(answer)]
    parts[0:2] = ["\n".join(parts[0:2])]
    return "\n\n".join([*parts, *_calls(question)]) + "\n"


def _stimulus(answer: Answer) -> str:
    question = answer.question
    if question.stimulus_of is not None:
        return f"stimulus = ...  # the one that run {question.stimulus_of} found, (sensory, step)"
    n_sensory, n_steps = answer.stimulus.shape
    when = "[:]" if question.throughout else "[:, 0]"
    return (
        f"stimulus = np.zeros(({n_sensory}, {n_steps}))  # (sensory, step)\n"
        f"stimulus{when} = {question.strength!r}"
    )


def _calls(question: Question) -> list[str]:
    targets, silent = literal(list(question.targets)), literal(list(question.silenced))
    read = f"network.find({targets}), {question.layer}]"
    run = "activations = network(stimulus)  # (neuron, step)"
    looked_at = [f"print(activations[{read})"] if question.targets else []
    if question.kind == "stimulus":
        return ["\n".join([run, *looked_at])]
    if question.kind == "attribution":
        return _attribution(question, targets)
    return [
        "\n".join([run, *looked_at]),
        f"held = wg.Manipulations().clamp({silent}, 0.0)  # silent, whatever drives them\n"
        f"silenced = network(stimulus, manipulations=held)\nprint(silenced[{read})",
    ]


def _attribution(question: Question, targets: str) -> list[str]:
    chosen, before = "", []
    if question.sources == "neurons":
        layers = literal(question.source_layers)
        before = [f"every = np.arange(network.n_neurons)\nsources = dict.fromkeys({layers}, every)"]
        chosen = "\n    sources=sources,"
    call = (
        "found = wg.attribution(\n"
        f"    network,\n    stimulus,\n    {{{question.layer}: {targets}}},{chosen}\n"
        f"    method={question.method!r},\n)"
    )
    return [*before, f"{call}\nprint(found.to_frame(top=20))"]

"""The work behind a question: what runs off the request thread."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from ..gradients import (
    AttributionProgress,
    SearchProgress,
    TargetActivation,
    activation_maximisation,
    attribution,
)
from ..network import Manipulations, MultilayeredNetwork
from ._answer import Answer, FloatArray
from ._attribution import sources_of
from ._question import Question
from ._shelf import Wiring

__all__ = ["answer", "earlier_needed"]

#: Told how far the work is, in words, passes, and passes in all; whether it shall stop is what it
#: returns.
Tell = Callable[..., bool]

IndexArray = npt.NDArray[np.int64]


def earlier_needed(question: Question, earlier: Answer | None) -> Answer | None:
    """Check the earlier answer whose stimulus a question wants to use.

    Raises
    ------
    ValueError
        If it is not there, or of another connectome.
    """
    if question.stimulus_of is None:
        return None
    if earlier is None:
        raise ValueError(f"there is no stimulus of run {question.stimulus_of}: it is not done")
    if earlier.question.connectome != question.connectome:
        raise ValueError(
            f"run {question.stimulus_of} is of {earlier.question.connectome}, not of "
            f"{question.connectome}: choose another stimulus"
        )
    return earlier


def answer(question: Question, wiring: Wiring, earlier: Answer | None, tell: Tell) -> Answer:
    """Do what a question asks.

    Parameters
    ----------
    question : Question
    wiring : Wiring
        The connectome that it names.
    earlier : Answer or None
        The answer whose stimulus is used; inputs and steps are then those of it.
    tell : callable
        Told how far the work is. A search ends when it returns True, with its best so far.

    Raises
    ------
    ValueError
        If the question does not fit the connectome.
    MemoryError
        If it cannot fit into memory.
    KeyboardInterrupt
        If `tell` says so, of work that has no best so far.
    """
    found = _answer(question, wiring, earlier, tell)
    tell("drawing")
    _prepare(found)
    return found


def _prepare(found: Answer) -> None:
    """Make here what takes a while, so that the page has it at once."""
    _ = found.activation_table, found.stimulus_table
    if len(found.targets):
        _ = found.circuit


def _answer(question: Question, wiring: Wiring, earlier: Answer | None, tell: Tell) -> Answer:
    tell("making the network")
    asked = question if earlier is None else earlier.question
    network = wiring.network(asked.inputs, asked.steps, asked.unknown_sign)
    aimed = wiring.names.find(question.targets) if question.targets else np.empty(0, np.int64)
    if question.kind == "maximise":
        return _maximise(question, network, aimed, tell)
    tell("running the network")
    stimulus = even_stimulus(question, network) if earlier is None else earlier.stimulus
    if question.kind == "attribution":
        return _attribute(question, network, stimulus, aimed, tell)
    states = _run(network, stimulus)
    if question.kind == "stimulus":
        return Answer(question, network, stimulus, states, _targets(question, aimed, states))
    untouched = Answer(question, network, stimulus, states, _targets(question, aimed, states))
    silent = wiring.names.find(question.silenced)
    lesioned = network.manipulated(Manipulations().clamp(silent, 0.0))
    stimulus = np.where(np.isin(network.sensory_indices.numpy(), silent)[:, None], 0.0, stimulus)
    tell("running the network with neurons silenced")
    after = _run(lesioned, stimulus)
    targets = _targets(question, aimed, after)
    targets["intact"] = states[aimed, question.layer]
    return Answer(
        question, lesioned, stimulus, after, targets, untouched=untouched, silenced=silent
    )


def even_stimulus(question: Question, network: MultilayeredNetwork) -> FloatArray:
    """Give the same input to all input neurons, at the start or throughout."""
    stimulus = np.zeros((len(network.sensory_indices), network.num_layers), dtype=np.float32)
    stimulus[:, : None if question.throughout else 1] = question.strength
    return stimulus


def _maximise(
    question: Question, network: MultilayeredNetwork, aimed: IndexArray, tell: Tell
) -> Answer:
    def on_progress(so_far: SearchProgress) -> bool:
        words = f"pass {so_far.passes:,}: off by {so_far.miss:.3f}"
        words += f", {so_far.active_inputs:,} inputs active"
        if so_far.runs:
            words += f"; {so_far.runs:,} stimuli with fewer inputs tried"
        return tell(words, so_far.passes, question.passes)

    asked = TargetActivation({question.layer: dict.fromkeys(aimed.tolist(), question.value)})
    result = activation_maximisation(
        network,
        asked,
        num_iterations=question.passes,
        seed=question.seed,
        use_tqdm=False,
        print_output=False,
        on_progress=on_progress,
    )
    return Answer(question, network, result.input, result.output, result.targets, result=result)


def _attribute(
    question: Question,
    network: MultilayeredNetwork,
    stimulus: FloatArray,
    aimed: IndexArray,
    tell: Tell,
) -> Answer:
    def on_progress(so_far: AttributionProgress) -> bool:
        words = f"run {so_far.runs:,} of {so_far.expected:,} so far"
        return tell(words, so_far.runs, so_far.expected)

    states = _run(network, stimulus)
    found = attribution(
        network,
        stimulus,
        {question.layer: aimed},
        sources=sources_of(question, network),
        method=question.method,
        progress=False,
        on_progress=on_progress,
    )
    targets = _targets(question, aimed, states)
    return Answer(question, network, stimulus, states, targets, attribution=found)


def _run(network: MultilayeredNetwork, stimulus: FloatArray) -> FloatArray:
    with torch.no_grad():
        states: FloatArray = network(stimulus).cpu().numpy()
    return states


def _targets(question: Question, aimed: IndexArray, states: FloatArray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "batch": np.int64(0),
            "layer": np.int64(question.layer),
            "neuron": aimed,
            "attained": states[aimed, question.layer].astype(np.float64),
        }
    )

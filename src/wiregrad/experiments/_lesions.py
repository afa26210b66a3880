"""What a response loses with each group of neurons: many runs, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..network import Manipulations, MultilayeredNetwork, SilenceMode, has_room

__all__ = ["Lesions", "Question", "lesion_responses"]

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]

# Lesions that are run side by side at most.
_MOST = 64


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of every network.

    Attributes
    ----------
    stimulus : Tensor, shape (sensory, step)
    targets : ndarray of int64
        The neurons whose mean activation is the response,
    steps : tuple of int
        and the layers over which it is averaged.
    groups : sequence of ndarray of int64
        The neurons of each lesion.
    mode : {"outgoing", "incoming", "both"}
    """

    stimulus: Tensor
    targets: IndexArray
    steps: tuple[int, ...]
    groups: Sequence[IndexArray]
    mode: SilenceMode


@dataclass(frozen=True, eq=False)
class Lesions:
    """The response of a network intact, and with each group silenced.

    Attributes
    ----------
    intact : float
    responses : ndarray, shape (n_groups,)
    peaks : ndarray, shape (n_groups,)
        Largest activation of each group's neurons in the intact network, over all steps.
    """

    intact: float
    responses: FloatArray
    peaks: FloatArray


def lesion_responses(
    network: MultilayeredNetwork,
    question: Question,
    batch_size: int | None,
    on_done: Callable[[int], object],
) -> Lesions:
    """Run a network intact, and with every group silenced in turn.

    Parameters
    ----------
    network : MultilayeredNetwork
    question : Question
    batch_size : int, optional
        Lesions side by side; by default as many as there is memory for, at most 64.
    on_done : callable
        Told how many lesions are done.
    """
    with torch.no_grad():
        peaks_of_neurons = _peaks(network, question)
        intact = float(_mean(network, question, Manipulations(), 1)[0])
        peaks = np.array([peaks_of_neurons[group].max() for group in question.groups])
        responses = np.full(len(question.groups), intact)
        # A neuron that is silent all the time tells nobody anything: nothing is lost with it.
        matters = peaks > 0 if question.mode == "outgoing" else np.ones(len(peaks), np.bool_)
        on_done(int((~matters).sum()))
        which = np.flatnonzero(matters)
        size = _batch_size(network, max(len(which), 1)) if batch_size is None else batch_size
        for first in range(0, len(which), size):
            batch = which[first : first + size]
            done = Manipulations()
            for member, number in enumerate(batch):
                done = done.silence(question.groups[number], question.mode, members=member)
            responses[batch] = _mean(network, question, done, len(batch))
            on_done(len(batch))
    return Lesions(intact, responses, peaks)


def _mean(
    network: MultilayeredNetwork, question: Question, done: Manipulations, n_batch: int
) -> FloatArray:
    """Return the mean response of each member, (n_batch,); which it is does not depend on it."""
    states = network(
        question.stimulus.expand(n_batch, -1, -1),
        record=question.targets,
        record_steps=question.steps,
        manipulations=done,
    )
    mean: FloatArray = states.double().mean(dim=(1, 2)).cpu().numpy()
    return mean


def _peaks(network: MultilayeredNetwork, question: Question) -> FloatArray:
    """Return the largest activation of every neuron, the start counted in; (n_neurons,)."""
    peaks = network(question.stimulus[None])[0].amax(dim=1).double().cpu().numpy()
    sensory = network.sensory_indices.cpu().numpy()
    start = question.stimulus[:, 0].double().cpu().numpy()
    start = np.where(start >= network.threshold, start, 0)
    peaks[sensory] = np.maximum(peaks[sensory], start)
    held = network.interventions.active  # it may be in the start alone
    peaks[held] = np.maximum(peaks[held], np.finfo(np.float32).tiny)
    found: FloatArray = peaks
    return found


def _batch_size(network: MultilayeredNetwork, n_lesions: int) -> int:
    size = min(_MOST, n_lesions)
    while size > 1 and not has_room(network, size):
        size = (size + 1) // 2
    return size

"""How many null models show as much as an attribution does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..network import Manipulations, MultilayeredNetwork, manipulated
from ._attribution_question import Answer, Question
from ._unrolled_run import Trials

__all__ = ["share_of_nulls"]

FloatArray = npt.NDArray[np.float64]


def share_of_nulls(
    nulls: Iterable[MultilayeredNetwork],
    question: Question,
    answer: Answer,
    trials: Trials,
    baseline: Tensor | None,
    manipulations: Manipulations | None,
    bar: tqdm[Any],
) -> FloatArray:
    """Ask each null network the same; count in how many a source has as large an attribution.

    Returns
    -------
    ndarray, shape (n_members, n_units)

    Raises
    ------
    TypeError
        If something else than a network is among the nulls.
    ValueError
        If there are none, one has other neurons, inputs or steps, or sources are single synapses,
        which rewired networks do not share.
    """
    if answer.sources.kind == "synapses" and question.group_by is None:
        raise ValueError(
            "rewired networks have other synapses, so that single ones cannot be compared: pass "
            "group_by='cell_type', or another column, to compare pairs of groups"
        )
    count, n_nulls = np.zeros(answer.values.shape), 0
    for null in nulls:
        _check_null(null, answer.runner.model)
        null_trials = replace(trials, model=manipulated(null, manipulations))
        other = question.ask(null_trials, baseline, bar)
        count += np.abs(_aligned(other, answer)) >= np.abs(answer.values)
        n_nulls += 1
        answer.runner.n_runs += other.runner.n_runs
    if not n_nulls:
        raise ValueError("nulls holds no network: leave it out, or give at least one")
    return count / n_nulls


def _check_null(null: MultilayeredNetwork, network: MultilayeredNetwork) -> None:
    if not isinstance(null, MultilayeredNetwork):
        raise TypeError(
            "nulls are networks, such as wiregrad.rewired_networks makes, not "
            f"{type(null).__name__}"
        )
    same = (
        null.n_neurons == network.n_neurons
        and null.num_layers == network.num_layers
        and torch.equal(null.sensory_indices.cpu(), network.sensory_indices.cpu())
    )
    if not same:
        raise ValueError(
            "a null network has other neurons, inputs or steps than the network: make it with the "
            "same arguments, on a rewired connectome"
        )


def _aligned(other: Answer, answer: Answer) -> FloatArray:
    """Bring a null's values into the order of ours; 0 where it lacks a pair of groups."""
    ours, theirs = answer.sources.table, other.sources.table
    names = [name for name in ours.columns if name != "n_sources"]
    if len(ours) == len(theirs) and ours[names].equals(theirs[names]):
        return other.values
    place = pd.MultiIndex.from_frame(theirs[names]).get_indexer(
        pd.MultiIndex.from_frame(ours[names])
    )
    values: FloatArray = np.where(place >= 0, other.values[:, place], 0.0)
    return values

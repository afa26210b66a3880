"""Budgets against enumeration: every set of up to three sensory neurons of the worm, run."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from gradient_cases import batch_of, make_random, maximise

import wiregrad as wg
from wiregrad.gradients import _beginnings
from wiregrad.gradients._budget import Budget, read_budget
from wiregrad.network import driven_states

WITHIN = 0.02


def every_set(n_inputs: int, most: int) -> npt.NDArray[np.int64]:
    """List all sets of 1 to `most` inputs, a row each; -1 fills up."""
    rows = []
    for size in range(1, most + 1):
        sets = np.array(list(itertools.combinations(range(n_inputs), size)))
        rows.append(np.pad(sets, [(0, 0), (0, most - size)], constant_values=-1))
    return np.concatenate(rows)


def run_all(
    network: wg.MultilayeredNetwork, sets: npt.NDArray[np.int64], neurons: list[int], steps: int = 1
) -> npt.NDArray[np.float32]:
    """Drive each set of entries of the first steps fully: last activations, (set, neuron)."""
    attained = []
    for chunk in np.array_split(sets, -(-len(sets) // 1024)):
        stimuli = torch.zeros(len(chunk), len(network.sensory_indices), network.num_layers)
        row, place = np.nonzero(chunk >= 0)
        entry = chunk[row, place]
        stimuli[row, entry // steps, entry % steps] = 1
        attained.append(network(stimuli, record=neurons, record_steps=-1).flatten(1))
    return torch.cat(attained).numpy()


@pytest.fixture(scope="module")
def best(worm_network: wg.MultilayeredNetwork, worm: wg.Connectome) -> pd.Series:
    """The best of all sets for a neuron of each class that is not sensory and responds to any."""
    table = worm.neurons.assign(index=np.arange(len(worm.neurons)))
    reachable = driven_states(worm_network, [0])[:, -1]
    shuffled = table[(table["role"] != "sensory") & reachable].sample(frac=1, random_state=6)
    neurons = shuffled.drop_duplicates("cell_type")["index"].tolist()
    sets = every_set(len(worm_network.sensory_indices), 3)
    assert len(sets) == 95_367
    found = pd.Series(run_all(worm_network, sets, neurons).max(axis=0), index=neurons)
    return found[found > 0]


def check_within(network: wg.MultilayeredNetwork, best: pd.Series) -> None:
    """Ask the solver for each neuron: its sets are as good as the best but for 2 %."""
    asked = batch_of([{2: {neuron: 1.0}} for neuron in best.index])
    result = maximise(network, asked, seed=0, input_steps=0, max_active=3, binary=True)
    assert not result.input[..., 1:].any()
    assert set(np.unique(result.input)) == {0.0, 1.0}
    assert result.members["active_neurons"].max() <= 3
    attained = result.targets["attained"].to_numpy()
    assert (attained >= (1 - WITHIN) * best - 1e-6).all(), attained / best
    assert (attained <= best + 1e-6).all()


def test_finds_the_best_sets_of_three(
    worm_network: wg.MultilayeredNetwork, best: pd.Series
) -> None:
    check_within(worm_network, best.head(3))


@pytest.mark.slow
def test_finds_the_best_sets_of_three_for_twenty_classes(
    worm_network: wg.MultilayeredNetwork, best: pd.Series
) -> None:
    assert len(best) >= 20
    check_within(worm_network, best.head(20))


# Small networks, where responses jump: every stimulus within the budget is run.

LIMITS: list[dict[str, Any]] = [
    {"max_active": 2},
    {"max_active": {"entries": 3}},
    {"max_active": {"neurons": 2, "entries": 3}},
    {"max_active": {"neurons": 3}, "input_steps": [0, -1]},
    {},
]


def all_binary(network: wg.MultilayeredNetwork) -> npt.NDArray[np.float32]:
    """Make every stimulus of zeros and ones, (2 ** entries, sensory, step)."""
    shape = len(network.sensory_indices), network.num_layers
    numbers = np.arange(2 ** (shape[0] * shape[1]))
    bits = (numbers[:, None] >> np.arange(shape[0] * shape[1])) & 1
    return bits.reshape(-1, *shape).astype(np.float32)


def nearest(network: wg.MultilayeredNetwork, budget: Budget, value: float, neuron: int) -> float:
    """Run all that a budget allows; return how near the neuron comes to a value at the end."""
    stimuli = all_binary(network)
    allowed = budget.allows(torch.from_numpy(stimuli))
    if budget.steps is not None:
        others = np.setdiff1d(np.arange(network.num_layers), budget.steps)
        allowed &= ~stimuli[:, :, others].any(axis=(1, 2))
    reached = network(stimuli[allowed], record=[neuron], record_steps=-1).flatten()
    return float((reached - value).abs().min())


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("threshold", [0.01, 0.35])
def test_finds_what_enumeration_finds_where_responses_jump(
    limits: dict[str, Any], threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a threshold of 0.35 single inputs are not felt at all.

    By swaps alone: networks as small as these would be enumerated by the solver as well.
    """
    monkeypatch.setattr(_beginnings, "_FEW", 0)
    missed = 0
    budget = read_budget(3, limits.get("input_steps"), limits.get("max_active"), binary=True)
    for seed in range(5):
        network = make_random(seed, 16, n_sensory=4, threshold=threshold, tanh_steepness=2.0)
        neuron = int(np.setdiff1d(np.arange(16), network.sensory_indices)[seed])
        for value in (1.0, 0.5):
            expected = nearest(network, budget, value, neuron)
            result = maximise(network, {2: {neuron: value}}, seed=0, binary=True, **limits)
            target = result.targets.iloc[0]
            assert budget.allows(torch.from_numpy(result.batch_input)).all()
            assert set(np.unique(result.input)) <= {0.0, 1.0}
            # Within 0.02 a target is reached, and that may be given for fewer inputs.
            miss = abs(target["nearest"] - value) - max(expected, 0.02)
            assert miss <= 0.05
            missed += miss > 1e-5
    assert missed <= 2, "single swaps do not find everything, but nearly"


def test_small_networks_are_enumerated() -> None:
    """Then nothing is missed."""
    budget = read_budget(3, [0, 1, 2], {"neurons": 2, "entries": 3}, binary=True)
    for seed in range(6):
        network = make_random(seed, 16, n_sensory=4, threshold=0.2, tanh_steepness=2.0)
        neuron = int(np.setdiff1d(np.arange(16), network.sensory_indices)[seed])
        limits = {"neurons": 2, "entries": 3}
        expected = nearest(network, budget, 0.5, neuron)
        result = maximise(network, {2: {neuron: 0.5}}, seed=0, binary=True, max_active=limits)
        miss = abs(result.targets["nearest"][0] - 0.5)
        assert miss == pytest.approx(expected, abs=1e-6) or max(miss, expected) <= 0.02
        assert result.members["agreement"].tolist() == [1.0]

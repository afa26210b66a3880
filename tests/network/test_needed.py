"""Neurons that matter to what is read; what others do is not worked out, and changes nothing."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

import wiregrad as wg
from wiregrad.network import Slopes, Watch
from wiregrad.network._needed import needed_neurons, no_neurons
from wiregrad.network._places import Grid, Places

pytestmark = pytest.mark.kernel

STEPS = 5


def places(*read: tuple[int, int]) -> Places:
    """Read (layer, neuron), sorted by layer."""
    layer, neuron = np.array(sorted(read), np.int64).reshape(-1, 2).T
    return Places(layer, neuron, np.zeros(len(layer), np.int64))


def by_post(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix = sparse.csr_array(weights)
    return matrix.indptr.astype(np.uint32), matrix.indices.astype(np.uint32), matrix.data


def lists(needed: tuple[np.ndarray, np.ndarray]) -> list[list[int]]:
    neurons, starts = needed
    return [neurons[a:b].tolist() for a, b in itertools.pairwise(starts)]


def random_weights(n: int = 40, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (n, n)) * (rng.random((n, n)) < 0.06)


def test_are_those_with_a_walk_to_what_is_read() -> None:
    weights, sensory = random_weights(), np.array([3, 17])
    found = lists(needed_neurons(places((4, 7), (3, 30)), by_post(weights), sensory, STEPS, 2.0))
    expected = {7}
    assert found[4] == [7]
    for t in (3, 2, 1, 0):
        leading = set(np.flatnonzero(weights[sorted(expected)].any(axis=0)).tolist())
        expected = leading | {3, 17} | ({30} if t == 3 else set())
        assert found[t] == sorted(expected)


def test_lists_end_where_there_are_too_many_and_never_begin_again() -> None:
    weights = random_weights()
    edges = (weights != 0).sum(axis=1)
    found = lists(needed_neurons(places((4, 7)), by_post(weights), np.array([3]), STEPS, 0.3))
    listed = [bool(rows) for rows in found]
    assert listed == sorted(listed)
    assert 1 < sum(listed) < STEPS
    assert all(edges[rows].sum() <= 0.3 * edges.sum() for rows in found)


@pytest.mark.parametrize("read", [[], [(2, 7)]])
def test_nothing_read_after_the_last_step_leaves_all(read: list[tuple[int, int]]) -> None:
    found = needed_neurons(places(*read), by_post(random_weights()), np.array([3]), STEPS, 2.0)
    assert lists(found) == lists(no_neurons(STEPS)) == [[]] * STEPS


def test_a_grid_of_states_needs_the_same() -> None:
    weights, sensory = by_post(random_weights()), np.array([3])
    grid = Grid(np.array([3, 4]), np.array([7, 30]), n_batch=3)
    single = places((3, 7), (3, 30), (4, 7), (4, 30))
    a, b = (needed_neurons(read, weights, sensory, STEPS, 2.0) for read in (grid, single))
    assert lists(a) == lists(b)


def answer(watch: Watch, stimulus: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    response, gradient = watch.run(stimulus)
    return response.read.clone(), gradient(Slopes(torch.linspace(0.3, 1, len(response.read))))


def spoil(watch: Any) -> None:
    """Write NaN wherever a pass may not read what it has not written itself."""
    for view in filter(None, (watch._view, watch._part)):
        for name, array in view.room.arrays.items():
            if name in ("states", "g", "d"):
                array[int(name == "states") :] = np.nan


@pytest.mark.parametrize("leak", [0.0, 0.1])
@pytest.mark.parametrize("batch", [1, 2, 3, 13, 16, 20])
@pytest.mark.parametrize("bias", [-0.1, 0.05])
def test_states_nobody_needs_change_no_bit(bias: float, batch: int, leak: float) -> None:
    n = 300
    rng = np.random.default_rng(1)
    weights = sparse.csr_array(rng.normal(0, 1, (n, n)) * (rng.random((n, n)) < 0.02))
    sensory = rng.choice(n, 30, replace=False).tolist()
    found = []
    for layouts in ({}, {"by_post": True}, {"by_post": True, "tiles_for": batch}):
        network = wg.MultilayeredNetwork(
            weights, sensory, STEPS, device="cpu", default_bias=bias, tanh_steepness=2.0
        )
        place = torch.tensor([[b % batch, 7 * b % n, 4 - b % 2] for b in range(2 * batch)]).T
        watch = Watch(network, *place, leak=leak)
        for matrix in (network.weights, *([watch._part.model.weights] if watch._part else [])):
            matrix.ask_for(**layouts)
        stimulus = torch.rand(
            (batch, 30, STEPS), generator=torch.Generator().manual_seed(2), dtype=network.dtype
        )
        for scale in (1.0, 0.5, 1.0):
            last = answer(watch, scale * stimulus)
            found.append(last)
            spoil(watch)
    assert found[0][0].any()
    assert found[0][1].any()
    for k in range(3, len(found)):
        for one, same in zip(found[k % 3], found[k], strict=True):
            assert torch.equal(one, same)


def test_they_are_indeed_left_out() -> None:
    n = 300
    rng = np.random.default_rng(1)
    weights = sparse.csr_array(rng.normal(0, 1, (n, n)) * (rng.random((n, n)) < 0.02))
    network = wg.MultilayeredNetwork(weights, [0, 1, 2], STEPS, device="cpu", default_bias=0.05)
    network.weights.ask_for(by_post=True)
    watch = Watch(network, *(torch.tensor([i]) for i in (0, 7, STEPS - 1)), leak=0.1)
    stimulus = torch.ones(1, 3, STEPS)
    watch.run(stimulus)
    spoil(watch)
    watch.run(stimulus)
    last = watch._view.room.arrays["states"][STEPS]
    assert np.flatnonzero(np.isfinite(last[:, 0])).tolist() == [7]

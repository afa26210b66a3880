"""Activation maximisation where inputs may be negative."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import make_chain, make_random, maximise
from test_thin import Judged

import wiregrad as wg
from wiregrad.gradients import _start
from wiregrad.gradients._adam import BoundedAdam
from wiregrad.gradients._ranges import as_seen, full_drive, gains, sides
from wiregrad.gradients._resolved_targets import resolve_targets
from wiregrad.gradients._target_watch import TargetWatch
from wiregrad.gradients._thin import Thin
from wiregrad.gradients._tolerance import TOLERANCE

NOTHING = wg.Manipulations()
MODELS: dict[str, dict[str, Any]] = {
    "rate": {},
    "tonic": {"default_bias": 0.2},
    "memory": {"tau": 2.0},
    "linear": {"dynamics": wg.Linear()},
    "leaky": {"dynamics": wg.LeakyRectified(2.0, 1.0), "default_bias": 0.1},
}


def asked_of(network: wg.MultilayeredNetwork, n: int = 6, seed: int = 0) -> pd.DataFrame:
    """Ask one neuron of each of several members."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "batch": range(n),
            "layer": network.num_layers - 1,
            "neuron": rng.choice(network.n_neurons, n, replace=False),
            "value": np.where(np.arange(n) % 2, 0.4, 1.0),
        }
    )


# What is found.


def test_what_only_a_negative_input_can_do_is_found_and_proved() -> None:
    """Neuron 0 inhibits 1: only below its baseline does it let go."""
    found = {}
    for low in (0.0, -1.0):
        network = make_chain(2, -0.5, num_layers=1, input_range=(low, 1.0))
        found[low] = maximise(network, {0: {1: 0.9}}, seed=0)
    assert found[0.0].targets["status"].tolist() == ["stuck"]
    result = found[-1.0]
    assert result.targets["status"].tolist() == ["reached"]
    assert result.input[0, 0] == pytest.approx(-np.arctanh(0.9) / 2.5, abs=0.1)
    assert result.members[["active_inputs", "active_neurons"]].to_numpy().tolist() == [[1, 1]]
    assert result.members["minimal"].tolist() == [True]
    table = result.to_frame()
    assert len(table) == 1


def test_an_inhibitory_neuron_is_held_down_by_a_negative_input() -> None:
    """A tonic neuron 1 keeps 2 silent; 0 excites 1."""
    weights = np.zeros((3, 3))
    weights[1, 0], weights[2, 1] = 0.8, -0.9
    network = wg.MultilayeredNetwork(
        weights, [0], 2, input_range=(-1, 1), default_bias=0.5, device="cpu"
    )
    result = maximise(network, {1: {2: np.tanh(0.5)}}, seed=0)
    assert result.targets["status"].tolist() == ["reached"]
    assert result.targets.loc[0, "resting"] == 0
    assert result.input[0, 0] < -0.1
    assert result.input[0, 1] == 0
    assert result.members["minimal"].tolist() == [True]


def test_it_comes_as_near_as_the_best_of_a_grid() -> None:
    """Of four inputs all combinations of nine values are run."""
    low = -0.6
    values = np.linspace(low, 1, 9)
    grid = np.array(list(itertools.product(values, repeat=4))).reshape(-1, 2, 2)
    gained = 0
    for seed in range(3):
        network = make_random(
            seed, n_neurons=10, n_sensory=2, num_layers=2, input_range=(low, 1), default_bias=0.1
        )
        asked = asked_of(network, 6, seed)
        result = maximise(network, asked, seed=0)
        states = network(grid)[:, asked["neuron"], 1].numpy()
        best = np.abs(states - asked["value"].to_numpy()).min(axis=0)
        miss = np.abs(result.targets["attained"] - result.targets["value"])
        allowed = np.maximum(best, TOLERANCE) + 0.02
        assert (miss <= allowed).all()
        gained += int((result.batch_input < 0).any(axis=(1, 2)).sum())
    assert gained > 3


@pytest.mark.parametrize(
    "model",
    [
        "tonic",
        "leaky",
        *(pytest.param(m, marks=pytest.mark.slow) for m in ("rate", "memory", "linear")),
    ],
)
def test_inputs_keep_to_their_range_and_none_can_be_left_out(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    low, high = -0.6, 1.5
    network = make_random(3, 16, 6, 3, input_range=(low, high), tanh_steepness=2, **MODELS[model])
    tried = []
    run = TargetWatch.run

    def note(self: TargetWatch, stimulus: torch.Tensor) -> Any:
        tried.append((float(stimulus.min()), float(stimulus.max())))
        return run(self, stimulus)

    monkeypatch.setattr(TargetWatch, "run", note)
    asked = asked_of(network, 6, seed=1)
    result = maximise(network, asked, seed=0)
    lowest, highest = np.array(tried).T
    assert lowest.min() >= np.float32(low)
    assert highest.max() <= high
    assert lowest.min() < 0 < highest.max()
    assert all(shown.min() >= np.float32(low) for shown in result.snapshots)

    x = result.batch_input
    assert (np.abs(x[x != 0]) >= np.float32(network.threshold)).all(), "nothing that is silent"
    assert result.members["active_inputs"].tolist() == (x != 0).sum(axis=(1, 2)).tolist()
    assert result.members["minimal"].sum() > 3
    checked = 0
    for row in result.targets.itertuples():
        if not result.members.loc[row.batch, "minimal"]:
            continue
        slack = min(0.02 * (abs(row.resting - row.value) - abs(row.nearest - row.value)), 0.02)
        near = abs(row.nearest - row.value)
        allowed = TOLERANCE if near <= TOLERANCE else near + max(slack, 0)
        assert abs(row.attained - row.value) <= allowed + 1e-5
        for place in zip(*np.nonzero(x[row.batch]), strict=True):
            less = x[row.batch].copy()
            less[place] = 0
            miss = abs(float(network(less)[row.neuron, row.layer]) - row.value)
            assert miss > allowed - 1e-5
            checked += 1
    assert checked > 5


@pytest.mark.parametrize(
    "model", ["tonic", pytest.param("memory", marks=pytest.mark.slow), "leaky"]
)
def test_members_are_what_they_are_alone_to_the_bit(model: str) -> None:
    network = make_random(4, 12, 5, input_range=(-1, 1), **MODELS[model])
    asked = asked_of(network, 4, seed=2)
    together = maximise(network, asked, seed=0)
    for member in (0, 3):
        row = asked.iloc[member]
        alone = maximise(network, {2: {int(row["neuron"]): row["value"]}}, seed=0)
        np.testing.assert_array_equal(alone.batch_input[0], together.batch_input[member])


def test_on_the_worm_more_can_be_reached_than_from_0_on(worm: wg.Connectome) -> None:
    """The same targets; what is reached with inputs from 0 on is reached all the same."""
    found = {}
    for low in (0.0, -1.0):
        network = wg.MultilayeredNetwork.from_connectome(
            worm, "role=sensory", 3, input_range=(low, 1.0), default_bias=0.2, device="cpu"
        )
        asked = asked_of(network, 10)
        found[low] = maximise(network, asked, seed=1)
    reached = {low: found[low].targets["status"].eq("reached") for low in found}
    assert reached[-1.0][reached[0.0]].all()
    assert reached[-1.0].sum() > reached[0.0].sum()
    assert found[-1.0].members["minimal"].all()


def test_manipulations_and_steps_are_kept_to() -> None:
    network = make_random(3, input_range=(-1, 1), tanh_steepness=2, default_bias=0.2)
    asked = asked_of(network, 6, seed=1)
    done = NOTHING.silence([1, 2], members=1).clamp(3, 0.5)
    result = maximise(network, asked, seed=0, input_steps=[0, 2], manipulations=done)
    assert not result.batch_input[..., 1].any()
    assert (result.batch_input < 0).any()
    states = network(result.batch_input, manipulations=done)
    np.testing.assert_array_equal(states.numpy(), result.batch_output)


def test_fixed_penalties_keep_to_the_range_too() -> None:
    network = make_random(2, input_range=(-0.5, 1), default_bias=0.2)
    asked = asked_of(network, 4)
    result = maximise(network, asked, seed=0, in_reg_lambda=1e-3, out_reg_lambda=0)
    everything = np.stack([*result.snapshots, result.batch_input])
    assert everything.min() >= -0.5
    assert (everything < 0).any()
    kept = np.abs(result.batch_input[result.batch_input != 0])
    assert (kept >= np.float32(network.threshold)).all()


def test_a_given_start_is_brought_within_the_range() -> None:
    network = make_chain(2, -0.5, num_layers=1, input_range=(-0.5, 2.0))
    start = torch.tensor([[[-3.0]], [[5.0]]])
    given = _start.given_start(network, start, 2)
    assert given.flatten().tolist() == [-0.5, 2.0]
    result = maximise(network, {0: {1: 0.8}}, start[:1], seed=0)
    assert result.input[0, 0] == pytest.approx(-np.arctanh(0.8) / 2.5, abs=0.05)


def test_starts_are_drawn_from_the_whole_range() -> None:
    network = make_random(1, n_sensory=20, input_range=(-0.5, 1.5))
    targets = resolve_targets({2: {3: 1.0}}, network)
    drawn = _start.random_start(network, targets, 0)
    assert -0.5 <= drawn.min() < -0.3
    assert 1.3 < drawn.max() <= 1.5
    plain = make_random(1, n_sensory=20)
    even = _start.random_start(plain, targets, 0)
    torch.testing.assert_close(drawn, 2 * even - 0.5)


# Its parts.


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_adam_keeps_to_other_bounds(dtype: torch.dtype) -> None:
    start = torch.zeros(3, 40, dtype=dtype)
    compiled, plain = (BoundedAdam(start, (-0.5, 2.0)) for _ in range(2))
    ours = theirs = start
    generator, rate = torch.Generator().manual_seed(0), torch.tensor(0.4, dtype=dtype)
    for _ in range(30):
        slope = torch.randn(3, 40, generator=generator, dtype=dtype)
        ours = compiled.step(ours, slope, rate)
        plain.steps += 1
        theirs = plain._plain(theirs, slope, rate)
        assert ours.min() >= -0.5
        assert ours.max() <= 2
        torch.testing.assert_close(ours, theirs)
    assert (ours == -0.5).any()


def test_inputs_keep_their_side_while_they_are_thinned() -> None:
    targets = Judged(2).targets
    x = torch.tensor([[[-0.5], [0.2]], [[0.0], [-0.1]]])
    own = sides(x, torch.tensor([[[1.0], [1.0]], [[-2.0], [0.5]]]))
    assert own.flatten().tolist() == [-1, 1, -1, -1]
    nothing = torch.zeros(targets.n_members)
    objective = Thin(targets, nothing, nothing + 1, 0.05, sides=own)
    past = torch.tensor([[[0.1], [-0.1]], [[0.3], [-0.2]]])
    bounded = torch.tensor([[[0.0], [0.0]], [[0.0], [-0.2]]])
    assert torch.equal(objective.bound(past), bounded)
    costs = objective.costs(x, torch.ones(2))  # type: ignore[arg-type]
    mirrored = Thin(targets, nothing, nothing + 1, 0.05)
    expected = mirrored.costs(x.abs(), torch.ones(2))  # type: ignore[arg-type]
    assert torch.equal(costs.in_cost, expected.in_cost)
    assert torch.equal(costs.d_x, own * expected.d_x)
    assert torch.equal(objective.price(x), mirrored.price(x.abs()))
    objective.take(torch.tensor([1]), torch.tensor([1]))
    assert torch.equal(objective.bound(past[1:]), bounded[1:])
    assert torch.equal(mirrored.bound(past), past)


def test_full_drives_and_what_they_gain() -> None:
    slope = torch.tensor([0.5, -0.5, 0.0])
    assert full_drive(slope, (-0.2, 2.0)).tolist() == pytest.approx([2, -0.2, 0])
    assert gains(slope, (-0.2, 2.0)).tolist() == pytest.approx([1, 0.1, 0])
    assert full_drive(slope, (0.0, 1.0)).tolist() == [1, 0, 0]
    assert gains(slope, (0.0, 1.0)) is slope


def test_a_stimulus_as_the_network_sees_it() -> None:
    x = torch.tensor([-0.5, -0.005, 0.0, 0.005, 0.01, 1.0])
    seen = as_seen(x, 0.01, (-1.0, 1.0))
    assert seen.tolist() == pytest.approx([-0.5, 0, 0, 0, 0.01, 1])
    assert (seen != 0).sum() == 3
    assert as_seen(x.clamp(min=0), 0.01, (0.0, 1.0)).tolist() == pytest.approx([0] * 4 + [0.01, 1])


# Bad input.


@pytest.mark.parametrize(
    "options", [{"max_active": 2}, {"max_active": {"entries": 1}}, {"binary": True}]
)
def test_inputs_are_counted_from_0_on_only(options: dict[str, Any]) -> None:
    network = make_chain(input_range=(-1, 1))
    with pytest.raises(ValueError, match=r"input_range is \(-1.0, 1.0\): leave them out"):
        maximise(network, {1: {2: 1.0}}, **options)
    network.input_range = (0.0, 1.0)
    assert maximise(network, {1: {2: 1.0}}, **options).targets["status"].tolist() == ["reached"]

"""The automatic search: reach the targets, hold them with ever fewer inputs, prune."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import batch_of, make_chain, make_random, maximise

import wiregrad as wg
from wiregrad.gradients import _automatic
from wiregrad.gradients._search import search

# What it finds.


def test_decision_16_by_default_it_searches_until_it_is_done() -> None:
    result = maximise(make_random(), {2: {7: 0.6}}, seed=0)
    assert 50 < result.n_passes < 2_000
    assert result.members["status"].tolist() == ["reached"]


def test_decision_16_num_iterations_counts_passes_in_all() -> None:
    result = maximise(make_random(), {2: {7: 0.6}}, num_iterations=9, seed=0)
    assert result.members["passes"].tolist() == [9]
    assert result.n_passes == 9


def test_early_stopping_can_be_turned_off() -> None:
    options = {"num_iterations": 400, "seed": 0}
    assert maximise(make_chain(), {1: {2: 0.9}}, **options).n_passes < 400
    result = maximise(make_chain(), {1: {2: 0.9}}, early_stopping=False, **options)
    assert result.n_passes == 400


@pytest.mark.parametrize("value", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_decision_16_the_input_is_sparse_and_holds_the_target(seed: int, value: float) -> None:
    network = make_random(seed)
    result = maximise(network, {2: {7: value}}, seed=0)
    target = result.targets.iloc[0]
    assert target["status"] == ("reached" if value < 1 else target["status"])
    assert abs(target["attained"] - value) <= max(abs(target["nearest"] - value) + 0.02, 0.02)
    assert 1 <= result.members["active_inputs"][0] <= 8


def test_no_single_input_can_be_left_out(worm_network: wg.MultilayeredNetwork) -> None:
    result = maximise(worm_network, {2: {"AVA": 0.9}}, seed=0)
    assert result.members["minimal"].tolist() == [True]
    assert (result.targets["status"] == "reached").all()
    stimulus, rows = torch.from_numpy(result.input), result.targets["neuron"].tolist()
    for j, t in np.argwhere(result.input > 0):
        without = stimulus.clone()
        without[j, t] = 0
        attained = worm_network(without)[rows, 2].numpy()
        assert (np.abs(attained - 0.9) > 0.02).any()


def test_at_last_it_follows_the_true_gradient(
    worm_network: wg.MultilayeredNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearer than by the surrogate gradient alone, and never farther."""
    targets = {b: (2, name) for b, name in enumerate(["AVA", "AIB", "RIM", "RIB", "AIY", "SMD"])}
    frame = [(b, t, n, 1.0) for b, (t, name) in targets.items() for n in worm_network.find(name)]
    asked = wg.TargetActivation(pd.DataFrame(frame, columns=["batch", "layer", "neuron", "value"]))

    def miss() -> pd.Series:
        found = maximise(worm_network, asked, seed=0).targets
        squares = (found["nearest"] - found["value"]).pow(2)
        return squares.groupby(found["batch"]).mean()

    faded = miss()
    monkeypatch.setattr(_automatic.AutomaticSearch, "_follow", lambda *_, **__: None)
    assert (faded <= miss() + 1e-6).all()
    assert (faded < miss() - 1e-6).any()


def hidden_hills(n: int = 8) -> wg.MultilayeredNetwork:
    """Input 0 excites the target; so do `n` more, but driven a little they inhibit it."""
    first = np.arange(1, n + 1)
    weights = np.zeros((3 * n + 3, 3 * n + 3))
    through, against, target = 3 * n + 1, first + 2 * n, 3 * n + 2
    weights[through, 0], weights[target, through] = 1, 0.03
    weights[first + n, first], weights[target, first + n] = 0.3, 0.02
    weights[against, first], weights[target, against] = 2, -0.009
    return wg.MultilayeredNetwork(weights, [0, *first], 2, threshold=0, device="cpu")


def test_a_hill_that_hides_a_higher_one_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    network = hidden_hills()
    alone = np.zeros((1, 9, 2), np.float32)
    alone[0, 0, 0] = 1  # the lower hill

    def nearest() -> float:
        result = maximise(network, {1: {26: 1.0}}, input_tensor=alone, seed=0)
        return float(result.targets["nearest"].iloc[0])

    shaken = nearest()
    monkeypatch.setattr(_automatic, "_SHAKES", ())
    assert shaken > nearest() + 0.05


def test_what_cannot_be_reached_is_nearly_as_near_as_it_came() -> None:
    network = make_chain(4, weight=0.05)
    result = maximise(network, {2: {3: 1.0}}, seed=0)
    target = result.targets.iloc[0]
    full = network(torch.ones(1, 3))[3, 2].item()
    assert target["nearest"] == pytest.approx(full, abs=1e-3)
    assert full * 0.98 - 1e-6 <= target["attained"] <= full + 1e-6


def test_fixed_penalties_are_left_as_they_are() -> None:
    result = maximise(make_random(), {2: {7: 0.6}}, in_reg_lambda=0.01, seed=0)
    assert result.members["minimal"].tolist() == [False]
    assert result.stage_seconds == {}
    np.testing.assert_array_equal(result.targets["nearest"], result.targets["attained"])


# Starts.


def test_several_starts_are_never_worse_than_one() -> None:
    for seed in range(4):
        network = make_random(seed, n_neurons=40)
        misses = [
            abs(maximise(network, {2: {9: 1.0}}, seed=0, n_starts=n).targets["nearest"][0] - 1)
            for n in (1, 4)
        ]
        assert misses[1] <= misses[0] + 1e-6


def test_starts_that_come_as_near_agree() -> None:
    """A chain has one way only."""
    result = maximise(make_chain(4, weight=0.05), {2: {3: 1.0}}, seed=0, n_starts=5)
    assert result.members["agreement"].tolist() == [1.0]


@pytest.mark.parametrize("n_starts", [0, -1, 1.5, True, "2"])
def test_refuses_a_number_of_starts_that_is_none(n_starts: object) -> None:
    with pytest.raises(ValueError, match="n_starts is a whole number, at least 1"):
        maximise(make_chain(), {1: {2: 0.9}}, n_starts=n_starts)


def test_a_given_start_is_the_only_one() -> None:
    given = torch.full((1, 1, 2), 0.5)
    result = maximise(make_chain(), {1: {2: 0.9}}, given, n_starts=7)
    np.testing.assert_array_equal(result.snapshots[0], given[0].numpy())


# How it is told, and interrupted.


def test_each_stage_says_how_long_it_took() -> None:
    result = maximise(make_random(), {2: {7: 0.6}}, seed=0)
    assert list(result.stage_seconds) == ["reach", "shorten", "thin", "prune"]
    assert 0 < sum(result.stage_seconds.values()) <= result.seconds


@pytest.mark.parametrize("stage", ["make_starts", "shortlist", "shorten", "Thin", "prune"])
def test_control_c_in_any_stage_keeps_the_best_so_far(
    monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    module = wg.gradients._maximise if stage == "make_starts" else _automatic
    monkeypatch.setattr(module, stage, interrupted)
    result = maximise(make_random(), batch_of([{2: {7: 0.6}}, {2: {9: 0.5}}]), seed=0)
    assert result.interrupted
    assert not result.members["minimal"].any()
    if stage != "make_starts":
        assert result.members["status"].tolist() == ["reached"] * 2
    again = make_random()(torch.from_numpy(result.input))
    np.testing.assert_array_equal(again.numpy(), result.output)


def test_after_control_c_in_the_first_stage_there_is_no_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*args: object, **options: object) -> object:
        outcome = search(*args, **options)  # type: ignore[arg-type]
        outcome.interrupted = True
        return outcome

    monkeypatch.setattr(_automatic, "search", interrupted)
    result = maximise(make_random(), {2: {7: 0.6}}, seed=0)
    assert result.interrupted
    assert list(result.stage_seconds) == ["reach"]

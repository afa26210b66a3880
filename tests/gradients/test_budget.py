"""Budgets: what is asked, what is kept to, and how they combine."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import batch_of, make_chain, make_random, maximise, member_of, random_targets

import wiregrad as wg
from wiregrad.gradients import _automatic, _choose_sets
from wiregrad.gradients._budget import Budget, read_budget

BUDGETS: list[dict[str, Any]] = [
    {"input_steps": 0},
    {"input_steps": [0, -1]},
    {"max_active": 2},
    {"max_active": {"entries": 3}},
    {"max_active": {"neurons": 2, "entries": 3}},
    {"binary": True},
    {"binary": True, "input_steps": 1},
    {"binary": True, "max_active": 3, "input_steps": [0, 1]},
]
each_budget = pytest.mark.parametrize("limits", BUDGETS, ids=str)


def keeps_to(budget: Budget, stimulus: np.ndarray) -> bool:
    """Count what is active, without the budget's own methods."""
    entries, neurons = (stimulus > 0).sum(), (stimulus > 0).any(axis=1).sum()
    steps = set(np.flatnonzero((stimulus > 0).any(axis=0)).tolist())
    return bool(
        entries <= (np.inf if budget.entries is None else budget.entries)
        and neurons <= (np.inf if budget.neurons is None else budget.neurons)
        and (budget.steps is None or steps <= set(budget.steps))
        and (not budget.binary or set(np.unique(stimulus)) <= {0.0, 1.0})
    )


def budget_of(limits: dict[str, Any]) -> Budget:
    return read_budget(
        3, limits.get("input_steps"), limits.get("max_active"), limits.get("binary", False)
    )


@each_budget
@pytest.mark.parametrize("value", [0.4, 1.0])
def test_stimuli_keep_to_the_budget_and_do_what_is_told(
    limits: dict[str, Any], value: float
) -> None:
    network = make_random(3)
    result = maximise(network, batch_of([{2: {7: value}}, {2: {9: value}}]), seed=0, **limits)
    for stimulus in result.input:
        assert keeps_to(budget_of(limits), stimulus)
    np.testing.assert_array_equal(network(result.input).numpy(), result.output)
    assert result.members["minimal"].all()
    gained = result.targets["nearest"] - result.targets["resting"]
    assert (gained > 0).all()
    for row in result.targets.itertuples():
        allowed = max(abs(row.nearest - value) + 0.02, 0.02)
        assert abs(row.attained - value) <= allowed + 1e-6


@each_budget
def test_no_active_input_can_be_left_out(limits: dict[str, Any]) -> None:
    network = make_random(3)
    result = maximise(network, {2: {7: 0.5}}, seed=0, **limits)
    target = result.targets.iloc[0]
    assert result.members["minimal"].tolist() == [True]
    near, rest = abs(target["nearest"] - 0.5), abs(target["resting"] - 0.5)
    allowed = 0.02 if near <= 0.02 else near + min(0.02, 0.02 * (rest - near))
    for j, t in np.argwhere(result.input > 0):
        without = torch.from_numpy(result.input).clone()
        without[j, t] = 0
        assert abs(network(without)[7, 2].item() - 0.5) > allowed - 1e-6


@each_budget
def test_a_member_is_answered_alike_alone_and_in_a_batch(limits: dict[str, Any]) -> None:
    network = make_random(1)
    members = random_targets(network, 5)
    together = maximise(network, batch_of(members), seed=3, **limits)
    for batch in (0, 4):
        alone = maximise(network, batch_of([members[batch]]), seed=3, **limits)
        assert member_of(alone, 0) == member_of(together, batch)


def test_a_larger_budget_is_never_worse(worm_network: wg.MultilayeredNetwork) -> None:
    asked = {2: {"AVAL": 1.0}}
    free = maximise(worm_network, asked, seed=0).targets["nearest"][0]
    nearest = [
        maximise(worm_network, asked, seed=0, max_active=n).targets["nearest"][0] for n in (1, 3, 8)
    ]
    assert (np.diff(nearest) >= -1e-3).all()
    assert nearest[0] < 0.7 < 0.9 < nearest[-1]
    assert nearest[-1] == pytest.approx(free, abs=0.05)


def test_steps_alone_are_searched_as_ever() -> None:
    network = make_random(2)
    result = maximise(network, {2: {7: 0.6}}, seed=0, input_steps=[0])
    assert list(result.stage_seconds) == ["reach", "shorten", "thin", "prune"]
    assert not any(snapshot[:, 1:].any() for snapshot in result.snapshots)


def test_the_choice_of_sets_is_a_stage_of_its_own() -> None:
    network = make_random(2)
    result = maximise(network, {2: {7: 0.6}}, seed=0, max_active=2)
    assert list(result.stage_seconds) == ["reach", "choose", "thin", "prune"]
    result = maximise(network, {2: {7: 0.6}}, seed=0, max_active=2, binary=True)
    assert list(result.stage_seconds) == ["reach", "choose", "prune"]


def test_steps_hold_with_fixed_penalties_and_given_starts() -> None:
    network = make_random(2)
    fixed = maximise(network, {2: {7: 0.6}}, in_reg_lambda=1e-4, seed=0, input_steps=[1])
    assert fixed.input[:, 1].any()
    assert not fixed.input[:, [0, 2]].any()
    given = maximise(network, {2: {7: 0.6}}, torch.ones(1, 8, 3), seed=0, input_steps=[1])
    assert not given.input[:, [0, 2]].any()
    assert not given.snapshots[0][:, [0, 2]].any()


def test_a_custom_activation_without_slope_at_rest_is_searched_all_the_same() -> None:
    def step(x: torch.Tensor) -> torch.Tensor:
        return torch.where(x > 0.3, torch.tanh(x), 0.0)

    network = make_random(2, activation_function=step)
    result = maximise(network, {2: {7: 0.6}}, seed=0, max_active=3, input_steps=[0, 1])
    assert keeps_to(Budget(steps=(0, 1), neurons=3), result.input)
    assert result.targets["attained"][0] > 0


def test_silence_is_within_every_budget() -> None:
    """What is asked is what the network does at rest."""
    result = maximise(make_chain(), {1: {2: 0.0}}, seed=0, max_active=1, binary=True)
    assert not result.input.any()
    assert result.members["status"].tolist() == ["reached"]


# Reachability within the steps.


@pytest.mark.parametrize(
    ("layer", "neuron", "steps", "unreachable"),
    [
        (0, 1, [0], False),
        (1, 2, [0], False),
        (1, 1, [0], True),  # one hop, but at layer 1 only what is driven at step 1
        (1, 1, [1], False),
        (2, 2, [0], True),
        (2, 2, [1], False),
        (0, 0, [1], False),  # the input itself
        (0, 0, [0], True),
    ],
)
def test_targets_need_a_walk_of_the_right_length_from_the_steps(
    layer: int, neuron: int, steps: list[int], unreachable: bool
) -> None:
    network = make_chain(num_layers=3)
    result = maximise(network, {layer: {neuron: 0.9}}, seed=0, input_steps=steps)
    assert (result.targets["status"] == "unreachable").tolist() == [unreachable]
    assert bool(result.input.any()) is not unreachable


def test_what_the_steps_leave_out_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "wiregrad"):
        maximise(make_chain(num_layers=3), {1: {1: 0.9}}, seed=0, input_steps=0)
    (message,) = [record.getMessage() for record in caplog.records]
    assert "neuron 1 at layer 1 (none of the right length from input_steps=[0]; the " in message


# Control-C.


@pytest.mark.parametrize("stage", ["begin", "climb", "polish", "prune"])
def test_control_c_keeps_to_the_budget(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    where = {
        "begin": (_choose_sets.Sets, "begin"),
        "climb": (_choose_sets.Sets, "climb"),
        "polish": (_choose_sets, "_polish"),
        "prune": (_automatic, "prune"),
    }
    monkeypatch.setattr(*where[stage], interrupted)
    result = maximise(make_random(), {2: {7: 0.6}}, seed=0, max_active=2)
    assert result.interrupted
    assert keeps_to(Budget(neurons=2), result.input)
    assert not result.members["minimal"].any()
    assert result.input.any() == (stage != "begin")


# What is refused.


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"input_steps": 3}, r"input_steps holds 3: .* has steps 0 to 2, or negative from the end"),
        ({"input_steps": [0, -4]}, "input_steps holds -4"),
        ({"input_steps": [0, 1.5]}, r"input_steps holds 1\.5"),
        ({"input_steps": True}, "input_steps holds True"),
        ({"input_steps": "0"}, "input_steps holds '0'"),
        ({"input_steps": []}, "input_steps names no step.*leave it out for all"),
        ({"max_active": 0}, "max_active is a whole number, at least 1, not 0"),
        ({"max_active": 2.5}, "max_active is a whole number, at least 1, not 2.5"),
        ({"max_active": {"entries": 0}}, r"max_active\['entries'\] is a whole number"),
        ({"max_active": {"entry": 2}}, "max_active has 'entry'.*did you mean 'entries'"),
        ({"max_active": {}}, "max_active is empty: it is a number of neurons, or a dict with"),
        ({"binary": 1}, "binary is True or False, not 1"),
        ({"max_active": 2, "in_reg_lambda": 0.1}, "belong to the automatic search: leave in_reg"),
        ({"binary": True, "out_reg_lambda": 0.1}, "belong to the automatic search"),
    ],
)
def test_refuses_what_is_no_budget(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        maximise(make_chain(num_layers=3), {1: {2: 0.9}}, **limits)


def test_a_budget_is_kept_with_the_arguments() -> None:
    limits: dict[str, Any] = {"input_steps": [0], "max_active": {"entries": 2}, "binary": True}
    result = maximise(make_chain(), {1: {2: 0.9}}, seed=0, **limits)
    assert {name: result.arguments[name] for name in limits} == limits


def test_a_sweep_takes_a_budget(tmp_path: Any, worm_network: wg.MultilayeredNetwork) -> None:
    problems = wg.problems_for(worm_network, ["AVA", "AVB"], value=0.9)
    limits: dict[str, Any] = {"max_active": 2, "input_steps": [0, 1], "binary": True}
    swept = wg.sweep(worm_network, problems, tmp_path / "swept", progress=False, **limits)
    assert (swept.members["active_neurons"] <= 2).all()
    asked = {2: dict.fromkeys(worm_network.find("AVA").tolist(), 0.9)}
    alone = maximise(worm_network, asked, seed=0, **limits)
    np.testing.assert_array_equal(swept.stimulus("AVA"), alone.input)
    with pytest.raises(ValueError, match=r"what differs: .*max_active"):
        wg.sweep(worm_network, problems, tmp_path / "swept", progress=False, max_active=3)

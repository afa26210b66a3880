"""The automatic search: reach the targets first, then hold them with ever fewer inputs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
import torch
from gradient_cases import batch_of, make_chain, make_random, maximise
from torch import Tensor

from wiregrad.gradients import _automatic
from wiregrad.gradients._automatic import TOLERANCE, ReachThenThin
from wiregrad.gradients._resolved_targets import resolve_targets
from wiregrad.gradients._search import Trial, Verdict

VALUE = 0.5


class Judged:
    """An objective for one target a member, shown made-up passes."""

    def __init__(self, n_members: int = 1, *, stop: bool = True) -> None:
        network = make_chain()
        self.targets = resolve_targets(batch_of([{0: {1: VALUE}}] * n_members), network)
        self.objective = ReachThenThin(self.targets, 0.1, stop=stop)
        self.number = 0

    def show(
        self, miss: Iterable[float], inputs: Iterable[int] = (5,), strength: float = 0.5,
        running: Tensor | None = None,
    ) -> Verdict:  # fmt: skip
        """Pass: how far members are off, and how many inputs of which strength they use."""
        attained = VALUE - torch.tensor(list(miss))
        stimulus = torch.zeros(len(attained), 10, 1)
        for member, count in enumerate(inputs):
            stimulus[member, :count] = strength
        zero = torch.zeros_like(attained)
        trial = Trial(
            number=self.number,
            stimulus=stimulus,
            attained=attained,
            error=(attained - VALUE) ** 2,
            in_cost=zero,
            out_cost=zero,
            running=torch.ones_like(zero).bool() if running is None else running,
        )
        self.number += 1
        return self.objective.judge(trial)


# The penalty.


def test_presses_on_inputs_by_the_formula_and_on_small_ones_harder() -> None:
    objective = Judged(2).objective
    objective.multiplier = torch.tensor([0.5, 2.0])
    x = torch.tensor([[[0.0], [0.1], [0.9]], [[0.3], [0.0], [0.0]]])
    costs = objective.costs(x, torch.ones(2, 3, 1))
    in_cost, out_cost = costs.in_cost, costs.out_cost
    terms = x / (1 + x / 0.1)
    expected = objective.multiplier * terms.sum(dim=(1, 2))
    assert torch.allclose(in_cost, expected)
    assert not out_cost.any()
    assert costs.d_x[0].flatten().tolist() == pytest.approx([0.5, 0.25, 0.05]), "x' held constant"


def test_decision_16_there_is_no_penalty_before_the_targets_are_reached() -> None:
    judged = Judged()
    for miss in (0.5, 0.4, 0.3):
        judged.show([miss])
        assert judged.objective.multiplier.tolist() == [0]
    judged.show([0.0])
    assert judged.objective.multiplier.item() > 0


def test_it_rises_while_the_targets_hold_and_falls_while_they_do_not() -> None:
    judged = Judged()
    judged.show([0.0])
    multipliers = []
    for miss in (0.0, 0.01, 0.019, 0.03, 0.4, 0.0):
        before = judged.objective.multiplier.clone()
        judged.show([miss])
        multipliers.append((judged.objective.multiplier / before).item())
    assert [ratio > 1 for ratio in multipliers] == [True, True, True, False, False, True]


def test_it_does_not_rise_for_ever() -> None:
    """Where targets hold without any input, a search that may not stop goes on and on."""
    judged = Judged(stop=False)
    for _ in range(2_500):
        judged.show([0.0], inputs=[0])
    in_cost = judged.objective.costs(torch.zeros(1, 10, 1), torch.zeros(1, 3, 1)).in_cost
    assert in_cost.tolist() == [0], "an infinite multiplier would give NaN"


def test_steps_are_smaller_while_thinning() -> None:
    judged = Judged(2)
    judged.show([0.0, 0.4], inputs=[5, 5])
    assert judged.objective.rate().flatten().tolist() == pytest.approx([0.05, 0.1])


# What is better.


def test_reaching_comes_first() -> None:
    judged = Judged()
    better = [judged.show([miss], inputs=[n]).better.item() for miss, n in (
        (0.4, 9), (0.3, 9), (0.35, 1), (0.01, 9), (0.03, 1), (0.015, 8),
    )]  # fmt: skip
    assert better == [True, True, False, True, False, True]


def test_then_fewer_inputs_and_then_weaker_ones() -> None:
    judged = Judged()
    shown = [(5, 0.5), (5, 0.6), (5, 0.4), (6, 0.1), (4, 0.9), (4, 0.9), (0, 0.0)]
    better = [judged.show([0.0], [count], strength).better.item() for count, strength in shown]
    assert better == [True, False, True, False, True, False, True]


def test_where_a_target_cannot_be_reached_a_hair_of_the_nearest_approach_may_go() -> None:
    judged = Judged()
    shown = [(0.3, 9), (0.305, 4), (0.32, 1), (0.28, 6), (0.305, 3)]
    better = [judged.show([miss], inputs=[count]).better.item() for miss, count in shown]
    assert better == [True, True, False, True, False]


def test_members_are_judged_each_by_itself() -> None:
    judged = Judged(2)
    judged.show([0.0, 0.4], inputs=[5, 5])
    assert judged.show([0.0, 0.3], inputs=[6, 6]).better.tolist() == [False, True]


@pytest.mark.parametrize("value", np.linspace(0.0, 1.0, 41))
def test_what_it_holds_counts_as_reached_whatever_the_rounding(value: float) -> None:
    """The search works in float32, the tables compare with the value as it was asked."""
    targets = resolve_targets({0: {1: value}}, make_chain())
    objective = ReachThenThin(targets, 0.1)
    edge = np.float32(value + TOLERANCE)
    near = edge + np.arange(-40, 40, dtype=np.float32) * np.spacing(edge)
    for attained in torch.from_numpy(near):
        miss = (attained - targets.value).abs()
        objective._nearest_miss = torch.zeros(1)
        if objective._holds(miss).item():
            assert abs(attained.double().item() - value) <= TOLERANCE


# When it ends.


def passes_until_finished(judged: Judged, misses: Iterable[float]) -> int | None:
    for number, miss in enumerate(misses):
        if judged.show([miss]).finished.item():
            return number
    return None


def test_without_progress_it_ends() -> None:
    number = passes_until_finished(Judged(), [0.3] * 1_000)
    assert number is not None
    assert number >= _automatic._REACH_PATIENCE


def test_small_steps_add_up_to_progress() -> None:
    """None of them counts by itself."""
    judged = Judged()
    step = _automatic._PROGRESS / 10
    for i in range(300):
        judged.show([0.4 - step * i])
        assert not judged.objective.thinning.item()
    judged = Judged()
    weaker = 1 - (1 - _automatic._WEAKER) / 3
    for i in range(3 * _automatic._THIN_PATIENCE):
        assert not judged.show([0.0], strength=0.9 * weaker**i).finished.item()


def test_no_inputs_at_all_cannot_be_improved_on() -> None:
    judged = Judged()
    assert not judged.show([0.0], inputs=[3]).finished.item()
    assert judged.show([0.0], inputs=[0]).finished.item()


def test_it_never_ends_by_itself_if_told_so() -> None:
    assert passes_until_finished(Judged(stop=False), [0.0] * 500) is None


def test_decision_15_a_finished_member_does_not_change_while_others_go_on() -> None:
    judged = Judged(2)
    judged.show([0.0, 0.4], inputs=[0, 5])
    judged.show([0.0, 0.3], inputs=[0, 5])
    before = judged.objective.multiplier.clone()
    for _ in range(9):
        judged.show([0.0, 0.0], inputs=[0, 5], running=torch.tensor([False, True]))
    assert judged.objective.multiplier[0] == before[0]
    assert judged.objective.multiplier[1] != before[1]


# On networks.


def test_decision_16_by_default_it_searches_until_it_is_done() -> None:
    result = maximise(make_random(), {2: {7: 0.6}}, seed=0)
    assert 50 < result.n_passes < 2_000
    assert result.members["status"].tolist() == ["reached"]


def test_decision_16_num_iterations_counts_passes_in_all() -> None:
    calls = []
    network = make_random(activation_function=lambda x: (calls.append(1), torch.relu(x))[1])
    result = maximise(network, {2: {7: 0.6}}, num_iterations=9, seed=0)
    assert result.n_passes == 9
    assert len(calls) == (9 + 2) * network.num_layers, "and two runs: at rest, and at the end"


def test_early_stopping_can_be_turned_off() -> None:
    options = {"num_iterations": 400, "seed": 0}
    assert maximise(make_chain(), {1: {2: 0.9}}, **options).n_passes < 400
    result = maximise(make_chain(), {1: {2: 0.9}}, early_stopping=False, **options)
    assert result.n_passes == 400


@pytest.mark.parametrize("seed", range(2))
def test_decision_16_the_input_is_sparse_and_holds_the_target(seed: int) -> None:
    result = maximise(make_random(seed), {2: {7: 0.6}}, seed=0)
    assert result.members["status"].tolist() == ["reached"]
    assert 1 <= result.members["active_inputs"][0] <= np.count_nonzero(result.snapshots[0]) / 3

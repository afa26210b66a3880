"""The second stage: hold the targets with ever fewer inputs."""

from __future__ import annotations

from typing import Any

import judged
import numpy as np
import pytest
import torch
from gradient_cases import make_chain
from judged import VALUE, passes_until_finished

from wiregrad.gradients import _thin
from wiregrad.gradients._resolved_targets import resolve_targets
from wiregrad.gradients._thin import Thin
from wiregrad.gradients._tolerance import TOLERANCE, allowed_miss


class Judged(judged.Judged):
    """`nearest`: how near the targets have been come before."""

    def make(self, nearest: float = 0.0, stop: bool = True) -> Any:
        attained = torch.full((self.targets.n_members,), VALUE - nearest)
        return Thin(self.targets, attained, torch.zeros_like(attained), 0.05, stop=stop)


# The penalty.


def test_presses_on_inputs_by_the_formula_and_on_small_ones_harder() -> None:
    objective = Judged(2).objective
    objective._multiplier = objective.multipliers = torch.tensor([0.5, 2.0])
    x = torch.tensor([[[0.0], [0.1], [0.9]], [[0.3], [0.0], [0.0]]])
    costs = objective.costs(x, torch.ones(2, 3, 1))  # type: ignore[arg-type]
    terms = x / (1 + x / 0.1)
    expected = torch.tensor([0.5, 2.0]) * terms.sum(dim=(1, 2))
    assert torch.allclose(costs.in_cost, expected)
    assert torch.allclose(objective.price(x), expected)
    assert not costs.out_cost.any()
    assert costs.d_x[0].flatten().tolist() == pytest.approx([0.5, 0.25, 0.05]), "x' held constant"


def test_it_rises_while_the_targets_hold_and_falls_while_they_do_not() -> None:
    judged = Judged()
    multipliers = []
    for miss in (0.0, 0.01, 0.019, 0.03, 0.4, 0.0):
        before = judged.objective.multipliers.clone()
        judged.show([miss])
        multipliers.append((judged.objective.multipliers / before).item())
    assert [ratio > 1 for ratio in multipliers] == [True, True, True, False, False, True]


def test_it_does_not_rise_for_ever() -> None:
    """Where targets hold without any input, a search that may not stop goes on and on."""
    judged = Judged(stop=False)
    for _ in range(2_500):
        judged.show([0.0], inputs=[0])
    assert judged.objective.price(torch.zeros(1, 10, 1)).tolist() == [0], "not NaN"


# What is better.


def test_only_what_holds_the_targets_is_good() -> None:
    judged = Judged()
    shown = [(0.4, 1), (0.01, 9), (0.03, 1), (0.015, 8)]
    better = [judged.show([miss], inputs=[n]).better.item() for miss, n in shown]
    assert better == [False, True, False, True]


def test_then_fewer_inputs_and_then_weaker_ones() -> None:
    judged = Judged()
    shown = [(5, 0.5), (5, 0.6), (5, 0.4), (6, 0.1), (4, 0.9), (4, 0.9), (0, 0.0)]
    better = [judged.show([0.0], [count], strength).better.item() for count, strength in shown]
    assert better == [True, False, True, False, True, False, True]


def test_where_a_target_cannot_be_reached_a_hair_of_the_nearest_approach_may_go() -> None:
    """Resting is 0.5 away; 2 % of what was gained may go, and a nearer approach is the new mark."""
    judged = Judged(nearest=0.3)
    shown = [(0.3, 9), (0.303, 4), (0.32, 1), (0.28, 6), (0.303, 3)]
    better = [judged.show([miss], inputs=[count]).better.item() for miss, count in shown]
    assert better == [True, True, False, True, False]
    assert judged.objective.nearest.tolist() == pytest.approx([VALUE - 0.28])


@pytest.mark.parametrize("value", np.linspace(0.0, 1.0, 41))
def test_what_it_holds_counts_as_reached_whatever_the_rounding(value: float) -> None:
    """The search works in float32, the tables compare with the value as it was asked."""
    targets = resolve_targets({0: {1: value}}, make_chain())
    edge = np.float32(value + TOLERANCE)
    near = edge + np.arange(-40, 40, dtype=np.float32) * np.spacing(edge)
    for attained in torch.from_numpy(near):
        miss = (attained - targets.value).abs()
        if (miss <= allowed_miss(torch.zeros(1), torch.ones(1))).item():
            assert abs(attained.double().item() - value) <= TOLERANCE


# When it ends.


def test_without_progress_it_ends() -> None:
    assert passes_until_finished(Judged(), [0.3] * 1_000) == _thin._PATIENCE - 1


def test_small_steps_add_up_to_progress() -> None:
    judged = Judged()
    weaker = 1 - (1 - _thin._WEAKER) / 3
    for i in range(3 * _thin._PATIENCE):
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
    before = judged.objective.multipliers.clone()
    for _ in range(9):
        judged.show([0.0, 0.0], inputs=[0, 5], running=torch.tensor([False, True]))
    assert judged.objective.multipliers[0] == before[0]
    assert judged.objective.multipliers[1] != before[1]


def test_those_that_stay_are_judged_as_before() -> None:
    both, one = Judged(2), Judged(1)
    for count in (9, 7):
        both.show([0.4, 0.0], inputs=[3, count])
        one.show([0.0], inputs=[count])
    both.objective.take(torch.tensor([1]), torch.tensor([1]))
    for count in (8, 6, 6):
        verdicts = [judged.show([0.0], inputs=[count]) for judged in (both, one)]
        assert verdicts[0].better.tolist() == verdicts[1].better.tolist()

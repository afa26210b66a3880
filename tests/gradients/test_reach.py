"""The first stage: as near to the targets as can be."""

from __future__ import annotations

from typing import Any

import judged
import torch
from judged import passes_until_finished

from wiregrad.gradients import _reach
from wiregrad.gradients._reach import Reach
from wiregrad.gradients._tolerance import PROGRESS


class Judged(judged.Judged):
    def make(self, n_starts: int = 1, rate: float = 0.1, **more: Any) -> Any:
        return Reach(self.targets, n_starts, rate, **more)


def test_decision_16_there_is_no_penalty_before_the_targets_are_reached() -> None:
    costs = Judged(2).objective.costs(torch.rand(2, 3, 1), torch.ones(2, 3, 1))  # type: ignore[arg-type]
    assert not costs.in_cost.any()
    assert not costs.out_cost.any()
    assert not costs.d_x.any()


def test_nearer_is_better_and_members_are_judged_each_by_itself() -> None:
    judged = Judged(2)
    better = [judged.show(miss).better.tolist() for miss in ([0.4, 0.3], [0.45, 0.2], [0.1, 0.2])]
    assert better == [[True, True], [False, True], [True, False]]


def test_a_member_that_reaches_its_targets_is_finished() -> None:
    assert Judged(2).show([0.019, 0.021]).finished.tolist() == [True, False]


def test_once_one_start_of_a_problem_is_there_the_others_are_finished_too() -> None:
    judged = Judged(4, n_starts=2)
    assert judged.show([0.3, 0.3, 0.3, 0.3]).finished.tolist() == [False] * 4
    assert judged.show([0.3, 0.01, 0.3, 0.3]).finished.tolist() == [True, True, False, False]
    assert judged.show([0.3, 0.3, 0.3, 0.3]).finished.tolist() == [True, True, False, False]


def test_without_progress_it_ends() -> None:
    assert passes_until_finished(Judged(), [0.3] * 1_000) == _reach._PATIENCE


def test_after_progress_it_ends_sooner() -> None:
    judged = Judged(patience=5)
    assert passes_until_finished(judged, [0.4, 0.3] + [0.3] * 100) == 1 + 5


def test_only_what_is_nearer_than_the_nearest_so_far_is_kept() -> None:
    judged = Judged(nearest=torch.tensor([0.3]))
    assert [judged.show([miss]).better.item() for miss in (0.4, 0.31, 0.29)] == [False, False, True]


def test_small_steps_add_up_to_progress() -> None:
    judged = Judged()
    step = PROGRESS / 10
    assert passes_until_finished(judged, [0.4 - step * i for i in range(300)]) is None


def test_steps_get_smaller_without_progress() -> None:
    judged = Judged(2)
    for i in range(_reach._TOO_LONG + 1):
        judged.show([0.3, 0.4 - 0.01 * i])
    assert torch.allclose(judged.objective.rate().flatten(), torch.tensor([0.05, 0.1]))


def test_those_that_stay_are_judged_as_before() -> None:
    both, one = Judged(2), Judged(1)
    for miss in (0.4, 0.3):
        both.show([0.01, miss])
        one.show([miss])
    both.objective.take(torch.tensor([1]), torch.tensor([1]))
    one.number = both.number
    for miss in (0.35, 0.25):
        assert both.show([miss]).better.tolist() == one.show([miss]).better.tolist()

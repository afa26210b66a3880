"""The loop: what it tries, keeps and tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import batch_of, make_chain, make_random, random_targets
from torch import Tensor

import wiregrad as wg
from wiregrad.gradients import _search
from wiregrad.gradients._resolved_targets import resolve_targets
from wiregrad.gradients._search import Costs, Objective, Outcome, Trial, Verdict, search
from wiregrad.network import Response, Wanted, unroll


class Only:
    """An objective without penalties that is told what to say."""

    reads: Wanted = "nothing"

    def __init__(self, better: Any = None, finished: Any = None, rate: float = 0.1) -> None:
        self._better, self._finished, self._rate = better, finished, rate

    def costs(self, x: Tensor, response: Response) -> Costs:
        return Costs(x.new_zeros(len(x)), x.new_zeros(len(x)), d_x=torch.zeros_like(x))

    def rate(self) -> Tensor:
        return torch.tensor(self._rate)

    def bound(self, x: Tensor) -> Tensor:
        return x

    def take(self, members: Tensor, targets: Tensor) -> None:
        """Members that have left are known by their numbers."""

    def judge(self, trial: Trial) -> Verdict:
        n_members = len(trial.running)

        def says(what: Any, default: bool) -> Tensor:
            said = torch.as_tensor(default if what is None else what(trial.number))
            return said[trial.members] if said.ndim else said.expand(n_members)

        return Verdict(says(self._better, True), says(self._finished, False))


def run(
    network: wg.MultilayeredNetwork,
    members: list[dict[int, dict[int, float]]],
    objective: Objective,
    *,
    limit: int = 12,
    running: Any = True,
    on_pass: Any = None,
    start: Tensor | None = None,
) -> tuple[Outcome, list[Trial]]:
    """Search from a fixed start; return the outcome and all trials."""
    targets = resolve_targets(batch_of(members), network)
    trials: list[Trial] = []

    def note(trial: Trial, outcome: Outcome) -> None:
        trials.append(trial)
        if on_pass:
            on_pass(trial, outcome)

    shape = (len(members), len(network.sensory_indices), network.num_layers)
    if start is None:
        start = torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(network.dtype)
    outcome = search(
        network,
        targets,
        start,
        objective,
        limit=limit,
        running=torch.as_tensor(running).expand(len(members)),
        resting_error=torch.full((len(members),), 0.5, dtype=network.dtype),
        on_pass=note,
    )
    return outcome, trials


@pytest.fixture
def all_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members that are finished stay in the batch, so that trials show all."""
    monkeypatch.setattr(_search, "_WORTH_LEAVING", 0)


@pytest.fixture(scope="module")
def network() -> wg.MultilayeredNetwork:
    return make_random(threshold=0.05)


def test_decision_13_what_is_tried_is_within_bounds_and_thresholded(
    network: wg.MultilayeredNetwork,
) -> None:
    _, trials = run(network, random_targets(network, 3), Only(rate=0.4), limit=20)
    tried = torch.stack([trial.stimulus for trial in trials])
    assert ((tried == 0) | ((tried >= 0.05) & (tried <= 1))).all()
    assert (tried == 0).any()
    assert (tried == 1).any()


def test_the_surrogate_gradient_leaves_what_is_attained_unchanged(
    network: wg.MultilayeredNetwork,
) -> None:
    """What a trial reports is what the network does on its stimulus, bit for bit."""
    members = random_targets(network, 3)
    targets = resolve_targets(batch_of(members), network)
    _, trials = run(network, members, Only(rate=0.3))
    for trial in trials:
        attained = targets.read(network(trial.stimulus))
        assert torch.equal(trial.attained, attained)
        error = targets.mean_by_member((attained - targets.value) ** 2)
        assert torch.allclose(trial.error, error, rtol=1e-6)


def test_decision_18_the_surrogate_has_a_slope_where_the_true_gradient_has_none() -> None:
    """From silence the first step goes where the true gradient says nothing."""
    network = make_chain(6)
    silence = torch.zeros(1, 1, 5)
    x = silence.clone().requires_grad_()
    (true,) = torch.autograd.grad(unroll(network, x)[0, 5, 4], x)
    assert not true.any()
    _, trials = run(network, [{4: {5: 0.9}}], Only(), limit=2, start=silence)
    moved = trials[1].stimulus[0, 0] > 0
    assert moved.tolist() == [True, False, False, False, False], "the others cannot get there"


def test_without_penalties_it_descends(network: wg.MultilayeredNetwork) -> None:
    members = [{2: {neuron: 0.6}} for neuron in (5, 7, 9)]
    _, trials = run(network, members, Only(rate=0.02), limit=100)
    assert (trials[0].error > 0.02).any()
    assert (trials[-1].error < 1e-3).all()


def test_the_best_of_every_member_is_kept(network: wg.MultilayeredNetwork) -> None:
    when = {0: [True, True], 2: [False, True], 3: [True, False]}
    objective = Only(better=lambda number: when.get(number, [False, False]))
    outcome, trials = run(network, random_targets(network, 2), objective)
    assert outcome.best_pass.tolist() == [3, 2]
    expected = torch.stack([trials[3].stimulus[0], trials[2].stimulus[1]])
    assert torch.equal(outcome.stimulus, expected)


@pytest.mark.usefixtures("all_stay")
def test_members_that_are_finished_keep_what_they_have(network: wg.MultilayeredNetwork) -> None:
    objective = Only(finished=lambda number: [number == 3, number == 7])
    outcome, trials = run(network, random_targets(network, 2), objective)
    assert len(trials) == 8, "none is left"
    assert outcome.passes.tolist() == [4, 8]
    assert outcome.best_pass.tolist() == [3, 7]
    assert torch.equal(outcome.stimulus[0], trials[3].stimulus[0])
    losses = torch.stack([trial.losses for trial in trials])
    losses[4:, :, 0] = losses[3, :, 0]
    np.testing.assert_allclose(outcome.losses, losses.mean(dim=2), rtol=1e-6)


@pytest.mark.usefixtures("all_stay")
def test_members_left_out_stay_silent(network: wg.MultilayeredNetwork) -> None:
    outcome, trials = run(network, random_targets(network, 2), Only(), running=[False, True])
    assert not outcome.stimulus[0].any()
    assert (outcome.best_pass[0], outcome.passes[0]) == (-1, 0)
    assert outcome.stimulus[1].any()
    error = torch.stack([trial.error for trial in trials])[:, 1]
    expected = (0.5 + error) / 2  # the other one is as far off as at rest
    np.testing.assert_allclose(np.stack(outcome.losses)[:, 0], expected, rtol=1e-6)


def test_without_members_to_work_on_there_are_no_passes(network: wg.MultilayeredNetwork) -> None:
    outcome, trials = run(network, random_targets(network, 2), Only(), running=False)
    assert (trials, outcome.losses, outcome.snapshots) == ([], [], [])
    assert not outcome.interrupted


def test_it_ends_at_the_limit(network: wg.MultilayeredNetwork) -> None:
    outcome, trials = run(network, random_targets(network, 2), Only(), limit=7)
    assert [trial.number for trial in trials] == list(range(7))
    assert outcome.passes.tolist() == [7, 7]


def test_decision_13_every_fifth_stimulus_is_kept_as_it_was_tried(
    network: wg.MultilayeredNetwork,
) -> None:
    outcome, trials = run(network, random_targets(network, 2), Only(), limit=12)
    assert len(outcome.snapshots) == 3
    for snapshot, number in zip(outcome.snapshots, (0, 5, 10), strict=True):
        np.testing.assert_array_equal(snapshot, trials[number].stimulus)


@pytest.mark.usefixtures("all_stay")
def test_snapshots_of_finished_members_show_what_they_have(network: wg.MultilayeredNetwork) -> None:
    objective = Only(finished=lambda number: [number == 3, False])
    outcome, trials = run(network, random_targets(network, 2), objective)
    for snapshot in outcome.snapshots[1:]:
        np.testing.assert_array_equal(snapshot[0], trials[3].stimulus[0])
    np.testing.assert_array_equal(outcome.snapshots[2][1], trials[10].stimulus[1])


@pytest.mark.parametrize("number", [0, 4])
def test_control_c_keeps_the_best_so_far(network: wg.MultilayeredNetwork, number: int) -> None:
    def interrupt(trial: Trial, _: Outcome) -> None:
        if trial.number == number:
            raise KeyboardInterrupt

    outcome, trials = run(network, random_targets(network, 2), Only(), on_pass=interrupt)
    assert outcome.interrupted
    assert len(trials) == number + 1
    assert torch.equal(outcome.stimulus, trials[-1].stimulus)


def test_other_errors_are_not_kept_back(network: wg.MultilayeredNetwork) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        run(network, random_targets(network, 1), Only(), on_pass=fail)


def test_nothing_told_carries_a_gradient(network: wg.MultilayeredNetwork) -> None:
    network.set_param_grads(slopes=True)
    outcome, (trial, *_) = run(network, random_targets(network, 2), Only(), limit=1)
    told = [trial.stimulus, trial.attained, trial.losses, outcome.stimulus]
    assert not any(tensor.requires_grad for tensor in told)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_members_whose_loss_is_nan_are_named(bad: float) -> None:
    """Finished members do not count."""

    class Odd(Only):
        def costs(self, x: Tensor, response: Response) -> Costs:
            in_cost = torch.tensor([0.0, bad, bad, bad])[-len(x) :]
            in_cost[0] = 0
            return Costs(in_cost, x.new_zeros(len(x)), d_x=torch.zeros_like(x))

    network = make_random()
    with pytest.raises(ValueError, match=r"at pass 0 for the batch members 2, 3: mend"):
        run(network, random_targets(network, 4), Odd(), running=[True, False, True, True])


def test_members_that_leave_change_nothing(
    network: wg.MultilayeredNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The members finish one after the other; bit for bit."""
    members = random_targets(network, 5)
    outcomes = []
    for share in (0.0, 0.75, 1.0):
        monkeypatch.setattr(_search, "_WORTH_LEAVING", share)
        objective = Only(finished=lambda number: [number == 2 * member for member in range(5)])
        outcome, trials = run(network, members, objective)
        outcomes.append(outcome)
        assert len(trials) == 9
        assert len(trials[-1].members) == (1 if share else 5)
    for other in outcomes[1:]:
        assert torch.equal(other.stimulus, outcomes[0].stimulus)
        assert torch.equal(other.best_pass, outcomes[0].best_pass)
        assert torch.equal(other.passes, outcomes[0].passes)
        np.testing.assert_array_equal(other.losses, outcomes[0].losses)
        np.testing.assert_array_equal(other.snapshots, outcomes[0].snapshots)

"""The objective of the reference: fixed penalties, for each batch member."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import batch_of, l1_plus_l2, make_chain, make_random, maximise, random_targets

import wiregrad as wg
from wiregrad.gradients._fixed import FixedPenalties
from wiregrad.gradients._search import Trial, Verdict

LAMBDAS = {"in_reg_lambda": 0.02, "out_reg_lambda": 0.003}


def total_loss(result: wg.MaximisationResult) -> np.ndarray:
    return np.sum(result[2:5], axis=0)


def stopped_at(losses: np.ndarray, window: int, flat: float) -> int:
    """Follow the reference's rule: the pass at which it breaks off, or the last."""
    for i in range(len(losses)):
        recent = losses[max(0, i + 1 - window) : i + 1]
        if i > window and recent.max() - recent.min() < flat:
            return i
    return len(losses) - 1


# The formula.


def test_decision_16_numbers_mean_the_references_formula_at_the_start() -> None:
    network = make_random()
    start = torch.rand(1, 8, 3, generator=torch.Generator().manual_seed(0))
    result = maximise(network, {2: {3: 0.9, 4: 0.5}}, start, num_iterations=1, **LAMBDAS)
    activations = network(start[0])
    error = np.mean([(activations[3, 2] - 0.9) ** 2, (activations[4, 2] - 0.5) ** 2])
    assert result.activation_losses[0] == pytest.approx(error, rel=1e-5)
    assert result.in_regularisation_losses[0] == pytest.approx(0.02 * l1_plus_l2(start), rel=1e-5)
    out = 0.003 * l1_plus_l2(activations)
    assert result.out_regularisation_losses[0] == pytest.approx(out, rel=1e-5)


def test_decision_16_the_penalties_of_a_batch_are_those_of_its_members() -> None:
    """The reference's norm is over the whole batch."""
    network = make_random()
    members = random_targets(network, 4)
    start = torch.rand(4, 8, 3, generator=torch.Generator().manual_seed(0))
    together = maximise(network, batch_of(members), start, num_iterations=1, **LAMBDAS)
    alone = [
        maximise(network, targets, start[i : i + 1], num_iterations=1, **LAMBDAS)
        for i, targets in enumerate(members)
    ]
    for field in range(2, 5):
        mean = np.mean([result[field][0] for result in alone])
        assert together[field][0] == pytest.approx(mean, rel=1e-6)
    assert together.in_regularisation_losses[0] == pytest.approx(
        np.mean([0.02 * l1_plus_l2(member) for member in start]), rel=1e-5
    )


def test_the_penalties_are_minimised() -> None:
    """Where nothing else counts, nothing is left of the stimulus, or of the activations."""
    network = make_random()
    for penalty in ("in_reg_lambda", "out_reg_lambda"):
        lambdas = {"in_reg_lambda": 0, "out_reg_lambda": 0, penalty: 100.0}
        result = maximise(network, {2: {3: 0.9}}, num_iterations=200, seed=0, **lambdas)
        strength = result.input if penalty == "in_reg_lambda" else result.output
        assert strength.sum() == 0


def test_a_lambda_of_zero_is_no_penalty() -> None:
    result = maximise(make_random(), {2: {7: 0.6}}, in_reg_lambda=0, out_reg_lambda=0, seed=0)
    assert not any(result.in_regularisation_losses)
    assert not any(result.out_regularisation_losses)
    assert result.members["status"].tolist() == ["reached"]


def test_decision_16_the_lambda_that_is_left_out_is_the_references() -> None:
    network = make_random()
    left_out = maximise(network, {2: {3: 0.9}}, num_iterations=5, in_reg_lambda=0.02, seed=0)
    given = maximise(
        network, {2: {3: 0.9}}, num_iterations=5, in_reg_lambda=0.02, out_reg_lambda=0.01, seed=0
    )
    assert left_out[2:5] == given[2:5]


# Functions of one's own.


def test_decision_16_custom_functions_are_called_for_each_member() -> None:
    seen: dict[str, list[tuple[int, ...]]] = {"in": [], "out": []}

    def note(side: str) -> Any:
        return lambda member: (seen[side].append(tuple(member.shape)), member.square().sum())[1]

    functions = {"in": note("in"), "out": note("out")}
    network = make_random()
    result = maximise(
        network,
        batch_of(random_targets(network, 3)),
        num_iterations=4,
        custom_reg_functions=functions,
    )
    assert seen["in"] == [(1, 8, 3)] * 3 * 5, "four passes and the last evaluation"
    assert seen["out"] == [(1, 24, 3)] * 3 * 5
    squares = (result.batch_input**2).sum(axis=(1, 2)).mean()
    assert result.in_regularisation_losses[-1] == pytest.approx(0.01 * squares, rel=1e-5)
    squares = (result.batch_output**2).sum(axis=(1, 2)).mean()
    assert result.out_regularisation_losses[-1] == pytest.approx(0.01 * squares, rel=1e-5)


def test_one_function_leaves_the_other_penalty_as_it_is() -> None:
    result = maximise(
        make_random(), {2: {3: 0.9}}, num_iterations=3, custom_reg_functions={"in": torch.norm}
    )
    norm = np.linalg.norm(result.input)
    assert result.in_regularisation_losses[-1] == pytest.approx(0.01 * norm, rel=1e-5)
    out = 0.01 * l1_plus_l2(result.output)
    assert result.out_regularisation_losses[-1] == pytest.approx(out, rel=1e-5)


def test_a_function_that_returns_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must return one number as a tensor: \(1, 1, 2\)"):
        maximise(make_chain(), {1: {2: 0.9}}, custom_reg_functions={"in": torch.abs})


@pytest.mark.parametrize(
    "function",
    [lambda member: member.sum() * torch.nan, lambda member: (member * 0).sum().sqrt()],
    ids=["nan", "nan gradient"],
)
def test_a_function_that_comes_to_nan_is_refused(function: Any) -> None:
    message = r"NaN or infinite at pass 0 for the batch members 0: mend the activation or regular"
    with pytest.raises(ValueError, match=message):
        maximise(make_chain(), {1: {2: 0.9}}, custom_reg_functions={"in": function})


# When it ends.


@pytest.mark.parametrize("window", [1, 4, 10])
def test_decision_16_a_flat_loss_ends_it_as_early_as_in_the_reference(window: int) -> None:
    result = maximise(
        make_random(), {2: {3: 0.9}}, n_runs=window, stopping_threshold=1e9, seed=0, **LAMBDAS
    )
    assert result.n_passes == window + 2, "the reference runs the network as many times"
    assert result.members["passes"].tolist() == [window + 2]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("window", "flat"), [(10, 1e-3), (3, 1e-3), (10, 1e-2), (25, 5e-3)])
def test_decision_16_it_ends_by_the_references_rule(window: int, flat: float, seed: int) -> None:
    options = {"num_iterations": 120, "n_runs": window, "seed": seed, **LAMBDAS}
    network, targets = make_random(), {2: {3: 0.9}}
    whole = maximise(network, targets, early_stopping=False, **options)
    assert whole.n_passes == 120
    expected = stopped_at(total_loss(whole)[:-1], window, flat)
    stopped = maximise(network, targets, stopping_threshold=flat, **options)
    assert stopped.n_passes == expected + 1
    assert stopped[2][:-1] == whole[2][: expected + 1]


def test_the_cases_above_end_early_and_at_different_passes() -> None:
    passes = {
        maximise(
            make_random(), {2: {3: 0.9}}, num_iterations=120, seed=seed, n_runs=window,
            stopping_threshold=flat, **LAMBDAS,
        ).n_passes
        for seed in range(3)
        for window, flat in ((10, 1e-3), (10, 1e-2))
    }  # fmt: skip
    assert min(passes) < 120
    assert len(passes) > 2


def test_decision_16_by_default_it_makes_50_passes_at_most() -> None:
    result = maximise(make_random(), {2: {3: 0.9}}, early_stopping=False, **LAMBDAS)
    assert result.n_passes == 50


def test_the_best_is_the_pass_with_the_lowest_loss() -> None:
    network = make_random()
    result = maximise(
        network, {2: {3: 0.9}}, num_iterations=40, learning_rate=0.5, early_stopping=False,
        seed=0, **LAMBDAS,
    )  # fmt: skip
    losses = total_loss(result)[:-1]
    assert result.members["best_pass"].tolist() == [int(losses.argmin())]
    assert losses.argmin() < 39, "else the last would do"


# The judge by itself.


def make_trial(number: int, losses: list[float]) -> Trial:
    loss, zero = torch.tensor(losses), torch.zeros(len(losses))
    return Trial(
        number=number,
        members=torch.arange(len(losses)),
        stimulus=zero[:, None, None],
        attained=zero,
        error=loss,
        in_cost=zero,
        out_cost=zero,
        running=zero == 0,
    )


def test_members_are_judged_by_their_own_losses() -> None:
    penalties: dict[str, Any] = {"in": torch.sum, "out": torch.sum}
    judge = FixedPenalties(
        0, 0, penalties, 0.1, window=2, flat=0.5, stop=True, like=torch.zeros(2)
    ).judge
    first, second = [9.0, 5.0, 4.9, 4.8, 4.8], [9.0, 8.0, 9.0, 7.0, 6.0]
    verdicts: list[Verdict] = [
        judge(make_trial(i, [a, b])) for i, (a, b) in enumerate(zip(first, second, strict=True))
    ]
    better = [[True, True], [True, True], [True, False], [True, True], [False, True]]
    assert [verdict.better.tolist() for verdict in verdicts] == better
    finished = [[False, False]] * 3 + [[True, False]] * 2
    assert [verdict.finished.tolist() for verdict in verdicts] == finished

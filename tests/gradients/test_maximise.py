"""The contract of activation maximisation: decisions 12 to 19, and what is known of the worm."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import (
    batch_of,
    l1_plus_l2,
    make_chain,
    make_random,
    maximise,
    member_of,
    random_targets,
)
from torch import Tensor

import wiregrad as wg
from wiregrad.gradients._resolved_targets import resolve_targets
from wiregrad.gradients._start import linear_slope, make_starts

UseThreads = Callable[[int], None]

MODES: dict[str, dict[str, Any]] = {
    "automatic": {},
    "fixed": {"in_reg_lambda": 0.005, "out_reg_lambda": 0.001},
}
modes = pytest.mark.parametrize("mode", MODES)

KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "grouped": {
        "idx_to_group": {i: "ab"[i % 2] for i in range(24)},
        "slope_dict": {"a": 3.0},
        "bias_dict": {"b": 0.05},
    },
    "divisive": {
        "idx_to_group": {i: f"{'abc'[i % 3]}" for i in range(24)},
        "divisive_normalization": {"a": ["b"]},
    },
    "custom": {"activation_function": lambda x: torch.relu(torch.tanh(3 * x - 0.1))},
    "custom with memory": {
        "activation_function": lambda _, x, h: 0.3 * h + 0.7 * torch.relu(torch.tanh(3 * x))
    },
}


def make_kind(kind: str, seed: int = 0) -> wg.MultilayeredNetwork:
    """Make a random network of any kind; divisive ones with all inhibition of group a to b."""
    if kind != "divisive":
        return make_random(seed, **KINDS[kind])
    weights = make_random(seed).all_weights.to_dense()
    block = np.ix_(np.arange(24) % 3 == 1, np.arange(24) % 3 == 0)
    weights[block] = -weights[block].abs()
    network = make_random(seed)
    sensory = network.sensory_indices
    return wg.MultilayeredNetwork(weights, sensory, 3, device="cpu", **KINDS[kind])


def reachable(network: wg.MultilayeredNetwork, seed: int = 0) -> dict[int, dict[int, float]]:
    """Ask what some stimulus does."""
    stimulus = torch.rand(len(network.sensory_indices), network.num_layers,
                          generator=torch.Generator().manual_seed(seed))  # fmt: skip
    last = network(stimulus.to(network.dtype))[:, -1].detach()
    between = torch.where((last > 0.1) & (last < 0.95), last, 0)
    neuron = int(between.argmax())
    return {network.num_layers - 1: {neuron: float(last[neuron])}}


# Decision 13: the stimulus returned is the one that was evaluated.


@modes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_decision_13_output_is_exactly_what_the_network_does(
    kind: str, mode: str, dtype: torch.dtype
) -> None:
    network = make_kind(kind).to(dtype)
    for members in (1, 3):
        targets = batch_of(random_targets(network, members))
        result = maximise(network, targets, num_iterations=12, seed=0, **MODES[mode])
        np.testing.assert_array_equal(network(result.input).numpy(), result.output)
        np.testing.assert_array_equal(network(torch.from_numpy(result.input)), result.output)


@modes
def test_decision_13_the_stimulus_and_snapshots_are_within_bounds_and_thresholded(
    mode: str,
) -> None:
    network = make_random(threshold=0.1)
    targets = batch_of(random_targets(network, 3))
    result = maximise(network, targets, learning_rate=0.3, seed=0, **MODES[mode])
    for x in (result.input, *result.snapshots):
        assert ((x == 0) | ((x >= 0.1) & (x <= 1))).all()
    at_least = -(-result.n_passes // 5)
    stages = 2 if mode == "automatic" else 1
    assert at_least <= len(result.snapshots) < at_least + stages, "every fifth of each stage"


@modes
def test_decision_13_there_is_no_tanh_on_the_way_out(mode: str) -> None:
    """The target asks the full input of 1, which tanh would make 0.76."""
    options = {"in_reg_lambda": 0, "out_reg_lambda": 0} if mode == "fixed" else {}
    value = float(np.tanh(5 * 0.1))
    result = maximise(make_chain(2, 0.1), {0: {1: value}}, seed=0, **options)
    assert result.members["status"].tolist() == ["reached"]
    assert result.input.max() > 0.9


def test_decision_13_the_first_snapshot_is_the_start() -> None:
    network = make_random()
    start = torch.rand(1, 8, 3)
    result = maximise(network, {2: {7: 0.6}}, start, num_iterations=6)
    expected = torch.where(start >= network.threshold, start, 0)[0]
    np.testing.assert_array_equal(result.snapshots[0], expected)


@pytest.mark.parametrize("members", [1, 3])
def test_decision_13_the_last_losses_are_those_of_what_is_returned(members: int) -> None:
    network = make_random()
    targets = batch_of(random_targets(network, members))
    result = maximise(network, targets, num_iterations=25, seed=0, **MODES["fixed"])
    off = (result.targets["attained"] - result.targets["value"]) ** 2
    error = off.groupby(result.targets["batch"]).mean().mean()
    assert result.activation_losses[-1] == pytest.approx(error, rel=1e-5)
    penalties = [
        (result.in_regularisation_losses, 0.005, result.batch_input),
        (result.out_regularisation_losses, 0.001, result.batch_output),
    ]
    for losses, factor, batch in penalties:
        by_hand = np.mean([factor * l1_plus_l2(member) for member in batch])
        assert losses[-1] == pytest.approx(by_hand, rel=1e-5)


@modes
def test_decision_14_losses_have_an_entry_a_pass_and_one_for_what_is_returned(mode: str) -> None:
    result = maximise(make_random(), {2: {7: 0.6}}, num_iterations=17, seed=0, **MODES[mode])
    assert [len(losses) for losses in result[2:5]] == [18, 18, 18]
    if mode == "fixed":  # in an automatic search inputs are left out between passes, and at the end
        best = int(result.members["best_pass"][0])
        assert result.activation_losses[-1] == pytest.approx(
            result.activation_losses[best], rel=1e-6
        )
    error = (result.targets["attained"] - result.targets["value"])[0] ** 2
    assert result.activation_losses[-1] == pytest.approx(error, rel=1e-4, abs=1e-12)


# Decision 15: every batch member is its own problem.


def assert_same_alone_and_in_company(
    network: wg.MultilayeredNetwork, members: list[Any], *, alone: list[int], **options: Any
) -> wg.MaximisationResult:
    """Compare with each member by itself, and with the batch in another order."""
    together = maximise(network, batch_of(members), seed=3, **options)
    for i in alone:
        single = maximise(network, members[i], seed=3, **options)
        assert member_of(together, i) == member_of(single, 0)
    order = np.random.default_rng(0).permutation(len(members))
    permuted = maximise(network, batch_of([members[i] for i in order]), seed=3, **options)
    for place, i in enumerate(order):
        assert member_of(permuted, place) == member_of(together, i)
    return together


@modes
@pytest.mark.parametrize("kind", KINDS)
def test_decision_15_a_member_gets_the_same_alone_and_in_any_batch(kind: str, mode: str) -> None:
    network = make_kind(kind)
    members = random_targets(network, 17)
    result = assert_same_alone_and_in_company(
        network, members, alone=[0, 16], num_iterations=25, **MODES[mode]
    )
    assert len({member_of(result, i)["input"] for i in range(17)}) == 17


@modes
def test_decision_15_also_when_members_end_at_different_passes(mode: str) -> None:
    network = make_chain(4)
    members = [{2: {3: 0.9}}, {0: {1: 0.5}}, {2: {3: 0.0}}, {0: {3: 0.9}}, {1: {2: 0.3}}]
    result = assert_same_alone_and_in_company(network, members, alone=[*range(5)], **MODES[mode])
    assert len(set(result.members["passes"])) > 2


@modes
@pytest.mark.parametrize("n_threads", [1, 2])
def test_decision_15_on_the_worm_with_any_number_of_threads(
    worm_network: wg.MultilayeredNetwork, use_threads: UseThreads, mode: str, n_threads: int
) -> None:
    use_threads(n_threads)
    neurons = worm_network.find("role=inter")[:34:2].tolist()
    members = [{2: {neuron: 0.9}} for neuron in neurons]
    assert_same_alone_and_in_company(
        worm_network, members, alone=[0, 16], num_iterations=15, **MODES[mode]
    )


@modes
def test_decision_15_on_a_problem_of_many_threads(
    fly_column: wg.Connectome, use_threads: UseThreads, mode: str
) -> None:
    """Large enough for parallel kernels, and for sums that PyTorch shares among threads."""
    network = wg.MultilayeredNetwork.from_connectome(fly_column, "role=input", 2, device="cpu")
    members = [{1: {"T4a": 0.5}}, {1: {"Mi1": 0.7}}]
    options = {"num_iterations": 4, "seed": 0, **MODES[mode]}
    answers = []
    for n_threads in (1, 2):
        use_threads(n_threads)
        together = maximise(network, batch_of(members), **options)
        alone = maximise(network, members[0], **options)
        assert member_of(together, 0) == member_of(alone, 0)
        answers.append([member_of(together, 0), member_of(together, 1), together[2:5]])
    assert answers[0] == answers[1]


@modes
def test_decision_15_losses_are_the_mean_over_members_as_they_are_alone(mode: str) -> None:
    network = make_chain(4)
    members = [{2: {3: 0.9}}, {0: {1: 0.5}}, {2: {3: 0.0}}, {1: {2: 0.3}}]
    options = {"seed": 3, "num_iterations": 250, **MODES[mode]}
    together = maximise(network, batch_of(members), **options)
    alone = [maximise(network, member, **options) for member in members]
    for field in range(2, 5):
        of_pass = [
            [losses[min(number, len(losses) - 2)] for losses in (one[field] for one in alone)]
            for number in range(together.n_passes)
        ]
        of_pass.append([one[field][-1] for one in alone])
        np.testing.assert_allclose(together[field], np.mean(of_pass, axis=1), rtol=1e-5)


def test_decision_15_twins_get_the_same() -> None:
    network = make_random()
    targets = wg.TargetActivation({2: {7: 0.6}}, batch_size=3)
    result = maximise(network, targets, num_iterations=60, seed=0)
    assert member_of(result, 0) == member_of(result, 1) == member_of(result, 2)


# Decision 17: repeatable.


@modes
def test_decision_17_the_same_seed_gives_the_same(mode: str) -> None:
    network = make_random()
    targets = batch_of(random_targets(network, 2))
    options = {"num_iterations": 100, **MODES[mode]}
    results = [maximise(network, targets, seed=seed, **options) for seed in (0, 0, 1)]
    assert results[0][2:5] == results[1][2:5]
    assert member_of(results[0], 0) == member_of(results[1], 0)
    if mode == "fixed":  # the first start of an automatic search is the same for all seeds
        assert member_of(results[0], 0)["input"] != member_of(results[2], 0)["input"]


def test_decision_17_the_other_starts_depend_on_the_seed() -> None:
    network = make_random()
    targets = resolve_targets(batch_of(random_targets(network, 2)), network)
    slope = linear_slope(network, targets)
    starts = [make_starts(network, targets, slope, s, 3).view(2, 3, 8, 3) for s in (0, 0, 1)]
    assert torch.equal(starts[0], starts[1])
    assert torch.equal(starts[0][:, 0], starts[2][:, 0]), "the first needs no noise"
    for number in (1, 2):
        assert (starts[0][:, number] != starts[2][:, number]).any()
    assert (starts[0][:, 1] != starts[0][:, 2]).any()


# Decision 18: out of silence.


@modes
@pytest.mark.parametrize("kind", KINDS)
def test_targets_that_some_stimulus_meets_are_reached(kind: str, mode: str) -> None:
    network = make_kind(kind)
    lambdas = {"in_reg_lambda": 0, "out_reg_lambda": 0, "num_iterations": 200}
    options = lambdas if mode == "fixed" else {}
    result = maximise(network, reachable(network), seed=0, **options)
    assert result.members["status"].tolist() == ["reached"]


@pytest.mark.parametrize("lambdas", [{}, {"in_reg_lambda": 1e-4, "out_reg_lambda": 0}])
@pytest.mark.parametrize(("n_neurons", "weight"), [(3, 0.3), (5, 0.3), (8, 0.25)])
def test_decision_18_a_start_from_zeros_is_left(
    n_neurons: int, weight: float, lambdas: dict[str, float]
) -> None:
    """The whole chain is silent there: no true gradient leads anywhere."""
    network = make_chain(n_neurons, weight)
    steps = n_neurons - 1
    value = float(network(torch.ones(1, steps))[-1, -1]) - 0.05
    silence = torch.zeros(1, 1, steps)
    result = maximise(network, {-1: {steps: value}}, silence, num_iterations=500, **lambdas)
    assert result.snapshots[0].max() == 0
    assert result.members["status"].tolist() == ["reached"]


def test_decision_18_a_silent_target_is_found_on_the_worm(
    worm_network: wg.MultilayeredNetwork,
) -> None:
    silence = np.zeros((1, 83, 3), dtype=np.float32)
    result = maximise(worm_network, {2: {"AVA": 0.9}}, silence)
    assert result.members["status"].tolist() == ["reached"]


def test_decision_18_a_neuron_kept_silent_by_inhibition_is_reached() -> None:
    """At the start, input 1 holds neuron 2 below threshold, with no true gradient at all."""
    weights = np.zeros((3, 3))
    weights[2, 0], weights[2, 1] = 0.3, -0.7
    network = wg.MultilayeredNetwork(weights, [0, 1], 1, device="cpu")
    start = np.array([[[0.5], [1.0]]])
    x = torch.from_numpy(start[0]).float().requires_grad_()
    (true,) = torch.autograd.grad(network(x)[2, 0], x)
    assert not true.any()
    result = maximise(network, {0: {2: 0.8}}, start)
    assert result.members["status"].tolist() == ["reached"]


# What the caller's objects are afterwards.


@modes
def test_parameters_keep_their_gradients_and_settings(mode: str) -> None:
    network = make_kind("divisive")
    network.set_param_grads(slopes=True)
    network.slope.grad = torch.full_like(network.slope, 7.0)
    wanted = {name: p.requires_grad for name, p in network.named_parameters()}
    values = {name: p.detach().clone() for name, p in network.named_parameters()}
    maximise(network, random_targets(network, 1)[0], num_iterations=5, **MODES[mode])
    assert (network.slope.grad == 7).all()
    assert network.raw_biases.grad is None
    for name, parameter in network.named_parameters():
        assert parameter.requires_grad == wanted[name]
        assert torch.equal(parameter, values[name])


@modes
def test_decision_10_activations_are_left_detached(mode: str) -> None:
    network = make_kind("divisive")
    network.set_param_grads(slopes=True)
    result = maximise(network, {2: {7: 0.6}}, num_iterations=5, **MODES[mode])
    assert not network.activations.requires_grad
    np.testing.assert_array_equal(network.activations, result.output)


def test_it_works_whatever_the_caller_has_said_of_gradients() -> None:
    with torch.no_grad():
        result = maximise(make_random(), {2: {7: 0.6}}, seed=0, num_iterations=20)
        assert not torch.is_grad_enabled()
    expected = maximise(make_random(), {2: {7: 0.6}}, seed=0, num_iterations=20)
    assert member_of(result, 0) == member_of(expected, 0)


def test_targets_are_not_changed() -> None:
    table = pd.DataFrame({"layer": [-1], "neuron": [7], "value": [0.6]})
    before = table.copy()
    targets = wg.TargetActivation(table)
    maximise(make_random(), targets, num_iterations=2)
    pd.testing.assert_frame_equal(table, before)
    assert targets.targets_df["layer"].tolist() == [-1]


def test_the_model_moves_to_the_device_asked_for() -> None:
    network = make_random()
    result = maximise(network, {2: {7: 0.6}}, num_iterations=2, device="cpu")
    assert network.device == torch.device("cpu")
    assert result.input.shape == (8, 3)


# Decision 11: nothing prints.


@modes
def test_decision_11_nothing_is_printed(
    mode: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "wiregrad"):
        result = maximise(make_random(), {2: {7: 0.6}}, num_iterations=5, **MODES[mode])
    assert capfd.readouterr() == ("", "")
    assert [record.getMessage() for record in caplog.records] == [repr(result)]
    assert caplog.records[0].name == "wiregrad"


def test_decision_11_print_output_is_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        maximise(make_chain(num_layers=1), {0: {2: 0.9}}, print_output=False)
    assert caplog.records == []


@pytest.mark.parametrize("given", [None, 6])
def test_decision_11_progress_is_tqdms(
    given: int | None, capfd: pytest.CaptureFixture[str]
) -> None:
    result = wg.activation_maximisation(make_chain(), {1: {2: 0.9}}, num_iterations=given)
    out, bar = capfd.readouterr()
    assert out == ""
    assert "searching" in bar
    assert "inputs active" in bar
    shown = f"{result.n_passes}/6" if given else f"{result.n_passes} passes"
    assert shown in bar


# Control-C.


def interrupting(call: int, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Make a function that is interrupted in one of its calls."""
    calls = 0

    def interrupted(x: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KeyboardInterrupt
        return function(x)

    return interrupted


def test_control_c_in_a_penalty_keeps_the_best_so_far() -> None:
    network, options = make_random(), {"seed": 0, "early_stopping": False}
    functions = {"in": interrupting(8, torch.norm)}
    result = maximise(network, {2: {7: 0.6}}, custom_reg_functions=functions, **options)
    assert (result.interrupted, result.n_passes) == (True, 7)
    functions = {"in": torch.norm}
    expected = maximise(
        network, {2: {7: 0.6}}, custom_reg_functions=functions, num_iterations=7, **options
    )
    assert not expected.interrupted
    assert member_of(result, 0) == member_of(expected, 0)
    assert result[2:5] == expected[2:5]


def test_control_c_in_an_activation_function_keeps_the_best_so_far() -> None:
    """Wherever in the search that is: before the first pass, in one, while pruning."""
    plain = make_random(activation_function=torch.relu)
    passes = []
    for call in (10, 400, 500, 600):
        network = make_random(activation_function=interrupting(call, torch.relu))
        result = maximise(network, {2: {7: 0.6}}, seed=0)
        assert result.interrupted
        passes.append(result.n_passes)
        again = plain(torch.from_numpy(result.input)).numpy()
        np.testing.assert_array_equal(again, result.output)
    assert passes[0] == 0
    assert passes == sorted(passes)
    assert passes[-1] > 0


def test_control_c_before_the_first_pass_leaves_silence() -> None:
    functions = {"in": interrupting(1, torch.norm)}
    result = maximise(make_random(), {2: {7: 0.6}}, custom_reg_functions=functions)
    assert (result.interrupted, result.n_passes) == (True, 0)
    assert not result.input.any()
    assert result.members["best_pass"].tolist() == [-1]
    assert len(result.activation_losses) == 1


# Published and real facts.


@pytest.mark.parametrize("seed", range(4))
def test_few_sensory_neurons_of_the_worm_switch_its_backward_command_neurons_on(
    worm_network: wg.MultilayeredNetwork, seed: int
) -> None:
    result = maximise(worm_network, {2: {"AVAL": 0.95, "AVAR": 0.95}}, seed=seed)
    assert result.targets["status"].tolist() == ["reached", "reached"]
    assert (result.output[worm_network.find(["AVAL", "AVAR"]), 2] >= 0.9).all()
    assert len(result.input) == 83
    assert 1 <= result.members["active_neurons"][0] <= 12
    assert (result.input > 0).any(axis=1).sum() == result.members["active_neurons"][0]


@pytest.mark.parametrize("hops", [4, 12, 24])
def test_decision_18_a_target_many_silent_hops_away_is_found(hops: int) -> None:
    """From zeros, the surrogate's slope falls by a factor of ten and more a hop."""
    chain = np.diag(np.full(hops, 0.5), -1)
    network = wg.MultilayeredNetwork(chain, [0], hops, device="cpu")
    result = wg.activation_maximisation(
        network, {hops - 1: {hops: 1.0}}, torch.zeros(1, 1, hops), use_tqdm=False
    )
    assert result.members["status"].tolist() == ["reached"]


@pytest.mark.parametrize("lambdas", [{}, {"in_reg_lambda": 1e-4, "out_reg_lambda": 1e-4}])
def test_windows_of_steps_change_no_result(lambdas: dict[str, float]) -> None:
    found = []
    for checkpoint_steps in (None, 1, 2):
        network = make_random()
        targets = batch_of(random_targets(network, 2))
        options = {"checkpoint_steps": checkpoint_steps}
        found.append(maximise(network, targets, seed=1, num_iterations=20, **lambdas, **options))
    for other in found[1:]:
        np.testing.assert_array_equal(other.batch_input, found[0].batch_input)
        assert list(other)[2] == list(found[0])[2]
    with pytest.raises(ValueError, match=r"checkpoint_steps is a whole number of steps, at least"):
        maximise(network, targets, checkpoint_steps=0)


# Telling a function of the caller's.


@modes
def test_every_pass_is_told(mode: str) -> None:
    told: list[wg.SearchProgress] = []
    network = make_random()
    result = maximise(network, {2: {7: 0.6}}, seed=0, on_progress=told.append, **MODES[mode])
    same = maximise(network, {2: {7: 0.6}}, seed=0, **MODES[mode])
    assert np.array_equal(result.input, same.input)
    assert max(progress.passes for progress in told) == result.n_passes
    assert told[0].miss == pytest.approx(result.activation_losses[0] ** 0.5)
    assert told[0].active_inputs > 0
    assert (told[-1].runs > 0) == (mode == "automatic")
    assert "on_progress" not in result.arguments


@modes
def test_a_function_that_returns_true_ends_the_search(mode: str) -> None:
    network = make_random()
    options = {"seed": 0, "early_stopping": False, **MODES[mode]}
    result = maximise(
        network, {2: {7: 0.6}}, on_progress=lambda so_far: so_far.passes == 7, **options
    )
    # The pass that it was told of is counted and kept.
    expected = maximise(network, {2: {7: 0.6}}, num_iterations=7, **options)
    assert (result.interrupted, result.n_passes) == (True, 7)
    if mode == "fixed":
        assert np.array_equal(result.input, expected.input)


def test_a_search_can_be_ended_while_inputs_are_left_out() -> None:
    whole = maximise(make_random(), {2: {7: 0.6}}, seed=0)
    ended = maximise(
        make_random(), {2: {7: 0.6}}, seed=0, on_progress=lambda so_far: so_far.runs > 0
    )
    assert whole.members["minimal"].all()
    assert ended.interrupted
    assert not ended.members["minimal"].any()
    assert ended.targets["status"].tolist() == whole.targets["status"].tolist()

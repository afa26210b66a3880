"""Training a network's slopes, biases and divisive strengths on responses."""

from __future__ import annotations

import logging
import sys
import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import make_chain
from hypothesis import given, settings
from hypothesis import strategies as st
from training_cases import (
    draw_stimuli,
    loss_by_loop,
    make_grouped,
    make_problem,
    make_silent,
    responses_of,
    train,
)

import wiregrad as wg
from wiregrad.network import Response, Watch
from wiregrad.training import _loop
from wiregrad.training._responses import find_responses, parameter_change


def values_of(network: wg.MultilayeredNetwork) -> dict[str, list[float]]:
    return {name: parameter.tolist() for name, parameter in network.named_parameters()}


def after(steps: int, **options: Any) -> wg.MultilayeredNetwork:
    """Train the problem for some steps, and keep the last parameters."""
    network, stimuli, targets = make_problem()
    train(network, stimuli, targets, num_epochs=steps, restore_best=False, **options)
    return network


def val_loss_of(network: wg.MultilayeredNetwork, result: wg.TrainingResult) -> float:
    with torch.no_grad():
        return loss_by_loop(network(result.val_inputs), result.val_targets)


# The loss.


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000), with_layer=st.booleans())
def test_the_loss_is_a_mean_over_members_of_means_over_rows(seed: int, with_layer: bool) -> None:
    rng = np.random.default_rng(seed)
    network = make_grouped(seed).double()
    rows = pd.DataFrame(
        {
            "batch": rng.integers(0, 5, 20),
            "neuron_idx": rng.integers(0, 24, 20),
            "layer": rng.integers(0, 3, 20),
            "value": rng.random(20),
        }
    )
    rows = rows if with_layer else rows.drop(columns="layer")
    activations = torch.from_numpy(rng.random((5, 24, 3)))
    found = find_responses(rows, rows["batch"].to_numpy(), network)
    members, neurons = activations[found.member, found.neuron], found.neuron
    read = members[range(len(neurons)), found.layer] if with_layer else members.T.flatten()
    loss = found.distance(found.attained(read), found.weights())
    assert float(loss) == pytest.approx(loss_by_loop(activations, rows), rel=1e-12)


@pytest.mark.parametrize("with_layer", [True, False])
@pytest.mark.parametrize("fraction", [0.3, 0.8])
def test_parts_run_as_one_batch_train_like_parts_run_apart(
    monkeypatch: pytest.MonkeyPatch, with_layer: bool, fraction: float
) -> None:
    found = []
    for share in (np.inf, 0.0):
        monkeypatch.setattr(_loop, "_JOIN_UP_TO", share)
        network, stimuli, targets = make_problem()
        targets = targets if with_layer else targets.drop(columns="layer")
        result = train(network, stimuli, targets, num_epochs=5, train_fraction=fraction)
        found.append((result.history, values_of(network), result.kept_val_loss))
    assert found[0] == found[1]


@pytest.mark.parametrize("with_layer", [True, False])
def test_the_first_losses_are_those_of_the_network_that_was_given(with_layer: bool) -> None:
    network, stimuli, targets = make_problem()
    targets = targets.sample(frac=0.3, random_state=1)
    targets = targets if with_layer else targets.drop(columns="layer")
    with torch.no_grad():
        activations = network(stimuli)
    result = train(network, stimuli, targets, num_epochs=1)
    trained = targets[targets["batch"].isin(result.train_indices)]
    held_out = targets[targets["batch"].isin(result.val_indices)]
    history = result.history
    assert history["activation_loss"] == pytest.approx([loss_by_loop(activations, trained)])
    assert history["val_loss"] == pytest.approx([loss_by_loop(activations, held_out)])
    assert history["loss"] == history["activation_loss"]
    assert history["param_reg_loss"] == [0.0]


def test_responses_of_a_group_are_asked_of_each_member() -> None:
    _, stimuli, _ = make_problem()
    members = [i for i in range(24) if i % 4 == 1]
    named = pd.DataFrame({"batch": range(10), "neuron_idx": "b", "layer": 2, "value": 0.4})
    listed = pd.concat([named.assign(neuron_idx=i) for i in members])
    histories = [
        train(make_grouped(), stimuli, rows, num_epochs=3).history for rows in (named, listed)
    ]
    for name, values in histories[0].items():
        assert values == pytest.approx(histories[1][name]), name


# What training does.


def test_responses_are_fitted_and_parameters_found() -> None:
    network, stimuli, targets = make_problem(40)
    result = train(network, stimuli, targets, num_epochs=400, learning_rate=0.05)
    assert result.kept_val_loss < result.history["val_loss"][0] / 20
    assert network.slope is not None
    assert network.slope.tolist() == pytest.approx([3, 6, 2, 5], abs=0.3)


def test_the_network_is_trained_in_place_and_returned() -> None:
    network, stimuli, targets = make_problem()
    before = values_of(network)
    result = train(network, stimuli, targets, num_epochs=2)
    assert result.model is network
    assert values_of(network) != before
    assert len(result) == 8
    model, history, *rest = result
    assert model is network
    assert history is result.history
    assert [type(item) for item in rest] == [
        *[torch.Tensor] * 2,
        *[pd.DataFrame] * 2,
        *[np.ndarray] * 2,
    ]


@pytest.mark.parametrize("name", ["slope", "raw_biases", "divisive_strength"])
def test_only_what_is_asked_for_is_trained(name: str) -> None:
    arguments = {
        "slope": "train_slopes",
        "raw_biases": "train_biases",
        "divisive_strength": "train_divisive_strength",
    }
    weights = np.array([[0, 0, 0], [0.5, 0, -0.5], [0, 0, 0]])
    network = wg.MultilayeredNetwork(
        weights,
        [0, 2],
        idx_to_group=dict(enumerate("abc")),
        divisive_normalization={"c": ["b"]},
        default_bias=0.1,
        device="cpu",
    )
    stimuli = draw_stimuli(network)
    targets = pd.DataFrame({"batch": range(10), "neuron_idx": 1, "value": 0.3})
    before = values_of(network)
    off = dict.fromkeys(arguments.values(), False)
    train(network, stimuli, targets, num_epochs=3, **{**off, arguments[name]: True})
    changed = [each for each, values in values_of(network).items() if values != before[each]]
    assert changed == [name]


def test_decision_22_requires_grad_and_grad_are_left_clean() -> None:
    network, stimuli, targets = make_problem()
    network.set_param_grads(raw_biases=True)
    train(network, stimuli, targets, num_epochs=2)
    assert network.slope is not None
    assert network.raw_biases is not None
    assert not network.slope.requires_grad
    assert network.raw_biases.requires_grad
    assert network.slope.grad is None
    with torch.no_grad():
        train(network, stimuli, targets, num_epochs=2)


def test_decision_06_biases_train_from_0() -> None:
    true = make_grouped(bias_dict=dict.fromkeys("abcd", 0.3), default_bias=0)
    network = make_grouped(default_bias=0)
    stimuli = draw_stimuli(network)
    train(network, stimuli, responses_of(true, stimuli), num_epochs=50, train_slopes=False)
    assert network.biases is not None
    assert (network.biases > 0.05).all()


def test_silent_groups_are_trained_with_a_leak_and_told_of_without(
    caplog: pytest.LogCaptureFixture,
) -> None:
    network, stimuli, targets = make_silent()
    with caplog.at_level(logging.WARNING, "wiregrad"):
        train(network, stimuli, targets, num_epochs=3, print_output=True)
    assert network.biases is not None
    assert network.biases[2] == 0
    assert "4 of 4 groups got no gradient in 3 steps" in caplog.text
    assert "leak=0.1" in caplog.text
    result = train(network, stimuli, targets, num_epochs=100, leak=0.1, learning_rate=0.05)
    assert network.biases[0] == 0, "names are sorted: a, b, c, s"
    assert float(network.biases[2]) == pytest.approx(np.arctanh(0.5), abs=0.05)
    assert result.kept_val_loss < 0.05


def test_the_same_call_gives_the_same_bits() -> None:
    first, again = after(5), after(5)
    assert values_of(first) == values_of(again)


# The penalty on change.


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_decision_21_no_penalty_by_default(steps: int) -> None:
    assert values_of(after(steps)) == values_of(after(steps, param_reg_lambda=0.0))


def test_decision_21_the_penalty_is_lambda_times_the_mean_change_with_its_gradient() -> None:
    network, stimuli, targets = make_problem()
    before = torch.cat([p.detach().clone() for p in network.parameters()])
    options = {"param_reg_lambda": 0.7, "restore_best": False}
    result = train(network, stimuli, targets, num_epochs=4, **options)
    penalties, history = result.history["param_reg_loss"], result.history
    assert penalties[0] == 0
    one_step = torch.cat([*after(1, param_reg_lambda=0.7).parameters()])
    assert penalties[1] == pytest.approx(0.7 * float((one_step - before).abs().mean()), rel=1e-5)
    assert history["loss"] == pytest.approx(np.add(history["activation_loss"], penalties))
    free, held = after(40), after(40, param_reg_lambda=100.0)

    def change(network: wg.MultilayeredNetwork) -> float:
        return float((torch.cat([*network.parameters()]) - before).abs().mean())

    assert change(held) < change(free) / 3


def test_the_mean_change_is_over_entries_and_has_a_slope() -> None:
    p = [torch.tensor([1.0, -2.0], requires_grad=True), torch.tensor([0.5], requires_grad=True)]
    change = parameter_change(p, [torch.zeros(2), torch.tensor([0.5])])
    assert change.item() == 1
    change.backward()
    assert p[0].grad.tolist() == pytest.approx([1 / 3, -1 / 3])  # type: ignore[union-attr]
    assert p[1].grad.tolist() == [0]  # type: ignore[union-attr]


# History, and which parameters are kept.


@pytest.mark.parametrize("num_epochs", [0, 1, 6])
def test_decision_21_an_entry_of_the_history_belongs_to_one_set_of_parameters(
    num_epochs: int,
) -> None:
    network, stimuli, targets = make_problem()
    result = train(network, stimuli, targets, num_epochs=num_epochs, restore_best=False)
    history = result.history
    assert set(history) == {"loss", "activation_loss", "mse_loss", "param_reg_loss", "val_loss"}
    assert all(len(values) == num_epochs for values in history.values())
    assert history["mse_loss"] is history["activation_loss"]
    for epoch in range(num_epochs):
        then = after(epoch)
        assert history["val_loss"][epoch] == pytest.approx(val_loss_of(then, result), rel=1e-5)
        with torch.no_grad():
            loss = loss_by_loop(then(result.train_inputs), result.train_targets)
        assert history["activation_loss"][epoch] == pytest.approx(loss, rel=1e-5)
    assert result.kept_epoch == num_epochs
    assert result.kept_val_loss == pytest.approx(val_loss_of(network, result), rel=1e-5)


@pytest.mark.parametrize(
    ("learning_rate", "best"),
    [(0.01, 8), (3.0, 0)],  # the last step's are the best, and those given are
)
def test_decision_21_the_best_parameters_of_all_are_restored(
    learning_rate: float, best: int
) -> None:
    network, stimuli, targets = make_problem()
    given = values_of(network)
    result = train(network, stimuli, targets, num_epochs=8, learning_rate=learning_rate)
    last = after(8, learning_rate=learning_rate)
    all_losses = [*result.history["val_loss"], val_loss_of(last, result)]
    assert result.kept_epoch == int(np.argmin(all_losses)) == best
    assert result.kept_val_loss == pytest.approx(min(all_losses))
    assert val_loss_of(network, result) == pytest.approx(min(all_losses), rel=1e-5)
    assert values_of(network) == (given if best == 0 else values_of(last))


def test_no_epochs_only_split() -> None:
    network, stimuli, targets = make_problem()
    before = values_of(network)
    result = train(network, stimuli, targets, num_epochs=0)
    assert values_of(network) == before
    assert result.kept_epoch == 0
    assert result.kept_val_loss == pytest.approx(val_loss_of(network, result), rel=1e-5)
    assert len(result.train_indices) == 8


# Stopping from outside.


def interrupt_at(monkeypatch: pytest.MonkeyPatch, forward_run: int) -> None:
    """Press control-C in the n-th forward run."""
    plain, runs = Watch.__call__, iter(range(1_000))

    def watch(self: Watch, stimulus: torch.Tensor) -> Response:
        if next(runs) == forward_run:
            raise KeyboardInterrupt
        return plain(self, stimulus)

    monkeypatch.setattr(Watch, "__call__", watch)


@pytest.mark.parametrize(("forward_run", "epochs"), [(0, 0), (1, 1), (2, 2), (6, 6), (10, 10)])
@pytest.mark.parametrize("restore_best", [True, False])
def test_control_c_keeps_the_best_so_far(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    forward_run: int,
    epochs: int,
    restore_best: bool,
) -> None:
    expected = {steps: values_of(after(steps)) for steps in range(epochs + 1)}
    network, stimuli, targets = make_problem()
    interrupt_at(monkeypatch, forward_run)
    result = train(network, stimuli, targets, num_epochs=10, restore_best=restore_best)
    assert result.interrupted
    assert all(len(values) == epochs for values in result.history.values())
    steps = max(0, epochs - 1) if restore_best else epochs  # the last step's were not yet judged
    assert result.kept_epoch == steps
    assert values_of(network) == expected[steps]
    assert network.slope is not None
    assert not network.slope.requires_grad
    assert f"training was interrupted after {epochs} of 10 epochs" in caplog.text


# What is told.


def test_decision_11_nothing_prints_and_every_tenth_epoch_is_logged(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    network, stimuli, targets = make_problem()
    with caplog.at_level(logging.INFO, "wiregrad"):
        train(network, stimuli, targets, num_epochs=21, print_output=True)
    assert [record.args[0] for record in caplog.records if "epoch %d" in record.msg] == [0, 10, 20]  # type: ignore[index]
    assert "TrainingResult after 21 epochs" in caplog.text
    caplog.clear()
    train(network, stimuli, targets, num_epochs=2)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    train(network, stimuli, targets, num_epochs=2, use_tqdm=True)
    out, bar = capfd.readouterr()
    assert out == ""
    assert "training: 100%" in bar


def test_the_result_says_how_it_was_made() -> None:
    network, stimuli, targets = make_problem()
    result = train(network, stimuli, targets, num_epochs=3, seed=7, leak=0.1)
    assert (result.seed, result.version, result.interrupted) == (7, wg.__version__, False)
    assert result.arguments["num_epochs"] == 3
    assert result.arguments["leak"] == 0.1
    assert result.provenance == {}
    assert result.seconds > 0
    lines = repr(result).splitlines()
    assert lines[0].startswith("TrainingResult after 3 epochs in ")
    assert lines[2].endswith("kept, those after 3 steps")
    assert repr(train(network, stimuli, targets, num_epochs=0)).startswith("TrainingResult after 0")


def test_decision_30_every_epoch_is_logged_to_wandb(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, Any]] = []
    fake: Any = ModuleType("wandb")
    fake.init = lambda **options: made.append(("init", options))
    fake.log = lambda numbers: made.append(("log", numbers))
    fake.finish = lambda: made.append(("finish", None))
    monkeypatch.setitem(sys.modules, "wandb", fake)
    network, stimuli, targets = make_problem()
    result = train(
        network,
        stimuli,
        targets,
        num_epochs=3,
        wandb=True,
        wandb_project_name="worm",
        param_reg_lambda=0.5,
    )
    assert [name for name, _ in made] == ["init", "log", "log", "log", "finish"]
    assert made[0][1]["project"] == "worm"
    assert made[0][1]["config"]["num_epochs"] == 3
    assert [numbers for _, numbers in made[1:-1]] == [
        {
            "val_activation_loss": result.history["val_loss"][epoch],
            "learning_rate": 0.01,
            "param_reg_lambda": 0.5,
            "activation_loss": result.history["activation_loss"][epoch],
            "param_reg_loss": result.history["param_reg_loss"][epoch],
        }
        for epoch in range(3)
    ]


def test_decision_30_without_wandb_it_is_said_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ImportError, match="wandb is not installed"):
        wg.train_model(None, None, None, wandb=True)  # type: ignore[arg-type]


# What is refused.

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"num_epochs": -1}, r"num_epochs is a whole number, at least 0, not -1"),
    ({"num_epochs": 1.5}, r"num_epochs is a whole number, at least 0, not 1\.5"),
    ({"learning_rate": 0}, r"learning_rate is more than 0, not 0"),
    ({"learning_rate": np.nan}, r"learning_rate is a finite number"),
    ({"param_reg_lambda": -1}, r"param_reg_lambda is 0 or more, not -1"),
    ({"param_reg_lambda": np.inf}, r"param_reg_lambda is a finite number"),
    ({"train_fraction": 1.2}, r"train_fraction is a number from 0 to 1, not 1\.2"),
    ({"train_fraction": "most"}, r"train_fraction is a number, not 'most'"),
    ({"leak": 2}, r"leak is a number from 0 to 1, not 2"),
    ({"seed": -1}, r"seed is a whole number from 0 to 2\*\*32 - 1, not -1"),
    ({"seed": 0.5}, r"seed is an integer or None, not 0\.5"),
    ({"train_slopes": False, "train_biases": False}, r"there is nothing to train"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_arguments_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(*make_problem(), **options)


def test_decision_21_a_network_without_groups_says_what_to_pass() -> None:
    network = make_chain()
    targets = pd.DataFrame({"batch": range(5), "neuron_idx": 1, "value": 0.5})
    with pytest.raises(ValueError, match=r"this network has no groups; pass idx_to_group"):
        train(network, draw_stimuli(network, 5), targets)


def test_an_activation_that_uses_no_parameters_is_refused() -> None:
    network = make_grouped(activation_function=torch.tanh)
    stimuli = draw_stimuli(network)
    with pytest.raises(ValueError, match=r"the activation function that was given .* does not use"):
        train(network, stimuli, responses_of(network, stimuli))


def test_an_activation_of_ones_own_may_use_them() -> None:
    def relu(model: Any, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return (model.slope[model.indices].unsqueeze(1) * x).clamp(0, 1)

    true = make_grouped(activation_function=relu, slope_dict={"a": 3})
    network = make_grouped(activation_function=relu)
    stimuli = draw_stimuli(network)
    result = train(network, stimuli, responses_of(true, stimuli), num_epochs=30, learning_rate=0.1)
    assert result.kept_val_loss < result.history["val_loss"][0] / 2


def test_a_loss_of_nan_stops_the_training() -> None:
    def bad(model: Any, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return x * model.slope.sum() * torch.nan

    network, stimuli, targets = make_problem()
    network.custom_activation_function = bad
    with pytest.raises(ValueError, match=r"NaN or infinite at epoch 0 \(gradient of slope\)"):
        train(network, stimuli, targets)
    assert network.slope is not None
    assert not network.slope.requires_grad


def test_nothing_warns_where_all_is_well() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(*make_problem(), num_epochs=2)


# Long unrollings.


@pytest.mark.parametrize("with_layer", [True, False])
@pytest.mark.parametrize("threshold", [0.01, 0.0])  # 0 runs on the general path
def test_windows_of_steps_change_no_result(with_layer: bool, threshold: float) -> None:
    found = []
    for checkpoint_steps in (None, 1, 2):
        network, stimuli, targets = make_problem()
        network.threshold = threshold
        targets = targets if with_layer else targets.drop(columns="layer")
        result = train(network, stimuli, targets, num_epochs=4, checkpoint_steps=checkpoint_steps)
        assert result.arguments["checkpoint_steps"] == checkpoint_steps
        found.append([*result.history["loss"], *result.history["val_loss"]])
    assert found[1] == pytest.approx(found[0], rel=1e-5)
    assert found[2] == pytest.approx(found[0], rel=1e-5)


def test_checkpoint_steps_is_a_whole_number() -> None:
    network, stimuli, targets = make_problem()
    with pytest.raises(ValueError, match=r"checkpoint_steps is a whole number of steps, at least"):
        train(network, stimuli, targets, checkpoint_steps=0)


def unusable_after(calls: int, error: BaseException | None = None) -> Any:
    """Make an activation function that gives NaN, or raises, after so many calls."""
    seen = 0

    def activation(model: Any, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        seen += 1
        if seen > calls and error is not None:
            raise error
        slope = model.slope[model.indices].unsqueeze(1)
        return (slope * x).clamp(0, 1) * (torch.nan if seen > calls else 1)

    return activation


@pytest.mark.parametrize("error", [None, RuntimeError("out of memory")])
def test_an_error_leaves_the_best_parameters_and_no_gradients(error: Exception | None) -> None:
    network, stimuli, targets = make_problem()
    network.custom_activation_function = unusable_after(10**9)
    initial = values_of(network)
    options = {
        "train_biases": False,
        "learning_rate": 20.0,
    }  # too large: the first are best
    result = train(network, stimuli, targets, num_epochs=3, **options)
    assert result.kept_epoch == 0
    network.custom_activation_function = unusable_after(14, error)
    match = "out of memory" if error else r"NaN or infinite at epoch [12] .*are again the best so"
    with pytest.raises((ValueError, RuntimeError), match=match):
        train(network, stimuli, targets, num_epochs=9, **options)
    assert values_of(network) == initial
    assert all(parameter.grad is None for parameter in network.parameters())

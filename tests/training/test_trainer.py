"""The trainer: starts, stopping, what is held out, what is kept, and what is refused."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from trainer_cases import make_divisive, record
from training_cases import draw_stimuli, make_grouped, make_problem, make_silent, responses_of

import wiregrad as wg
from wiregrad.training import _fit
from wiregrad.training._descent import Descent
from wiregrad.training._schedule import leak_factor, rate_factor


def fit(trainer: wg.Trainer, problem: Any = None, **options: Any) -> wg.FitResult:
    network, stimuli, targets = problem or make_problem()
    return trainer.fit(network, stimuli, targets, progress=False, **options)


def test_it_comes_nearer_and_the_network_gets_the_parameters() -> None:
    network, stimuli, targets = make_problem(20)
    result = fit(wg.Trainer(epochs=60), (network, stimuli, targets))
    assert result.held_out_loss < 0.3 * result.first_held_out_loss
    assert result.network is network
    table = result.parameters.set_index(["parameter", "name"])["fitted"]
    np.testing.assert_allclose(table["slope"], network.slope, rtol=1e-6)
    np.testing.assert_allclose(table["bias"], network.biases, rtol=1e-6)
    assert not network.slope.requires_grad
    # The losses are those of the network as it is now.
    rows = responses_of(network, stimuli)
    off = (rows["value"] - targets["value"]).abs()
    held = rows["batch"].isin(result.held_out_members)
    assert off[held].mean() == pytest.approx(result.held_out_loss, rel=1e-4)
    assert off[~held].mean() == pytest.approx(result.train_loss, rel=1e-4)
    predictions = result.predictions
    assert len(predictions) == len(targets)
    weighted = (predictions["predicted"] - predictions["value"]).abs()[predictions["held_out"]]
    assert weighted.mean() == pytest.approx(result.held_out_loss)


def test_an_ensemble_is_its_starts_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = wg.Trainer(epochs=8, n_starts=3, clip=0.1)
    together = fit(trainer)
    monkeypatch.setattr(_fit, "has_room", lambda *_: False)
    apart = fit(trainer)
    for name, values in together.ensemble.items():
        np.testing.assert_allclose(apart.ensemble[name], values, rtol=1e-6)
    assert apart.starts["start"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(apart.history["loss"], together.history["loss"], rtol=1e-6)
    alone = fit(wg.Trainer(epochs=8, n_starts=1, clip=0.1))
    np.testing.assert_allclose(alone.ensemble["slope"][0], together.ensemble["slope"][0])
    best = together.starts["best"].to_numpy()
    assert best.sum() == 1
    assert together.starts["loss"].idxmin() == np.flatnonzero(best)[0]
    table = together.parameters
    np.testing.assert_allclose(table["sd"][:4], together.ensemble["slope"].std(axis=0))
    np.testing.assert_allclose(table["fitted"][:4], together.ensemble["slope"][best][0])


def test_with_divisive_normalisation_too() -> None:
    true = make_divisive(divisive_strength=2.5, slope_dict={"a": 4})
    network = make_divisive()
    stimuli = draw_stimuli(network, 20)
    trainer = wg.Trainer(["slope", "divisive"], n_starts=2, epochs=150, learning_rate=0.1)
    recording = wg.Recording(record(true, stimuli), list(range(24)))
    result = fit(trainer, (network, stimuli, recording), stability=False)
    assert network.divisive_strength.item() == pytest.approx(2.5, abs=0.1)
    assert result.held_out_loss < 0.1 * result.first_held_out_loss


def test_what_has_come_to_its_bound_leaves_it_again() -> None:
    """Half of the biases, and many slopes, are drawn far beyond their bounds."""
    true = make_grouped(slope_dict={"a": 3, "b": 5, "c": 4}, bias_dict=dict.fromkeys("abcd", 0.15))
    network = make_grouped(default_bias=0.02)
    stimuli = draw_stimuli(network, 30)
    recording = wg.Recording(record(true, stimuli), list(range(network.n_neurons)))
    parameters = {
        "slope": wg.Trainable(bounds=(0.1, 9), spread=3, only=["a", "b", "c"]),
        "bias": wg.Trainable(spread=0.3),
    }
    trainer = wg.Trainer(parameters, epochs=250, learning_rate=0.1, schedule="cosine", n_starts=6)
    result = fit(trainer, (network, stimuli, recording), stability=False)
    np.testing.assert_allclose(result.ensemble["bias"], 0.15, atol=0.01)
    np.testing.assert_allclose(result.ensemble["slope"], [[3, 5, 4]] * 6, atol=0.2)


def test_a_start_without_progress_is_stopped_and_stays() -> None:
    result = fit(wg.Trainer(epochs=200, patience=3, least_gain=0.2, n_starts=2))
    assert (result.starts["stopped"] == "no progress").all()
    lengths = result.history.groupby("start")["epoch"].max()
    assert (lengths < 199).all()
    for start, rows in result.history.groupby("start"):
        kept = result.starts["loss"][start]
        assert kept == pytest.approx(rows["held_out"].min())


def test_the_best_parameters_are_kept_or_the_last() -> None:
    kept = {}
    for best in (True, False):
        trainer = wg.Trainer(epochs=30, learning_rate=2.0, restore_best=best)
        kept[best] = fit(trainer)
    assert kept[True].held_out_loss == pytest.approx(kept[True].history["held_out"].min())
    assert kept[False].held_out_loss > kept[True].held_out_loss


def test_what_is_held_out_changes_nothing() -> None:
    network, stimuli, targets = make_problem()
    wrong = targets.copy()
    wrong.loc[wrong["batch"].isin([2, 5]), "value"] = 0.9
    fits = [
        fit(wg.Trainer(epochs=5, restore_best=False), (net, stimuli, rows), held_out=[2, 5])
        for net, rows in ((network, targets), (make_problem()[0], wrong))
    ]
    assert fits[0].ensemble["slope"].tolist() == fits[1].ensemble["slope"].tolist()
    assert fits[0].held_out_members.tolist() == [2, 5]
    assert fits[0].held_out_loss != fits[1].held_out_loss


@pytest.mark.parametrize("batch_size", [None, 3])
def test_members_are_run_apart_where_there_is_no_room(
    batch_size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wiregrad.training import _problem

    trainer = wg.Trainer(epochs=4, batch_size=batch_size)
    expected = fit(trainer)
    monkeypatch.setattr(_problem, "has_room", lambda *_: False)
    found = fit(trainer)
    np.testing.assert_allclose(found.ensemble["slope"], expected.ensemble["slope"], rtol=1e-6)
    np.testing.assert_allclose(found.history["held_out"], expected.history["held_out"], rtol=1e-5)


def test_without_any_held_out_the_training_loss_judges() -> None:
    result = fit(wg.Trainer(epochs=5), held_out=0)
    assert not len(result.held_out_members)
    assert np.isnan(result.held_out_loss)
    assert result.history["held_out"].isna().all()
    assert result.starts["loss"][0] == pytest.approx(result.train_loss)


def test_no_epoch_leaves_the_network_as_it_is() -> None:
    network, stimuli, targets = make_problem()
    before = network.slope.clone()
    result = fit(wg.Trainer(["slope"], epochs=0), (network, stimuli, targets))
    torch.testing.assert_close(network.slope, before)
    assert result.history.columns.tolist()[:3] == ["start", "epoch", "loss"]
    assert not len(result.history)
    assert result.train_loss == result.first_train_loss


def test_checkpointed_steps_give_the_same() -> None:
    one, other = (fit(wg.Trainer(epochs=3, checkpoint_steps=n)) for n in (None, 1))
    np.testing.assert_allclose(one.ensemble["slope"], other.ensemble["slope"], rtol=1e-6)


def test_weights_alone_are_trained_with_all_steps_in_memory() -> None:
    network, stimuli, targets = make_problem()
    pattern = network.weights.to_scipy()
    result = fit(wg.Trainer({"weight": wg.Trainable(by="edge")}), (network, stimuli, targets))
    assert result.held_out_loss < result.first_held_out_loss
    after = network.weights.to_scipy()
    assert (np.sign(after.data) == np.sign(pattern.data)).all()
    assert not network.weights.values.requires_grad


def test_control_c_keeps_the_best_so_far() -> None:
    network, stimuli, targets = make_problem()

    def stop(epoch: int, _: Any) -> None:
        if epoch == 4:
            raise KeyboardInterrupt

    result = fit(wg.Trainer(epochs=50), (network, stimuli, targets), callbacks=[stop])
    assert result.interrupted
    assert "interrupted" in repr(result)
    assert result.held_out_loss < result.first_held_out_loss
    np.testing.assert_allclose(result.parameters["fitted"][:4], network.slope, rtol=1e-6)


def test_an_error_leaves_the_network_as_it_was() -> None:
    network, stimuli, targets = make_problem()

    def fail(*_: Any) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fit(wg.Trainer(epochs=50), (network, stimuli, targets), callbacks=[fail])
    assert network.slope.tolist() == [5] * 4
    assert not network.slope.requires_grad


def test_a_loss_that_is_no_number_is_refused() -> None:
    network = make_grouped(activation_function=lambda model, x, _: x * model.slope.sum() / 0.0)
    _, stimuli, targets = make_problem()
    with pytest.raises(ValueError, match="the loss or its gradient is NaN or infinite at epoch 0"):
        fit(wg.Trainer(["slope"]), (network, stimuli, targets))


def test_starts_that_come_to_no_number_are_left_behind() -> None:
    def explode(model: Any, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        factor = model.slope[0] * torch.where(model.slope[0] > 5, torch.inf, 1.0)
        return torch.tanh(x * factor)

    network = make_grouped(activation_function=explode, slope_dict={"a": 4.99})
    _, stimuli, targets = make_problem()
    how = {"slope": wg.Trainable(only=["a"], spread=3.0)}
    with warnings.catch_warnings():
        result = fit(
            wg.Trainer(how, n_starts=1, epochs=2, learning_rate=1e-3), (network, stimuli, targets)
        )
    assert result.starts["stopped"].tolist() == ["all epochs"]


def test_a_function_that_uses_no_parameter_is_refused() -> None:
    network = make_grouped(activation_function=torch.tanh)
    _, stimuli, targets = make_problem()
    with pytest.raises(ValueError, match="does not use what is trained"):
        fit(wg.Trainer(), (network, stimuli, targets))


def test_a_function_of_ones_own_is_trained_start_by_start() -> None:
    def rate(model: Any, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return torch.tanh(model.slope[model.indices].unsqueeze(1) * x)

    network = make_grouped(activation_function=rate)
    _, stimuli, targets = make_problem()
    result = fit(wg.Trainer(["slope"], epochs=5, n_starts=2), (network, stimuli, targets))
    assert len(result.starts) == 2
    assert np.isnan(result.radius)
    assert result.train_loss < result.first_train_loss


def test_driving_the_network_beyond_stability_is_told() -> None:
    loop = np.array([[0, 0, 0], [1.0, 0, 0.5], [0, 0.5, 0]])
    options: dict[str, Any] = {"idx_to_group": {0: "s", 1: "a", 2: "a"}, "device": "cpu"}
    true = wg.MultilayeredNetwork(loop, [0], slope_dict={"a": 4}, **options)
    network = wg.MultilayeredNetwork(loop, [0], slope_dict={"a": 1}, **options)
    stimuli = np.random.default_rng(0).uniform(0.02, 0.1, (10, 1, 2))
    with torch.no_grad():
        recording = wg.Recording(true(stimuli).numpy(), [0, 1, 2])
    trainer = wg.Trainer(["slope"], learning_rate=0.2, epochs=60)
    with pytest.warns(UserWarning, match=r"drove the spectral radius .* from 0\.\d+ to 1\.\d+: "):
        result = trainer.fit(network, stimuli, recording, progress=False)
    assert result.radius_before < 1 < result.radius
    assert "spectral radius" in repr(result)


def test_readouts_are_fitted_beside() -> None:
    network, stimuli, _ = make_problem(20)
    true = make_grouped(slope_dict={"a": 3, "b": 6, "c": 2})
    with torch.no_grad():
        states = true(stimuli).numpy()
    measured = np.stack([3 + 10 * states[:, 4], 1 - 2 * states[:, true.find("b")].mean(1)], axis=1)
    trainer = wg.Trainer(["slope"], loss="squared", observation=wg.Observation("channel"))
    result = trainer.fit(network, stimuli, wg.Recording(measured, [4, "b"]), progress=False)
    assert result.correlation() > 0.99
    assert result.correlation(held_out=False) > 0.99
    assert result.readout["channel"].tolist() == [4, "b"]
    assert np.sign(result.readout["gain"]).tolist() == [1, -1]  # gain and slope trade off
    again = result.predict(stimuli, wg.Recording(measured, [4, "b"]))
    np.testing.assert_allclose(again["predicted"], result.predictions["predicted"], atol=1e-5)
    with pytest.raises(ValueError, match="fitted for the channels 4, b, and the recording has b"):
        result.predict(stimuli, wg.Recording(measured[:, 1:], ["b"]))


@pytest.fixture
def told() -> list[Any]:
    return []


class Listening:
    def __init__(self, calls: list[Any]) -> None:
        self.calls = calls

    def begin(self, settings: Any) -> None:
        self.calls.append(("begin", settings["epochs"]))

    def epoch(self, number: int, losses: Any) -> None:
        self.calls.append((number, losses))

    def end(self) -> None:
        self.calls.append("end")


def test_callbacks_hear_of_every_epoch(told: list[Any]) -> None:
    result = fit(wg.Trainer(epochs=3, n_starts=2), callbacks=[Listening(told)])
    assert told[0] == ("begin", 3)
    assert told[-1] == "end"
    assert [number for number, _ in told[1:-1]] == [0, 1, 2]
    losses = told[1][1]
    assert losses["start_1/loss"] == pytest.approx(result.history["loss"][3])
    assert {"loss", "data_loss", "penalty", "held_out", "learning_rate"} <= set(losses)


def test_callbacks_are_closed_whatever_happens(
    told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(Descent, "run", fail)
    with pytest.raises(RuntimeError, match="no"):
        fit(wg.Trainer(epochs=3), callbacks=[Listening(told)])
    assert told == [("begin", 3), "end"]
    with pytest.raises(TypeError, match=r"a callback is a function .* 3 is neither"):
        fit(wg.Trainer(epochs=3), callbacks=[3])


def test_progress_shows_losses_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    network, stimuli, targets = make_problem()
    wg.Trainer(epochs=3).fit(network, stimuli, targets)
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "loss 0." in shown
    assert "held out 0." in shown


def test_silent_neurons_are_woken_by_a_leak_that_fades() -> None:
    network, stimuli, targets = make_silent()
    trainer = wg.Trainer(["bias"], epochs=90, learning_rate=0.5, leak=0.0)
    assert fit(trainer, (network, stimuli, targets)).held_out_loss == 0.5  # it stays silent
    trainer = replace(trainer, leak=0.1)
    assert fit(trainer, (network, stimuli, targets)).held_out_loss < 0.01
    assert float(network.biases[2]) == pytest.approx(np.arctanh(0.5), abs=0.02)


def test_the_leak_is_whole_in_the_first_third_and_gone_in_the_last() -> None:
    assert [leak_factor(epoch, 7) for epoch in range(7)] == [1, 1, 1, 0.1, 0.1, 0, 0]
    assert leak_factor(0, 1) == 1


def test_schedules_go_where_they_say() -> None:
    ends = {"constant": 1.0, "linear": 0.001, "cosine": 0.0, "exponential": 0.01}
    for name, end in ends.items():
        assert rate_factor(name, 0, 0, 1000) == 1
        assert rate_factor(name, 0, 999, 1000) == pytest.approx(end, abs=1e-3)
    assert rate_factor(lambda epoch: epoch / 10, 0, 5, 10) == 0.5
    assert rate_factor("constant", 4, 0, 10) == pytest.approx(0.2)
    result = fit(wg.Trainer(epochs=3, schedule="linear", learning_rate=0.3))
    assert result.history["learning_rate"].tolist() == pytest.approx([0.3, 0.2, 0.1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "l3"}, "loss='l3' is none of 'l1', 'squared', 'correlation'; did you mean 'l1'"),
        ({"schedule": "cosin"}, "schedule='cosin' is none of .* did you mean 'cosine'"),
        ({"epochs": -1}, "epochs is a whole number, at least 0, not -1"),
        ({"n_starts": 0}, "n_starts is a whole number, at least 1"),
        ({"batch_size": 0}, "batch_size is a whole number, at least 1"),
        ({"patience": 0}, "patience is a whole number"),
        ({"learning_rate": 0}, "learning_rate is more than 0"),
        ({"clip": 0}, "clip is more than 0"),
        ({"leak": 2}, "leak is a number from 0 to 1"),
        ({"least_gain": -1}, "least_gain is 0 or more"),
        ({"parameters": ["slop"]}, "parameters name 'slop'"),
        ({"checkpoint_steps": 0}, "checkpoint_steps is a whole number"),
    ],
)
def test_bad_trainers_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.Trainer(**options)


def test_the_observation_is_one() -> None:
    with pytest.raises(TypeError, match=r"observation is a wiregrad\.Observation, not str"):
        wg.Trainer(observation="calcium")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"held_out": 1.0}, r"nothing to train on: held_out=1\.0 of 10 stimuli"),
        ({"held_out": 1.5}, "held_out is a number from 0 to 1"),
        ({"held_out": [0, 12]}, r"the indices of stimuli that have responses; \[12\] are none"),
        ({"checkpoint_every": 0}, "checkpoint_every is a whole number"),
    ],
)
def test_bad_calls_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(wg.Trainer(epochs=1), **options)


# Cross-validation


def test_every_stimulus_is_predicted_by_a_network_that_has_not_seen_it() -> None:
    network, stimuli, targets = make_problem(12)
    trainer = wg.Trainer(epochs=20)
    found = trainer.cross_validate(network, stimuli, targets, folds=4, progress=False)
    assert found.folds["n_predicted"].tolist() == [3] * 4
    assert len(found.predictions) == len(targets)
    assert found.predictions.groupby("batch")["fold"].nunique().eq(1).all()
    assert network.slope.tolist() == [5] * 4
    assert found.correlation > 0.9
    assert (found.folds["test_loss"] < 0.3).all()
    assert repr(found).startswith("CrossValidation of 4 folds, 12 stimuli predicted: loss 0.")
    # One fold by hand.
    part = found.predictions[found.predictions["fold"] == 0]
    off = (part["predicted"] - part["value"]).abs().mean()
    assert off == pytest.approx(found.folds["test_loss"][0])


def test_what_is_predicted_is_never_looked_at() -> None:
    network, stimuli, targets = make_problem(8)
    trainer = wg.Trainer(epochs=5)
    options: dict[str, Any] = {"folds": 8, "progress": False}
    one = trainer.cross_validate(network, stimuli, targets, **options)
    changed = targets.copy()
    changed.loc[changed["batch"] == 3, "value"] = 0.9
    other = trainer.cross_validate(network, stimuli, changed, **options)
    predicted = [f.predictions.query("batch == 3")["predicted"].tolist() for f in (one, other)]
    assert predicted[0] == predicted[1]


def test_stimuli_with_a_label_are_kept_together() -> None:
    network, stimuli, targets = make_problem(12)
    labels = ["a", "a", "b", "c", "b", "d", "d", "d", "c", "a", "e", "f"]
    found = wg.Trainer(epochs=1).cross_validate(
        network, stimuli, targets, folds=3, keep_together=labels, held_out=0, progress=False
    )
    folds = found.predictions.groupby("batch")["fold"].first()
    for label in set(labels):
        assert folds[[i for i, other in enumerate(labels) if other == label]].nunique() == 1
    with pytest.raises(ValueError, match="folds=7: there are 6 measured stimuli with different"):
        wg.Trainer().cross_validate(
            network, stimuli, targets, folds=7, keep_together=labels, progress=False
        )
    with pytest.raises(ValueError, match="keep_together has 2 labels, but there are 12 stimuli"):
        wg.Trainer().cross_validate(network, stimuli, targets, keep_together=["a", "b"])

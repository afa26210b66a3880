"""A fit and a cross-validation in a folder: what was saved comes back, the rest is refused."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from trainer_cases import make_divisive, record
from training_cases import GROUPS, draw_stimuli, make_grouped

import wiregrad as wg
from wiregrad._whole_files import plain
from wiregrad.training._saved_arguments import as_json, of_json
from wiregrad.training._saved_fit import FIT, FOLDS

TRAINER = wg.Trainer(
    {"slope": wg.Trainable(bounds=(0.1, 20), l2=0.01, only=["a", "c"]), "bias": None},
    observation=wg.Observation("channel", decay=0.3),
    epochs=3,
    n_starts=2,
    restore_best=False,
    seed=4,
)
NUMBERED = {i: i % 3 for i in GROUPS}


def recorded(network: wg.MultilayeredNetwork) -> tuple[torch.Tensor, wg.Recording]:
    stimuli = draw_stimuli(network, 6)
    return stimuli, wg.Recording(record(network, stimuli, 0.1)[:, 4:8], neurons=[4, 5, 6, 7])


def fit(
    trainer: wg.Trainer = TRAINER, network: wg.MultilayeredNetwork | None = None, **how: Any
) -> wg.FitResult:
    network = make_grouped() if network is None else network
    return trainer.fit(network, *recorded(network), progress=False, **how)


def plain_fit() -> wg.FitResult:
    """Fit with nothing held out, no radius, no readout and no epoch: much is missing."""
    return fit(wg.Trainer("slope", epochs=0), held_out=0.0, stability=False)


@pytest.fixture(scope="module")
def result() -> wg.FitResult:
    return fit(held_out=np.array([1, 4]))


@pytest.fixture(scope="module")
def folds() -> wg.CrossValidation:
    network = make_grouped()
    return TRAINER.cross_validate(network, *recorded(network), folds=2, progress=False)


def assert_same_value(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        for name in (name for name, kind in one.dtypes.items() if kind.kind == "O"):
            assert one[name].tolist() == other[name].tolist()  # None is not NaN
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            assert_same_value(one[name], other[name])
    else:
        np.testing.assert_equal(one, other)  # NaN is NaN


def assert_same(one: Any, other: Any) -> None:
    """All fields are the same, but for the network."""
    assert type(one) is type(other)
    for each in dataclasses.fields(one):
        given = getattr(one, each.name)
        given = plain(given) if each.name == "provenance" else given
        if each.name != "network":
            assert_same_value(given, getattr(other, each.name))
    assert repr(one) == repr(other)


@pytest.mark.parametrize(
    "make",
    [
        plain_fit,
        lambda: fit(wg.Trainer(["slope", "divisive_gain"], epochs=1), make_divisive()),
        lambda: fit(wg.Trainer("slope", epochs=1), make_grouped(idx_to_group=NUMBERED)),
    ],
    ids=["much is missing", "pairs", "groups are numbers"],
)  # fmt: skip
def test_what_was_saved_comes_back(make: Callable[[], wg.FitResult], tmp_path: Path) -> None:
    result = make()
    again = wg.FitResult.load(str(result.save(tmp_path / "fit")))
    assert again.network is None
    assert_same(result, again)
    assert_same(result, wg.FitResult.load(again.save(tmp_path / "fit")))
    assert len(list((tmp_path / "fit").iterdir())) == 7


def test_the_trainer_can_be_made_again(result: wg.FitResult, tmp_path: Path) -> None:
    again = wg.FitResult.load(result.save(tmp_path / "fit"))
    assert_same(result, again)
    settings = {**again.arguments}
    held_out = settings.pop("held_out")
    assert wg.Trainer(**settings) == TRAINER
    repeated = fit(wg.Trainer(**settings), held_out=held_out)
    np.testing.assert_array_equal(repeated.parameters["fitted"], result.parameters["fitted"])


def test_a_cross_validation_comes_back(folds: wg.CrossValidation, tmp_path: Path) -> None:
    again = wg.CrossValidation.load(str(folds.save(tmp_path / "folds")))
    assert_same(folds, again)
    assert again.correlation == folds.correlation


@pytest.mark.parametrize(
    "value",
    [
        ((None, 20.0), [("a", "b")], {"x": 1, 2: ("y",)}),
        wg.Trainable(by="pair", only=[("a", "b")], bounds=(0.0, None)),
        {"tuple": {"Trainable": 1}},
        np.array(["a", "b"]),
        np.array([True, False]),
    ],
    ids=str,
)
def test_arguments_come_back(value: Any) -> None:
    assert_same_value(of_json(json.loads(json.dumps(as_json(value)))), value)


def test_functions_leave_their_names(tmp_path: Path) -> None:
    result = fit(wg.Trainer("slope", epochs=1, schedule=abs))
    again = wg.FitResult.load(result.save(tmp_path / "fit"))
    assert again.arguments["schedule"] == "abs"


def test_names_of_several_kinds_are_saved_as_texts(result: wg.FitResult, tmp_path: Path) -> None:
    names = pd.Series(["a", 7, ("x", 1), 2.5] * len(result.predictions), dtype=object)
    table = result.predictions.assign(channel=names[: len(result.predictions)])
    mixed = dataclasses.replace(result, predictions=table)
    again = wg.FitResult.load(mixed.save(tmp_path / "fit"))
    assert again.predictions["channel"].tolist()[:4] == ["a", "7", "('x', 1)", "2.5"]


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_save_that_fails_leaves_what_was_there(
    result: wg.FitResult, folds: wg.CrossValidation, tmp_path: Path, nth: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The disk is full at the nth file."""
    fsync = os.fsync
    other = dataclasses.replace(result, seed=9, starts=result.starts.iloc[:1])
    fewer = dataclasses.replace(folds, seed=9, folds=folds.folds.iloc[:1])
    for old, new, n_files in ((other, result, len(FIT.tables)), (fewer, folds, len(FOLDS.tables))):
        folder = old.save(tmp_path / type(old).__name__)
        calls, last = iter(range(1, 100)), n_files + 2  # arrays, page

        def full(handle: int, calls: Any = calls, last: int = last) -> None:
            if next(calls) == min(nth, last):
                raise OSError("no space left on device")
            fsync(handle)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="no space left"):
                new.save(folder)
        assert not list(folder.glob(".*"))
        assert_same(old, type(old).load(folder))
        assert_same(new, type(new).load(new.save(folder)))


# With its network.


def test_with_its_network_it_predicts(worm: wg.Connectome, tmp_path: Path) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "FLP"], 3, device="cpu")
    stimuli = np.random.default_rng(0).random((6, 4, 3))
    recording = wg.Recording(np.linspace(0, 1, 12).reshape(6, 2), ["AVA", "RIM"], steps=-1)
    result = wg.Trainer(["slope", "weight"], epochs=2, restore_best=False).fit(
        network, stimuli, recording, progress=False
    )
    folder = result.save(tmp_path / "fit")
    wg.save_network(network, tmp_path / "network")
    loaded = wg.load_network(tmp_path / "network", worm, device="cpu")
    again = wg.FitResult.load(folder, loaded)
    assert again.network is loaded
    predicted = again.predict(stimuli, recording)
    pd.testing.assert_frame_equal(predicted, result.predict(stimuli, recording))
    with pytest.raises(ValueError, match=r"loaded without its network, which predictions are"):
        wg.FitResult.load(folder).predict(stimuli, recording)

    def refused(message: str, connectome: wg.Connectome = worm, steps: int = 3, **how: Any) -> None:
        other = wg.MultilayeredNetwork.from_connectome(
            connectome, ["ASH", "FLP"], steps, device="cpu", **how
        )
        with pytest.raises(ValueError, match=message):
            wg.FitResult.load(folder, other)

    refused(r"does not have the fitted values: slope of \w+ is 5, and was fitted to")
    refused("the fit is of 3 steps, and the network has 4: pass the network", steps=4)
    refused("values of 'slope', and the network other groups or none of them", group_by=None)
    gaps = wg.datasets.celegans(gap_junctions=True)
    refused(r"from the connectome 'C. elegans.*' \(checksum \w{12}\), and the fit is", gaps)
    with pytest.raises(ValueError, match="from bare weights, and the fit is of one made from the"):
        wg.FitResult.load(folder, make_grouped())


def test_a_network_of_bare_weights(result: wg.FitResult, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "fit")
    assert wg.FitResult.load(folder, result.network).network is result.network
    with pytest.raises(ValueError, match="does not have the fitted values"):
        wg.FitResult.load(folder, make_grouped())


# What is refused.


def test_other_kinds_are_refused(
    result: wg.FitResult, folds: wg.CrossValidation, tmp_path: Path
) -> None:
    a, b = result.save(tmp_path / "fit"), folds.save(tmp_path / "folds")
    with pytest.raises(ValueError, match="of another kind, 'cross-validation', not 'fit'"):
        wg.FitResult.load(b)
    with pytest.raises(ValueError, match="of another kind, 'fit', not 'cross-validation'"):
        wg.CrossValidation.load(a)
    with pytest.raises(ValueError, match="of another kind, 'cross-validation', not 'fit': save to"):
        result.save(b)
    with pytest.raises(ValueError, match=r"holds no result: there is no result.json in it"):
        wg.FitResult.load(tmp_path)
    (tmp_path / "network").mkdir()
    (tmp_path / "network" / "network.json").write_text("{}")
    with pytest.raises(ValueError, match=r"holds other files \(network.json\): save to a new"):
        result.save(tmp_path / "network")
    assert_same(folds, wg.CrossValidation.load(b))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 2, "newer than this one .*upgrade wiregrad"),
        ("arguments", {"odd": 1}, "are damaged .*save it again"),
        ("observation", {"Observation": {"decay": 7}}, "are damaged"),
        ("train_loss", "low", "are damaged"),
        ("files", {}, "is damaged"),
    ],
)
def test_damage_is_told(
    result: wg.FitResult, tmp_path: Path, key: str, value: object, message: str
) -> None:
    folder = result.save(tmp_path / "fit")
    page = json.loads((folder / "result.json").read_text())
    page[key] = value
    (folder / "result.json").write_text(json.dumps(page))
    with pytest.raises(ValueError, match=message):
        wg.FitResult.load(folder)


def test_a_spoiled_file_is_told(result: wg.FitResult, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "fit")
    (path,) = folder.glob("history-*.parquet")
    path.write_bytes(path.read_bytes()[:-7] + b"changed")
    with pytest.raises(ValueError, match="is not the file that was saved: save the result again"):
        wg.FitResult.load(folder)

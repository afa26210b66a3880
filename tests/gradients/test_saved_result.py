"""A result in a folder: what was saved comes back, and what was not is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import FIELDS, batch_of, make_chain, make_random, maximise, random_targets

import wiregrad as wg
from wiregrad import _saved_folder
from wiregrad._whole_files import plain
from wiregrad.gradients._saved_result import KIND

ATTRIBUTES = ("seed", "version", "n_passes", "seconds", "stage_seconds", "interrupted")


@pytest.fixture(scope="module")
def result(worm_network: wg.MultilayeredNetwork) -> wg.MaximisationResult:
    return maximise(
        worm_network, {2: {"AVA": 0.9}}, num_iterations=12, seed=4, max_active={"entries": 4}
    )


@pytest.fixture(scope="module")
def batch() -> wg.MaximisationResult:
    network = make_random()
    return maximise(network, batch_of(random_targets(network, 3)), num_iterations=6, seed=4)


def assert_equal(one: wg.MaximisationResult, other: wg.MaximisationResult) -> None:
    """Both hold the same, bit for bit."""
    assert type(other) is wg.MaximisationResult
    for name in FIELDS[:2]:
        array, same = getattr(one, name), getattr(other, name)
        assert (array.dtype, array.shape) == (same.dtype, same.shape)
        np.testing.assert_array_equal(array, same)
    assert one[2:5] == other[2:5]
    assert len(one.snapshots) == len(other.snapshots)
    for array, same in zip(one.snapshots, other.snapshots, strict=True):
        np.testing.assert_array_equal(array, same)
    for name in ("targets", "target_neurons", "members", "neurons"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    for name in ATTRIBUTES:
        assert getattr(one, name) == getattr(other, name)
    assert plain(one.arguments) == other.arguments
    assert plain(one.provenance) == other.provenance
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    assert repr(one) == repr(other)


def test_what_was_saved_comes_back(
    result: wg.MaximisationResult, batch: wg.MaximisationResult, tmp_path: Path
) -> None:
    for name, saved in (("one", result), ("several", batch)):
        assert saved.save(tmp_path / name) == tmp_path / name
        again = wg.MaximisationResult.load(str(tmp_path / name))
        assert again.network is None
        assert_equal(saved, again)


def test_a_result_without_passes_comes_back(tmp_path: Path) -> None:
    """A target that cannot be reached: no snapshots."""
    network = make_chain(num_layers=3).to(torch.float64)
    result = maximise(network, {0: {2: 0.9}}, seed=0)
    assert_equal(result, wg.MaximisationResult.load(result.save(tmp_path / "saved")))


def test_a_loaded_result_can_be_saved_and_repeated(
    result: wg.MaximisationResult, worm_network: wg.MultilayeredNetwork, tmp_path: Path
) -> None:
    loaded = wg.MaximisationResult.load(result.save(tmp_path / "a"))
    assert_equal(result, wg.MaximisationResult.load(loaded.save(tmp_path / "b")))
    given = {name: value for name, value in loaded.arguments.items() if name != "input_tensor"}
    asked = wg.TargetActivation(loaded.targets[["batch", "layer", "neuron", "value"]])
    repeated = maximise(worm_network, asked, seed=loaded.seed, **given)
    np.testing.assert_array_equal(repeated.input, result.input)


def test_saving_again_replaces_and_leaves_nothing_behind(
    result: wg.MaximisationResult, batch: wg.MaximisationResult, tmp_path: Path
) -> None:
    folder = batch.save(tmp_path / "saved")
    result.save(folder)
    assert_equal(result, wg.MaximisationResult.load(folder))
    names = sorted(path.name.partition("-")[0] for path in folder.iterdir())
    assert names == ["arrays", "members", "neurons", "result.json", "target_neurons", "targets"]


@pytest.mark.parametrize("nth", range(1, 7))
def test_a_save_that_fails_leaves_what_was_there(
    result: wg.MaximisationResult, batch: wg.MaximisationResult, tmp_path: Path, nth: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The disk is full at the nth file."""
    folder, calls, fsync = batch.save(tmp_path / "saved"), iter(range(1, 100)), os.fsync

    def full(handle: int) -> None:
        if next(calls) == nth:
            raise OSError("no space left on device")
        fsync(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space left"):
            result.save(folder)
    assert not list(folder.glob(".*"))
    assert_equal(batch, wg.MaximisationResult.load(folder))
    assert_equal(result, wg.MaximisationResult.load(result.save(folder)))


def test_functions_leave_their_names(tmp_path: Path) -> None:
    functions = {"in": lambda member: member.sum(), "out": torch.norm}
    result = maximise(
        make_chain(), {1: {2: 0.9}}, num_iterations=1, custom_reg_functions=functions, seed=0
    )
    again = wg.MaximisationResult.load(result.save(tmp_path / "saved"))
    named = again.arguments["custom_reg_functions"]
    assert named == {"in": functions["in"].__qualname__, "out": "norm"}


# With its network.


def test_a_loaded_result_makes_the_same_report(
    result: wg.MaximisationResult, worm_network: wg.MultilayeredNetwork, tmp_path: Path
) -> None:
    pytest.importorskip("plotly")
    folder = result.save(tmp_path / "saved")
    again = wg.MaximisationResult.load(folder, worm_network)
    assert again.network is worm_network
    pages = [wg.report(r, tmp_path / f"{n}.html") for n, r in enumerate((result, again))]
    assert pages[0].read_text() == pages[1].read_text()
    assert "max_active={&#x27;entries&#x27;: 4}" in pages[0].read_text()


def test_another_network_is_refused(
    result: wg.MaximisationResult, batch: wg.MaximisationResult, worm: wg.Connectome,
    tmp_path: Path,
) -> None:  # fmt: skip
    folder = result.save(tmp_path / "saved")
    gaps = wg.datasets.celegans(gap_junctions=True)
    other = wg.MultilayeredNetwork.from_connectome(gaps, "role=sensory", 3, device="cpu")
    with pytest.raises(ValueError, match="made from another connectome than the result"):
        wg.MaximisationResult.load(folder, other)
    longer = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 4, device="cpu")
    with pytest.raises(ValueError, match=r"302 neurons in all, in 3 steps; .* and 4 steps: pass"):
        wg.MaximisationResult.load(folder, longer)
    batch.save(tmp_path / "bare")
    assert wg.MaximisationResult.load(tmp_path / "bare", make_random()).network is not None


# What is refused.


def test_a_folder_of_something_else_is_not_written_to(
    result: wg.MaximisationResult, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"holds other files \(thesis.txt\): save to a new folder"):
        result.save(tmp_path)
    with pytest.raises(ValueError, match="is a file: a result is saved as a folder"):
        result.save(tmp_path / "thesis.txt")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .* to save c in"):
        result.save(tmp_path / "b" / "c")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_of_something_else_is_not_loaded(worm: wg.Connectome, tmp_path: Path) -> None:
    worm.save(tmp_path / "worm")
    for path in (
        tmp_path,
        tmp_path / "worm",
        tmp_path / "nothing",
        tmp_path / "worm/wiregrad.json",
    ):
        with pytest.raises(
            ValueError, match=r"holds no result: there is no result.json in it; res"
        ):
            wg.MaximisationResult.load(path)


def test_a_copy_that_lost_its_network_says_how_to_be_saved(
    result: wg.MaximisationResult, tmp_path: Path
) -> None:
    import copy

    lost = copy.copy(result)
    for ask in (lost.to_frame, lambda: lost.save(tmp_path / "saved")):
        with pytest.raises(ValueError, match=r"set result\.network to the network that was asked"):
            ask()


def changed(key: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        page = json.loads((folder / "result.json").read_text())
        page[key] = value
        (folder / "result.json").write_text(json.dumps(page))

    return change


def spoil(folder: Path) -> None:
    (path,) = folder.glob("members-*.parquet")
    path.write_bytes(path.read_bytes()[:-7] + b"changed")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (changed("kind", "training"), "holds a result of another kind, 'training'"),
        (changed("format", 2), "which is newer than this one .*upgrade wiregrad"),
        (changed("files", {}), "is damaged .it lacks names of its files.: save the result again"),
        (
            changed("files", dict.fromkeys((*KIND.tables, "arrays"), "../x")),
            "is damaged .it lacks names of its files.",
        ),
        (lambda folder: (folder / "result.json").write_text("{"), "is damaged"),
        (lambda folder: (folder / "result.json").write_text("[]"), "is damaged"),
        (lambda folder: (folder / "result.json").write_text("{}"), "is damaged"),
        (spoil, "is not the file that was saved: save the result again"),
        (lambda folder: next(folder.glob("arrays-*")).unlink(), "lacks the file arrays-"),
    ],
)
def test_damage_is_told(
    result: wg.MaximisationResult, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    folder = result.save(tmp_path / "saved")
    damage(folder)
    with pytest.raises(ValueError, match=message):
        wg.MaximisationResult.load(folder)


def test_pickles_inside_arrays_are_refused(
    result: wg.MaximisationResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = result.save(tmp_path / "saved")
    (path,) = folder.glob("arrays-*")
    with path.open("wb") as stream:
        np.savez(stream, input=np.array([{}], dtype=object), allow_pickle=True)
    monkeypatch.setattr(_saved_folder, "_require_whole", lambda _: None)
    with pytest.raises(ValueError, match="are damaged"):
        wg.MaximisationResult.load(folder)


# A row a problem.


def test_a_frame_has_a_row_for_each_problem(
    result: wg.MaximisationResult, batch: wg.MaximisationResult
) -> None:
    row = result.to_frame().iloc[0]
    assert (row["targets"], row["n_targets"], row["seed"]) == ("AVAL, AVAR", 2, 4)
    assert row["asked"] == pytest.approx(0.9)
    assert row["attained"] == pytest.approx(result.targets["attained"].mean())
    assert row["nearest"] == pytest.approx(result.targets["nearest"].mean())
    assert 1 <= row["active_types"] <= row["active_neurons"] <= row["active_inputs"] <= 4
    assert result.network is not None
    driven = result.network.sensory_indices.numpy()[(result.input > 0).any(axis=1)]
    assert result.network.neurons is not None
    types = result.network.neurons["cell_type"].iloc[driven]
    assert row["types"].split(", ") == types.drop_duplicates().tolist()
    assert row["seconds"] == result.seconds
    assert row["seconds_choose"] == result.stage_seconds["choose"]
    assert (row["seconds_shorten"], row["version"]) == (0.0, wg.__version__)
    assert row["checksum"] == result.provenance["checksum"]
    frame = batch.to_frame()
    assert frame["member"].tolist() == [0, 1, 2]
    assert frame["n_targets"].tolist() == [3, 3, 3]
    assert frame["status"].tolist() == batch.members["status"].tolist()
    assert frame["seconds"].sum() == pytest.approx(batch.seconds)
    assert frame.columns.tolist() == result.to_frame().columns.tolist()


def test_a_silent_stimulus_has_no_types() -> None:
    row = maximise(make_chain(num_layers=3), {0: {2: 0.9}}, seed=0).to_frame().iloc[0]
    assert (row["active_types"], row["types"], row["status"]) == (0, "", "unreachable")

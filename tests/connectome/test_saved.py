"""wiregrad's own folder: all comes back, and no failure at any moment loses what was there."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import save_in_a_loop
from connectome_cases import EdgeList, edge_lists
from file_cases import FIRST_ID
from hypothesis import given, settings
from scipy import sparse

import wiregrad as wg
from wiregrad.connectome import _saved
from wiregrad.connectome._saved import read_saved

#: A column of every kind that a neurons table is likely to have.
COLUMNS: dict[str, Any] = {
    "whole": np.array([1, 2, 3, 4], dtype=np.int16),
    "unsigned": np.array([1, 2, 3, 2**64 - 1], dtype=np.uint64),
    "holed": pd.array([FIRST_ID, FIRST_ID + 1, None, 3], dtype="Int64"),
    "not_holed": pd.array([1, 2, 3, 4], dtype="Int32"),
    "number": np.array([1.5, np.nan, 3, 4], dtype=np.float32),
    "flag": [True, False, True, True],
    "holed_flag": pd.array([True, None, False, True], dtype="boolean"),
    "text": ["a", None, "", "nan"],
    "string": pd.array(["a", None, "ö", "d"], dtype="string"),
    "category": pd.Categorical(["L", None, "R", "L"], categories=["R", "L", "M"], ordered=True),
    "day": pd.to_datetime(["2026-01-01", None, "2026-01-02", "2026-01-03"], utc=True),
    "empty": [None] * 4,
}


@pytest.fixture
def other(edges: pd.DataFrame, neurons: pd.DataFrame) -> wg.Connectome:
    """Return a connectome that differs from `circuit` in both tables."""
    return wg.Connectome.from_edges(edges.assign(count=7), neurons.assign(side="L"), name="other")


def our_files(folder: Path) -> list[str]:
    return sorted(re.sub("-[0-9a-f]{12}", "", path.name) for path in folder.iterdir())


COMPLETE = ["edges.parquet", "neurons.parquet", "wiregrad.json"]


@settings(deadline=None, max_examples=25)
@given(case=edge_lists())
def test_a_connectome_comes_back_as_it_was(case: EdgeList, tmp_path_factory: Any) -> None:
    for wiring in (case.connectome(), case.connectome(sign=None)):
        folder = tmp_path_factory.mktemp("saved") / "new"
        wiring.save(folder)
        loaded = wg.Connectome.load(folder)
        assert loaded.checksum == wiring.checksum
        for part in ("data", "indices", "indptr"):
            before, after = getattr(wiring.counts, part), getattr(loaded.counts, part)
            np.testing.assert_array_equal(before, after)
        assert (loaded.edge_signs is None) is (wiring.edge_signs is None)


def test_every_column_keeps_its_kind(circuit: wg.Connectome, tmp_path: Path) -> None:
    table = circuit.neurons.assign(**COLUMNS)
    wiring = dataclasses.replace(circuit, neurons=table)
    wiring.save(tmp_path / "new")
    pd.testing.assert_frame_equal(wg.Connectome.load(tmp_path / "new").neurons, table)


def test_name_unit_and_provenance_come_back(circuit: wg.Connectome, tmp_path: Path) -> None:
    provenance = {
        "source": "ün\nlisted",
        "citations": ("a", "b"),
        "options": {"min_synapses": np.float32(5), "sign": {np.int64(1): -1}},
        "totals": np.array([1, 2]),
        "share": np.nan,
        "file": Path("x"),
        "nothing": None,
        "done": np.True_,
    }
    dataclasses.replace(circuit, name="Wörm", unit="area", provenance=provenance).save(tmp_path)
    loaded = wg.Connectome.load(tmp_path)
    assert (loaded.name, loaded.unit) == ("Wörm", "area")
    share = loaded.provenance["share"]
    assert share != share
    assert {**loaded.provenance, "share": None} == {
        "source": "ün\nlisted",
        "citations": ["a", "b"],
        "options": {"min_synapses": 5.0, "sign": {"1": -1}},
        "totals": [1, 2],
        "share": None,
        "file": "x",
        "nothing": None,
        "done": True,
        "path": str(tmp_path),
        "saved": True,
    }


def test_the_worm_and_its_parts_come_back(worm: wg.Connectome, tmp_path: Path) -> None:
    part = worm.subset("role=sensory")
    for wiring in (worm, part, worm.group(), part.group("side")):
        wiring.save(tmp_path / "worm")
        loaded = wg.Connectome.load(tmp_path / "worm")
        assert loaded.checksum == wiring.checksum
        pd.testing.assert_frame_equal(loaded.neurons, wiring.neurons)
        np.testing.assert_array_equal(
            loaded.weights().matrix.toarray(), wiring.weights().matrix.toarray()
        )
        assert our_files(tmp_path / "worm") == COMPLETE


def test_a_connectome_without_synapses_comes_back(circuit: wg.Connectome, tmp_path: Path) -> None:
    wiring = circuit.subset(["sens", "alone"])
    wiring.save(tmp_path / "new")
    assert wg.Connectome.load(tmp_path / "new").checksum == wiring.checksum


def test_connections_in_any_order_keep_their_signs(circuit: wg.Connectome, tmp_path: Path) -> None:
    # Two connections of the first neuron, the second one listed first.
    counts = sparse.csr_array(
        (np.array([6.0, 4.0]), np.array([2, 1]), np.array([0, 2, 2, 2, 2])), shape=(4, 4)
    )
    signs = wg.connectome.EdgeSigns(net=np.array([6.0, -4.0]), unknown=np.zeros(2))
    wiring = wg.Connectome(circuit.neurons, counts, signs)
    wiring.save(tmp_path / "new")
    loaded = wg.Connectome.load(tmp_path / "new")
    assert loaded.checksum == wiring.checksum
    assert loaded.weights().matrix[1, 0] == -1


def test_saving_what_was_loaded_changes_nothing(circuit: wg.Connectome, tmp_path: Path) -> None:
    circuit.save(tmp_path / "a")
    wg.Connectome.load(tmp_path / "a").save(str(tmp_path / "b"))
    files = [sorted(p.name for p in (tmp_path / name).iterdir()) for name in "ab"]
    assert files[0] == files[1]


def test_tables_are_named_after_their_content(circuit: wg.Connectome, tmp_path: Path) -> None:
    circuit.save(tmp_path / "new")
    page = json.loads((tmp_path / "new" / "wiregrad.json").read_text(encoding="utf-8"))
    for key in ("neurons", "edges"):
        content = (tmp_path / "new" / page[key]).read_bytes()
        assert page[key] == f"{key}-{hashlib.sha256(content).hexdigest()[:12]}.parquet"


@pytest.mark.skipif(os.name != "posix", reason="there are no such permissions here")
def test_others_may_read_it_as_they_may_read_other_files(
    circuit: wg.Connectome, tmp_path: Path
) -> None:
    (tmp_path / "plain").touch()
    circuit.save(tmp_path / "new")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == {stat.S_IMODE((tmp_path / "plain").stat().st_mode)}


# --- failures


class Killed(BaseException):
    """What stands for the end of the process."""


#: What is done to files, in the order in which a save does it.
MOMENTS: list[tuple[Any, str, int]] = [
    (pd.DataFrame, "to_parquet", 1),
    (hashlib, "file_digest", 1),
    (os, "fsync", 1),
    (Path, "replace", 1),
    (pd.DataFrame, "to_parquet", 2),
    (hashlib, "file_digest", 2),
    (os, "fsync", 2),
    (Path, "replace", 2),
    (_saved, "plain", 1),
    (os, "fsync", 3),
    (Path, "replace", 3),
]
EVERY_MOMENT = pytest.mark.parametrize(
    ("owner", "name", "nth"), MOMENTS, ids=[f"{name} {nth}" for _, name, nth in MOMENTS]
)


def fail_at(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, nth: int, error: BaseException
) -> None:
    """Let the nth call of a function fail, with its work half done where it writes a file."""
    original, calls = getattr(owner, name), iter(range(1, 100))

    def failing(*args: Any, **kwargs: Any) -> Any:
        if next(calls) != nth:
            return original(*args, **kwargs)
        if name == "to_parquet":
            Path(args[1]).write_bytes(b"PAR1 and no more")
        if isinstance(error, Killed):  # nothing is tidied up by who is dead
            monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
        raise error

    monkeypatch.setattr(owner, name, failing)


@EVERY_MOMENT
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), Killed()])
def test_a_save_that_fails_at_any_moment_leaves_what_was_there(
    owner: Any,
    name: str,
    nth: int,
    error: BaseException,
    circuit: wg.Connectome,
    other: wg.Connectome,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "saved"
    circuit.save(folder)
    with monkeypatch.context() as patch:
        fail_at(patch, owner, name, nth, error)
        with pytest.raises(type(error)):
            other.save(folder)
    loaded = wg.Connectome.load(folder)
    assert loaded.checksum == circuit.checksum
    pd.testing.assert_frame_equal(loaded.neurons, circuit.neurons)
    if not isinstance(error, Killed):
        assert not list(folder.glob(".*"))
    other.save(folder)
    assert wg.Connectome.load(folder).checksum == other.checksum
    assert our_files(folder) == COMPLETE


@EVERY_MOMENT
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), Killed()])
def test_a_first_save_that_fails_at_any_moment_can_be_done_again(
    owner: Any,
    name: str,
    nth: int,
    error: BaseException,
    circuit: wg.Connectome,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "saved"
    with monkeypatch.context() as patch:
        fail_at(patch, owner, name, nth, error)
        with pytest.raises(type(error)):
            circuit.save(folder)
    message = "whose saving was interrupted: save it again|is named as an edge table is"
    with pytest.raises(ValueError, match=message):
        wg.Connectome.load(folder)
    circuit.save(folder)
    assert wg.Connectome.load(folder).checksum == circuit.checksum
    assert our_files(folder) == COMPLETE


def test_a_save_that_fails_while_it_clears_has_saved(
    circuit: wg.Connectome, other: wg.Connectome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    circuit.save(tmp_path)
    with monkeypatch.context() as patch:
        fail_at(patch, Path, "unlink", 2, Killed())
        with pytest.raises(Killed):
            other.save(tmp_path)
    assert wg.Connectome.load(tmp_path).checksum == other.checksum
    other.save(tmp_path)
    assert our_files(tmp_path) == COMPLETE


@pytest.fixture
def saving(processes: Any) -> Iterator[Callable[[Path], tuple[Any, Connection]]]:
    """Return a function that starts a process which saves to a folder in a loop."""
    running = []

    def start(folder: Path) -> tuple[Any, Connection]:
        ours, theirs = processes.Pipe()
        process = processes.Process(target=save_in_a_loop.save_in_a_loop, args=(folder, theirs))
        process.start()
        running.append(process)
        return process, ours

    yield start
    for process in running:
        process.kill()
        process.join()


def test_a_killed_process_leaves_one_of_the_two_whole(
    saving: Callable[[Path], tuple[Any, Connection]], tmp_path: Path
) -> None:
    one, other = save_in_a_loop.wiring(0), save_in_a_loop.wiring(1)
    folders = [tmp_path / f"saved{k}" for k in range(4)]
    for folder in folders:
        one.save(folder)
    found = []
    for delay, (folder, (process, told)) in enumerate([(path, saving(path)) for path in folders]):
        assert told.recv() == "ready"
        told.send("go")
        time.sleep(0.005 + 0.017 * delay)
        process.kill()  # SIGKILL: it cannot tidy up
        process.join()
        found.append(wg.Connectome.load(folder).checksum)
        one.save(folder)
        assert our_files(folder) == COMPLETE
    assert set(found) <= {one.checksum, other.checksum}


# --- what else lies in the folder


def test_leftovers_of_other_saves_do_no_harm_and_are_cleared(
    circuit: wg.Connectome, other: wg.Connectome, tmp_path: Path
) -> None:
    circuit.save(tmp_path)
    for name in ("neurons", "edges", "page"):
        (tmp_path / f".{name}-{'0a' * 16}.part").write_bytes(b"half a file")
    (tmp_path / f"edges-{'0a' * 6}.parquet").write_bytes(b"PAR1")
    assert wg.Connectome.load(tmp_path).checksum == circuit.checksum
    other.save(tmp_path)
    assert our_files(tmp_path) == COMPLETE


def test_files_of_others_are_never_removed(
    circuit: wg.Connectome, other: wg.Connectome, tmp_path: Path
) -> None:
    circuit.save(tmp_path)
    theirs = ["edges-notes.txt", "neurons-2026.parquet", "film.part", ".edges-1.part", "notes.md"]
    for name in theirs:
        (tmp_path / name).write_text("mine")
    (tmp_path / "edges-folder").mkdir()
    other.save(tmp_path)
    assert [(tmp_path / name).read_text() for name in theirs] == ["mine"] * len(theirs)
    assert (tmp_path / "edges-folder").is_dir()
    assert wg.Connectome.load(tmp_path).checksum == other.checksum


def test_a_folder_that_holds_other_files_is_refused(circuit: wg.Connectome, tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("pre,post\n")
    message = (
        f"the folder {tmp_path} holds other files: save to a new folder, or to one that holds a "
        "saved connectome"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        circuit.save(tmp_path)
    assert our_files(tmp_path) == ["edges.csv"]


def test_a_path_that_is_no_folder_is_refused(circuit: wg.Connectome, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="file is a file: a connectome is saved as a folder"):
        circuit.save(tmp_path / "file")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nope to save worm in"):
        circuit.save(tmp_path / "nope" / "worm")


@pytest.mark.parametrize("values", [["a", 1, 2.0, None], [object()] * 4])
def test_a_column_that_parquet_cannot_hold_is_refused(
    values: list[Any], circuit: wg.Connectome, other: wg.Connectome, tmp_path: Path
) -> None:
    other.save(tmp_path)
    table = circuit.neurons.assign(mixed=pd.Series(values, dtype=object))
    with pytest.raises(
        ValueError, match="the neurons table cannot be written to parquet"
    ) as caught:
        dataclasses.replace(circuit, neurons=table).save(tmp_path)
    assert type(caught.value) is ValueError
    assert "mixed" in str(caught.value)
    assert str(caught.value).endswith(
        "make each column all numbers or all text, and give each a name of its own"
    )
    assert wg.Connectome.load(tmp_path).checksum == other.checksum


# --- loading what is damaged


def change_page(folder: Path, **changes: Any) -> None:
    page = json.loads((folder / "wiregrad.json").read_text(encoding="utf-8"))
    page = {key: value for key, value in {**page, **changes}.items() if value is not ...}
    (folder / "wiregrad.json").write_text(json.dumps(page), encoding="utf-8")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b'"text"', b"{}", b'{"format": "1"}', b"\xff\xfe"]
)
def test_a_damaged_page_is_refused(content: bytes, circuit: wg.Connectome, tmp_path: Path) -> None:
    circuit.save(tmp_path)
    (tmp_path / "wiregrad.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"wiregrad\.json is damaged \(.*\): save the connec") as e:
        wg.Connectome.load(tmp_path)
    assert type(e.value) is ValueError


@pytest.mark.parametrize("key", ["name", "unit", "checksum", "neurons", "edges", "provenance"])
def test_a_page_that_lacks_something_is_refused(
    key: str, circuit: wg.Connectome, tmp_path: Path
) -> None:
    circuit.save(tmp_path)
    change_page(tmp_path, **{key: ...})
    with pytest.raises(ValueError, match=rf"is damaged \(it lacks {key}\): save the connectome"):
        wg.Connectome.load(tmp_path)


def test_a_page_of_a_newer_version_is_refused(circuit: wg.Connectome, tmp_path: Path) -> None:
    circuit.save(tmp_path)
    change_page(tmp_path, format=2, version="9.9", edges=...)
    message = "was written by wiregrad 9.9, which is newer than this one ("
    with pytest.raises(ValueError, match=f"{re.escape(message)}.*: upgrade wiregrad"):
        wg.Connectome.load(tmp_path)


SWAPS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "another count": lambda table: table.assign(count=7.0),
    "another order": lambda table: table[::-1],
    "an end out of range": lambda table: table.assign(post=99),
    "a start out of range": lambda table: table.assign(pre=99),
    "a negative end": lambda table: table.assign(pre=-1),
    "text": lambda table: table.assign(pre="a"),
    "no counts": lambda table: table.drop(columns="count"),
    "fewer": lambda table: table[:2],
    "a missing end": lambda table: table.assign(pre=pd.array([0, None, 0, 0], dtype="Int32")),
}


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_tables_that_were_changed_are_refused(
    swap: Callable[[pd.DataFrame], pd.DataFrame], circuit: wg.Connectome, tmp_path: Path
) -> None:
    circuit.save(tmp_path)
    path = next(tmp_path.glob("edges-*"))
    swap(pd.read_parquet(path)).to_parquet(path, index=False)
    message = f"the tables in {tmp_path} are not those that were saved: save it again"
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        wg.Connectome.load(tmp_path)
    assert type(caught.value) is ValueError


def test_edges_of_another_connectome_are_refused(
    circuit: wg.Connectome, worm: wg.Connectome, tmp_path: Path
) -> None:
    circuit.save(tmp_path / "circuit")
    worm.save(tmp_path / "worm")
    next((tmp_path / "worm").glob("edges-*")).replace(next((tmp_path / "circuit").glob("edges-*")))
    with pytest.raises(ValueError, match="are not those that were saved"):
        wg.Connectome.load(tmp_path / "circuit")


def test_a_table_that_is_gone_or_cut_short_is_named(circuit: wg.Connectome, tmp_path: Path) -> None:
    circuit.save(tmp_path)
    path = next(tmp_path.glob("neurons-*"))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=f"{path.name} cannot be read: it is cut short"):
        wg.Connectome.load(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=f"there is no file or folder .*{path.name}: "):
        read_saved(tmp_path)


@pytest.mark.parametrize("options", [{"min_synapses": 5}, {"neurons": pd.DataFrame()}])
def test_options_are_refused(
    options: dict[str, Any], circuit: wg.Connectome, tmp_path: Path
) -> None:
    circuit.save(tmp_path)
    (name,) = options
    message = f"{tmp_path} holds a saved connectome, which is loaded as it is: leave out {name}"
    with pytest.raises(ValueError, match=f"{re.escape(message)}$"):
        wg.Connectome.load(tmp_path, **options)
    with pytest.raises(ValueError, match=r"leave out neurons, name$"):
        wg.Connectome.load(tmp_path, neurons="neurons.csv", name="worm")


def test_a_single_file_of_the_folder_is_refused(circuit: wg.Connectome, tmp_path: Path) -> None:
    circuit.save(tmp_path)
    for path in tmp_path.iterdir():
        message = f"{path} is one file of a saved connectome: load the folder, {tmp_path}"
        with pytest.raises(ValueError, match=re.escape(message)):
            wg.Connectome.load(path)


def test_a_format_is_only_ever_added_to() -> None:
    assert _saved._FORMAT == 1  # a folder written by 0.1.0 must load for ever: add a test for it

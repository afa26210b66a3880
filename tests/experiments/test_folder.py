"""The folder: what counts, what is cleared away, and one writer at a time."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sweep_cases import (
    QUICK,
    TYPES,
    assert_same,
    left_behind,
    parts,
    problems_in_files,
    problems_of_types,
    sweep_one_by_one,
)

import wiregrad as wg
from wiregrad.experiments import _parts
from wiregrad.experiments._lock import FolderInUseError, _began, hold


@pytest.fixture
def start_sweep(processes: Any) -> Callable[[Path], Any]:
    """Return a function that starts a sweep in another process."""

    def start(folder: Path) -> Any:
        run = processes.Process(target=sweep_one_by_one, args=(folder,))
        run.start()
        return run

    return start


# Killed runs.


@pytest.mark.skipif(os.name == "nt", reason="kills as only POSIX can")
def test_a_killed_run_goes_on_and_nothing_is_lost_or_done_twice(
    network: wg.MultilayeredNetwork,
    swept: wg.SweepResult,
    tmp_path: Path,
    start_sweep: Callable[[Path], Any],
) -> None:
    folder = tmp_path / "out"
    for least in (2, 5):  # killed twice, each time with something done
        run = start_sweep(folder)
        while len(parts(folder, "members")) < least:
            assert run.exitcode is None, "it ended before it could be killed"
            time.sleep(0.005)
        run.kill()
        run.join()
        assert run.exitcode == -signal.SIGKILL
    (folder / "targets" / ".part-000099-0123456789ab.parquet-x.part").write_text("half a file")
    done = {path: path.read_bytes() for path in parts(folder, "members")}
    assert 5 <= len(done) < len(TYPES)

    whole = wg.sweep(network, problems_of_types(network), folder, batch_size=4, **QUICK)
    assert_same(swept, whole)
    assert sorted(problems_in_files(folder)) == sorted(TYPES), "none is lost, none there twice"
    assert {path: path.read_bytes() for path in done} == done, "what was done is as it was"
    assert not left_behind(folder)


@pytest.mark.parametrize("table", ["targets", "stimuli", "members"])
def test_a_batch_counts_only_with_all_its_tables(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path, table: str
) -> None:
    folder = tmp_path / "out"
    wg.sweep(network, problems_of_types(network), folder, batch_size=6, **QUICK)
    parts(folder, table)[0].unlink()
    assert wg.SweepResult(folder).members["problem"].tolist() == TYPES[6:]
    assert wg.SweepResult(folder).targets["problem"].unique().tolist() == TYPES[6:]
    again = wg.sweep(network, problems_of_types(network), folder, **QUICK)
    assert_same(swept, again)
    assert sorted(problems_in_files(folder, "targets")) == sorted(again.targets["problem"])


def test_a_write_that_fails_leaves_no_part_behind(
    network: wg.MultilayeredNetwork,
    swept: wg.SweepResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, written = _parts.pq.write_table, []

    def full_disk(table: Any, path: Path, **options: Any) -> None:
        written.append(path)
        real(table, path, **options)
        if len(written) == 6:  # problems; a batch of three tables; targets, stimuli
            raise OSError("no space left on device")

    monkeypatch.setattr(_parts.pq, "write_table", full_disk)
    folder = tmp_path / "out"
    with pytest.raises(OSError, match="no space left"):
        wg.sweep(network, problems_of_types(network), folder, batch_size=6, **QUICK)
    assert not left_behind(folder)
    assert wg.SweepResult(folder).n_done == 6
    monkeypatch.setattr(_parts.pq, "write_table", real)
    assert_same(swept, wg.sweep(network, problems_of_types(network), folder, **QUICK))


def test_a_damaged_part_is_named(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path
) -> None:
    shutil.copytree(swept.folder, tmp_path / "out")
    (damaged,) = parts(tmp_path / "out", "members")
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(ValueError, match=f"{damaged.name} is damaged .*delete it and run"):
        wg.sweep(network, problems_of_types(network), tmp_path / "out", **QUICK)
    damaged.unlink()
    again = wg.sweep(network, problems_of_types(network), tmp_path / "out", **QUICK)
    assert_same(swept, again)


def test_columns_that_came_later_are_read_together(swept: wg.SweepResult, tmp_path: Path) -> None:
    """Whatever columns the results have, and of whatever type in each part."""
    shutil.copytree(swept.folder, tmp_path / "out")
    (path,) = parts(tmp_path / "out", "members")
    members = pd.read_parquet(path)
    for name, rows, more in (
        ("part-000000-aaaaaaaaaaaa.parquet", members.iloc[:4], {"agreement": 0.5, "note": None}),
        ("part-000004-aaaaaaaaaaaa.parquet", members.iloc[4:], {"agreement": 1, "note": "x"}),
    ):
        for table in ("targets", "stimuli", "members"):
            (whole,) = [p for p in parts(tmp_path / "out", table) if p.name == path.name]
            shutil.copy(whole, whole.with_name(name))
        _parts.write_part(rows.assign(**more), path.with_name(name))
    for table in ("targets", "stimuli", "members"):
        (tmp_path / "out" / table / path.name).unlink()
    read = wg.SweepResult(tmp_path / "out").members
    assert read["problem"].tolist() == TYPES
    assert read["agreement"].tolist() == [0.5] * 4 + [1] * 8
    assert read["note"].isna().tolist() == [True] * 4 + [False] * 8


# One writer.


def test_two_writers_do_not_meet(
    network: wg.MultilayeredNetwork,
    swept: wg.SweepResult,
    tmp_path: Path,
    start_sweep: Callable[[Path], Any],
) -> None:
    folder = tmp_path / "out"
    run = start_sweep(folder)
    try:
        while not parts(folder, "members"):
            assert run.exitcode is None
            time.sleep(0.005)
        with pytest.raises(
            FolderInUseError,
            match=f"written by process {run.pid} on .*: wait for it, or choose another folder",
        ):
            wg.sweep(network, problems_of_types(network), folder, **QUICK)
    finally:
        run.join(timeout=120)
    assert run.exitcode == 0
    assert_same(swept, wg.SweepResult(folder))


def lock_of(folder: Path, **changed: Any) -> None:
    holder = {"pid": os.getpid(), "host": platform.node(), "began": _began(os.getpid())}
    (folder / ".lock").write_text(json.dumps({**holder, **changed}))


def ended_pid() -> int:
    run = subprocess.Popen([sys.executable, "-c", ""])
    run.wait()
    return run.pid


@pytest.mark.skipif(os.name == "nt", reason="asks of processes as only POSIX can")
def test_the_lock_of_a_process_that_ended_here_is_taken_over(tmp_path: Path) -> None:
    lock_of(tmp_path, pid=ended_pid())
    with hold(tmp_path):
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()
    assert not left_behind(tmp_path)


@pytest.mark.skipif(_began(os.getpid()) is None, reason="the system does not say when")
def test_a_process_with_the_same_number_is_not_the_same(tmp_path: Path) -> None:
    lock_of(tmp_path, began="1")
    with hold(tmp_path):
        pass


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "written by process"),
        ({"host": "node7", "pid": 2**22 + 1}, "on node7, .*if that process is gone, delete .*lock"),
        ({"pid": None}, "written by process None"),
    ],
)
def test_other_locks_are_respected(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    lock_of(tmp_path, **changed)
    before = (tmp_path / ".lock").read_text()
    with pytest.raises(FolderInUseError, match=words), hold(tmp_path):
        pass
    assert (tmp_path / ".lock").read_text() == before
    assert left_behind(tmp_path) == [".lock"]


def test_a_lock_that_is_no_json_is_respected(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("")
    with pytest.raises(FolderInUseError, match=r"delete .*\.lock"), hold(tmp_path):
        pass


def test_locks_work_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: Any) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(os, "link", no_links)
    with hold(tmp_path), pytest.raises(FolderInUseError), hold(tmp_path):
        pass
    assert not left_behind(tmp_path)


def test_a_writer_that_lost_its_lock_writes_no_more(tmp_path: Path) -> None:
    with hold(tmp_path) as held:
        held.check()
        lock_of(tmp_path)
        with pytest.raises(FolderInUseError, match="nothing more is written"):
            held.check()
    assert (tmp_path / ".lock").exists(), "it is the other's"

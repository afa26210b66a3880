"""`wiregrad sweep`: many questions, a folder of answers, and exit statuses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wiregrad as wg
from wiregrad.cli import _options
from wiregrad.experiments import _solve

Command = Callable[..., Any]

ASK = ("sweep", "celegans", "--inputs", "role=sensory", "--steps", "3", "--iterations", "5")


def test_a_column_is_a_problem_of_each_of_its_values(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = command(*ASK, "--targets", "role", "--out", str(out))
    assert said.status == 0, said.err
    assert "83 neurons to drive, 5 problems at step 3 of 3" in said.out
    assert f"5 of 5 problems done, in {out}" in said.out
    assert "45.3% of all input (weight 0, still counted as input)" in said.out
    assert "5/5" in said.err
    swept = wg.SweepResult(out)
    assert swept.members["problem"].tolist() == [
        "inter",
        "sensory",
        "motor",
        "unknown",
        "polymodal",
    ]
    counted = {name: int(n) for name, n in re.findall(r"^  (\w+) +(\d+)$", said.out, re.MULTILINE)}
    assert counted == swept.members["status"].value_counts().to_dict()


def test_selections_are_a_problem_each(command: Command, tmp_path: Path) -> None:
    options = ("--value", "0.5", "--step", "2", "--batch-size", "1", "--seed", "4")
    names = ("--targets", "AVA", "--targets", "DA1")
    said = command(*ASK, *names, *options, "--out", str(tmp_path / "out"))
    assert said.status == 0, said.err
    swept = wg.SweepResult(tmp_path / "out")
    assert swept.members["problem"].tolist() == ["AVA", "DA1"]
    assert set(swept.targets["layer"]) == {1}
    assert set(swept.targets["value"]) == {0.5}
    assert swept.manifest["seed"] == 4
    assert len(list((tmp_path / "out" / "members").iterdir())) == 2
    one = command(*ASK, "--targets", "AVA and side=L", "--out", str(tmp_path / "one"))
    assert one.status == 0, one.err
    assert len(wg.SweepResult(tmp_path / "one").targets) == 1


def test_the_same_command_goes_on(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = (*ASK, "--targets", "role", "--out", str(tmp_path / "out"), "--batch-size", "1")
    real = _solve.activation_maximisation
    calls = []

    def interrupted_at_the_second(*arguments: Any, **options: Any) -> Any:
        calls.append(options)
        result = real(*arguments, **options)
        result.interrupted = len(calls) == 2
        return result

    monkeypatch.setattr(_solve, "activation_maximisation", interrupted_at_the_second)
    said = command(*ask)
    assert said.status == 130
    assert "1 of 5 problems done" in said.out
    again = command(*ask)
    assert again.status == 0
    assert "5 of 5 problems done" in again.out
    assert len(calls) == 6
    assert command(*ask).status == 0
    assert len(calls) == 6


def test_a_budget_holds_for_all_problems(command: Command, tmp_path: Path) -> None:
    ask = (*ASK, "--targets", "AVA", "--targets", "AVB", "--out", str(tmp_path / "out"))
    assert command(*ask, "--max-active", "2", "--input-steps", "0,1", "--binary").status == 0
    swept = wg.SweepResult(tmp_path / "out")
    assert (swept.members["active_neurons"] <= 2).all()
    for problem in ("AVA", "AVB"):
        stimulus = swept.stimulus(problem)
        assert set(stimulus.flat) == {0.0, 1.0}
        assert not stimulus[:, 2:].any()


def test_failed_problems_are_told(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("out of luck")

    ask = (*ASK, "--targets", "AVA", "--out", str(tmp_path / "out"))
    with monkeypatch.context() as patch:
        patch.setattr(_solve, "activation_maximisation", fail)
        said = command(*ask)
    assert said.status == 1
    assert "1 problems failed: AVA (RuntimeError: out of luck)" in said.err
    assert command(*ask, "--retry-failed").status == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--targets", "cell_typ", "--out", "x"), "'cell_typ' is neither"),
        (("--targets", "AVA"), "Missing option '--out'"),
        (("--targets", "AVA", "--out", "no/where"), "there is no folder no"),
        (("--targets", "AVA", "--out", "x", "--step", "4"), "target step 4 is out of range"),
        (("--targets", "AVA", "--out", "x", "--batch-size", "0"), "'--batch-size'"),
        (
            ("--targets", "AVA", "--out", "x", "--workers", "2", "--scheduler", "y"),
            "workers and scheduler each say who does the work",
        ),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    command: Command,
    arguments: tuple[str, ...],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    said = command(*ASK, *arguments)
    assert said.status == 2
    assert re.fullmatch(rf"wiregrad: error: .*{re.escape(line)}.*\n", said.err)


def test_another_sweep_in_the_folder_is_one_line(command: Command, tmp_path: Path) -> None:
    ask = (*ASK, "--targets", "AVA", "--out", str(tmp_path / "out"))
    assert command(*ask).status == 0
    said = command(*ask, "--seed", "1")
    assert said.status == 2
    assert "what differs: seed 0, now 1" in said.err
    assert said.err.count("\n") == 1


def test_the_examples_of_the_help_run(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    text = command("sweep", "--help").out.replace("\\\n", " ")
    examples = re.findall(r"^ +wiregrad (sweep .*)$", text, re.MULTILINE)
    assert len(examples) == 2
    for example in examples:
        said = command(*shlex.split(example), "--iterations", "2")
        assert said.status == 0, said.err


@pytest.mark.parametrize("compiled", [True, False])
def test_says_so_where_the_first_run_takes_long(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, compiled: bool
) -> None:
    monkeypatch.setattr(_options, "is_compiled", lambda: compiled)
    said = command(*ASK, "--targets", "AVA", "--out", str(tmp_path / "out"))
    assert ("compiling for this machine, this once" in said.out) != compiled

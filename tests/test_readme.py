"""What the README tells its readers to type, typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from wiregrad.cli import main

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [
    line.removeprefix(".venv/bin/wiregrad ")
    for block in blocks("sh")
    for line in block.splitlines()
    if line.startswith(".venv/bin/wiregrad ")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_answer(
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    few_passes = (
        ["--iterations", "20"] if "flyvis_column" in command else []
    )  # the others are quick
    with pytest.raises(SystemExit) as left:
        main([*shlex.split(command), *few_passes])
    said = capsys.readouterr()
    assert left.value.code == 0, said.err
    assert said.out


def test_python_runs_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    assert (tmp_path / "ava.html").exists()


def test_files_that_are_linked_to_are_there() -> None:
    root = Path(__file__).resolve().parents[1]
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    missing = [link for link in links if not (root / link).exists()]
    assert not missing


def test_no_block_was_left_to_be_filled_in() -> None:
    assert "@@" not in README

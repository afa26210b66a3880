"""What the page on circuits tells its readers to type, typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import wiregrad as wg
from wiregrad import show, tables

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "circuits.md").read_text(encoding="utf-8")


def test_python_runs_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(block, "circuits.md", "exec"), names)
    found = names["found"]
    assert isinstance(found, wg.CircuitComparison)
    assert (tmp_path / "what-carries-it.pdf").read_bytes().startswith(b"%PDF")
    assert str(names["link"]).startswith("https://")


def test_every_figure_is_listed() -> None:
    rows = re.findall(r"^\| (`plot_.*?) \| (.*?) \|", PAGE, re.MULTILINE)
    listed = {name for figures, _ in rows for name in re.findall(r"`(\w+)`", figures)}
    assert listed == {name for name in show.__all__ if name.startswith("plot_")}
    for _, of in rows:
        for name in re.findall(r"`(\w+)`", of):
            assert name in tables.__all__

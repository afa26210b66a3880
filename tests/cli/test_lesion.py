"""`wiregrad lesion`: the largest effects, and the whole table in a file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg

Command = Callable[..., Any]

ASK = ("lesion", "celegans", "--inputs", "ASH", "--inputs", "FLP", "--targets", "AVA")


def test_prints_the_largest_effects_and_writes_all(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "lesions.csv"
    said = command(*ASK, "--steps", "3", "--out", str(out))
    assert said.status == 0, said.err
    assert "4 neurons to drive, 2 to look at, at step 3 of 3" in said.out
    network = wg.MultilayeredNetwork.from_connectome(
        wg.datasets.celegans(), ["ASH", "FLP"], 3, device="cpu"
    )
    found = wg.lesion_screen(network, np.ones((4, 3)), "AVA", progress=False)
    assert f"mean activation with nothing silenced: {found.intact:.3f}" in said.out
    assert re.search(r"^ *FLP +2 +1\.000 +0\.142 +-0\.389$", said.out, re.MULTILINE)
    written = pd.read_csv(out)
    pd.testing.assert_frame_equal(written, found.to_frame(), check_dtype=False)


def test_nulls_and_manipulations(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wg.Connectome, "rewire", lambda self, *_, **__: self, raising=False)
    options = ("--steps", "3", "--at-step", "2", "--nulls", "2", "--silence", "AVD:both")
    said = command(*ASK, *options, "--groups", "AVB", "--groups", "FLP", "--mode", "both")
    assert said.status == 0, said.err
    assert "AVD silenced (both)" in said.out
    assert re.search(r"^ *FLP +2 .* 1\.000$", said.out, re.MULTILINE), "nulls are the real one"


def test_the_examples_of_the_help_run(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    text = command("lesion", "--help").out.replace("\\\n", " ")
    examples = re.findall(r"^ +wiregrad (lesion .*)$", text, re.MULTILINE)
    assert len(examples) == 2
    for example in examples:
        said = command(*shlex.split(example))
        assert said.status == 0, said.err


def test_bad_input_is_one_line(command: Command) -> None:
    said = command(*ASK, "--steps", "3", "--groups", "AVX")
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert "AVX" in said.err


def test_the_report_of_a_screen(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("plotly")
    page = tmp_path / "lesions.html"
    said = command(*ASK, "--steps", "2", "--out", str(page))
    assert said.status == 0, said.err
    assert f"written: {page}" in said.out
    text = page.read_text(encoding="utf-8")
    assert "Which neurons does the response of AVAL and AVAR need?" in text
    said = command(*ASK, "--steps", "2", "--out", str(tmp_path / "no" / "lesions.html"))
    assert said.status == 2
    assert "there is no folder" in said.err

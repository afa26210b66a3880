"""`wiregrad report`: a saved result as a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import wiregrad as wg
from wiregrad.cli import main


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


def test_the_folder_of_a_sweep(
    worm: wg.Connectome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", steps=3, device="cpu")
    problems = wg.problems_for(network, ["AVA"], value=0.5)
    wg.sweep(network, problems, tmp_path / "sweep", num_iterations=10, progress=False)
    page = tmp_path / "page.html"
    status = run("report", str(tmp_path / "sweep"), "--out", str(page), "--title", "One & all")
    assert status == 0
    assert f"report: {page}" in capsys.readouterr().out
    assert "<h1>One &amp; all</h1>" in page.read_text(encoding="utf-8")


def test_a_saved_answer(
    worm: wg.Connectome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, unknown_sign=1)
    asked = wg.TargetActivation({2: {"AVA": 0.5}})
    found = wg.activation_maximisation(network, asked, num_iterations=10, use_tqdm=False, seed=0)
    found.save(tmp_path / "ava")
    page = tmp_path / "page.html"
    words = ["report", str(tmp_path / "ava"), "--out", str(page)]
    assert run(*words) == 2
    assert "--connectome and the name or the file of C. elegans" in capsys.readouterr().err
    assert run(*words, "--connectome", "flyvis_column") == 2
    assert run(*words, "--connectome", "celegans") == 0
    wg.report(found, tmp_path / "own.html")
    assert page.read_text(encoding="utf-8") == (tmp_path / "own.html").read_text(encoding="utf-8")


def test_what_is_no_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", str(tmp_path / "nothing")) == 2
    assert "there is no saved result" in capsys.readouterr().err
    assert run("report", str(tmp_path)) == 2
    assert "wiregrad: error:" in capsys.readouterr().err


def test_saved_attributions_and_screens(
    worm: wg.Connectome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "FLP"], 3, device="cpu")
    touch = np.ones((4, 3))
    found = wg.attribution(network, touch, {2: "AVA"}, progress=False)
    screen = wg.lesion_screen(network, touch, "AVA", progress=False)
    for name, result in (("found", found), ("screen", screen)):
        folder, page, own = result.save(tmp_path / name), tmp_path / "a.html", tmp_path / "b.html"
        words = ["report", str(folder), "--out", str(page)]
        assert run(*words) == 0
        assert "the one that was asked" in page.read_text(encoding="utf-8")
        assert run(*words, "--connectome", "celegans") == 0
        wg.report(result, own, network=network)
        assert page.read_text(encoding="utf-8") == own.read_text(encoding="utf-8")
    assert run("report", str(tmp_path / "found"), "--connectome", "flyvis_column") == 2
    assert "wiregrad: error:" in capsys.readouterr().err

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


def test_saved_fits(
    worm: wg.Connectome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "FLP"], 3, device="cpu")
    stimuli = np.random.default_rng(0).random((6, 4, 3))
    recording = wg.Recording(np.linspace(0, 1, 6).reshape(6, 1), ["AVA"], steps=-1)
    trainer = wg.Trainer("slope", epochs=2, restore_best=False)
    found = trainer.cross_validate(network, stimuli, recording, folds=2, progress=False)
    result = trainer.fit(network, stimuli, recording, progress=False)
    result.save(tmp_path / "fit")
    found.save(tmp_path / "folds")
    wg.save_network(network, tmp_path / "network")
    page, own = tmp_path / "page.html", tmp_path / "own.html"
    words = ["report", str(tmp_path / "fit"), "--out", str(page)]
    assert run(*words) == 0
    assert "as it was before it was fitted" in page.read_text(encoding="utf-8")
    kept = ["--network", str(tmp_path / "network")]
    assert run(*words, *kept, "--connectome", "celegans") == 0
    wg.report(result, own)
    assert page.read_bytes() == own.read_bytes()
    assert run("report", str(tmp_path / "folds"), "--out", str(page)) == 0
    wg.report(found, own)
    assert page.read_bytes() == own.read_bytes()
    capsys.readouterr()
    for more, message in (
        (["--connectome", "celegans"], "--network and the folder that wg.save_network wrote"),
        (kept, "a saved network takes the connectome it is of: --connectome"),
        ([*kept, "--connectome", "flyvis_column"], "holds a network of the connectome"),
        (["--network", str(tmp_path), "--connectome", "celegans"], "holds no saved network"),
    ):
        assert run(*words, *more) == 2
        assert message in capsys.readouterr().err
    assert run("report", str(tmp_path / "folds"), *kept) == 2
    assert "--network is for the report of a fit" in capsys.readouterr().err

"""The report in a real browser: every figure is drawn, nothing is run that is not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browser import Seen, open_page
from show_cases import HOSTILE

import wiregrad as wg
from wiregrad.show import report

pytestmark = pytest.mark.browser


def seen(result: Any, folder: Path, **options: Any) -> Seen:
    return open_page(report(result, folder / "report.html"), **options)


def assert_calm(page: Seen) -> None:
    assert page.console == []
    assert page.errors == []
    assert page.alerts == []
    assert page.loaded == []
    assert page.injected == 0
    assert page.visible


def overlaps(boxes: list[list[float]]) -> int:
    """Count the pairs of labels that lie over each other."""
    return sum(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
        for i, a in enumerate(boxes)
        for b in boxes[:i]
    )


def test_the_ears_hear_and_the_eyes_see(tmp_path: Path) -> None:
    """A page that does all that a report must not."""
    page = tmp_path / "page.html"
    page.write_text(
        "<html><head></head><body><section><img src='x.png'></section><script>alert(7);"
        "console.error('loud');setTimeout(() => missing(), 10);</script></body></html>"
    )
    bad = open_page(page)
    assert bad.alerts == ["7"]
    assert "loud" in bad.errors
    assert any("missing is not defined" in error for error in bad.errors)
    assert bad.console
    assert bad.injected == 1
    assert any(name.endswith("x.png") for name in bad.loaded)


@pytest.mark.parametrize("width", [1200, pytest.param(500, marks=pytest.mark.slow)])
def test_every_figure_of_a_worm_is_drawn(
    worm_result: wg.MaximisationResult, tmp_path: Path, width: int
) -> None:
    page = seen(worm_result, tmp_path, width=width)
    assert_calm(page)
    assert len(page.figures) == 5
    for figure in page.figures:
        assert figure["drawn"] >= 1
        assert figure["marks"] >= 1
        assert figure["links"] == 0
    for texts, word in zip(
        [figure["texts"] for figure in page.figures],
        ["AVAL", "start", "AVA · 2", "step 3", "distance from the targets"],
        strict=True,
    ):
        assert word in texts
    assert page.needed <= page.width  # wide figures scroll in their place, the page does not


@pytest.mark.slow
def test_labels_of_a_circuit_do_not_overlap(
    many_result: wg.MaximisationResult, tmp_path: Path
) -> None:
    page = seen(many_result, tmp_path, width=600)
    assert_calm(page)
    circuit = page.figures[3]
    assert len(circuit["boxes"]) > 40
    assert overlaps(circuit["boxes"]) == 0


def test_hostile_names_stay_text(hostile_result: wg.MaximisationResult, tmp_path: Path) -> None:
    page = seen(hostile_result, tmp_path)
    assert_calm(page)
    assert all(figure["drawn"] and not figure["links"] for figure in page.figures)
    assert HOSTILE[0] in page.cells
    labels = page.figures[2]["texts"]
    for name in HOSTILE:  # heatmaps cut names to 22 characters, and put them on one line
        cut = name if len(name) <= 22 else f"{name[:21]}…"
        assert f"{' '.join(cut.split())} · 2" in labels


@pytest.fixture(scope="module")
def questions(hostile: wg.Connectome) -> dict[str, Any]:
    """An attribution, a lesion screen and a fit of cells whose names are code."""
    network = wg.MultilayeredNetwork.from_connectome(hostile, "role=sensory", 3, device="cpu")
    stimuli = np.random.default_rng(0).random((4, len(network.sensory_indices), 3))
    target = HOSTILE[2]
    seen = network(stimuli)[:, :4].detach().numpy()
    trainer = wg.Trainer("slope", epochs=2, n_starts=2)
    recording = wg.Recording(seen, neurons=[0, 1, 2, 3])
    return {
        "attribution": wg.attribution(network, stimuli[0], {2: target}, verify=2, progress=False),
        "lesions": wg.lesion_screen(network, stimuli[0], target, progress=False),
        "fit": trainer.fit(network, stimuli, recording, progress=False),
        "nulls": wg.NullComparison(np.ones(1), np.ones((3, 1)), pd.Index([HOSTILE[0]])),
    }


@pytest.mark.parametrize("width", [1200, pytest.param(500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["attribution", "lesions", "fit", "nulls"])
def test_pages_of_questions_and_fits(
    questions: dict[str, Any], tmp_path: Path, name: str, width: int
) -> None:
    page = seen(questions[name], tmp_path, width=width)
    assert_calm(page)
    assert page.figures
    assert all(figure["drawn"] and figure["marks"] for figure in page.figures)
    assert not any(figure["links"] for figure in page.figures)
    assert page.needed <= page.width


@pytest.mark.slow
def test_a_batch_is_drawn(batch_result: wg.MaximisationResult, tmp_path: Path) -> None:
    page = seen(batch_result, tmp_path)
    assert_calm(page)
    assert len(page.figures) == 24
    assert all(figure["drawn"] for figure in page.figures)

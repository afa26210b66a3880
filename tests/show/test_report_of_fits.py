"""Reports of fits and cross-validations: what they say is what was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from show_cases import HOSTILE, Parsed, figures
from test_report_of_questions import carried

import wiregrad as wg
from wiregrad.show import plot_fit_losses, setup_lines
from wiregrad.show._repeat_fit import fit_lines


def make_network(connectome: Any = None, **options: Any) -> wg.MultilayeredNetwork:
    worm = wg.datasets.celegans() if connectome is None else connectome
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 2, device="cpu", **options)


@pytest.fixture(scope="module")
def recorded() -> tuple[np.ndarray, wg.Recording]:
    true = make_network(slope_dict={"AVA": 3, "AVB": 8})
    rng = np.random.default_rng(0)
    stimuli = rng.random((8, 83, 2)) * (rng.random((8, 83, 2)) < 0.3)
    rows = true.find(["AVA", "AVB"])
    seen = true(stimuli)[:, rows].detach().numpy()
    return stimuli, wg.Recording(seen, neurons=rows.tolist())


@pytest.fixture(scope="module")
def trainer() -> wg.Trainer:
    slope = wg.Trainable(bounds=(0.1, 20), l2=0.01)
    return wg.Trainer({"slope": slope, "bias": None}, epochs=4, n_starts=3, seed=2)


@pytest.fixture(scope="module")
def fitted(trainer: wg.Trainer, recorded: tuple[np.ndarray, wg.Recording]) -> wg.FitResult:
    return trainer.fit(make_network(), *recorded, held_out=[1, 5], progress=False)


def test_a_fit(fitted: wg.FitResult, write: Callable[..., Parsed]) -> None:
    page = write(fitted)
    for said in (
        "Which parameters explain the recording? C. elegans",
        f"loss, held out (before: {fitted.first_held_out_loss:.3g})",
        f"{fitted.held_out_loss:.3g}",
        f"is {fitted.radius:.3g} now",
        "trainer = wg.Trainer(",
        "result = trainer.fit(network, stimuli, recording, held_out=[1, 5])",
    ):
        assert said in page.text
    course, fit, left, slopes, biases = figures(page)
    assert course["layout"]["yaxis"]["title"]["text"].startswith("mean |difference| (unit of")
    names = {trace["name"] for trace in course["data"]}
    assert names == {"trained on", "held out", "other starts, trained on", "other starts, held out"}
    table = fitted.predictions
    held_out = table[table["held_out"]]
    (dots,) = (trace for trace in fit["data"] if trace.get("name") == "held out")
    assert dots["y"] == pytest.approx(held_out["predicted"].tolist())
    (dots,) = (trace for trace in left["data"] if trace.get("name") == "held out")
    assert dots["y"] == pytest.approx((held_out["value"] - held_out["predicted"]).tolist())
    for figure, kind in ((slopes, "slope"), (biases, "bias")):
        rows = fitted.parameters[fitted.parameters["parameter"] == kind]
        assert sorted(figure["data"][0]["x"]) == pytest.approx(sorted(rows["fitted"]))
    parameters = carried(page, "parameters")
    np.testing.assert_allclose(parameters["fitted"], fitted.parameters["fitted"])
    np.testing.assert_allclose(carried(page, "history")["loss"], fitted.history["loss"])


def test_the_line_that_is_kept(fitted: wg.FitResult) -> None:
    figure = plot_fit_losses(fitted)
    best = fitted.starts[fitted.starts["best"]].iloc[0]
    own = fitted.history[fitted.history["start"] == best["start"]]
    (curve,) = (trace for trace in figure.data if trace.name == "held out")
    assert list(curve.y) == pytest.approx(own["held_out"].tolist())
    assert figure.layout.shapes[0].x0 == best["epoch"]


def test_the_lines_repeat_a_fit(
    fitted: wg.FitResult, recorded: tuple[np.ndarray, wg.Recording]
) -> None:
    setup = setup_lines(fitted.network, fitted.provenance, fitted.version)
    lines = fit_lines(fitted, setup)
    assert "was trained" not in lines
    given = "stimuli = ...  # (batch, sensory, step), as they were given\nrecording = ...  # as it"
    assert given in lines
    lines = lines.replace("stimuli = ...", "# ").replace("recording = ...", "# ")
    lines = lines.replace("wg.report(result)", "").replace(
        ", held_out", ", progress=False, held_out"
    )
    names: dict[str, Any] = {"stimuli": recorded[0], "recording": recorded[1]}
    exec(compile(lines, "lines", "exec"), names)
    np.testing.assert_array_equal(names["result"].parameters["fitted"], fitted.parameters["fitted"])


def test_a_fit_with_one_start_and_nothing_held_out(
    recorded: tuple[np.ndarray, wg.Recording], write: Callable[..., Parsed]
) -> None:
    trainer = wg.Trainer("slope", epochs=0, observation=wg.Observation("channel", decay=0.5))
    result = trainer.fit(make_network(), *recorded, held_out=0.0, stability=False, progress=False)
    page = write(result, title="A < B")
    assert "A < B" in page.text
    assert "It was not asked how stable the network is" in page.text
    assert "correlation, trained on" in page.text
    assert "observation=wg.Observation(readout='channel', decay=0.5)," in page.text
    assert "parameters=['slope']," in page.text
    assert "No epoch was run." in page.scripts[0]
    assert list(carried(page, "readout").columns) == ["channel", "gain", "offset"]


def test_a_cross_validation(
    trainer: wg.Trainer,
    recorded: tuple[np.ndarray, wg.Recording],
    write: Callable[..., Parsed],
) -> None:
    found = trainer.cross_validate(make_network(), *recorded, folds=3, progress=False)
    page = write(found)
    assert "Does the fit predict what it has not seen?" in page.text
    assert f"{found.correlation:.4g}" in page.text
    losses, fit, _, slopes, _ = figures(page)
    assert losses["data"][0]["y"] == pytest.approx(found.folds["test_loss"].tolist())
    (dots,) = (trace for trace in fit["data"] if trace.get("name") == "held out")
    assert len(dots["x"]) == len(found.predictions)
    rows = found.parameters[found.parameters["parameter"] == "slope"]
    by_name = rows.groupby("name")["fitted"].mean()
    assert sorted(slopes["data"][0]["x"]) == pytest.approx(sorted(by_name))
    np.testing.assert_allclose(carried(page, "folds")["test_loss"], found.folds["test_loss"])


def test_names_that_are_code_stay_text(
    hostile: wg.Connectome, write: Callable[..., Parsed]
) -> None:
    network = make_network(hostile)
    stimuli = np.random.default_rng(0).random((4, len(network.sensory_indices), 2))
    seen = network(stimuli)[:, :3].detach().numpy()
    recording = wg.Recording(seen, neurons=[0, 1, 2])
    result = wg.Trainer("slope", epochs=1).fit(network, stimuli, recording, progress=False)
    page = write(result)
    assert page.count("img") == 0
    assert page.count("b") <= 8  # the tiles
    assert HOSTILE[0] in page.cells


def test_a_loaded_fit_has_the_same_page(fitted: wg.FitResult, tmp_path: Path) -> None:
    folder = fitted.save(tmp_path / "fit")
    assert fitted.network is not None
    wg.save_network(fitted.network, tmp_path / "network")
    network = wg.load_network(tmp_path / "network", wg.datasets.celegans(), device="cpu")
    bare = wg.FitResult.load(folder)
    own = wg.report(fitted, tmp_path / "own.html").read_text(encoding="utf-8")
    for loaded, given in ((wg.FitResult.load(folder, network), None), (bare, network)):
        page = wg.report(loaded, tmp_path / "again.html", network=given)
        assert page.read_text(encoding="utf-8") == own
    with pytest.raises(ValueError, match="does not have the fitted values"):
        wg.report(bare, tmp_path / "again.html", network=make_network())


def test_a_fit_without_its_network(
    fitted: wg.FitResult, write: Callable[..., Parsed], tmp_path: Path
) -> None:
    own, page = write(fitted), write(wg.FitResult.load(fitted.save(tmp_path / "fit")))
    assert "Each neuron" in own.text
    assert "Each neuron" not in page.text
    assert "network = ...  # as it was before it was fitted" in page.text
    assert figures(page) == figures(own)
    assert carried(page, "parameters").equals(carried(own, "parameters"))


def test_a_loaded_cross_validation_has_the_same_page(
    trainer: wg.Trainer, recorded: tuple[np.ndarray, wg.Recording], tmp_path: Path
) -> None:
    found = trainer.cross_validate(make_network(), *recorded, folds=2, progress=False)
    loaded = wg.CrossValidation.load(found.save(tmp_path / "folds"))
    pages = [wg.report(each, tmp_path / f"{n}.html") for n, each in enumerate((found, loaded))]
    assert pages[0].read_bytes() == pages[1].read_bytes()

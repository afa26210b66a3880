"""Reports of every kind of result: what they say, and that they stand alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE, Parsed, figures

import wiregrad as wg
from wiregrad.show import has_report


@pytest.fixture(scope="module")
def swept(
    worm_network: wg.MultilayeredNetwork, tmp_path_factory: pytest.TempPathFactory
) -> wg.SweepResult:
    problems = wg.problems_for(worm_network, ["AVA", "AVB", "RIM"], value=0.5)
    folder = tmp_path_factory.mktemp("sweep") / "three"
    return wg.sweep(worm_network, problems, folder, num_iterations=20, progress=False)


@pytest.fixture(scope="module")
def trained(worm: wg.Connectome) -> wg.TrainingResult:
    network = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", steps=2, group_by="role", device="cpu"
    )
    stimuli = np.random.default_rng(0).random((5, 83, 2))
    asked = pd.DataFrame({"batch": range(5), "layer": 1, "neuron_idx": "AVAL", "value": 0.5})
    return wg.train_model(network, stimuli, asked, num_epochs=5, use_tqdm=False, print_output=False)


def test_a_sweep(swept: wg.SweepResult, write: Callable[..., Parsed]) -> None:
    page = write(swept)
    assert "What input drives each of 3 targets? C. elegans" in page.text
    assert {"AVA", "AVB", "RIM", "unreachable"} <= set(page.cells)
    for attained in swept.targets.groupby("problem")["attained"].mean():
        assert f"{attained:.3f}" in page.cells
    (figure,) = figures(page)
    drawn = sum(len(trace["x"]) for trace in figure["data"] if trace.get("showlegend"))
    assert drawn == 3
    assert "not finished" not in page.text
    assert f"wg.SweepResult({str(swept.folder)!r})" in page.text


def test_a_sweep_that_is_not_finished(
    swept: wg.SweepResult, write: Callable[..., Parsed], monkeypatch: pytest.MonkeyPatch
) -> None:
    swept.manifest["problems"]["problems"] += 1
    try:
        assert "The sweep is not finished" in write(swept).text
    finally:
        swept.manifest["problems"]["problems"] -= 1


def test_a_training(trained: wg.TrainingResult, write: Callable[..., Parsed]) -> None:
    page = write(trained)
    assert "Which parameters explain the responses? C. elegans" in page.text
    (figure,) = figures(page)
    assert "result = wg.train_model(" in page.text
    assert figure["data"][0]["y"] == pytest.approx(trained.history["activation_loss"])
    assert figure["layout"]["shapes"][0]["x0"] == trained.kept_epoch
    groups = trained.model.groups
    assert groups is not None
    assert trained.model.slope is not None
    for name, slope in zip(groups.names, trained.model.slope.tolist(), strict=True):
        assert str(name) in page.cells
        assert f"{slope:.4g}" in page.cells


def test_a_circuit_and_its_paths(
    worm_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    carried = wg.result_circuit(worm_result)
    best = wg.best_paths(carried, 25)
    page = write(carried)
    assert "The circuit that leads to AVA" in page.text
    assert f"{best.n_paths:,} path" in page.text
    for route in best.paths["route"]:
        assert route in page.cells
    assert any(trace.get("meta") == "edge" for trace in figures(page)[0]["data"])
    assert best.paths["route"].iloc[0] in write(best).cells


def test_a_comparison(worm_result: wg.MaximisationResult, write: Callable[..., Parsed]) -> None:
    carried = wg.result_circuit(worm_result)
    found = wg.compare_circuits(carried, wg.prune_circuit(carried, keep_share=0.5))
    page = write(found, title="Before & after")
    flows, activations = figures(page)
    assert flows["data"][0]["x"][0] == found.edges["flow_change"].iloc[0]
    assert activations["data"][0]["zmin"] == -activations["data"][0]["zmax"]
    assert "Before & after" in page.text
    assert f"{found.edges['flow_change'].iloc[0]:+.3g}" in page.cells


def test_a_saliency_map(worm_network: wg.MultilayeredNetwork, write: Callable[..., Parsed]) -> None:
    stimulus = np.full((83, 3), 0.3)
    found = wg.saliency(worm_network, stimulus, {2: "AVA"})
    page = write(found, network=worm_network)
    assert "Which inputs matter? C. elegans" in page.text
    (figure,) = figures(page)
    heatmap = figure["data"][0]
    assert heatmap["zmin"] == -heatmap["zmax"] < 0
    values = np.array(heatmap["z"], dtype=float)
    assert np.nanmax(np.abs(values)) == pytest.approx(heatmap["zmax"])
    assert (values < 0).any()
    with pytest.raises(ValueError, match=r"pass it, report\(map, network=network\)"):
        wg.report(found)
    with pytest.raises(ValueError, match=r"saliency has shape \(3, 83, 3\), a batch: .*\[0\]$"):
        write(np.zeros((3, 83, 3)), network=worm_network)


def test_empty_results_have_a_page_too(
    bare_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    network = bare_result.network
    assert network is not None
    none = wg.circuit(network, np.zeros((1, 2)), np.zeros((4, 2)), {1: [2]})
    assert "No connection leads from an active input" in write(none).text
    assert "No path leads from an active input" in write(wg.best_paths(none)).text
    assert "0 edges" in write(wg.compare_circuits(none, none)).text
    assert write(np.zeros((1, 2)), network=network).text


def test_names_that_are_code_stay_text(
    hostile_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    network = hostile_result.network
    assert network is not None
    carried = wg.result_circuit(hostile_result)
    for result in (carried, wg.best_paths(carried), wg.compare_circuits(carried, carried)):
        page = write(result, title=HOSTILE[0])
        assert page.count("img") == 0
        assert page.count("b") <= 8  # the tiles
        assert not any("alert(" in script for script in page.scripts[-2:-1] if len(script) < 1e5)
    page = write(np.ones(hostile_result.input.shape), network=network)
    assert page.count("img") == 0


def test_what_has_a_report_is_known_before(
    swept: wg.SweepResult, trained: wg.TrainingResult, worm_result: wg.MaximisationResult
) -> None:
    circuit = wg.result_circuit(worm_result)
    both = wg.compare_circuits(circuit, circuit)
    for result in (swept, trained, worm_result, circuit, wg.best_paths(circuit, 2), both):
        assert has_report(result)
    for other in ({}, None, "text", circuit.edges):
        assert not has_report(other)


def test_what_has_no_report() -> None:
    with pytest.raises(TypeError, match="there is no report of a dict: there is one of what"):
        wg.report({})


def test_a_name_is_made_of_the_question(
    worm_result: wg.MaximisationResult,
    swept: wg.SweepResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert wg.report(worm_result).name == "wiregrad-c-elegans-aval-and-avar-seed0.html"
    assert wg.report(swept).name == "wiregrad-sweep-c-elegans-three.html"
    assert wg.report(wg.result_circuit(worm_result)).name == "wiregrad-circuit-of-ava.html"

"""The report: what it says, that it stands alone, and what is said when it cannot be written."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE, Parsed, assert_it_stands_alone, figures

import wiregrad as wg
from wiregrad.show import report


@pytest.fixture(scope="module")
def worm_page(worm_result: wg.MaximisationResult, write: Callable[..., Parsed]) -> Parsed:
    return write(worm_result)


def test_it_says_what_was_asked_of_which_connectome(worm_page: Parsed) -> None:
    for said in (
        "Which input drives AVAL and AVAR?",
        "C. elegans",
        "302 neurons, 3,709 connections, 20,965 EM serial sections",
        "Excitatory or inhibitory connection by connection, as the data has it.",
        "2,004 connections of 257 neurons have no known sign; they carry 45.3% of all input",
        "They have no effect here (weight 0), but still count as input.",
        "83 sensory neurons of 37 types: ADE, ADF,",
        "silent where that is below the threshold 0.01; slope 5, bias 0",
        "AVAL and AVAR: activation 0.9 at step 3",
        "Cook et al. 2019, Nature 571:63",
    ):
        assert said in worm_page.text


def test_it_says_what_the_targets_attain(
    worm_page: Parsed, worm_result: wg.MaximisationResult
) -> None:
    for attained in worm_result.targets["attained"]:
        assert f"{attained:.3f}" in worm_page.cells
    assert worm_page.cells.count("AVAL") == 1
    sensory = worm_result.members["active_neurons"].item()
    assert f"The stimulus found drives {sensory} of 83 sensory neurons" in worm_page.text


def test_it_has_every_figure_and_all_of_their_data(
    worm_page: Parsed, worm_result: wg.MaximisationResult
) -> None:
    kinds = [[trace["type"] for trace in figure["data"]] for figure in figures(worm_page)]
    assert [kind[0] for kind in kinds] == ["scatter", "heatmap", "heatmap", "scatter", "scatter"]
    targets, stimulus, _, circuit, losses = figures(worm_page)
    attained = sorted(worm_result.targets["attained"], reverse=True)
    assert targets["data"][0]["x"] == pytest.approx(attained)
    driven = worm_result.input > 0
    neurons = worm_result.network.neurons["cell_type"][worm_result.network.sensory_indices.numpy()]
    cells = {(neurons.iloc[i], t) for i, t in np.argwhere(driven)}
    assert np.count_nonzero(stimulus["data"][0]["z"]) == len(cells)
    assert any(trace.get("meta") == "edge" for trace in circuit["data"])
    assert losses["data"][0]["y"] == pytest.approx(worm_result.activation_losses)
    places = [a["data-figure"] for _, a in worm_page.elements if "data-figure" in a]
    ids = [a["id"] for tag, a in worm_page.elements if tag == "script" and "id" in a]
    assert places == ids
    assert len(ids) == 5


def test_the_driven_neurons_are_named_by_type(
    worm_page: Parsed, worm_result: wg.MaximisationResult
) -> None:
    ids = worm_result.network.neurons["id"][worm_result.network.sensory_indices.numpy()]
    driven = ids[(worm_result.input > 0).any(axis=1)]
    assert len(driven) < 60
    for name in driven:
        assert name in worm_page.text


def test_it_says_how_to_repeat_it(worm_page: Parsed, worm_result: wg.MaximisationResult) -> None:
    assert f"With wiregrad {wg.__version__} and seed 0" in worm_page.text
    assert worm_result.provenance["checksum"] in worm_page.text
    assert "connectome = wg.datasets.celegans()" in worm_page.text
    assert "wiregrad maximise celegans --inputs role=sensory --targets AVA" in worm_page.text


def test_it_stands_alone(worm_page: Parsed) -> None:
    assert_it_stands_alone(worm_page)
    assert worm_page.page.count("plotly.js v") == 1


def links(page: Parsed) -> list[str | None]:
    """List what the links of a page lead to, but for tables to take away."""
    places = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    return [place for place in places if not str(place).startswith("data:text/csv;")]


def test_the_same_result_gives_the_same_page(
    worm_page: Parsed, worm_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    assert write(worm_result).page == worm_page.page


def test_hostile_names_stay_text(
    hostile_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    page = write(hostile_result, title=HOSTILE[0])
    assert_it_stands_alone(page)
    assert page.count("script") == len(figures(page)) + 2
    assert page.count("style") == 1
    assert links(page) == [f"#section-{i}" for i in range(1, 9)]
    assert "alert(" not in "".join(page.scripts[-1:])
    for name in HOSTILE:
        assert name in page.text
    for figure in figures(page):
        assert not re.search(r"<(?!/?b>|/?i>|br>|extra>|/extra>)", json.dumps(figure["layout"]))


def test_many_targets_are_shown_by_group(
    many_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    page = write(many_result)
    kinds = len(set(many_result.network.neurons["cell_type"][many_result.targets["neuron"]]))
    assert kinds > 31
    assert len(figures(page)[0]["data"][0]["x"]) == 31
    assert any(re.fullmatch(r"\d+ others", cell) for cell in page.cells)
    assert f"{len(many_result.targets)} neurons (" in page.text
    assert "Lowest" in page.text


def test_of_a_batch_the_first_are_shown_and_all_are_listed(
    batch_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    page = write(batch_result)
    assert len(figures(page)) == 6 * 4  # the losses, but no circuit for RIM: it is unreachable
    assert page.text.count("No connection leads from an active input to a target") == 1
    assert "The first 6 are shown one by one below." in page.text
    assert links(page) == [f"#section-{i}" for i in range(1, 12)]
    assert "Question 5" in page.text
    assert "Question 6" not in page.text
    for name in ("AIBL and AIBR", "AVAL and AVAR"):
        assert page.cells.count(name) == 1
    assert "8 questions at once, listed below" in page.text
    attained = batch_result.targets.groupby("batch")["attained"].mean()
    assert all(f"{value:.3f}" in page.cells for value in attained)


def test_a_network_of_bare_weights_is_reported(
    bare_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    page = write(bare_result)
    assert "Not known: the network was made from bare weights." in page.text
    assert "4 neurons, 2 connections" in page.text
    assert "unreachable" in page.cells
    assert "no walk" in page.cells


def test_no_input_and_no_circuit_are_said(
    bare_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    silent = bare_result.network(np.zeros((1, 2))).numpy()
    fields = type(bare_result)(np.zeros((1, 2)), silent, *bare_result[2:])
    fields.__dict__.update(bare_result.__dict__)
    page = write(fields)
    assert "No connection leads from an active input to a target" in page.text
    assert "No sensory neuron receives any input." in page.page
    assert "drives 0 of 1 sensory neuron." in page.text


def test_an_interrupted_search_says_so(
    worm_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    stopped = copy.copy(worm_result)
    stopped.interrupted = True
    assert "stopped by hand" in write(stopped, network=worm_result.network).text
    assert "stopped by hand" not in write(worm_result).text


def test_divisive_connections_are_accounted_for(
    worm: wg.Connectome, write: Callable[..., Parsed]
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", 2, divisive_normalization={"AIB": ["RIM"]}, sign=-1, device="cpu"
    )
    result = wg.activation_maximisation(
        network, {1: {"AVA": 0.9}}, num_iterations=3, seed=0, use_tqdm=False, print_output=False
    )
    assert "act divisively: they scale the slope" in write(result).text


def test_an_unpickled_result_needs_its_network(
    worm_result: wg.MaximisationResult, tmp_path: Path
) -> None:
    result = pickle.loads(pickle.dumps(worm_result))
    path = tmp_path / "a.html"
    with pytest.raises(ValueError, match=r"does not hold its network .*asked, network=ne"):
        report(result, path)
    assert not path.exists()
    assert report(result, path, network=worm_result.network) == path


def test_another_network_is_refused(
    worm_result: wg.MaximisationResult, bare_result: wg.MaximisationResult, tmp_path: Path
) -> None:
    cut = wg.datasets.celegans(gap_junctions=True)
    other = wg.MultilayeredNetwork.from_connectome(cut, "role=sensory", 3, device="cpu")
    with pytest.raises(ValueError, match=r"made from another connectome than the result: its chec"):
        report(worm_result, tmp_path / "a.html", network=other)
    with pytest.raises(ValueError, match=r"of 83 sensory and 302 neurons .* has 1 and 4"):
        report(worm_result, tmp_path / "a.html", network=bare_result.network)


def test_the_name_is_made_from_connectome_targets_and_seed(
    worm_result: wg.MaximisationResult,
    hostile_result: wg.MaximisationResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert report(worm_result) == Path("wiregrad-c-elegans-aval-and-avar-seed0.html")
    assert (tmp_path / "wiregrad-c-elegans-aval-and-avar-seed0.html").is_file()
    assert re.fullmatch(r"wiregrad-[a-z0-9-]{,60}-seed0\.html", report(hostile_result).name)


def test_a_text_is_a_path(worm_result: wg.MaximisationResult, tmp_path: Path) -> None:
    path = report(worm_result, str(tmp_path / "a.html"), title="My < title")
    assert isinstance(path, Path)
    assert "<title>My &lt; title</title>" in path.read_text(encoding="utf-8")


def test_a_folder_that_does_not_exist_is_said_before_any_work(
    worm_result: wg.MaximisationResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiregrad.show._maximisation_page.Member", None)
    with pytest.raises(FileNotFoundError, match="does not exist; make it first"):
        report(worm_result, tmp_path / "no" / "a.html")


def test_without_plotly_nothing_is_written(
    worm_result: wg.MaximisationResult, tmp_path: Path, without_plotly: Callable[[], None]
) -> None:
    without_plotly()
    with pytest.raises(ModuleNotFoundError) as error:
        report(worm_result, tmp_path / "a.html")
    assert 'pip install "wiregrad[plot]"' in str(error.value)
    assert not list(tmp_path.iterdir())


def test_ids_that_are_numbers_are_texts(write: Callable[..., Parsed]) -> None:
    ids = [720575940604737708, 720575940604737709, 5]
    neurons = pd.DataFrame({"id": ids, "cell_type": ["s", None, "2024-01-01"], "sign": 1})
    edges = pd.DataFrame({"pre": ids[:2], "post": ids[1:], "count": [3, 3]})
    connectome = wg.Connectome.from_edges(edges, neurons, provenance={"citations": "One 2024"})
    network = wg.MultilayeredNetwork.from_connectome(connectome, "s", 2, device="cpu")
    result = wg.activation_maximisation(
        network, {1: {2: 0.9}}, num_iterations=20, seed=0, use_tqdm=False, print_output=False
    )
    page = write(result)
    assert str(ids[0]) in page.text
    assert "2024-01-01" in page.cells
    assert "Please citeOne 2024" in page.text

"""Answers are what the library gives when it is asked in Python."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from explore_cases import wait_for

import wiregrad as wg
from wiregrad.explore import Session, Shelf
from wiregrad.explore._answer import Answer
from wiregrad.explore._details import details_of
from wiregrad.explore._downloads import download, downloads_of
from wiregrad.explore._elements import STYLESHEET, elements_of, read_node_id
from wiregrad.explore._figures import figure_of, figures_of
from wiregrad.explore._lines import lines_of
from wiregrad.explore._question import read_question
from wiregrad.explore._shelf import Wiring
from wiregrad.explore._work import answer
from wiregrad.show import has_report

Answers = Callable[..., Answer]
KINDS = {
    "maximise": {"kind": "maximise"},
    "stimulus": {"kind": "stimulus", "throughout": True, "strength": 0.5},
    "lesion": {"kind": "lesion", "silenced": ["AVD", "FLP"], "throughout": True},
    "attribution": {"kind": "attribution", "throughout": True, "strength": 0.3},
    "neurons": {
        "kind": "attribution",
        "throughout": True,
        "strength": 0.3,
        "sources": "neurons",
        "source_step": 2,
        "method": "integrated_gradients",
    },
}
kinds = pytest.mark.parametrize("kind", KINDS)


def network_of(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")


def test_a_search_finds_what_it_finds_in_python(answers: Answers, worm: wg.Connectome) -> None:
    found = answers(kind="maximise")
    same = wg.activation_maximisation(
        network_of(worm), {2: {"AVA": 0.95}}, seed=0, use_tqdm=False, print_output=False
    )
    assert np.array_equal(found.stimulus, same.input)
    assert found.targets["status"].tolist() == ["reached", "reached"]
    assert found.named_targets["id"].tolist() == ["AVAL", "AVAR"]


def test_a_stimulus_is_run(answers: Answers, worm: wg.Connectome) -> None:
    found = answers(**KINDS["stimulus"])
    expected = network_of(worm)(np.full((83, 3), 0.5)).numpy()
    assert np.array_equal(found.activations, expected)
    start = answers(kind="stimulus")
    assert start.stimulus[:, 0].min() == 1
    assert start.stimulus[:, 1:].max() == 0


def test_a_lesion_is_the_network_without_the_neurons(answers: Answers, worm: wg.Connectome) -> None:
    found = answers(**KINDS["lesion"])
    silent = worm.select(["AVD", "FLP"])
    matrix = worm.weights().matrix.toarray()
    matrix[silent], matrix[:, silent] = 0, 0
    stimulus = np.ones((83, 3))
    stimulus[np.isin(worm.select("role=sensory"), silent)] = 0
    expected = wg.reference_forward(matrix, worm.select("role=sensory"), stimulus)
    assert np.allclose(found.activations, expected, atol=1e-5)
    assert found.activations[silent].max() == 0
    assert np.array_equal(found.intact, answers(kind="stimulus", throughout=True).activations)
    change = found.change_table.set_index(["group", "step"])["change"]
    both = worm.select("AVA")
    mean = (found.activations - found.intact)[both, 2].mean()
    assert change[("AVA", 3)] == pytest.approx(mean, abs=1e-6)
    drawn = figure_of(found, "change").layout.yaxis.ticktext
    assert "AVA · 2" in drawn
    assert not {"AVD", "FLP"} & {
        label.split(" · ")[0] for label in drawn
    }  # they would take all the colour


def test_an_attribution_to_inputs_is_that_of_python(answers: Answers, worm: wg.Connectome) -> None:
    """By the gradient, the saliency is its independent twin."""
    network, stimulus = network_of(worm), np.full((83, 3), 0.3)
    by_gradient = answers(**KINDS["attribution"], method="gradient")
    expected = wg.saliency(network, stimulus, {2: ["AVA"]}).numpy()
    assert np.allclose(by_gradient.attribution.as_grid()[0], expected, atol=1e-6)
    sensory = worm.select("role=sensory")
    for found, grid in ((by_gradient, expected), (answers(**KINDS["attribution"]), expected * 0.3)):
        table = found.attribution_table
        assert len(table) == np.count_nonzero(grid)
        rows = np.searchsorted(sensory, table["neuron"])
        assert np.allclose(table["attribution"], grid[rows, table["step"]], atol=1e-6)
        assert table["activity"].tolist() == pytest.approx([0.3] * len(table))


def test_an_attribution_to_neurons_in_between(answers: Answers, worm: wg.Connectome) -> None:
    found = answers(**KINDS["neurons"])
    expected = wg.attribution(
        *(network_of(worm), np.full((83, 3), 0.3), {2: "AVA"}),
        sources={1: np.arange(302)},
        progress=False,
    )
    table = found.attribution_table.set_index("neuron")
    assert set(table["step"]) == {2}
    assert np.allclose(table["attribution"], expected.values[0, table.index], atol=1e-6)
    assert len(table) == np.count_nonzero(expected.values)
    assert np.allclose(table["activity"], found.activations[table.index, 1], atol=1e-6)
    assert len(found.attribution.completeness) == 1
    earlier = answers(kind="attribution", sources="neurons", method="gradient")
    assert set(earlier.attribution_table["step"]) == {1, 2}  # not the targets' own step
    with pytest.raises(ValueError, match="no neurons lie between the inputs and targets at step 1"):
        answers(kind="attribution", sources="neurons", at_step=1)
    with pytest.raises(ValueError, match="step of the neurons is a number from 1 to 2, not '3'"):
        answers(kind="attribution", sources="neurons", source_step="3")


def test_an_attribution_tells_how_far_it_is_and_can_be_cancelled(worm: wg.Connectome) -> None:
    told: list[tuple[str, int, int | None]] = []

    def tell(words: str, passes: int = 0, most: int | None = None) -> bool:
        told.append((words, passes, most))
        return passes > 0

    asked_for = {**asked(), **KINDS["neurons"], "throughout": True}
    with pytest.raises(KeyboardInterrupt):
        answer(read_question(asked_for), Wiring(worm), None, tell)
    words, passes, most = told[-1]
    assert re.fullmatch(r"run [0-9,]+ of [0-9,]+ so far", words)
    assert most is not None
    assert 0 < passes <= most


def test_a_silent_attribution_says_so(answers: Answers) -> None:
    found = answers(kind="attribution", inputs=["PLM"], targets=["ASH"], steps=1)
    assert not len(found.attribution_table)
    assert "0 everywhere" in figure_of(found, "attribution").layout.annotations[0].text


def test_the_stimulus_of_a_search_is_used_again(session: Session, answers: Answers) -> None:
    found = answers(kind="maximise")
    (number,) = [job.number for job in session.earlier("celegans") if job.answer is found]
    lesion = answers(kind="lesion", silenced=["AVD"], stimulus_of=number)
    assert np.array_equal(lesion.stimulus, found.stimulus)
    assert np.array_equal(lesion.intact, found.activations)
    with pytest.raises(ValueError, match="no stimulus of run 99"):
        session.ask({**asked(), "kind": "attribution", "stimulus_of": 99})
    with pytest.raises(ValueError, match=f"run {number} is of celegans, not of flyvis_column"):
        session.ask(
            {
                "kind": "attribution",
                "connectome": "flyvis_column",
                "inputs": ["role=input"],
                "targets": ["T4a"],
                "stimulus_of": number,
            }
        )
    with pytest.raises(ValueError, match="has 3 steps"):
        session.ask({**asked(), "kind": "attribution", "stimulus_of": number, "steps": 5})


def asked() -> dict[str, object]:
    return {"connectome": "celegans", "inputs": ["role=sensory"], "targets": ["AVA"]}


def test_questions_that_do_not_fit_are_refused_at_once(session: Session) -> None:
    for given, problem in (
        ({"connectome": "../../etc/passwd"}, "there is no connectome '../../etc/passwd' here"),
        ({"inputs": ["nosuch"]}, "neither the id nor the cell type"),
        ({"targets": ["AVX"]}, "did you mean"),
        ({"kind": "lesion", "silenced": ["?"]}, "neither the id nor the cell type"),
    ):
        with pytest.raises(ValueError, match=re.escape(problem)):
            session.ask({"kind": "maximise", **asked(), **given})


def test_a_connectome_is_loaded_when_it_is_chosen_and_once() -> None:
    loaded: list[str] = []

    def load() -> wg.Connectome:
        loaded.append("worm")
        return wg.datasets.celegans()

    shelf = Shelf({"worm": load})
    assert not loaded
    assert shelf["worm"] is shelf["worm"]
    assert loaded == ["worm"]
    with pytest.raises(ValueError, match="give at least one"):
        Shelf({})


def test_reach_counts_what_the_network_can_reach(session: Session, worm: wg.Connectome) -> None:
    reach = session.wiring("celegans").reach(("ASH",), ("AVA", "PLM"), 3)
    linked = worm.weights().matrix.toarray() != 0
    seen = np.zeros(302, bool)
    frontier = np.isin(np.arange(302), worm.select("ASH"))
    counts = []
    for _ in reach.new:
        frontier = (linked[:, frontier].any(axis=1)) & ~seen
        seen |= frontier
        counts.append(int(frontier.sum()))
    assert reach.new == counts
    rows = reach.targets.set_index("group")
    assert rows.loc["AVA", "first"] == 1
    assert rows.loc["AVA", "n"] == 2


def test_networks_are_made_once_for_the_same_choice(session: Session) -> None:
    wiring = session.wiring("celegans")
    first = wiring.network(("ASH",), 3)
    assert wiring.network(("ASH",), 3) is first
    for steps in range(4, 12):
        wiring.network(("ASH",), steps)
    assert wiring.network(("ASH",), 3) is not first


@kinds
def test_every_figure_and_file_of_an_answer_can_be_had(answers: Answers, kind: str) -> None:
    found = answers(**KINDS[kind])
    assert {"stimulus", "activations", "circuit"} <= set(figures_of(found))
    for name in figures_of(found):
        assert len(figure_of(found, name).data) > 0
    for name in downloads_of(found):
        if name in ("report.html", "figure-losses.html"):
            continue  # 5 MB each
        file = download(found, name)
        assert file is not None
        if name.endswith(".csv"):
            assert len(pd.read_csv(io.StringIO(file.text))) > 0
    assert ("report.html" in downloads_of(found)) == has_report(found.reportable)
    assert ("attribution.csv" in downloads_of(found)) == (found.attribution is not None)
    assert ("change.csv" in downloads_of(found)) == (kind == "lesion")
    for name in ("../../setup.py", "/etc/passwd", "figure-../x.html", "figure-nosuch.html", ""):
        assert download(found, name) is None


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("stimulus", "Give a stimulus: AVA"),
        ("lesion", "Silence neurons: AVA without AVD and FLP"),
    ],
)
def test_stimuli_and_lesions_have_reports_of_their_circuits(
    answers: Answers, kind: str, says: str
) -> None:
    found = answers(**KINDS[kind])
    file = download(found, "report.html")
    assert file is not None
    assert says in file.text
    if kind == "lesion":
        circuits = found.reportable
        assert isinstance(circuits, wg.CircuitComparison)
        both = circuits.nodes
        gone = both[(both["group"] == "AVD") & both["activation_first"].notna()]
        assert len(gone) > 0


def test_what_has_no_report_is_not_offered(answers: Answers, monkeypatch) -> None:
    without = answers(kind="stimulus", targets=[])
    assert without.reportable is None
    assert "report.html" not in downloads_of(without)
    found = answers(**KINDS["attribution"])
    for can in (True, False):  # whatever `wiregrad.report` takes is offered
        monkeypatch.setattr("wiregrad.explore._downloads.has_report", lambda _, can=can: can)
        assert ("report.html" in downloads_of(found)) is can


@kinds
def test_the_lines_repeat_the_answer(
    answers: Answers, kind: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = answers(**KINDS[kind])
    names: dict[str, object] = {}
    exec(compile(lines_of(found), "repeat.py", "exec"), names)
    if found.attribution is not None:
        assert np.allclose(names["found"].values, found.attribution.values, atol=1e-7)
    elif kind == "maximise":
        assert np.array_equal(names["result"].output, found.activations)
    else:
        states = names["silenced" if kind == "lesion" else "activations"]
        assert np.allclose(states, found.activations, atol=1e-6)
        assert capsys.readouterr().out


def test_the_lines_of_a_lesion_begin_with_the_search(session: Session, answers: Answers) -> None:
    found = answers(kind="maximise")
    (number,) = [job.number for job in session.earlier("celegans") if job.answer is found]
    lesion = answers(kind="lesion", silenced=["AVD"], stimulus_of=number)
    names: dict[str, object] = {}
    exec(compile(lines_of(lesion, found), "repeat.py", "exec"), names)
    assert np.allclose(names["silenced"], lesion.activations, atol=1e-6)
    assert f"the one that run {number} found" in lines_of(lesion)


def test_a_node_of_the_circuit_can_be_looked_up(answers: Answers, worm: wg.Connectome) -> None:
    found = answers(kind="maximise")
    elements = elements_of(found.circuit)
    (place,) = [one["data"]["id"] for one in elements if one["data"].get("label") == "AVA"]
    details = details_of(found, place)
    assert details is not None
    assert (details.group, details.layer, details.n_neurons) == ("AVA", 3, 2)
    assert set(details.neurons["Neuron"]) == {"AVAL", "AVAR"}
    edges = found.circuit.edges
    into = edges[(edges["layer"] == 3) & (edges["post"] == "AVA")]
    assert set(details.incoming["From"]) == set(into["pre"])
    assert len(details.outgoing) == 0
    # Partners by wiring, by hand.
    matrix, labels = worm.weights().matrix.toarray(), worm.group_labels().to_numpy()
    members = worm.select("AVA")
    by_type = {t: matrix[members][:, labels == t].sum() / 2 for t in set(labels)}
    strongest = max(by_type, key=lambda t: abs(by_type[t]))
    first = details.partners[details.partners["Direction"] == "input from"].iloc[0]
    assert (first["Cell type"], first["Weight"]) == (strongest, f"{by_type[strongest]:+.3g}")
    for name in ("n999", "<script>", None, 3, {"id": "n0"}):
        assert details_of(found, name) is None
        assert read_node_id(name, found.circuit) is None


def test_elements_are_plain_data_with_names_as_labels_alone(answers: Answers) -> None:
    elements = elements_of(answers(kind="maximise").circuit)
    assert json.loads(json.dumps(elements)) == elements
    ids = {one["data"]["id"] for one in elements if "id" in one["data"]}
    assert all(one.startswith(("n", "step")) for one in ids)
    for one in elements:
        if "source" in one["data"]:
            assert {one["data"]["source"], one["data"]["target"]} <= ids
    assert json.dumps(STYLESHEET)


def test_a_circuit_without_edges_says_so(session: Session, answers: Answers) -> None:
    found = answers(kind="stimulus", inputs=["PLM"], targets=["ASH"], steps=1)
    figure = figure_of(found, "circuit")
    assert "No connection leads" in figure.layout.annotations[0].text
    without = answers(kind="stimulus", targets=[])
    assert "circuit" not in figures_of(without)
    assert "targets.csv" not in downloads_of(without)


@pytest.mark.slow
def test_a_whole_brain_is_asked(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("flywire783")
    session = Session(Shelf({"flywire": lambda: wg.Connectome.load(folder)}))
    job = session.ask(
        {
            "kind": "maximise",
            "connectome": "flywire",
            "inputs": ["super_class=sensory and side=right"],
            "targets": ["MBON11 and side=right"],
            "steps": 4,
        }
    )
    wait_for(lambda: job.over)
    assert job.state == "done", job.error
    assert job.answer is not None
    assert job.answer.targets["attained"].tolist() == pytest.approx([0.95], abs=0.03)
    assert len(elements_of(job.answer.circuit)) > 20

"""Reports of attributions, lesion screens and null comparisons: what they say is what was found."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE, Parsed, figures

import wiregrad as wg
from wiregrad.show import plot_attribution, plot_verified
from wiregrad.show._attribution_figures import source_names
from wiregrad.show._repeat_question import attribution_lines, lesion_lines, stimulus_lines


def carried(page: Parsed, name: str) -> pd.DataFrame:
    """Read a table that a page carries for taking away."""
    links = [a for tag, a in page.elements if tag == "a" and a.get("download") == f"{name}.csv"]
    address = str(links[0]["href"]).removeprefix("data:text/csv;charset=utf-8,")
    return pd.read_csv(io.StringIO(unquote(address)), keep_default_na=False)


@pytest.fixture(scope="module")
def touch(worm_network: wg.MultilayeredNetwork) -> np.ndarray:
    stimulus = np.zeros((83, 3), dtype=np.float32)
    rows = np.isin(worm_network.sensory_indices.numpy(), worm_network.find(["ASH", "FLP"]))
    stimulus[rows, 0] = 1
    stimulus[rows, 1] = 0.3
    return stimulus


@pytest.fixture(scope="module")
def attributed(
    worm: wg.Connectome, worm_network: wg.MultilayeredNetwork, touch: np.ndarray
) -> wg.Attribution:
    nulls = wg.rewired_networks(worm, 2, "role=sensory", 3, device="cpu")
    return wg.attribution(
        worm_network, touch, {2: "AVA"}, verify=3, nulls=nulls, seed=3, progress=False
    )


@pytest.fixture(scope="module")
def screened(
    worm: wg.Connectome, worm_network: wg.MultilayeredNetwork, touch: np.ndarray
) -> wg.LesionScreen:
    return wg.lesion_screen(
        worm_network, touch, "AVA", nulls=2, connectome=worm, seed=4, progress=False
    )


# Attributions


def test_an_attribution(attributed: wg.Attribution, write: Callable[..., Parsed]) -> None:
    page = write(attributed)
    for said in (
        "What carries the response of AVA?",
        "sum of the activations at step 3: AVA",
        "249 sources",
        "Integrated gradients",
        "of the change is carried by jumps",
        "ablated one by one",
        "found = wg.attribution(",
    ):
        assert said in page.text
    ranked, ablated = figures(page)
    order = np.argsort(-np.abs(attributed.values[0]), kind="stable")
    bars = ranked["data"][0]
    n = int((attributed.values != 0).sum())
    assert bars["x"] == pytest.approx(attributed.values[0, order[: min(n, 30)]])
    colours = {"#0072b2" if x < 0 else "#d55e00" for x in bars["x"]}
    assert set(bars["marker"]["color"]) == colours
    assert len(ranked["layout"]["annotations"]) == len(bars["x"])  # shares of nulls
    marks = [trace for trace in ablated["data"] if "markers" in trace["mode"]]
    table = attributed.verified
    assert sorted(x for trace in marks for x in trace["x"]) == pytest.approx(
        sorted(table["attributed"])
    )
    row = attributed.completeness.iloc[0]
    assert f"{row['attributed']:+.5g}" in page.cells


def test_its_tables_can_be_taken_away(
    attributed: wg.Attribution, write: Callable[..., Parsed]
) -> None:
    page = write(attributed)
    table = carried(page, "attributions")
    expected = attributed.to_frame()
    assert list(table.columns) == list(expected.columns)
    np.testing.assert_allclose(table["attribution"], expected["attribution"])
    assert carried(page, "ablations")["name"].str.contains(", ").all()


@pytest.mark.parametrize("sources", ["neurons", "synapses", {"pre": "ASH"}])
@pytest.mark.parametrize("method", ["integrated_gradients", "gradient"])
def test_other_attributions(
    worm_network: wg.MultilayeredNetwork,
    touch: np.ndarray,
    write: Callable[..., Parsed],
    sources: Any,
    method: str,
) -> None:
    both = np.stack([touch, touch / 2])
    found = wg.attribution(
        worm_network,
        both,
        {2: {"AVA": 1, "AVB": -0.5}},
        sources=sources,
        method=method,
        n_steps=4,
        tolerance=None,
        progress=False,
    )
    page = write(found)
    assert "Member 1" in page.text
    assert "+1 times AVA, -0.5 times AVB" in page.text
    assert "No source was ablated." in page.text
    assert ("this method does not claim to" in page.text) == (method == "gradient")
    assert (" → " in page.cells[0]) == (sources != "neurons")


def test_names_of_sources() -> None:
    table = pd.DataFrame({"step": [0, 2], "id": ["ASHL", "720575940612345678"], "group": "ORN_DA1"})
    assert source_names(table) == ["ASHL, start", "ORN_DA1 720575940612345678, step 2"]
    assert source_names(table, 16) == ["ASHL, start", "ORN_DA1 …2345678, step 2"]
    pair = pd.DataFrame({"pre_group": ["a"], "post_group": ["b"], "n_sources": 3})
    assert source_names(pair) == ["a → b"]


def test_a_member_that_is_not_there(attributed: wg.Attribution) -> None:
    with pytest.raises(ValueError, match="no member 1: the batch has 1, counted from 0"):
        plot_attribution(attributed, 1)


def test_verified_ones_have_one_scale(attributed: wg.Attribution) -> None:
    figure = plot_verified(attributed)
    assert figure.layout.xaxis.range == figure.layout.yaxis.range
    assert figure.layout.yaxis.scaleanchor == "x"


def test_the_lines_repeat_an_attribution(
    attributed: wg.Attribution, worm_network: wg.MultilayeredNetwork
) -> None:
    lines = attribution_lines(attributed, worm_network).replace(
        "nulls=...,  # the null models, as they were given", "nulls=None,"
    )
    names: dict[str, Any] = {}
    exec(compile(lines, "lines", "exec"), names)
    np.testing.assert_array_equal(names["found"].values, attributed.values)
    assert names["found"].verified.equals(attributed.verified)


def test_another_network_is_refused(
    attributed: wg.Attribution, screened: wg.LesionScreen, worm: wg.Connectome, tmp_path: Path
) -> None:
    longer = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 4, device="cpu")
    gaps = wg.datasets.celegans(gap_junctions=True)
    other = wg.MultilayeredNetwork.from_connectome(gaps, "role=sensory", 3, device="cpu")
    for result in (attributed, screened):
        with pytest.raises(ValueError, match=r"83 sensory neurons in 3 steps, but .* 83 and 4"):
            wg.report(result, tmp_path / "a.html", network=longer)
        with pytest.raises(ValueError, match="made from another connectome than the result"):
            wg.report(result, tmp_path / "a.html", network=other)
    assert not list(tmp_path.iterdir())


# Lesion screens


def test_a_lesion_screen(
    screened: wg.LesionScreen, worm_network: wg.MultilayeredNetwork, write: Callable[..., Parsed]
) -> None:
    page = write(screened, network=worm_network)
    for said in (
        "Which neurons does the response of AVAL and AVAR need?",
        "outgoing: their synapses onto others have no effect",
        "mean activation of the targets over step 3",
        "2, which keep degree+sign",
        "of 2 no share says more than about 33.3%",
        "screen = wg.lesion_screen(",
    ):
        assert said in page.text
    (figure,) = figures(page)
    felt = screened.table[screened.table["effect"] != 0].head(30)
    bars, beside = figure["data"]
    assert bars["x"] == pytest.approx(felt["effect"].tolist())
    assert beside["x"] == pytest.approx(felt["null_mean"].tolist())
    assert beside["error_x"]["array"] == pytest.approx(felt["null_sd"].tolist())
    table = carried(page, "lesions")
    np.testing.assert_allclose(table["effect"], screened.table["effect"])
    assert len(table) == len(screened)


def test_without_the_network_it_says_less(
    screened: wg.LesionScreen, write: Callable[..., Parsed]
) -> None:
    page = write(screened)
    assert "the response of 2 target neurons need?" in page.text
    assert "network = ...  # the one that was asked" in page.text
    assert "302 neurons, 3,709 connections" in page.text


def test_the_lines_repeat_a_screen(
    screened: wg.LesionScreen, worm_network: wg.MultilayeredNetwork
) -> None:
    names: dict[str, Any] = {}
    exec(compile(lesion_lines(screened, worm_network), "lines", "exec"), names)
    pd.testing.assert_frame_equal(names["screen"].table, screened.table)


def test_lines_name_the_groups_that_were_silenced(
    worm_network: wg.MultilayeredNetwork, touch: np.ndarray
) -> None:
    for groups in ("side", ["ASH", "FLP"]):
        found = wg.lesion_screen(worm_network, touch, "AVA", groups, "both", progress=False)
        lines = lesion_lines(found, worm_network)
        assert f"groups={groups!r}," in lines
        assert "mode='both'," in lines


@pytest.mark.parametrize("n", [0, 1])
def test_screens_of_nothing_and_of_one_group(n: int, write: Callable[..., Parsed]) -> None:
    table = pd.DataFrame(
        {
            "group": pd.Series(["ASH"] * n, dtype="string"),
            "neurons": pd.Series([2] * n, dtype="int64"),
            "peak": 0.5,
            "response": 0.1,
            "effect": -0.2,
            "relative": np.nan,
            "holds_target": False,
        }
    )
    page = write(wg.LesionScreen(table, 0.3, np.zeros(0), np.zeros((0, n))))
    said = "No lesion changes the response." in page.scripts[0]
    assert said == (n == 0)


# Null comparisons


def test_a_comparison_with_nulls(write: Callable[..., Parsed]) -> None:
    rng = np.random.default_rng(0)
    compared = wg.NullComparison(
        np.array([0.5, -2.0]), rng.normal(size=(20, 2)), pd.Index(["a", "b"])
    )
    page = write(compared)
    (figure,) = figures(page)
    frame = compared.to_frame()
    assert figure["data"][0]["x"] == [0.5, -2.0]
    assert figure["data"][1]["x"] == pytest.approx(frame["null_mean"].tolist())
    table = carried(page, "null-models")
    np.testing.assert_allclose(table.iloc[:, 1:].to_numpy().T, compared.nulls)


# Names, sizes, stimuli


def test_names_that_are_code_stay_text(
    hostile: wg.Connectome, hostile_result: wg.MaximisationResult, write: Callable[..., Parsed]
) -> None:
    network = hostile_result.network
    assert network is not None
    target = {len(HOSTILE) - 2: HOSTILE[-1]}
    stimulus = hostile_result.input
    found = wg.attribution(network, stimulus, target, verify=2, progress=False)
    screen = wg.lesion_screen(network, stimulus, HOSTILE[-1], progress=False)
    compared = wg.NullComparison(np.ones(1), np.ones((2, 1)), pd.Index([HOSTILE[0]]))
    for page in (write(found), write(screen, network=network), write(compared)):
        assert page.count("img") == 0
        assert page.count("b") <= 8  # the tiles
        assert not any("alert(" in script for script in page.scripts[-2:-1] if len(script) < 1e5)
    assert HOSTILE[-1] in set(carried(write(screen, network=network), "lesions")["group"])


def test_a_large_attribution_carries_a_part(
    attributed: wg.Attribution, write: Callable[..., Parsed]
) -> None:
    n = 30_000
    many = wg.Attribution(
        **{
            **vars(attributed),
            "values": np.linspace(1, -1, n)[np.newaxis],
            "activity": np.ones((1, n)),
            "null_share": None,
            "sources": pd.DataFrame({"pre_group": [f"g{i}" for i in range(n)], "post_group": "h"}),
            "kind": "synapses",
            "verified": attributed.verified[:0],
        }
    )
    page = write(many)
    assert "the first 20,000 of 30,000 rows" in page.text
    assert len(page.page) < 8e6


def test_stimuli_are_written_as_python() -> None:
    rng = np.random.default_rng(0)
    sparse = (rng.random((2, 40, 3)) * (rng.random((2, 40, 3)) < 0.1)).astype(np.float32)
    names: dict[str, Any] = {"np": np}
    exec(stimulus_lines(sparse), names)
    np.testing.assert_array_equal(names["stimulus"].astype(np.float32), sparse)
    assert stimulus_lines(np.ones((500, 2))).startswith("stimulus = ...  # (sensory, step), (500")

"""Sweeps in one process: the same as each problem alone, and every problem has its say."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sweep_cases import (
    QUICK,
    TYPES,
    assert_same,
    left_behind,
    network_of_the_worm,
    parts,
    problems_in_files,
    problems_of_types,
)

import wiregrad as wg
from wiregrad.experiments import _solve


def test_every_problem_is_as_it_is_alone(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult
) -> None:
    for problem in TYPES:
        asked = wg.TargetActivation({2: {problem: 0.9}})
        alone = wg.activation_maximisation(
            network, asked, seed=0, num_iterations=30, use_tqdm=False, print_output=False
        )
        assert np.array_equal(swept.stimulus(problem), alone.input)
        for of_sweep, of_one in ((swept.targets, alone.targets), (swept.members, alone.members)):
            rows = of_sweep[of_sweep["problem"] == problem].drop(columns="problem")
            pd.testing.assert_frame_equal(
                rows.reset_index(drop=True), of_one.drop(columns="batch"), check_exact=True
            )


@pytest.mark.parametrize("batch_size", [1, 5])
def test_results_do_not_depend_on_how_they_are_packed(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path, batch_size: int
) -> None:
    problems = problems_of_types(network)
    other = wg.sweep(network, problems, tmp_path / "out", batch_size=batch_size, **QUICK)
    assert len(parts(tmp_path / "out", "members")) == -(-len(TYPES) // batch_size)
    assert_same(swept, other)


def test_tables_come_in_the_order_of_the_problems(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path
) -> None:
    assert swept.members["problem"].tolist() == TYPES
    assert swept.targets["problem"].unique().tolist() == TYPES
    assert (swept.n_problems, swept.n_done, swept.n_failed) == (len(TYPES), len(TYPES), 0)
    assert swept.seconds > 0
    assert not swept.interrupted


def test_the_folder_says_all_and_holds_nothing_else(swept: wg.SweepResult) -> None:
    page = json.loads((swept.folder / "sweep.json").read_text())
    assert page["seed"] == 0
    assert page["version"] == wg.__version__
    assert page["arguments"]["num_iterations"] == 30
    assert page["network"]["connectome"] == "C. elegans"
    assert page["problems"]["problems"] == len(TYPES)
    stimuli = pd.read_parquet(swept.folder / "stimuli")
    assert list(stimuli.columns) == ["problem", "neuron", "step", "value"]
    assert (stimuli["value"] > 0).all()
    assert set(stimuli["neuron"]) <= set(page["sensory_indices"])
    assert not left_behind(swept.folder)


def test_a_finished_sweep_is_read_and_not_done_again(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_solve, "activation_maximisation", None)
    again = wg.sweep(network, problems_of_types(network), swept.folder, **QUICK)
    assert_same(swept, again)
    assert "12 of 12 problems done" in repr(again)


def test_labels_that_are_numbers_stay_numbers(
    network: wg.MultilayeredNetwork, tmp_path: Path
) -> None:
    problems = pd.DataFrame({"layer": -1, "neuron": [55, 53], "value": 0.5})
    swept = wg.sweep(network, problems, tmp_path / "out", **QUICK)
    assert swept.members["problem"].tolist() == [55, 53]
    assert swept.stimulus(np.int64(55)).shape == (83, 3)
    assert swept.failed["problem"].dtype == np.int64


def test_a_problem_of_several_layers_and_names(
    network: wg.MultilayeredNetwork, tmp_path: Path
) -> None:
    problems = pd.DataFrame(
        {"problem": "both", "layer": [1, 2], "neuron": ["AVA", 60], "value": [0.2, 0.3]}
    )
    swept = wg.sweep(network, problems, tmp_path / "out", **QUICK)
    assert swept.targets[["layer", "neuron", "value"]].to_numpy().tolist() == [
        *([1, 53, 0.2], [1, 54, 0.2], [2, 60, 0.3])
    ]


# Problems that fail.


def some_wrong() -> pd.DataFrame:
    return pd.DataFrame(
        {"layer": [2, 2, 2, 9, 2], "neuron": ["AVA", "AVX", "AVB", "RIM", "DA"], "value": 0.9}
    )


def test_a_problem_that_fails_does_not_stop_the_rest(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path
) -> None:
    found = wg.sweep(network, some_wrong(), tmp_path / "out", **QUICK)
    assert found.members["problem"].tolist() == ["AVA", "AVB", "DA"]
    assert found.failed["problem"].tolist() == ["AVX", "RIM"]
    assert "'AVX' is not in the network" in found.failed["error"][0]
    assert "layer 9 is out of range" in found.failed["error"][1]
    assert (found.n_done, found.n_failed) == (3, 2)
    assert "2 failed" in repr(found)
    assert np.array_equal(found.stimulus("DA"), swept.stimulus("DA"))
    with pytest.raises(ValueError, match="'AVX' failed and has no stimulus: ValueError"):
        found.stimulus("AVX")


def test_what_failed_is_asked_again_only_on_request(
    network: wg.MultilayeredNetwork,
    swept: wg.SweepResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problems = problems_of_types(network, 3)
    real, asked = _solve.activation_maximisation, []

    def often_out_of_memory(network: Any, targets: Any, **options: Any) -> Any:
        asked.append(targets.batch_size)
        if 54 in set(targets.targets_df["neuron"]):
            raise MemoryError("no room")
        return real(network, targets, **options)

    monkeypatch.setattr(_solve, "activation_maximisation", often_out_of_memory)
    found = wg.sweep(network, problems, tmp_path / "out", **QUICK)
    assert asked == [3, 2, 1, 1, 1], "all, a half of it, its halves, and the other half"
    assert found.failed["problem"].tolist() == ["AVA"]
    assert found.failed["error"].tolist() == ["MemoryError: no room"]

    monkeypatch.setattr(_solve, "activation_maximisation", real)
    assert wg.sweep(network, problems, tmp_path / "out", **QUICK).n_failed == 1
    again = wg.sweep(network, problems, tmp_path / "out", retry_failed=True, **QUICK)
    assert (again.n_done, again.n_failed) == (3, 0)
    assert sorted(problems_in_files(tmp_path / "out")) == ["AVA", "AVB", "AVD"]
    assert np.array_equal(again.stimulus("AVA"), swept.stimulus("AVA"))


def test_a_sweep_in_which_all_fails_has_tables_all_the_same(
    network: wg.MultilayeredNetwork, tmp_path: Path
) -> None:
    problems = pd.DataFrame({"layer": 2, "neuron": ["AVX"]})
    found = wg.sweep(network, problems, tmp_path / "out", **QUICK)
    assert {"problem", "attained", "status"} <= set(found.targets.columns)
    assert {"problem", "active_inputs"} <= set(found.members.columns)
    assert len(found.targets) == len(found.members) == 0
    assert "0 of 1 problems done, 1 failed" in repr(found)


# Arguments.


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"learning_rat": 1}, TypeError, "'learning_rat'; did you mean 'learning_rate'"),
        ({"learning_rate": -1}, ValueError, "learning_rate"),
        ({"input_tensor": None}, TypeError, "takes no input_tensor: starts are drawn"),
        ({"device": "cpu"}, TypeError, "takes no device: move the network"),
        ({"seed": None}, ValueError, "seed is an integer, not None"),
        ({"seed": True}, ValueError, "seed is an integer, not True"),
        ({"batch_size": 0}, ValueError, "batch_size .* at least 1, not 0"),
        ({"workers": 0}, ValueError, "workers .*, not 0"),
        ({"threads": 1.5}, ValueError, "threads .*, not 1.5"),
        ({"workers": 2, "scheduler": "tcp://x"}, ValueError, "workers and scheduler each say"),
        ({"executor": 3}, TypeError, "executor is a .*, not int"),
    ],
)
def test_wrong_arguments_are_refused_before_any_work(
    network: wg.MultilayeredNetwork,
    tmp_path: Path,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        wg.sweep(network, problems_of_types(network), tmp_path / "out", **arguments)
    assert not parts(tmp_path / "out", "members")
    assert not left_behind(tmp_path)


def test_threads_are_put_back(
    network: wg.MultilayeredNetwork, tmp_path: Path, use_threads: Any
) -> None:
    use_threads(2)
    wg.sweep(network, problems_of_types(network, 1), tmp_path / "out", threads=1, **QUICK)
    assert torch.get_num_threads() == 2


def test_the_progress_bar_counts_problems(
    network: wg.MultilayeredNetwork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = problems_of_types(network, 2)
    wg.sweep(network, problems, tmp_path / "out", num_iterations=2)
    assert "2/2" in capsys.readouterr().err


# Folders.


def test_the_folder_of_another_sweep_is_refused_and_what_differs_is_named(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, worm: wg.Connectome
) -> None:
    problems = problems_of_types(network)
    before = {path: path.stat().st_mtime_ns for path in swept.folder.rglob("*.*")}

    def refused(other: wg.MultilayeredNetwork, problems: pd.DataFrame, **changed: Any) -> str:
        with pytest.raises(ValueError, match="holds another sweep; what differs: ") as caught:
            wg.sweep(other, problems, swept.folder, **{**QUICK, **changed})
        return str(caught.value).partition("what differs: ")[2].partition(". Sweep to")[0]

    assert refused(network, problems, seed=1) == "seed 0, now 1"
    assert refused(network, problems, num_iterations=31) == "num_iterations (30, now 31)"
    assert refused(network, problems.assign(value=0.8)) == "the problems"
    assert refused(network, problems.iloc[:4]) == (
        f"the problems (12 problems with {len(problems)} targets, now 2 problems with 4 targets)"
    )
    deeper = network_of_the_worm(steps=4)
    assert refused(deeper, problems) == "the network's steps (3, now 4)"
    steeper = network_of_the_worm()
    with torch.no_grad():
        steeper.slope[7] = 6
    assert refused(steeper, problems) == "the network's parameters"
    fewer = wg.MultilayeredNetwork.from_connectome(worm, "PHB", steps=3, device="cpu")
    assert refused(fewer, problems) == "the network's inputs"
    renamed = network_of_the_worm()
    renamed.neurons = renamed.neurons.assign(id=renamed.neurons["id"].to_numpy()[::-1])
    assert refused(renamed, problems) == "the network's names"
    rewired = network_of_the_worm()
    rewired.all_weights = rewired.weights.to_scipy() * 0.5
    assert refused(rewired, problems) == "the network's weights"
    assert {path: path.stat().st_mtime_ns for path in swept.folder.rglob("*.*")} == before


def test_what_has_no_effect_may_differ(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult
) -> None:
    problems = problems_of_types(network).iloc[::-1]
    options = {"batch_size": 3, "checkpoint_steps": 2, "learning_rate": 0.1}
    assert wg.sweep(network, problems, swept.folder, **options, **QUICK).n_done == len(TYPES)


def test_a_sweep_of_another_version_is_refused(
    network: wg.MultilayeredNetwork, tmp_path: Path
) -> None:
    problems = problems_of_types(network, 1)
    folder = wg.sweep(network, problems, tmp_path / "out", **QUICK).folder
    page = folder / "sweep.json"
    was = page.read_text()
    page.write_text(was.replace(f'"version": "{wg.__version__}"', '"version": "0.0.9"'))
    with pytest.raises(ValueError, match=f"wiregrad 0.0.9, now {wg.__version__}"):
        wg.sweep(network, problems, folder, **QUICK)
    assert wg.SweepResult(folder).n_done == 1, "which reads it all the same"
    page.write_text(was.replace('"format": 1', '"format": 2'))
    with pytest.raises(ValueError, match="newer than this one"):
        wg.SweepResult(folder)
    page.write_text(was[:40])
    with pytest.raises(ValueError, match="is damaged"):
        wg.SweepResult(folder)


def test_folders_that_are_none_of_ours_are_refused(
    network: wg.MultilayeredNetwork, tmp_path: Path
) -> None:
    problems = problems_of_types(network, 1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    with pytest.raises(ValueError, match=r"holds other files \(thesis.tex\)"):
        wg.sweep(network, problems, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    with pytest.raises(ValueError, match="is a file"):
        wg.sweep(network, problems, tmp_path / "mine" / "thesis.tex")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        wg.sweep(network, problems, tmp_path / "nowhere" / "out")
    with pytest.raises(ValueError, match=r"holds no sweep: there is no sweep\.json"):
        wg.SweepResult(tmp_path)


# Reading.


def test_a_stimulus_of_no_problem(swept: wg.SweepResult) -> None:
    with pytest.raises(ValueError, match=r"no problem 'AVa' in .*did you mean 'AVA'"):
        swept.stimulus("AVa")


def test_a_stimulus_drives_the_network_as_the_targets_say(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult
) -> None:
    activations = network(swept.stimulus("AVA"))
    rows = swept.targets[swept.targets["problem"] == "AVA"]
    assert activations[rows["neuron"], 2].double().tolist() == rows["attained"].tolist()


# Control-C.


def test_control_c_stops_and_says_how_to_go_on(
    network: wg.MultilayeredNetwork,
    swept: wg.SweepResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    problems = problems_of_types(network)
    real, calls = _solve.activation_maximisation, []

    def interrupted_at_the_third(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        calls.append(result)
        result.interrupted = len(calls) == 3
        return result

    monkeypatch.setattr(_solve, "activation_maximisation", interrupted_at_the_third)
    with caplog.at_level(logging.WARNING, "wiregrad"):
        half = wg.sweep(network, problems, tmp_path / "out", batch_size=2, **QUICK)
    assert half.interrupted
    assert half.n_done == 4
    assert "interrupted after 4 of 12 problems" in caplog.text
    assert "ask again with the same arguments to go on" in caplog.text
    assert not left_behind(tmp_path / "out")
    with pytest.raises(ValueError, match="'AIY' is not done yet"):
        half.stimulus("AIY")

    whole = wg.sweep(network, problems, tmp_path / "out", batch_size=5, **QUICK)
    assert not whole.interrupted
    assert_same(swept, whole)
    assert sorted(problems_in_files(tmp_path / "out")) == sorted(TYPES)


def test_control_c_between_searches(
    network: wg.MultilayeredNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(_solve, "activation_maximisation", stop)
    found = wg.sweep(network, problems_of_types(network, 2), tmp_path / "out", **QUICK)
    assert found.interrupted
    assert (found.n_done, found.n_failed) == (0, 0)


def test_a_sweep_of_a_manipulated_network(worm: wg.Connectome, tmp_path: Path) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    problems = wg.problems_for(network, ["AVA", "AVB"], value=0.9)
    done = wg.Manipulations().silence("AVD").clamp("AVB", 0.0, steps=0)
    swept = wg.sweep(network, problems, tmp_path / "s", manipulations=done, progress=False)
    alone = wg.activation_maximisation(
        network, {2: {"AVA": 0.9}}, seed=0, manipulations=done, use_tqdm=False, print_output=False
    )
    np.testing.assert_array_equal(swept.stimulus("AVA"), alone.input)
    again = wg.sweep(network.manipulated(done), problems, tmp_path / "s", progress=False)
    assert again.n_done == 2
    with pytest.raises(ValueError, match="holds another sweep"):
        wg.sweep(network, problems, tmp_path / "s", progress=False)


def test_a_sweep_has_no_members_to_manipulate_apart(worm: wg.Connectome, tmp_path: Path) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    problems = wg.problems_for(network, ["AVA"])
    with pytest.raises(ValueError, match="a sweep has no batch members to tell apart"):
        wg.sweep(
            network,
            problems,
            tmp_path / "s",
            manipulations=wg.Manipulations().silence(1, members=0),
        )


def test_a_folder_knows_the_dynamics(worm: wg.Connectome, tmp_path: Path) -> None:
    def make(**options: Any) -> wg.MultilayeredNetwork:
        return wg.MultilayeredNetwork.from_connectome(worm, "ASH", 2, device="cpu", **options)

    problems = wg.problems_for(make(), ["AVA"], value=0.3)
    wg.sweep(make(tau=2.0), problems, tmp_path / "s", progress=False)
    assert wg.sweep(make(tau=2.0), problems, tmp_path / "s", progress=False).n_done == 1
    for other in (make(), make(tau=3.0), make(tau=2.0, dynamics=wg.Linear())):
        with pytest.raises(ValueError, match="holds another sweep"):
            wg.sweep(other, problems, tmp_path / "s", progress=False)

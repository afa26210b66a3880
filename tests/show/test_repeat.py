"""The lines that repeat a result: they run, and give the same."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import wiregrad as wg
from wiregrad.show._command import command_line
from wiregrad.show._repeat import given_options, python_lines


def run(lines: str) -> wg.MaximisationResult:
    """Run the lines, but for the last one, which would write the report."""
    program, _, last = lines.strip().rpartition("\n")
    assert last == "wg.report(result)"
    names: dict[str, Any] = {}
    exec(compile(program, "lines", "exec"), names)
    return names["result"]


def lines_of(result: wg.MaximisationResult) -> str:
    return python_lines(result, result.network)


def ask(network: wg.MultilayeredNetwork, targets: Any, **options: Any) -> wg.MaximisationResult:
    options = {"num_iterations": 3, "seed": 5, "use_tqdm": False, "print_output": False} | options
    return wg.activation_maximisation(network, targets, **options)


@pytest.fixture
def make_worm() -> Any:
    def make(gap_junctions: bool = False, **options: Any) -> wg.MultilayeredNetwork:
        worm = wg.datasets.celegans(gap_junctions=gap_junctions)
        options = {"inputs": "role=sensory", "steps": 3, "device": "cpu"} | options
        return wg.MultilayeredNetwork.from_connectome(worm, **options)

    return make


@pytest.mark.parametrize(
    ("network", "targets", "search"),
    [
        ({}, {2: {"AVA": 0.9}}, {}),
        ({}, {2: {"AVA": 0.9}}, {"max_active": {"entries": 4}, "input_steps": [0, 1]}),
        ({}, {2: {"AVA": 0.9}}, {"max_active": 2, "input_steps": -1, "binary": True}),
        ({}, {1: {"AVAL": 0.25}, 2: {"DVA": 0.5, "AVAR": 0}}, {"learning_rate": 0.3}),
        ({"gap_junctions": True, "unknown_sign": -1}, {2: {"AVA": 0.9}}, {"in_reg_lambda": 0.02}),
        ({"inputs": ["ASH", "PVDL"], "group_by": None}, {2: {"AVA": 0.9}}, {}),
        ({"inputs": "AVM", "group_by": "side", "steps": 4}, {2: {"AVA": 0.9}}, {"n_runs": 3}),
        (
            {},
            {2: {"AVA": 0.9}},
            {"manipulations": wg.Manipulations().silence("AVD").clamp([0, 3], 0.5, steps=0)},
        ),
        ({"threshold": 0.02, "tanh_steepness": 4, "default_bias": 0.01}, {2: {"AVA": 0.9}}, {}),
        (
            {},
            pd.DataFrame({"batch": [0, 1], "layer": 2, "neuron": ["AVAL", "DVA"], "value": 1}),
            {},
        ),
    ],
)
def test_the_lines_give_the_same_result(
    make_worm: Any, network: dict[str, Any], targets: Any, search: dict[str, Any]
) -> None:
    result = ask(make_worm(**network), targets, **search)
    again = run(lines_of(result))
    np.testing.assert_array_equal(again.input, result.input)
    np.testing.assert_array_equal(again.output, result.output)
    assert given_options(again.provenance) == given_options(result.provenance)
    assert again.provenance["checksum"] == result.provenance["checksum"]
    assert again.targets.equals(result.targets)


def test_the_usual_is_left_out(make_worm: Any) -> None:
    result = ask(make_worm(), {2: {"AVA": 0.9}}, num_iterations=None)
    assert lines_of(result) == (
        f"import wiregrad as wg  # wiregrad {wg.__version__}\n\n"
        "connectome = wg.datasets.celegans()\n"
        "# its wiring is the same if connectome.checksum is\n"
        f"# {result.provenance['checksum']}\n\n"
        "network = wg.MultilayeredNetwork.from_connectome(\n"
        "    connectome,\n    inputs='role=sensory',\n    steps=3,\n)\n\n"
        "targets = wg.TargetActivation({2: {'AVAL': 0.9, 'AVAR': 0.9}})\n\n"
        "result = wg.activation_maximisation(\n    network,\n    targets,\n    seed=5,\n)\n"
        "wg.report(result)\n"
    )


def test_the_fly_is_repeated_by_name(fly_column: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(fly_column, "role=input", 3, device="cpu")
    target = int(network.find("T4a and u=0 and v=0")[0])
    lines = lines_of(ask(network, {2: {target: 0.9}}, num_iterations=1))
    assert "inputs='role=input'" in lines
    assert "{2: {'T4a(0,0)': 0.9}}" in lines


@pytest.mark.parametrize(
    ("inputs", "written"),
    [
        (["R1", "R2"], "inputs=['R1', 'R2'],"),
        (np.arange(3, 9), "inputs=range(3, 9),"),
        (np.arange(0, 800, 2), "        0, 2, 4, "),
        (np.arange(0, 802, 2), "inputs=...,  # 401 entries, as they were given\n"),
    ],
)
def test_inputs_are_repeated_as_they_were_given(
    fly_column: wg.Connectome, inputs: Any, written: str
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(fly_column, inputs, 2, device="cpu")
    lines = lines_of(ask(network, {1: {"L1 and u=0 and v=0": 0.9}}, num_iterations=1))
    assert written in lines
    compile(lines, "lines", "exec")


def test_what_is_not_remembered_is_left_open(bare_result: wg.MaximisationResult) -> None:
    lines = lines_of(bare_result)
    assert "weights = ...  # W[post, pre]: the network was made from bare weights" in lines
    assert "sensory_indices=[0]" in lines
    assert "num_layers=2" in lines
    compile(lines, "lines", "exec")


def test_special_networks_are_said_to_be_so(make_worm: Any) -> None:
    network = make_worm(
        slope_dict={"AVA": 3}, activation_function=lambda x: x, inputs="AVM", steps=2
    )
    lines = lines_of(ask(network, {1: {"AVA": 0.9}}, custom_reg_functions={"in": torch_sum}))
    assert "slope_dict={'AVA': 3}," in lines
    assert "activation_function=...,  # as it was given" in lines
    assert "custom_reg_functions=...,  # as it was given" in lines
    compile(lines, "lines", "exec")


def test_what_was_changed_since_is_set_again(make_worm: Any) -> None:
    network = make_worm()
    network.threshold = 0.02
    network.num_layers = 4
    with torch.no_grad():
        network.slope[0] = 3
    result = ask(network, {2: {"AVA": 0.9}}, input_tensor=np.full((1, 83, 4), 0.5))
    lines = lines_of(result)
    assert "steps=4," in lines
    assert "\nnetwork.threshold = 0.02\n" in lines
    assert "\nnetwork.slope = ...  # was trained, or set by hand\n" in lines
    assert "input_tensor=...,  # as it was given\n" in lines
    assert command_line(result, network) is None


def torch_sum(x: Any) -> Any:
    return x.sum()


def test_many_targets_are_not_listed(many_result: wg.MaximisationResult) -> None:
    result = many_result
    batch = pd.concat([result.targets.assign(batch=b) for b in range(3)])
    lines = lines_of(ask(result.network, batch[["batch", "layer", "neuron", "value"]]))
    assert f"targets = ...  # the {3 * len(result.targets):,} rows of result.targets" in lines
    compile(lines, "lines", "exec")


def test_hostile_names_stay_in_their_strings(hostile_result: wg.MaximisationResult) -> None:
    lines = lines_of(hostile_result)
    compile(lines, "lines", "exec")
    again = eval(lines.split("targets = wg.TargetActivation(")[1].split(")\n\nresult")[0])
    labels = hostile_result.network.neurons["id"]
    asked = labels[hostile_result.targets["neuron"]].tolist()
    assert [*next(iter(again.values()))] == asked


def test_the_command_says_the_same(make_worm: Any) -> None:
    result = ask(make_worm(), {2: {"AVA": 0.9}})
    assert command_line(result, result.network) == (
        "wiregrad maximise celegans --inputs role=sensory --targets AVA --steps 3 --value 0.9 "
        "--iterations 3 --seed 5 --out report.html"
    )


def test_the_command_names_the_budget(make_worm: Any) -> None:
    limits = {"max_active": {"neurons": 2, "entries": 3}, "input_steps": [0, -1], "binary": True}
    result = ask(make_worm(), {2: {"AVA": 0.9}}, **limits)
    command = command_line(result, result.network)
    said = "--max-active neurons=2,entries=3 --input-steps=0,-1 --binary --seed 5"
    assert command is not None
    assert said in command
    result = ask(make_worm(), {2: {"AVA": 0.9}}, max_active=2, input_steps=0)
    command = command_line(result, result.network)
    assert command is not None
    assert "--iterations 3 --max-active 2 --input-steps=0 --seed 5" in command


def test_the_command_names_what_differs(make_worm: Any) -> None:
    network = make_worm(
        gap_junctions=True,
        unknown_sign=-1,
        group_by="side",
        sign="edges",
        inputs=["ASH", "side=L and role=sensory"],
        steps=4,
    )
    result = ask(network, {1: {"AVAL": 1, "DVA": 1}}, num_iterations=None)
    command = shlex.split(command_line(result, result.network) or "")
    assert command[2:] == shlex.split(
        "celegans+gap --inputs ASH --inputs 'side=L and role=sensory' --targets AVAL --targets DVA "
        "--steps 4 --at-step 2 --value 1 --group-by side --sign edges --unknown-sign -1 --seed 5 "
        "--out report.html"
    )


@pytest.mark.parametrize(
    ("network", "targets", "search"),
    [
        ({"inputs": [1, 2, 3]}, {2: {"AVA": 0.9}}, {}),
        ({"threshold": 0.02}, {2: {"AVA": 0.9}}, {}),
        ({"group_by": None}, {2: {"AVA": 0.9}}, {}),
        ({}, {2: {"AVA": 0.9, "DVA": 0.1}}, {}),
        ({}, {2: {"AVA": 0.9}, 1: {"AVA": 0.9}}, {}),
        ({}, {2: {"role=motor and side=L": 0.9}}, {}),
        ({}, {2: {"AVA": 0.9}}, {"learning_rate": 0.3}),
    ],
)
def test_what_the_command_cannot_ask_takes_python(
    make_worm: Any, network: dict[str, Any], targets: Any, search: dict[str, Any]
) -> None:
    result = ask(make_worm(**network), targets, **search)
    assert command_line(result, result.network) is None


def test_other_connectomes_take_python(
    bare_result: wg.MaximisationResult, hostile_result: wg.MaximisationResult
) -> None:
    assert command_line(bare_result, bare_result.network) is None
    assert command_line(hostile_result, hostile_result.network) is None


def test_a_cut_connectome_takes_python(worm: wg.Connectome) -> None:
    cut = worm.subset(["role=sensory", "AVA", "role=inter"])
    network = wg.MultilayeredNetwork.from_connectome(cut, "role=sensory", 2, device="cpu")
    result = ask(network, {1: {"AVA": 0.9}})
    assert command_line(result, network) is None
    assert "connectome = ...  # the connectome C. elegans, 1" in lines_of(result)

"""What activation maximisation returns."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import FIELDS, batch_of, make_chain, make_random, maximise, random_targets

import wiregrad as wg

Copy = Callable[[wg.MaximisationResult], wg.MaximisationResult]


def pickled(result: wg.MaximisationResult) -> wg.MaximisationResult:
    return pickle.loads(pickle.dumps(result))


@pytest.fixture(scope="module")
def result(worm_network: wg.MultilayeredNetwork) -> wg.MaximisationResult:
    return maximise(worm_network, {2: {"AVA": 0.9}}, num_iterations=12, seed=4)


@pytest.fixture(scope="module")
def batch() -> wg.MaximisationResult:
    network = make_random()
    return maximise(network, batch_of(random_targets(network, 7)), num_iterations=6, seed=4)


def test_decision_14_unpacks_in_the_order_of_the_reference(result: wg.MaximisationResult) -> None:
    """Output penalties come before input penalties."""
    assert result._fields == FIELDS
    assert isinstance(result, tuple)
    assert len(result) == 6
    for position, name in enumerate(FIELDS):
        assert result[position] is getattr(result, name)
    stimulus, output, _, out_losses, in_losses, _ = result
    assert (stimulus.shape, output.shape) == ((83, 3), (302, 3))
    assert not any(out_losses), "the automatic search presses on inputs only"
    assert any(in_losses)


def test_fields_are_arrays_and_lists_of_floats(result: wg.MaximisationResult) -> None:
    assert {type(field) for field in result} == {np.ndarray, list}
    assert {type(loss) for losses in result[2:5] for loss in losses} == {float}
    assert {type(snapshot) for snapshot in result.snapshots} == {np.ndarray}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_arrays_are_of_the_dtype_of_the_network(dtype: torch.dtype) -> None:
    result = maximise(make_chain().to(dtype), {1: {2: 0.9}}, num_iterations=2)
    kind = str(dtype).removeprefix("torch.")
    assert {array.dtype.name for array in (*result[:2], *result.snapshots)} == {kind}


def test_a_batch_of_one_has_no_batch_axis(result: wg.MaximisationResult) -> None:
    assert {snapshot.shape for snapshot in result.snapshots} == {(83, 3)}
    assert result.batch_input.shape == (1, 83, 3)
    assert result.batch_output.shape == (1, 302, 3)
    assert np.shares_memory(result.batch_input, result.input)


def test_a_larger_batch_keeps_it(batch: wg.MaximisationResult) -> None:
    assert batch.input.shape == (7, 8, 3)
    assert batch.output.shape == (7, 24, 3)
    assert {snapshot.shape for snapshot in batch.snapshots} == {(7, 8, 3)}
    assert batch.batch_input is batch.input
    assert batch.batch_output is batch.output


def test_decision_14_each_target_has_a_row(batch: wg.MaximisationResult) -> None:
    columns = [
        "batch", "layer", "neuron", "value", "attained", "nearest", "resting", "status",
        "shortest_walk",
    ]  # fmt: skip
    targets = batch.targets
    assert targets.columns.tolist() == columns
    assert len(targets) == 21
    for row in targets.itertuples():
        assert row.attained == batch.output[row.batch, row.neuron, row.layer]


def test_decision_14_each_member_has_a_row(batch: wg.MaximisationResult) -> None:
    members = batch.members
    assert members.columns.tolist() == [
        "batch", "status", "active_inputs", "active_neurons", "best_pass", "passes", "seed",
        "agreement", "minimal",
    ]  # fmt: skip
    assert members["batch"].tolist() == list(range(7))
    assert members["active_inputs"].tolist() == (batch.input > 0).sum(axis=(1, 2)).tolist()
    expected = (batch.input > 0).any(axis=2).sum(axis=1)
    assert members["active_neurons"].tolist() == expected.tolist()
    assert members["seed"].tolist() == [4] * 7


def test_values_are_shown_as_they_were_asked(worm_network: wg.MultilayeredNetwork) -> None:
    result = maximise(worm_network, {2: {"AVA": 0.9}}, num_iterations=1)
    assert result.targets["value"].tolist() == [0.9, 0.9]


def test_what_is_needed_to_repeat_it_is_kept(
    result: wg.MaximisationResult, worm_network: wg.MultilayeredNetwork, worm: wg.Connectome
) -> None:
    assert (result.seed, result.version) == (4, wg.__version__)
    assert result.arguments == {
        "num_iterations": 12,
        "learning_rate": 0.1,
        "in_reg_lambda": None,
        "out_reg_lambda": None,
        "custom_reg_functions": None,
        "early_stopping": True,
        "stopping_threshold": 1e-5,
        "n_runs": 10,
        "n_starts": 2,
        "checkpoint_steps": None,
        "input_steps": None,
        "max_active": None,
        "binary": False,
        "input_tensor": None,
    }
    assert result.provenance["checksum"] == worm.checksum
    assert result.provenance == worm_network.provenance
    assert result.provenance is not worm_network.provenance
    assert result.network is worm_network
    again = {key: value for key, value in result.arguments.items() if key != "input_tensor"}
    repeated = maximise(worm_network, {2: {"AVA": 0.9}}, seed=result.seed, **again)
    assert repeated.input.tobytes() == result.input.tobytes()
    assert repeated[2:5] == result[2:5]


def test_passes_time_and_interruption_are_told(result: wg.MaximisationResult) -> None:
    assert result.n_passes == 12
    assert 0 < result.seconds < 60
    assert not result.interrupted
    assert maximise(make_chain(), {1: {2: 0.9}}, num_iterations=1).provenance == {}


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickled])
def test_copies_and_pickles_leave_the_network_out(
    result: wg.MaximisationResult, duplicate: Copy
) -> None:
    other = duplicate(result)
    assert other.network is None
    assert result.network is not None
    assert type(other) is wg.MaximisationResult
    for name in FIELDS[:2]:
        np.testing.assert_array_equal(getattr(other, name), getattr(result, name))
    assert other[2:5] == result[2:5]
    pd.testing.assert_frame_equal(other.targets, result.targets)
    pd.testing.assert_frame_equal(other.members, result.members)
    assert (other.seed, other.arguments) == (result.seed, result.arguments)
    assert other.provenance == result.provenance
    assert repr(other) == repr(result)


def test_a_pickle_is_small(fly_column: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(fly_column, "role=input", 1, device="cpu")
    result = maximise(network, {0: {"L1": 0.5}}, num_iterations=1)
    arrays = sum(array.nbytes for array in (*result[:2], *result.snapshots))
    assert len(pickle.dumps(result)) < 2 * arrays + 100_000


def test_functions_leave_their_names_in_a_pickle(worm: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", 2, device="cpu", activation_function=lambda x: torch.relu(x)
    )
    functions = {"in": lambda member: member.sum(), "out": torch.norm}
    result = maximise(network, {1: {"AVA": 0.9}}, num_iterations=1, custom_reg_functions=functions)
    assert result.arguments["custom_reg_functions"] == functions
    other = pickled(result)
    assert other.arguments["custom_reg_functions"] == {
        "in": functions["in"].__qualname__,
        "out": "norm",
    }
    assert "lambda" in other.provenance["choices"]["activation_function"]


def test_the_text_of_a_result_says_how_it_ended(
    result: wg.MaximisationResult, batch: wg.MaximisationResult
) -> None:
    member = result.members.iloc[0]
    first, second = repr(result).splitlines()
    assert first.startswith("MaximisationResult after 12 passes in ")
    assert second == (
        f"  member 0: {member['status']}, {member['active_inputs']} active inputs to "
        f"{member['active_neurons']} neurons"
    )
    lines = repr(batch).splitlines()
    assert [line.split(":")[0] for line in lines[1:6]] == [f"  member {i}" for i in range(5)]
    assert lines[6:] == ["  and 2 more members"]


@pytest.mark.parametrize("change", [lambda a: a.__setitem__(slice(None), 7.0)])
def test_a_result_is_not_touched_by_the_next_question(change: Any) -> None:
    network = make_chain()
    first = maximise(network, {1: {2: 0.9}}, num_iterations=3, seed=0)
    before = first.input.copy(), first.output.copy()
    change(maximise(network, {1: {2: 0.5}}, num_iterations=3, seed=1).output)
    np.testing.assert_array_equal(first.input, before[0])
    np.testing.assert_array_equal(first.output, before[1])

"""Stimuli and activations by group and step, against loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from table_cases import QUICK, Problem, problems

import wiregrad as wg
from wiregrad.tables import activations_by_group, active_inputs, stimulus_by_group

COLUMNS = {
    "group": "string",
    "step": "int64",
    "n": "int64",
    "n_active": "int64",
    "mean": "float64",
    "max": "float64",
}


def check_by_loops(
    table: pd.DataFrame, groups: list[str], first_step: int, value: Callable[[int, int], float]
) -> None:
    """Compare a table with what its rows must hold; `value` is of (row, column)."""
    assert table.dtypes.astype(str).to_dict() == COLUMNS
    steps = len(table) // len(set(groups))
    expected = []
    for group in sorted(set(groups)):
        rows = [i for i, name in enumerate(groups) if name == group]
        for column in range(steps):
            values = [value(row, column) for row in rows]
            active = sum(v > 0 for v in values)
            mean, largest = sum(values) / len(values), max(values)
            expected.append((group, column + first_step, len(rows), active, mean, largest))
    assert table[["group", "step", "n", "n_active"]].values.tolist() == [
        list(row[:4]) for row in expected
    ]
    np.testing.assert_allclose(table[["mean", "max"]], [row[4:] for row in expected])


@QUICK
@given(problems())
def test_stimulus_by_group_equals_loops(problem: Problem) -> None:
    table = stimulus_by_group(problem.network, problem.stimulus)
    check_by_loops(table, [problem.groups[i] for i in problem.sensory], 0, problem.given)


@QUICK
@given(problems())
def test_activations_by_group_equals_loops(problem: Problem) -> None:
    activations = problem.activations
    table = activations_by_group(problem.network, activations)
    check_by_loops(table, problem.groups, 1, lambda row, column: activations[row, column])


@QUICK
@given(problems())
def test_active_inputs_lists_what_the_network_receives(problem: Problem) -> None:
    table = active_inputs(problem.network, problem.stimulus)
    expected = sorted(
        (column, problem.groups[neuron], neuron, problem.given(row, column))
        for row, neuron in enumerate(problem.sensory)
        for column in range(problem.steps)
        if problem.given(row, column) > 0
    )
    assert table["id"].tolist() == table["neuron"].astype(str).tolist()
    assert table[["step", "group", "neuron", "input"]].values.tolist() == [*map(list, expected)]


def test_no_input_is_an_empty_table_with_its_columns(worm_network: wg.MultilayeredNetwork) -> None:
    table = active_inputs(worm_network, np.zeros((83, 3)))
    assert table.dtypes.astype(str).to_dict() == {
        "step": "int64",
        "group": "string",
        "id": "string",
        "neuron": "int64",
        "input": "float64",
    }
    assert table.empty


@pytest.mark.parametrize("function", [stimulus_by_group, active_inputs])
def test_a_tensor_that_records_gradients_will_do(
    function: Callable[..., pd.DataFrame], worm_network: wg.MultilayeredNetwork
) -> None:
    stimulus = torch.rand(83, 3, requires_grad=True)
    expected = function(worm_network, stimulus.detach().numpy())
    pd.testing.assert_frame_equal(function(worm_network, stimulus), expected)


def test_a_result_is_described(worm_result: wg.MaximisationResult) -> None:
    network, asked = worm_result.network, worm_result.targets
    inputs = active_inputs(network, worm_result.input)
    assert len(inputs) == worm_result.members["active_inputs"].item()
    table = activations_by_group(network, worm_result.output).set_index(["group", "step"])
    attained = asked["attained"][asked["value"] < 1]
    assert table.loc[("AVA", 3), "mean"] == pytest.approx(attained.mean())


@pytest.mark.parametrize(
    ("function", "values", "message"),
    [
        (
            stimulus_by_group,
            np.zeros((2, 83, 3)),
            r"stimulus has shape \(2, 83, 3\), a batch: .* stimulus\[0\] .*result.batch_input\[0\]",
        ),
        (activations_by_group, np.zeros((2, 302, 3)), r"a batch: .*result.batch_output\[0\]"),
        (
            stimulus_by_group,
            np.zeros((82, 3)),
            r"stimulus has shape \(82, 3\), but this network needs \(83, steps\): a row for each "
            r"of its 83 sensory neurons",
        ),
        (activations_by_group, np.zeros(302), r"needs \(302, steps\): .* 302 neurons"),
        (activations_by_group, np.zeros((302, 0)), r"at least one step"),
        (active_inputs, np.full((83, 3), np.nan), r"stimulus holds 249 NaN"),
    ],
)
def test_arrays_that_do_not_fit(
    worm_network: wg.MultilayeredNetwork,
    function: Callable[..., Any],
    values: np.ndarray,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        function(worm_network, values)

"""Activations spread among members, and on the columns of the eye, against loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from table_cases import QUICK, Problem, problems

import wiregrad as wg
from wiregrad.tables import activation_spread, activity_on_grid


@QUICK
@given(problems())
def test_quantiles_equal_those_of_each_group(problem: Problem) -> None:
    table = activation_spread(problem.network, problem.activations)
    groups = np.array(problem.groups)
    assert len(table) == len(set(problem.groups)) * problem.steps
    for row in table.itertuples():
        values = problem.activations[groups == row.group, row.step - 1]
        assert row.n == len(values)
        expected = [values.mean(), *np.quantile(values, [0.1, 0.5, 0.9, 0, 1])]
        found = [row.mean, row.low, row.median, row.high, row.min, row.max]
        np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.fixture
def grid() -> wg.MultilayeredNetwork:
    """Five neurons: two in one column, one without a column."""
    neurons = pd.DataFrame(
        {
            "id": [10, 11, 12, 13, 14],
            "cell_type": ["L1", "L1", "L1", "L2", "L1"],
            "u": [0, 0, 1, 1, None],
            "v": [2, 2, 0, 0, 1],
            "sign": 1,
        }
    )
    edges = pd.DataFrame({"pre": [10, 11], "post": [12, 13], "count": 1})
    wiring = wg.Connectome.from_edges(edges, neurons)
    return wg.MultilayeredNetwork.from_connectome(wiring, [10, 12], steps=2, device="cpu")


def test_columns_have_the_mean_of_their_neurons(grid: wg.MultilayeredNetwork) -> None:
    activity = np.arange(10).reshape(5, 2) / 10
    table = activity_on_grid(grid, activity, "L1", stimulus=np.array([[0.5, 0], [0.7, 0]]))
    assert table.to_numpy().tolist() == [
        [0, 0, 2, 1, 0.5],
        [0, 1, 0, 1, 0.7],
        [1, 0, 2, 2, pytest.approx(0.1)],
        [1, 1, 0, 1, pytest.approx(0.4)],
        [2, 0, 2, 2, pytest.approx(0.2)],
        [2, 1, 0, 1, pytest.approx(0.5)],
    ]


def test_nobody_with_a_column_gives_an_empty_table(grid: wg.MultilayeredNetwork) -> None:
    activity = np.zeros((5, 2))
    none = activity_on_grid(grid, activity, [4])
    assert none.empty
    assert none.dtypes.equals(activity_on_grid(grid, activity, "L1").dtypes)


def test_coordinates_are_numbers(grid: wg.MultilayeredNetwork) -> None:
    with pytest.raises(ValueError, match=r"u must give numbers, .* not such as 'L1'"):
        activity_on_grid(grid, np.zeros((5, 2)), "L1", u="cell_type")
    with pytest.raises(ValueError, match="w"):
        activity_on_grid(grid, np.zeros((5, 2)), "L1", v="w")

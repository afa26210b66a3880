"""An adjacency table as a list of edges."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_cases import QUICK

import wiregrad as wg


@QUICK
@given(
    values=st.lists(
        st.lists(st.sampled_from([0.0, 0.2, -0.3, 1.0, float("nan")]), min_size=3, max_size=3),
        min_size=1,
        max_size=4,
    ),
    threshold=st.sampled_from([None, 0, 0.2, 0.5, -0.3]),
)
def test_the_edges_equal_loops(values: list[list[float]], threshold: float | None) -> None:
    names = [f"n{i}" for i in range(len(values))]
    adjacency = pd.DataFrame(values, index=names, columns=["x", "y", "z"])
    edges = wg.adjacency_df_to_el(adjacency, threshold)
    expected = []
    for (i, pre), (j, post) in itertools.product(enumerate(names), enumerate("xyz")):
        weight = values[i][j]
        if weight != 0 and weight == weight and (threshold is None or weight >= threshold):
            expected.append((i * 3 + j, pre, post, weight))
    assert list(edges.columns) == ["pre", "post", "weight"]
    assert list(edges.itertuples(name=None)) == expected


def test_decision_05_missing_cells_are_no_edges() -> None:
    adjacency = pd.DataFrame([[np.nan, 0.5], [None, 0.0]], index=["a", "b"], columns=["a", "b"])
    assert wg.adjacency_df_to_el(adjacency).to_numpy().tolist() == [["a", "b", 0.5]]
    assert len(wg.adjacency_df_to_el(adjacency, threshold=-1)) == 1


def test_both_axes_may_have_one_name() -> None:
    adjacency = pd.DataFrame([[0, 2], [3, 0]], index=[10, 20], columns=[10, 20])
    adjacency = adjacency.rename_axis("neuron").rename_axis("neuron", axis="columns")
    edges = wg.adjacency_df_to_el(adjacency)
    assert edges.to_numpy().tolist() == [[10, 20, 2], [20, 10, 3]]
    assert edges.index.tolist() == [1, 2]


def test_columns_of_several_types_and_names_that_repeat_are_taken() -> None:
    adjacency = pd.DataFrame({"x": [1, 0], "y": [0.5, -0.25]}, index=["a", "a"])
    edges = wg.adjacency_df_to_el(adjacency)
    assert edges.to_numpy().tolist() == [["a", "x", 1.0], ["a", "y", 0.5], ["a", "y", -0.25]]
    assert edges["weight"].dtype == np.float64


def test_an_empty_table_has_no_edges() -> None:
    edges = wg.adjacency_df_to_el(pd.DataFrame(np.zeros((2, 2)), index=["a", "b"]))
    assert list(edges.columns) == ["pre", "post", "weight"]
    assert len(edges) == 0


def test_the_table_is_left_as_it_is() -> None:
    adjacency = pd.DataFrame([[0.1, 0.5]], index=["a"], columns=["x", "y"])
    before = adjacency.copy()
    wg.adjacency_df_to_el(adjacency, 0.3)
    pd.testing.assert_frame_equal(adjacency, before)


def test_an_array_is_refused() -> None:
    with pytest.raises(TypeError, match=r"adjacency is a DataFrame.*not ndarray"):
        wg.adjacency_df_to_el(np.eye(2))  # type: ignore[arg-type]

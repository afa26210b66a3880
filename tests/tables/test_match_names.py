"""Names of groups, and neurons, as users write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from wiregrad.tables._match_names import labelled_neurons, match_names
from wiregrad.tables._neurons import read_neurons


def objects(*values: Any) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("labels", "names", "expected"),
    [
        (objects("a", "b", "c"), ["b", "a"], [1, 0, -1]),
        (objects("a", 5, 5.0, "5", "5.0"), ["5"], [-1, 0, 0, 0, 0]),
        (objects(5, "5"), [5, "5"], [0, 1]),
        (np.array([5, 7]), ["7", "5"], [1, 0]),
        (np.array([5.0, 7.5]), ["7.5", "5"], [1, 0]),
        (objects("5", "7"), [7.0, 5.0], [1, 0]),
        (objects("5"), [5.0, "5.0"], [0]),
        (objects(None, np.nan, pd.NA, "nan"), ["nan"], [0, 0, 0, 0]),
        (objects((1, 2), (3, 4)), [(3, 4), (1, 2)], [1, 0]),
        (objects("v1.0", "1.50"), ["v1", "1.5"], [-1, -1]),
        (objects(), ["a"], []),
        (objects("a"), [], [-1]),
    ],
)
def test_names_are_matched_as_they_stand_and_then_as_text(
    labels: np.ndarray, names: list[Any], expected: list[int]
) -> None:
    assert match_names(labels, pd.Index(names, tupleize_cols=False)).tolist() == expected


def test_neurons_without_an_entry_are_passed_over() -> None:
    neurons, labels = labelled_neurons(pd.Series(["x", "y"], index=[2, 8]), 4, "idx_to_group")
    assert neurons.tolist() == [2]
    assert labels.tolist() == ["x"]
    neurons, labels = labelled_neurons(None, 3, "idx_to_group")
    assert neurons.tolist() == labels.tolist() == [0, 1, 2]


def test_where_the_number_of_neurons_is_not_known() -> None:
    assert read_neurons([9, 2], "selected").tolist() == [2, 9]
    with pytest.raises(ValueError, match=r"selected are out of range, -2$"):
        read_neurons([-2], "selected")
    assert read_neurons([True, False, True], "selected").tolist() == [0, 2]

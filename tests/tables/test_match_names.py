"""Names of groups, and neurons, as users write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from wiregrad.tables._match_names import labelled_neurons, match_names
from wiregrad.tables._neurons import read_neurons
from wiregrad.tables._text_groups import TextGroups


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


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (pd.Series(list("abc"), index=[2, 1, 2]), "groups has several entries for 1 keys: 2; give"),
        (
            {"0": "a", "1": "b"},
            r"keys are text: .*\{int\(k\): v for k, v in groups.items\(\)\}",
        ),
    ],
)
def test_keys_that_are_unusable_are_refused(groups: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        labelled_neurons(groups, 4, "groups")


def test_keys_that_are_words_get_no_advice_on_numbers() -> None:
    with pytest.raises(ValueError, match=r"it has AVAL$"):
        labelled_neurons({"AVAL": "a"}, 4, "groups")


# Groups by their text


@pytest.mark.parametrize(
    "labels",
    [
        objects("b", "a", "b", None, "nan"),
        objects(1, "1", 1.0, True, "True", np.nan),
        objects((1, 2), pd.NA, (1, 2)),
        np.array([10, 9, 10]),
        np.array([1.5, np.nan, 2.0]),
        objects(2, 10, 2, None),
        objects(None, None),
        objects(),
    ],
)
@pytest.mark.parametrize("missing", ["nan", "a"])
def test_groups_by_text_are_those_of_a_loop(labels: np.ndarray, missing: str) -> None:
    groups = TextGroups.of(labels, missing)
    text = [missing if pd.isna(label) is True else str(label) for label in labels.tolist()]
    assert groups.names.tolist() == sorted(set(text))
    assert groups.names[groups.of_neuron].tolist() == text
    assert groups.sizes.tolist() == [text.count(name) for name in groups.names]


def test_only_different_labels_are_made_text() -> None:
    made = []

    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            made.append(1)
            return super().__str__()

    labels = objects(Text("a"), Text("b")).repeat(1_000)
    assert TextGroups.of(labels).sizes.tolist() == [1_000, 1_000]
    assert len(made) <= 4

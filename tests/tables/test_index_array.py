"""Whatever holds numbers of neurons, as a plain array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import wiregrad as wg


@pytest.mark.parametrize(
    "data",
    [
        [3, 1, 3],
        (3, 1, 3),
        np.array([3, 1, 3], dtype=np.int16),
        np.array([[3, 1, 3]]),
        pd.Series([3, 1, 3]),
        pd.Series([3, 1, 3], dtype="Int64"),
        pd.Index([3, 1, 3]),
        pd.array([3, 1, 3], dtype="UInt8"),
        pd.Categorical([3, 1, 3]),
        torch.tensor([3, 1, 3]),
        torch.tensor([3.0, 1.0, 3.0], requires_grad=True),
        {"a": 3, "b": 1, "c": 3}.values(),
        [np.int32(3), 1, np.uint8(3)],
        [3, None, 1, float("nan"), 3, pd.NA],
        pd.Series([3, pd.NA, 1, 3], dtype="Int64"),
        np.array([3, np.nan, 1, 3], dtype=object),
    ],
)
def test_collections_are_sorted_and_kept_once_or_left_in_order(data: Any) -> None:
    assert wg.to_nparray(data).tolist() == [1, 3]
    assert wg.to_nparray(data, unique=False).tolist() == [3, 1, 3]


@pytest.mark.parametrize("data", [{3, 1}, frozenset({3, 1}), {3: "a", 1: "b"}.keys()])
def test_sets_are_taken(data: Any) -> None:
    assert wg.to_nparray(data).tolist() == [1, 3]


@pytest.mark.parametrize(
    "data",
    [5, 5.0, np.int8(5), np.uint64(5), np.float32(5), np.array(5), torch.tensor(5), range(5, 6)],
)
def test_one_number_of_any_type_is_an_array_of_one(data: Any) -> None:
    assert wg.to_nparray(data).tolist() == [5]


def test_numbers_keep_their_type() -> None:
    assert wg.to_nparray(np.array([1, 2], dtype=np.int16)).dtype == np.int16
    assert wg.to_nparray([1, float("nan")]).dtype == np.float64
    assert wg.to_nparray([1, None]).dtype == np.int64


def test_nothing_is_an_empty_array() -> None:
    for data in ([], (), set(), float("nan"), [None], pd.Series([], dtype="Int64")):
        assert wg.to_nparray(data).tolist() == []


def test_missing_names_are_dropped_before_they_become_text() -> None:
    assert wg.to_nparray(["b", float("nan"), "a"]).tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("AVA", r"'AVA' is a str.*a single name goes into a list: \['AVA'\]"),
        (b"AVA", "is a bytes"),
        (np.str_("AVA"), "is a str_.*goes into a list"),
        (None, "None is a NoneType: pass a number, or a list"),
        ({1: 2}, "is a dict.*pass its keys"),
        (pd.DataFrame({"a": [1]}), "is a DataFrame"),
        (iter([1]), "is a list_iterator"),
    ],
)
def test_what_is_no_collection_of_numbers_is_refused(data: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"(?s){message}"):
        wg.to_nparray(data)

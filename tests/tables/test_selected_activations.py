"""The activations of those that do most, column by column, against loops."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from table_cases import QUICK

import wiregrad as wg

ACTIVATIONS = np.array([[0.2, 0.0], [0.9, 0.4], [0.5, 0.1]])


def by_loops(
    array: np.ndarray,
    indices: list[int],
    groups: dict[int, Any] | None,
    top_n: int | None,
    threshold: float | dict[int, float] | None,
) -> list[list[tuple[Any, float]]]:
    """List what each column's dict must hold, in its order."""
    columns = []
    for column in range(array.shape[1]):
        level = threshold.get(column, 0) if isinstance(threshold, dict) else threshold or 0
        rows = sorted(zip(array[:, column].tolist(), indices, strict=True))
        rows = rows if top_n is None else rows[-top_n:]
        rows = [(value, i) for value, i in rows if level <= 0 or value >= level]
        collected: dict[Any, list[float]] = {}
        for value, i in rows:
            collected.setdefault(i if groups is None else groups[i], []).append(value)
        columns.append([(name, sum(found) / len(found)) for name, found in collected.items()])
    return columns


@QUICK
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 12),
    grouped=st.booleans(),
    top_n=st.sampled_from([None, 1, 3, 20]),
    threshold=st.sampled_from([None, 0, 0.5, {0: 0.7}]),
)
def test_the_columns_equal_loops(
    seed: int, n: int, grouped: bool, top_n: int | None, threshold: Any
) -> None:
    rng = np.random.default_rng(seed)
    array, indices = rng.random((n, 2)), rng.permutation(50)[:n].tolist()
    groups = {i: rng.choice(["b", "a", "c"]) for i in indices} if grouped else None
    found = wg.get_activations(array, indices, groups, top_n, threshold)
    assert list(found) == [0, 1]
    for column, expected in enumerate(by_loops(array, indices, groups, top_n, threshold)):
        assert list(found[column]) == [name for name, _ in expected]
        np.testing.assert_allclose(list(found[column].values()), [mean for _, mean in expected])


def test_top_n_comes_before_the_threshold() -> None:
    found = wg.get_activations(ACTIVATIONS, [0, 1, 2], top_n=2, threshold=0.6)
    assert found == {0: {1: 0.9}, 1: {}}


def test_groups_are_averaged_over_those_collected() -> None:
    found = wg.get_activations(ACTIVATIONS, [0, 1, 2], {0: "a", 1: "a", 2: "b"}, threshold=0.3)
    assert found == {0: {"b": 0.5, "a": 0.9}, 1: {"a": 0.4}}


def test_neurons_without_a_group_are_one_group() -> None:
    found = wg.get_activations(ACTIVATIONS, [0, 1, 2], {0: np.nan, 1: float("nan"), 2: "b"})
    assert [str(name) for name in found[0]] == ["nan", "b"]
    assert list(found[0].values()) == pytest.approx([0.55, 0.5])


@pytest.mark.parametrize(
    "indices",
    [
        (5, 3, 9),
        np.array([5, 3, 9], dtype=np.uint8),
        pd.Series([5, 3, 9]),
        pd.Index([5, 3, 9]),
        torch.tensor([5, 3, 9]),
        {5: 0, 3: 0, 9: 0}.keys(),
    ],
)
def test_decision_03_rows_follow_the_given_order(indices: Any) -> None:
    found = wg.get_activations(torch.from_numpy(ACTIVATIONS), indices)
    assert found[0] == {5: 0.2, 9: 0.5, 3: 0.9}


def test_a_set_is_sorted_and_a_range_is_taken() -> None:
    assert wg.get_activations(ACTIVATIONS, {9, 3, 5})[0] == {3: 0.2, 9: 0.5, 5: 0.9}
    assert wg.get_activations(ACTIVATIONS, range(3))[0] == {0: 0.2, 2: 0.5, 1: 0.9}
    assert wg.get_activations(ACTIVATIONS[:1], 7)[1] == {7: 0.0}


def test_a_network_knows_neurons_and_groups(worm_network: wg.MultilayeredNetwork) -> None:
    out = worm_network(np.ones((83, 3)))
    everything = wg.get_activations(out, network=worm_network)
    assert everything[2]["AVA"] == pytest.approx(out[[53, 54], 2].mean().item())
    some = wg.get_activations(out[[53, 54]], "AVA", "id", network=worm_network)
    assert set(some[0]) == {"AVAL", "AVAR"}


def test_decision_05_nan_is_refused() -> None:
    broken = np.array([[0.0, np.nan], [np.inf, 1.0]])
    message = r"array holds 2 .*first at \[\(0, 1\), \(1, 0\)\].*numpy.nan_to_num"
    with pytest.raises(ValueError, match=message):
        wg.get_activations(broken, [0, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"global_indices": [0, 1]}, "names 2 neurons, but array has 3 rows"),
        ({"global_indices": [0, 1, 1]}, "global_indices are repeated: 1"),
        ({"global_indices": None}, "global_indices is missing"),
        ({"global_indices": "AVA"}, "'AVA' is a str"),
        ({"idx_map": {0: "a", 1: "b"}}, "1 neurons have no group in idx_map: 2"),
        ({"top_n": 0}, "top_n=0 collects nothing"),
        ({"top_n": -2}, "top_n=-2 collects nothing"),
        ({"threshold": np.nan}, "threshold is NaN"),
        ({"array": ACTIVATIONS[None]}, r"array has shape \(1, 3, 2\).*of a batch, pass one"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], message: str) -> None:
    usual = {"array": ACTIVATIONS, "global_indices": [0, 1, 2]}
    with pytest.raises((ValueError, TypeError), match=message):
        wg.get_activations(**(usual | arguments))


def test_a_whole_brain_takes_a_fraction_of_a_second() -> None:
    rng = np.random.default_rng(0)
    activations = rng.random((133_436, 6), dtype=np.float32)
    start = time.perf_counter()
    found = wg.get_activations(activations, range(133_436), top_n=100_000, threshold=0.2)
    assert time.perf_counter() - start < 2  # 0.3 where nothing else runs
    assert len(found[0]) == 100_000

"""Targets as a user writes them down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg

COLUMNS = ["batch", "layer", "neuron", "value"]


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"layer": 0, "neuron": [1, 2], "value": 0.5, **columns})


def test_a_dict_becomes_a_row_a_target_with_batch_innermost() -> None:
    targets = wg.TargetActivation({1: {7: 0.5, 3: 0.25}, 0: {4: 1.0}}, batch_size=2)
    assert targets.targets_df.columns.tolist() == COLUMNS
    assert targets.targets_df.to_numpy().tolist() == [
        [0, 1, 7, 0.5],
        [1, 1, 7, 0.5],
        [0, 1, 3, 0.25],
        [1, 1, 3, 0.25],
        [0, 0, 4, 1.0],
        [1, 0, 4, 1.0],
    ]


@pytest.mark.parametrize("size", [None, 0, 1])
def test_a_dict_is_for_one_member_unless_told_otherwise(size: int | None) -> None:
    assert wg.TargetActivation({0: {1: 0.5}}, size).batch_size == 1


def test_a_frame_without_batch_is_for_every_member() -> None:
    targets = wg.TargetActivation(frame(), batch_size=2)
    assert targets.targets_df.columns.tolist() == ["layer", "neuron", "value", "batch"]
    assert targets.targets_df["batch"].tolist() == [0, 0, 1, 1]
    assert targets.targets_df["neuron"].tolist() == [1, 2, 1, 2]
    assert wg.TargetActivation(frame()).batch_size == 1


def test_a_frame_with_batch_says_how_many_members_there_are() -> None:
    targets = wg.TargetActivation(frame(batch=[0, 4]))
    assert (targets.batch_size, type(targets.batch_size)) == (5, int)
    assert wg.TargetActivation(frame(batch=[0, 4]), batch_size=9).batch_size == 9
    assert wg.TargetActivation(frame(batch=[0, 4]), batch_size=np.int64(2)).batch_size == 2


def test_the_frame_is_copied_and_not_changed() -> None:
    mine = frame(batch=[0, 1])
    before = mine.copy()
    targets = wg.TargetActivation(mine)
    targets.targets_df["value"] = 0.0
    pd.testing.assert_frame_equal(mine, before)


def test_decision_12_integers_stay_integers() -> None:
    for targets in (
        wg.TargetActivation({1: {7: 0.5}}, batch_size=2),
        wg.TargetActivation(frame()),
        wg.TargetActivation(frame(batch=[0, 1])),
    ):
        kinds = targets.targets_df[["batch", "layer", "neuron"]].dtypes
        assert (kinds == np.int64).all()
        (layer,) = targets.get_batch_targets(0)
        (neuron, *_) = targets.get_batch_targets(0)[layer]
        assert (type(layer), type(neuron)) == (int, int)


def test_targets_come_back_member_by_member() -> None:
    targets = wg.TargetActivation(frame(batch=[0, 1], value=[0.5, 0.75]))
    assert targets.get_batch_targets(0) == {0: {1: 0.5}}
    assert targets.get_batch_targets(1) == {0: {2: 0.75}}
    assert targets.get_batch_targets(2) == {}


def test_names_come_back_as_they_were() -> None:
    asked = {2: {"AVA": 0.9, 5: 0.25}, -1: {"AVB": 1.0}}
    assert wg.TargetActivation(asked).get_batch_targets(0) == asked


@pytest.mark.parametrize("empty", [{}, {0: {}}])
def test_no_targets_keep_their_columns(empty: dict[int, Any]) -> None:
    assert wg.TargetActivation(empty).targets_df.columns.tolist() == COLUMNS
    assert wg.TargetActivation(empty).get_batch_targets(0) == {}
    assert wg.TargetActivation(frame(batch=0)[:0]).batch_size == 0


@pytest.mark.parametrize("batch", [["a", "b"], [np.nan, np.nan], [np.inf, 0]])
def test_odd_members_wait_for_the_network_to_be_refused(batch: list[Any]) -> None:
    targets = wg.TargetActivation(frame(batch=batch))
    network = wg.MultilayeredNetwork(np.eye(3), [0], device="cpu")
    with pytest.raises(ValueError, match="the targets' 'batch' must be whole numbers"):
        wg.activation_maximisation(network, targets)


def test_a_missing_column_is_named_with_what_is_there() -> None:
    message = (
        r"must contain columns: \['layer', 'neuron', 'value'\]; it lacks neuron and has layer, "
        r"neurons, value; did you mean 'neurons'"
    )
    with pytest.raises(ValueError, match=message):
        wg.TargetActivation(frame().rename(columns={"neuron": "neurons"}))


@pytest.mark.parametrize("size", [-1, 2.5, "2", np.nan])
def test_a_batch_size_that_is_no_whole_number_is_refused(size: Any) -> None:
    with pytest.raises(ValueError, match=f"batch_size is a whole number .*, not {size!r}"):
        wg.TargetActivation({0: {1: 0.5}}, size)


def test_what_makes_no_targets_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a dict .* or a DataFrame, not list"):
        wg.TargetActivation([0.9])  # type: ignore[arg-type]
    message = r"layer 'AVA' has 0\.9 in place of \{neuron: value\}"
    with pytest.raises(TypeError, match=message):
        wg.TargetActivation({"AVA": 0.9})  # type: ignore[dict-item]

"""Stimuli by group: every mean by a loop, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from table_cases import GROUP_NAMES, QUICK

import wiregrad as wg
from wiregrad.tables._group_means import passing

SENSORY = [7, 3, 5]
GROUPS = {3: "a", 5: "b", 7: "a"}
STIMULUS = np.array([[1.0, 0.0], [0.2, 0.0], [0.0, -0.6]])


@QUICK
@given(
    seed=st.integers(0, 2**32 - 1),
    threshold=st.sampled_from([0, 0.5, 0.9, 2]),
    select=st.booleans(),
)
def test_every_mean_is_that_of_a_loop(seed: int, threshold: float, select: bool) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.choice(GROUP_NAMES, 9).tolist()
    sensory = rng.permutation(9)[: rng.integers(1, 10)].tolist()
    stimulus = rng.uniform(-1, 1, (len(sensory), 2))
    selected = rng.choice(sensory, 3).tolist() if select else None
    table = wg.get_input_activation(
        stimulus, sensory, dict(enumerate(groups)), selected, activation_threshold=threshold
    )
    expected: dict[str, list[Any]] = {}
    for row, neuron in zip(stimulus, sensory, strict=True):
        if max(abs(row)) >= threshold and (selected is None or neuron in selected):
            expected.setdefault(groups[neuron], []).append(row)
    assert table.index.name == "group"
    assert table.columns.tolist() == ["time_0", "time_1"]
    assert table.index.tolist() == sorted(expected)
    for group, rows in expected.items():
        np.testing.assert_allclose(table.loc[group], sum(rows) / len(rows))


def test_decision_26_the_size_of_the_input_counts() -> None:
    table = wg.get_input_activation(STIMULUS, SENSORY, GROUPS, activation_threshold=0.5)
    assert table.to_dict("index") == {
        "a": {"time_0": 1.0, "time_1": 0.0},
        "b": {"time_0": 0.0, "time_1": -0.6},
    }
    below = wg.get_input_activation(-np.ones((3, 2)), SENSORY, GROUPS)
    assert below.index.tolist() == ["a", "b"]


def test_decision_03_rows_are_in_the_order_of_sensory_indices() -> None:
    table = wg.get_input_activation(STIMULUS, SENSORY, {3: "three", 5: "five", 7: "seven"})
    assert table["time_0"].to_dict() == {"seven": 1.0, "three": 0.2, "five": 0.0}
    chosen = wg.get_input_activation(STIMULUS, SENSORY, GROUPS, [3])
    assert chosen["time_0"].to_dict() == {"a": 0.2}


def test_a_missing_group_is_the_last() -> None:
    table = wg.get_input_activation(STIMULUS, SENSORY, {7: None, 3: "b", 5: "a"})
    assert table.index.tolist()[:2] == ["a", "b"]
    assert pd.isna(table.index[2])


@pytest.mark.parametrize(
    "selected", [{3, 7}, (7, 3), np.array([3, 7]), pd.Series([3, 7]), [3, 7, 3]]
)
def test_selected_neurons_of_any_kind(selected: Any) -> None:
    table = wg.get_input_activation(STIMULUS, SENSORY, GROUPS, selected)
    assert table["time_0"].to_dict() == {"a": 0.6}


def test_nothing_that_counts_is_a_table_without_rows() -> None:
    for limits in ({"activation_threshold": 2}, {"selected_indices": []}):
        table = wg.get_input_activation(STIMULUS, SENSORY, GROUPS, **limits)
        assert table.empty
        assert table.index.name == "group"
        assert table.columns.tolist() == ["time_0", "time_1"]


def test_a_labelled_network_knows_the_rest(worm_network: wg.MultilayeredNetwork) -> None:
    stimulus = torch.rand(83, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    table = wg.get_input_activation(stimulus, network=worm_network)
    sensory = worm_network.sensory_indices.tolist()
    rows = [sensory.index(neuron) for neuron in worm_network.find("ASH")]
    np.testing.assert_allclose(table.loc["ASH"], stimulus.detach()[rows].mean(dim=0), rtol=1e-6)
    assert len(table) == worm_network.neurons["cell_type"].iloc[sensory].nunique()
    chosen = wg.get_input_activation(
        stimulus, idx_to_group="id", selected_indices="ASH", network=worm_network
    )
    assert chosen.index.tolist() == ["ASHL", "ASHR"]
    given = wg.get_input_activation(stimulus[:2], ["ASHR", "ASHL"], "id", network=worm_network)
    np.testing.assert_allclose(given.loc["ASHR"], stimulus.detach()[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_in": STIMULUS[None]}, r"\(1, 3, 2\), a batch: pass one member .*model_in\[0\]"),
        ({"model_in": STIMULUS[:2]}, r"2 rows, but there are 3 sensory neurons"),
        ({"model_in": STIMULUS[0]}, r"model_in has shape \(2,\), but \(neuron, step\) is needed"),
        ({"selected_indices": [3, 4]}, "1 neurons that are not sensory: 4; select from"),
        ({"selected_indices": ["AVA"]}, r"selected_indices holds names \(AVA\)"),
        ({"sensory_indices": None}, "sensory_indices is missing: give it, or network="),
        ({"idx_to_group": None}, "idx_to_group is missing: give it, or network="),
        ({"idx_to_group": {3: "a"}}, "2 neurons have no group in idx_to_group: 7, 5"),
        ({"sensory_indices": [1, 1, 2]}, "sensory_indices are repeated: 1"),
    ],
)
def test_what_is_refused(change: dict[str, Any], message: str) -> None:
    given = {"model_in": STIMULUS, "sensory_indices": SENSORY, "idx_to_group": GROUPS}
    with pytest.raises(ValueError, match=message):
        wg.get_input_activation(**{**given, **change})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_decision_05_inputs_that_are_no_numbers_are_refused(bad: float) -> None:
    stimulus = STIMULUS.copy()
    stimulus[1, 1] = bad
    with pytest.raises(ValueError, match=r"model_in holds 1 values .*first at \[\(1, 1\)\]"):
        wg.get_input_activation(stimulus, SENSORY, GROUPS)


@pytest.mark.parametrize("threshold", [0.7, np.float64(0.7), np.float32(0.7)])
def test_inputs_are_compared_in_their_own_dtype(threshold: Any) -> None:
    stimulus = np.array([[0.7], [0.6], [-0.7]], dtype=np.float32)
    table = wg.get_input_activation(stimulus, SENSORY, GROUPS, activation_threshold=threshold)
    assert table["time_0"].tolist() == [np.float32(0.7), np.float32(-0.7)]


@pytest.mark.parametrize("values", [np.float32([0.7]), np.float16([0.7]), np.array([0.7])])
def test_a_threshold_is_taken_in_the_dtype_of_the_values(values: Any) -> None:
    assert passing(values, np.float64(0.7)).tolist() == [True]
    assert passing(values, np.float64(1e30)).tolist() == [False]
    assert passing(np.array([1, 2]), np.float64(1.5)).tolist() == [False, True]


def test_a_threshold_of_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="activation_threshold is NaN: give a number"):
        wg.get_input_activation(STIMULUS, SENSORY, GROUPS, activation_threshold=np.nan)


# Ids that are numbers


IDS = [720575940621039145, 720575940621039146, 9, 720575940621039144]


def network_of_ids() -> wg.MultilayeredNetwork:
    neurons = pd.DataFrame({"id": IDS, "cell_type": ["S", "S", "M", "S"], "sign": 1})
    edges = pd.DataFrame({"pre": IDS[:1], "post": IDS[2:3], "count": [1]})
    connectome = wg.Connectome.from_edges(edges, neurons)
    return wg.MultilayeredNetwork.from_connectome(connectome, "S", device="cpu")


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, pd.Index, torch.tensor])
def test_sensory_neurons_may_be_ids_that_are_numbers(kind: Any) -> None:
    network = network_of_ids()
    given = [IDS[3], IDS[1], 0]  # the last by its index
    table = wg.get_input_activation(STIMULUS, kind(given), "id", network=network)
    assert table["time_0"].to_dict() == {str(IDS[3]): 1.0, str(IDS[1]): 0.2, str(IDS[0]): 0.0}
    chosen = wg.get_input_activation(STIMULUS, given, "id", [IDS[1], IDS[3]], network=network)
    assert sorted(chosen.index) == [str(IDS[3]), str(IDS[1])]


def test_one_sensory_neuron_alone() -> None:
    network = network_of_ids()
    for alone in (IDS[1], np.uint64(IDS[1]), 1):
        table = wg.get_input_activation(STIMULUS[:1], alone, "id", network=network)
        assert table["time_0"].to_dict() == {str(IDS[1]): 1.0}


@pytest.mark.parametrize(
    ("sensory", "message"),
    [
        ([IDS[0], 7, IDS[1]], "7 is neither a neuron's index .0 to 3. nor a neuron's id"),
        ([IDS[0], IDS[1], IDS[0]], f"sensory_indices are repeated: {IDS[0]}"),
        ([IDS[0], IDS[1], 0], "sensory_indices are repeated: 0"),
        ([0, -1, 2], "-1 is neither a neuron's index"),
    ],
)
def test_ids_that_are_no_sensory_neurons_are_refused(sensory: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.get_input_activation(STIMULUS, sensory, "id", network=network_of_ids())


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (
            pd.Series(list("abca"), index=[3, 5, 7, 3]),
            "idx_to_group has several entries for 1 keys: 3; give every neuron one",
        ),
        (
            {"3": "a", "5": "b", "7": "a"},
            r"keys are text: .*\{int\(k\): v for k, v in idx_to_group.items\(\)\}",
        ),
    ],
)
def test_groups_whose_keys_are_unusable_are_refused(groups: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.get_input_activation(STIMULUS, SENSORY, groups)

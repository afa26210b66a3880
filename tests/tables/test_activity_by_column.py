"""Activity by column: every row by a loop, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_cases import GROUP_NAMES, QUICK

import wiregrad as wg

COLUMNS = ["normalised_column", "cell_group", "time_point", "activation", "time_step"]
ACTIVITY = np.array([[0.2, 0.0], [0.4, 0.0], [0.6, 0.1], [0.8, 0.3]])
GROUPS = {0: "a", 1: "a", 2: "a", 3: "b"}
PLACES = {0: 1, 1: 1, 2: 2, 3: 4}
STIMULUS = np.array([[1.0, 0.0], [0.5, 0.0]])


@QUICK
@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 3), driven=st.booleans())
def test_every_row_is_that_of_a_loop(seed: int, steps: int, driven: bool) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.choice(GROUP_NAMES, 8).tolist()
    places = rng.integers(1, 5, 8).tolist()
    activity = rng.random((8, steps))
    sensory = rng.permutation(8)[: rng.integers(1, 9)].tolist() if driven else None
    stimulus = rng.uniform(-1, 1, (len(sensory), steps)) if sensory else None
    selected = rng.permutation(sorted(set(groups)))[:2].tolist()
    table = wg.activity_by_column(
        activity, dict(enumerate(groups)), dict(enumerate(places)), selected, stimulus, sensory
    )
    expected = []
    for step in range(0 if driven else 1, steps + 1):
        for group in sorted(selected):
            members = [i for i in range(8) if groups[i] == group]
            largest = max(places[i] for i in members)
            for place in sorted({places[i] for i in members}):
                there = [i for i in members if places[i] == place]
                if step:
                    values = [activity[i, step - 1] for i in there]
                else:
                    values = [stimulus[sensory.index(i), 0] for i in there if i in sensory]
                if values:
                    time = f"time_{max(step - 1, 0)}"
                    mean = sum(values) / len(values)
                    expected.append([place / largest, group, time, mean, step])
    assert table.columns.tolist() == COLUMNS
    assert table.index.equals(pd.RangeIndex(len(expected)))
    labels = ["cell_group", "time_point", "time_step"]
    wanted = pd.DataFrame(expected, columns=COLUMNS)
    assert table[labels].values.tolist() == wanted[labels].values.tolist()
    numbers = ["normalised_column", "activation"]
    np.testing.assert_allclose(table[numbers], wanted[numbers])


def test_decision_27_input_and_activity_share_one_scale() -> None:
    """Only the neurons of column 1 are sensory; the largest column of the group is 2."""
    table = wg.activity_by_column(ACTIVITY, GROUPS, PLACES, ["a"], STIMULUS, [1, 0])
    given_input = table[table["time_step"] == 0]
    assert given_input[["normalised_column", "activation"]].values.tolist() == [[0.5, 0.75]]
    assert given_input["time_point"].tolist() == ["time_0"]
    assert table["normalised_column"].unique().tolist() == [0.5, 1.0]


def test_decision_27_an_unknown_group_is_refused() -> None:
    message = "selected_group names what is no group: aa; there are a, b; did you mean 'a'"
    with pytest.raises(ValueError, match=message):
        wg.activity_by_column(ACTIVITY, GROUPS, PLACES, ["a", "aa"])


@pytest.mark.parametrize("largest", [0, -1])
def test_decision_27_a_largest_column_of_zero_is_refused(largest: int) -> None:
    with pytest.raises(ValueError, match=rf"must be above 0, .*: 'b' {largest}; number columns"):
        wg.activity_by_column(ACTIVITY, GROUPS, {**PLACES, 3: largest}, ["a", "b"])


def test_decision_26_negative_input_is_input() -> None:
    table = wg.activity_by_column(ACTIVITY, GROUPS, PLACES, "a", -STIMULUS, [0, 2])
    assert table["activation"][:2].tolist() == [-1.0, -0.5]


def test_decision_03_rows_of_the_stimulus_are_in_the_order_of_sensory_indices() -> None:
    table = wg.activity_by_column(ACTIVITY, GROUPS, PLACES, "a", STIMULUS, [2, 0])
    assert table["activation"][:2].tolist() == [0.5, 1.0]


def test_neurons_without_a_column_are_in_none() -> None:
    places = {**PLACES, 0: None, 2: np.nan}
    table = wg.activity_by_column(ACTIVITY, GROUPS, places, "a")
    assert table["activation"].tolist() == [0.4, 0.0]
    with pytest.raises(ValueError, match="'b' has none; number columns"):
        wg.activity_by_column(ACTIVITY, GROUPS, {**PLACES, 3: None}, ["a", "b"])


def test_a_dict_of_some_neurons_will_do() -> None:
    table = wg.activity_by_column(ACTIVITY, {1: "a", 3: "b", 99: "a"}, {1: 5, 3: 2}, "a")
    assert table["activation"].tolist() == [0.4, 0.0]


def test_columns_may_be_negative_and_written_as_text() -> None:
    places = {0: "-1", 1: "0", 2: "2", 3: "1"}
    table = wg.activity_by_column(ACTIVITY, GROUPS, places, "a")
    assert table["normalised_column"][:3].tolist() == [-0.5, 0.0, 1.0]


@pytest.mark.parametrize(
    "selected", ["b", ["b"], ("b", "b"), {"b"}, np.array(["b"]), pd.Series("b")]
)
def test_groups_of_any_kind(selected: Any) -> None:
    table = wg.activity_by_column(ACTIVITY, GROUPS, PLACES, selected)
    assert table["cell_group"].tolist() == ["b", "b"]


def test_groups_may_be_numbers() -> None:
    table = wg.activity_by_column(ACTIVITY, {0: 10, 1: 9, 2: 9, 3: 10}, PLACES, [10, 9])
    assert table["cell_group"].unique().tolist() == [9, 10]
    table = wg.activity_by_column(ACTIVITY, {0: 10, 1: 9, 2: 9, 3: 10}, PLACES, 10)
    assert table["cell_group"].unique().tolist() == [10]


def test_a_labelled_network_knows_groups_and_columns(fly_column: wg.Connectome) -> None:
    medulla = fly_column.subset(["R1", "L1", "Mi1"])
    network = wg.MultilayeredNetwork.from_connectome(medulla, "R1", 2, device="cpu")
    activity = network(np.ones((len(network.sensory_indices), 2)))
    table = wg.activity_by_column(
        activity,
        idx_to_column="u",
        selected_group=["Mi1", "R1"],
        model_input=np.ones((len(network.sensory_indices), 2)),
        network=network,
    )
    assert table["cell_group"].unique().tolist() == ["R1", "Mi1"]
    assert (table["activation"][table["time_step"] == 0] == 1).all()
    u, mi1 = medulla.neurons["u"], medulla.neurons["cell_type"] == "Mi1"
    last = table[(table["cell_group"] == "Mi1") & (table["time_step"] == 2)]
    assert len(last) == u[mi1].nunique()
    np.testing.assert_allclose(
        last["activation"].iloc[-1],
        activity[np.flatnonzero(mi1 & (u == u[mi1].max())), 1].mean(),
        rtol=1e-6,
    )


def test_the_arguments_stay_as_they_are() -> None:
    arguments = [ACTIVITY.copy(), dict(GROUPS), dict(PLACES), ["b", "a"], STIMULUS.copy(), [2, 0]]
    wg.activity_by_column(*arguments)
    np.testing.assert_array_equal(arguments[0], ACTIVITY)
    assert arguments[1:4] == [GROUPS, PLACES, ["b", "a"]]


def give(**changed: Any) -> dict[str, Any]:
    given = {"activity": ACTIVITY, "idx_to_group": GROUPS, "idx_to_column": PLACES}
    return {**given, "selected_group": ["a"], **changed}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (give(idx_to_group=None), "idx_to_group is missing: give it, or network="),
        (give(idx_to_column=None), "idx_to_column is missing: give it"),
        (give(selected_group=None), "selected_group is missing: give it"),
        (give(selected_group=[]), "selected_group is empty: name at least one group"),
        (give(model_input=STIMULUS), "model_input and sensory_indices go together"),
        (give(sensory_indices=[0, 1]), "model_input and sensory_indices go together"),
        (give(activity=ACTIVITY[None]), r"\(1, 4, 2\), a batch: pass one .*activity\[0\]"),
        (
            give(model_input=STIMULUS, sensory_indices=[0]),
            "model_input has .*: 2 rows, but there are 1 sensory neurons",
        ),
        (give(model_input=STIMULUS, sensory_indices=[0, 4]), r"out of range, 4: there are 4"),
        (give(idx_to_column={**PLACES, 1: "left"}), "must give numbers of columns, not left"),
        (give(idx_to_column={0: 1}), "2 neurons have no group in idx_to_column: 1, 2"),
        (give(idx_to_column={**PLACES, 2: np.inf}), "'a' inf; number columns"),
        (give(idx_to_group={7: "a"}), r"no key of idx_to_group is the index of a neuron \(0 to 3"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.activity_by_column(**arguments)


@pytest.mark.parametrize("argument", ["activity", "model_input"])
def test_decision_05_values_that_are_no_numbers_are_refused(argument: str) -> None:
    given = give(model_input=STIMULUS, sensory_indices=[0, 1])
    given[argument] = np.where(given[argument] == 0, np.nan, given[argument])
    with pytest.raises(ValueError, match=f"{argument} holds 2 values that are NaN"):
        wg.activity_by_column(**given)

"""Activations of chosen neurons by group: every mean by a loop, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from table_cases import GROUP_NAMES, QUICK

import wiregrad as wg

ACTIVATIONS = np.arange(24, dtype=np.float32).reshape(2, 4, 3) / 24
GROUPS = {0: "b", 1: "a", 2: "b", 3: "c"}


@QUICK
@given(seed=st.integers(0, 2**32 - 1), n_members=st.integers(0, 3), steps=st.integers(1, 3))
def test_every_mean_is_that_of_a_loop(seed: int, n_members: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.choice(GROUP_NAMES, 7).tolist()
    activations = rng.random((n_members, 7, steps))
    chosen = rng.integers(0, 7, rng.integers(0, 9)).tolist()
    names = [f"odour {name}" for name in rng.permutation(n_members)]
    table = wg.get_neuron_activation(activations, chosen, names, dict(enumerate(groups)))
    expected: list[list[Any]] = []
    for name, member in zip(names, activations, strict=True):
        for group in sorted({groups[neuron] for neuron in chosen}):
            rows = [member[i] for i in set(chosen) if groups[i] == group]
            means = [sum(row[time] for row in rows) / len(rows) for time in range(steps)]
            expected.append([name, group, *means])
    times = [f"time_{time}" for time in range(steps)]
    assert table.columns.tolist() == ["batch_name", "group", *times]
    assert table[["batch_name", "group"]].values.tolist() == [row[:2] for row in expected]
    if expected:
        np.testing.assert_allclose(table[times], [row[2:] for row in expected])
    if n_members:
        single = wg.get_neuron_activation(activations[0], chosen, None, dict(enumerate(groups)))
        first = table[table["batch_name"] == names[0]].drop(columns="batch_name")
        pd.testing.assert_frame_equal(single, first)


def test_decision_24_a_batch_without_groups_lists_neurons() -> None:
    table = wg.get_neuron_activation(ACTIVATIONS, [3, 1])
    assert table["batch_name"].tolist() == ["batch_0", "batch_0", "batch_1", "batch_1"]
    assert table["group"].tolist() == [1, 3, 1, 3]
    np.testing.assert_array_equal(
        table[["time_0", "time_1", "time_2"]], ACTIVATIONS[:, [1, 3]].reshape(4, 3)
    )


def test_decision_24_batches_keep_their_order() -> None:
    batch = np.zeros((12, 2, 1))
    table = wg.get_neuron_activation(batch, [0, 1], idx_to_group={0: "a", 1: "b"})
    assert table["batch_name"].unique().tolist() == [f"batch_{member}" for member in range(12)]
    table = wg.get_neuron_activation(batch[:3], [0], ["z", "a", "m"])
    assert table["batch_name"].tolist() == ["z", "a", "m"]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
@pytest.mark.parametrize("name", ["b", 7])
def test_decision_24_a_missing_group_is_kept_and_last(missing: Any, name: Any) -> None:
    groups = {0: missing, 1: name, 2: missing, 3: name}
    table = wg.get_neuron_activation(ACTIVATIONS, range(4), idx_to_group=groups)
    assert table["group"].isna().tolist() == [False, True, False, True]
    assert table["group"][0] == name
    np.testing.assert_allclose(table["time_0"][1], ACTIVATIONS[0, [0, 2], 0].mean())
    np.testing.assert_allclose(table["time_2"][3], ACTIVATIONS[1, [0, 2], 2].mean())


def test_groups_are_sorted_numbers_before_text() -> None:
    groups = {0: "b", 1: 10, 2: 9, 3: "a"}
    table = wg.get_neuron_activation(ACTIVATIONS[0], range(4), idx_to_group=groups)
    assert table["group"].tolist() == [9, 10, "a", "b"]


def test_groups_that_cannot_be_compared_are_sorted_as_text() -> None:
    groups = {0: ("b", 2), 1: 1, 2: None, 3: ("b", 2)}
    table = wg.get_neuron_activation(ACTIVATIONS[0], range(4), idx_to_group=groups)
    assert table["group"].tolist()[:2] == [("b", 2), 1]
    assert table["time_0"].tolist() == pytest.approx(
        [ACTIVATIONS[0, [0, 3], 0].mean(), ACTIVATIONS[0, 1, 0], ACTIVATIONS[0, 2, 0]]
    )


def test_members_of_one_name_are_averaged() -> None:
    batch = np.concatenate([ACTIVATIONS, ACTIVATIONS[:1] * 3])
    table = wg.get_neuron_activation(batch, [0, 1], ["x", "y", "x"], GROUPS)
    assert table[["batch_name", "group"]].values.tolist() == [
        *(["x", "a"], ["x", "b"], ["y", "a"], ["y", "b"]),
    ]
    np.testing.assert_allclose(table["time_1"][0], 2 * ACTIVATIONS[0, 1, 1])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "float16"])
def test_means_have_the_type_of_the_activations(dtype: str) -> None:
    table = wg.get_neuron_activation(ACTIVATIONS[0].astype(dtype), range(4))
    expected = {"float16": "float32", "int64": "float64"}.get(dtype, dtype)
    assert table["time_0"].dtype == expected


def test_many_members_do_not_blur_a_mean() -> None:
    activations = np.full((200_000, 1), 0.1, dtype=np.float32)
    table = wg.get_neuron_activation(
        activations, range(200_000), None, dict.fromkeys(range(200_000), "a")
    )
    assert table["time_0"].tolist() == [np.float32(0.1)]


@pytest.mark.parametrize(
    "neurons",
    [
        [3, 1, 3],
        (1, 3),
        range(1, 4, 2),
        {3, 1},
        np.array([1, 3], dtype=np.uint8),
        pd.Series([3.0, 1.0, np.nan]),
        pd.Index([1, 3]),
        torch.tensor([3, 1]),
        [False, True, False, True],
        np.array([False, True, False, True]),
        pd.Series([False, True, False, True]),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_neurons_of_any_kind(neurons: Any, named: bool) -> None:
    network = wg.MultilayeredNetwork(np.eye(4), [0], 3, device="cpu")
    table = wg.get_neuron_activation(ACTIVATIONS[0], neurons, network=network if named else None)
    assert table["group"].astype(str).tolist() == ["1", "3"]


def test_one_neuron_will_do() -> None:
    assert wg.get_neuron_activation(ACTIVATIONS[0], 2)["group"].tolist() == [2]


def test_nothing_chosen_is_a_table_without_rows() -> None:
    for activations, labels in (
        (ACTIVATIONS, ["batch_name", "group"]),
        (ACTIVATIONS[0], ["group"]),
    ):
        table = wg.get_neuron_activation(activations, [], idx_to_group=GROUPS)
        assert table.columns.tolist() == [*labels, "time_0", "time_1", "time_2"]
        assert table.empty
        assert table["time_0"].dtype == np.float32


@pytest.mark.parametrize(
    "names", [("x", "y"), pd.Index(["x", "y"]), np.array(["x", "y"]), {"x": 1, "y": 2}]
)
def test_batch_names_of_any_kind(names: Any) -> None:
    assert wg.get_neuron_activation(ACTIVATIONS, 0, names)["batch_name"].tolist() == ["x", "y"]
    assert wg.get_neuron_activation(ACTIVATIONS[:1], 0, "x")["batch_name"].tolist() == ["x"]
    assert wg.get_neuron_activation(ACTIVATIONS, 0, range(2))["batch_name"].dtype == np.int64


def test_a_labelled_network_gives_names(worm_network: wg.MultilayeredNetwork) -> None:
    activations = worm_network(np.ones((83, 3)))
    table = wg.get_neuron_activation(activations, ["AVAL", "AVD"], network=worm_network)
    assert table["group"].tolist() == ["AVA", "AVD"]
    np.testing.assert_allclose(table["time_2"][0], activations[53, 2])
    np.testing.assert_allclose(
        table["time_2"][1], activations[worm_network.find("AVD"), 2].mean(), rtol=1e-6
    )
    by_role = wg.get_neuron_activation(
        activations, "AVA", idx_to_group="role", network=worm_network
    )
    assert by_role["group"].tolist() == ["inter"]
    by_id = wg.get_neuron_activation(activations, "AVA", idx_to_group="id", network=worm_network)
    assert by_id["group"].tolist() == ["AVAL", "AVAR"]


def test_ids_that_are_numbers_are_found() -> None:
    neurons = pd.DataFrame({"id": [100, 200], "cell_type": ["a", "b"], "sign": 1})
    edges = pd.DataFrame({"pre": [100], "post": [200], "count": [1]})
    connectome = wg.Connectome.from_edges(edges, neurons)
    network = wg.MultilayeredNetwork.from_connectome(connectome, "a", device="cpu")
    table = wg.get_neuron_activation(np.eye(2), [200, 0], network=network)
    assert table["group"].tolist() == ["a", "b"]


def test_a_tensor_that_records_gradients_will_do() -> None:
    activations = torch.from_numpy(ACTIVATIONS).requires_grad_()
    pd.testing.assert_frame_equal(
        wg.get_neuron_activation(activations, [0, 1]), wg.get_neuron_activation(ACTIVATIONS, [0, 1])
    )


def test_batch_names_without_a_batch_are_told_to_be_ignored() -> None:
    with pytest.warns(UserWarning, match="batch_names are ignored: the activations are no batch"):
        wg.get_neuron_activation(ACTIVATIONS[0], 0, ["x"])


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_decision_05_activations_that_are_no_numbers_are_refused(bad: float) -> None:
    activations = ACTIVATIONS.copy()
    activations[1, 2, 0] = bad
    with pytest.raises(ValueError, match=r"activations holds 1 values .*first at \[\(1, 2, 0\)\]"):
        wg.get_neuron_activation(activations, [0])


def call(activations: Any = ACTIVATIONS, neurons: Any = (0,), **rest: Any) -> Callable[[], Any]:
    return lambda: wg.get_neuron_activation(activations, neurons, **rest)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (call(neurons=[0, 4]), r"neuron_indices are out of range, 4: there are 4 \(0 to 3\)"),
        (call(neurons=[-1]), r"neuron_indices are out of range, -1"),
        (call(neurons=[0.5]), r"neuron_indices are the indices of neurons, whole numbers, not 0.5"),
        (call(neurons="AVA"), r"neuron_indices holds names \(AVA\): pass network="),
        (call(neurons=["AVA", 1]), r"neuron_indices holds names \(AVA, 1\)"),
        (call(neurons=[True, False]), r"a mask of 2 entries, but there are 4 neurons"),
        (call(batch_names=["x"]), "batch_names has 1 names, but the batch has 2 members"),
        (call(batch_names="xy"), "batch_names has 1 names, but the batch has 2 members"),
        (call(batch_names=["x", None]), "batch_names has no name for member 1"),
        (call(np.ones(3)), r"shape \(3,\), but \(neuron, step\) or \(batch, neuron, step\) is"),
        (call(neurons=[3], idx_to_group={0: "a"}), "1 neurons have no group in idx_to_group: 3"),
        (call(idx_to_group="role"), "names a column, but there is no network"),
    ],
)
def test_what_is_refused(action: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        action()


def test_other_kinds_are_refused(worm_network: wg.MultilayeredNetwork) -> None:
    with pytest.raises(TypeError, match="activations must hold real numbers, not complex64"):
        wg.get_neuron_activation(ACTIVATIONS * 1j, [0])
    with pytest.raises(
        TypeError, match="idx_to_group is a dict from neuron index to group, not list"
    ):
        wg.get_neuron_activation(ACTIVATIONS, [0], None, ["a"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"shape \(2, 4, 3\): 4 rows, but there are 302 neurons"):
        wg.get_neuron_activation(ACTIVATIONS, [0], network=worm_network)
    with pytest.raises(ValueError, match="AVX"):
        wg.get_neuron_activation(np.ones((302, 1)), "AVX", network=worm_network)

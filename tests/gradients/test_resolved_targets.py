"""Targets checked against a network."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import make_chain, make_random

import wiregrad as wg
from wiregrad.gradients._resolved_targets import ResolvedTargets, resolve_targets
from wiregrad.gradients._target_rows import find_neurons_of_rows


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"layer": 0, "neuron": [1, 2], "value": 0.5, **columns})


def rows_of(targets: ResolvedTargets) -> list[tuple[int, int, int]]:
    return list(
        zip(targets.batch.tolist(), targets.layer.tolist(), targets.neuron.tolist(), strict=True)
    )


def test_come_in_the_order_of_member_layer_and_neuron() -> None:
    table = pd.DataFrame(
        {
            "batch": [1, 0, 0, 0, 1],
            "layer": [0, 1, 0, 0, 0],
            "neuron": [2, 0, 2, 1, 1],
            "value": [0.1, 0.2, 0.3, 0.4, 0.5],
        }
    )
    targets = resolve_targets(table, make_chain())
    assert rows_of(targets) == [(0, 0, 1), (0, 0, 2), (0, 1, 0), (1, 0, 1), (1, 0, 2)]
    assert targets.value.tolist() == pytest.approx([0.4, 0.3, 0.2, 0.5, 0.1])
    assert targets.table["value"].tolist() == [0.4, 0.3, 0.2, 0.5, 0.1]
    assert targets.n_members == 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_are_of_the_dtype_of_the_network(dtype: torch.dtype) -> None:
    targets = resolve_targets({0: {1: 0.9}}, make_chain().to(dtype))
    assert targets.value.dtype == dtype
    assert targets.table["value"].tolist() == [0.9], "as it was asked"


@pytest.mark.parametrize(
    "make",
    [
        lambda asked: asked,
        wg.TargetActivation,
        lambda asked: wg.TargetActivation(asked).targets_df,
    ],
)
def test_a_dict_and_a_frame_do_as_well(make: Any) -> None:
    assert rows_of(resolve_targets(make({1: {2: 0.5}}), make_chain())) == [(0, 1, 2)]


@pytest.mark.parametrize(
    ("dtype", "neurons"),
    [
        ("int64", [1, 2]),
        ("float64", [1, 2]),
        ("float32", [1, 2]),
        ("uint8", [1, 2]),
        ("Int64", [1, 2]),
        ("object", [1, 2.0]),
        ("object", [np.int32(1), "b"]),
        ("string", ["a", "b"]),
        ("category", ["a", "b"]),
        ("object", [("a", "b"), 2]),
    ],
)
def test_neurons_are_indices_or_names_in_columns_of_any_kind(
    dtype: str, neurons: list[Any]
) -> None:
    network = make_chain(idx_to_group={0: "s", 1: "a", 2: "b"})
    table = frame(neuron=pd.Series(neurons, dtype=dtype))
    assert rows_of(resolve_targets(table, network)) == [(0, 0, 1), (0, 0, 2)]


def test_numbers_may_come_as_floats_and_with_an_index_of_any_kind() -> None:
    table = frame(layer=[0.0, 1.0], batch=[1.0, 0.0]).set_index(pd.Index(["x", "x"]))
    assert rows_of(resolve_targets(table, make_chain())) == [(0, 1, 2), (1, 0, 1)]


def test_decision_12_negative_layers_count_from_the_end() -> None:
    targets = resolve_targets({-1: {2: 0.5}, -3: {1: 0.5}}, make_chain(num_layers=3))
    assert rows_of(targets) == [(0, 0, 1), (0, 2, 2)]


def test_decision_12_a_group_means_all_its_members(worm_network: wg.MultilayeredNetwork) -> None:
    ava = worm_network.find("AVA").tolist()
    assert rows_of(resolve_targets({2: {"AVA": 0.9}}, worm_network)) == [(0, 2, i) for i in ava]
    by_id = resolve_targets({2: {"AVAL": 0.9, "AVAR": 0.9}}, worm_network)
    assert rows_of(by_id) == [(0, 2, i) for i in ava]
    grouped = make_chain(idx_to_group={0: "a", 1: "b", 2: "b"})
    assert rows_of(resolve_targets({0: {"b": 0.9}}, grouped)) == [(0, 0, 1), (0, 0, 2)]


def test_the_selection_language_names_targets(worm_network: wg.MultilayeredNetwork) -> None:
    targets = resolve_targets({2: {"/^AV[AB]/ and role=inter": 0.9}}, worm_network)
    assert targets.neuron.tolist() == sorted(worm_network.find(["AVA", "AVB"]).tolist())


def test_the_same_value_twice_is_one_target() -> None:
    network = make_chain(idx_to_group={0: "a", 1: "b", 2: "b"})
    assert rows_of(resolve_targets({1: {"b": 0.5, 2: 0.5}, -1: {1: 0.5}}, network)) == [
        (0, 1, 1),
        (0, 1, 2),
    ]


def test_rows_beyond_the_batch_size_are_not_used() -> None:
    targets = wg.TargetActivation(frame(batch=[0, 1], value=[0.5, 7.0]), batch_size=1)
    assert rows_of(resolve_targets(targets, make_chain())) == [(0, 0, 1)]


def test_targets_are_not_changed() -> None:
    asked = wg.TargetActivation(frame(batch=[1, 0], layer=-1))
    before = asked.targets_df.copy()
    resolve_targets(asked, make_chain())
    pd.testing.assert_frame_equal(asked.targets_df, before)


# What is computed with them.


@pytest.fixture
def uneven() -> ResolvedTargets:
    """One, three and two targets."""
    table = pd.DataFrame(
        {"batch": [0, 1, 1, 1, 2, 2], "layer": [0, 0, 1, 2, 0, 2], "neuron": 3, "value": 0.5}
    )
    return resolve_targets(table, make_random())


def test_reads_the_activations_asked_for(uneven: ResolvedTargets) -> None:
    activations = torch.rand(3, 24, 3)
    places = [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (2, 2)]
    expected = [activations[batch, 3, layer] for batch, layer in places]
    assert torch.equal(uneven.read(activations), torch.stack(expected))
    alone = uneven.read_one(activations[0])
    assert torch.equal(alone, activations[0, 3, [0, 0, 1, 2, 0, 2]])


def test_averages_over_each_members_own_targets(uneven: ResolvedTargets) -> None:
    assert uneven.mean_by_member(torch.tensor([1.0, 1, 2, 6, 4, 5])).tolist() == [1, 3, 4.5]


def test_all_by_member_holds_where_every_target_does(uneven: ResolvedTargets) -> None:
    holds = torch.tensor([True, True, False, True, True, True])
    assert uneven.all_by_member(holds).tolist() == [True, False, True]


def test_fingerprints_know_targets_and_nothing_else() -> None:
    network = make_random()

    def fingerprint(targets: Any) -> list[bytes]:
        return resolve_targets(targets, network).digests()

    (one,) = fingerprint({0: {3: 0.5, 4: 0.25}})
    assert fingerprint({0: {4: 0.25, 3: 0.5}}) == [one], "not their order"
    assert fingerprint({-3: {3: 0.5}, 0: {4: 0.25}}) == [one], "nor how a layer is counted"
    table = pd.DataFrame({"layer": 0, "neuron": [5, 3, 4], "value": [0.5, 0.5, 0.25]})
    batch = fingerprint(table.assign(batch=[0, 1, 1]))
    assert batch[1] == one, "nor where in a batch they stand"
    others = [{1: {3: 0.5, 4: 0.25}}, {0: {3: 0.5, 5: 0.25}}, {0: {3: 0.5}}, {0: {3: 0.5, 4: 0.2}}]
    assert len({one, batch[0], *(fingerprint(other)[0] for other in others)}) == 6


# What is refused, and how it is said.

BAD_TARGETS = [
    ({3: {1: 0.5}}, r"layer 3 is out of range: the network has num_layers=3 \(0 to 2, or negative"),
    ({-4: {1: 0.5}}, r"target layer -4 is out of range: .* num_layers=3"),
    ({"AVA": {2: 0.9}}, r"'layer' must be whole numbers:\n.*\n.*AVA"),
    ({0.5: {2: 0.9}}, r"'layer' must be whole numbers:\n.*\n.*0\.5"),
    ({1e30: {2: 0.9}}, r"'layer' must be whole numbers"),
    ({2: {"AVAA": 0.9}}, r"'AVAA' is not in the network: .* did you mean 'AVA', 'AVAR' or 'AVAL'"),
    ({2: {"role=motr": 0.9}}, r"no neuron has role=motr: .* did you mean 'motor'"),
    ({2: {302: 0.9}}, r"target neuron 302 is not in the network: .* index \(0 to 301\)"),
    ({2: {-1: 0.9}}, r"target neuron -1 is not in the network: .* index \(0 to 301\)"),
    ({2: {3.5: 0.9}}, r"target neuron 3\.5 is not in the network"),
    ({2: {True: 0.9}}, r"target neuron True is not in the network"),
    ({2: {(1, 999): 0.9}}, r"999 is neither a neuron's index"),
    ({2: {None: 0.9}}, r"a target's neuron is missing:\n"),
    ({2: {1: np.nan}}, r"a target value is an activation from 0 to 1:\n.*\n.*NaN"),
    ({2: {1: 1.1}}, r"a target value is an activation from 0 to 1:\n.*\n.*1\.1"),
    ({2: {1: -0.1}}, r"a target value is an activation from 0 to 1:\n.*\n.*-0\.1"),
    ({2: {1: np.inf}}, r"a target value is an activation from 0 to 1:\n.*\n.*inf"),
    ({2: {1: "high"}}, r"a target value is an activation from 0 to 1:\n.*\n.*high"),
    ({2: {"AVA": 0.9, "AVAL": 0.8}}, r"a neuron has two target values .*\n.*\n.*0\.9\n.*0\.8"),
    ({2: {1: 0.9}, -1: {1: 0.8}}, r"a neuron has two target values .*\n.*\n.*0\.9\n.*0\.8"),
    ({}, r"there are no targets: ask an activation of at least one neuron"),
    ({2: {}}, r"there are no targets"),
]
BAD_COLUMNS = [
    ({"batch": [0, 2]}, r"1 of 3 batch members have no target: 1; give every member one"),
    ({"batch": [-1, 0]}, r"a batch member's number is 0 or more:\n.*\n.*-1"),
    ({"batch": [np.nan, 0]}, r"'batch' must be whole numbers:\n.*\n.*NaN"),
    ({"batch": [0.5, 0]}, r"'batch' must be whole numbers:\n.*\n.*0\.5"),
    ({"layer": pd.array([0, None], dtype="Int64")}, r"'layer' must be whole numbers:\n.*\n.*<NA>"),
    ({"neuron": pd.array([1, None], dtype="Int64")}, r"neuron is missing:\n.*\n.*<NA>"),
    ({"value": pd.array([0.5, None], dtype="Float64")}, r"from 0 to 1:\n.*\n.*<NA>"),
]


@pytest.mark.parametrize(("asked", "message"), BAD_TARGETS)
def test_decision_12_bad_targets_are_refused(
    worm_network: wg.MultilayeredNetwork, asked: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        wg.activation_maximisation(worm_network, wg.TargetActivation(asked))


@pytest.mark.parametrize(("columns", "message"), BAD_COLUMNS)
def test_decision_12_bad_columns_are_refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.activation_maximisation(make_chain(), frame(**columns))


def test_decision_12_the_first_rows_that_offend_are_shown() -> None:
    table = pd.DataFrame({"layer": 0, "neuron": 1, "value": 0.5, "batch": range(20)})
    table.loc[10:, "layer"] = 9
    with pytest.raises(ValueError, match="out of range") as error:
        resolve_targets(table, make_chain())
    lines = str(error.value).splitlines()
    assert lines[1].split() == ["batch", "layer", "neuron", "value"]
    assert [line.split()[0] for line in lines[2:7]] == ["10", "11", "12", "13", "14"]
    assert lines[7:] == ["and 5 more"]


def test_a_network_without_labels_says_what_to_use() -> None:
    with pytest.raises(ValueError, match=r"'AVA' is not the name of a group .* it has no groups"):
        resolve_targets({0: {"AVA": 0.5}}, make_chain())


def test_a_member_without_a_target_in_a_larger_batch_is_refused() -> None:
    targets = wg.TargetActivation(frame(batch=[0, 1]), batch_size=4)
    with pytest.raises(
        ValueError, match=r"2 of 4 batch members have no target: 2, 3; .*batch_size"
    ):
        resolve_targets(targets, make_chain())


# Many different names.


def network_of_ids(n_neurons: int = 400) -> wg.MultilayeredNetwork:
    """A network whose ids are numbers beyond float64."""
    ids = 2**53 + 1 + np.arange(n_neurons)[::-1]
    neurons = pd.DataFrame({"id": ids, "cell_type": "T", "sign": 1})
    edges = pd.DataFrame({"pre": ids[:-1], "post": ids[1:], "count": 1})
    connectome = wg.Connectome.from_edges(edges, neurons)
    return wg.MultilayeredNetwork.from_connectome(connectome, [0], device="cpu")


def test_numbers_are_found_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of_ids()
    monkeypatch.setattr(network, "find", None)
    ids = network.neurons["id"].to_numpy()
    for given in (ids, pd.Series(ids, dtype="Int64"), ids.astype(object), np.arange(400)):
        targets = resolve_targets(frame(neuron=given, layer=[0] * 400), network)
        assert targets.neuron.tolist() == list(range(400))
    mixed = [int(ids[7]), 3]
    assert resolve_targets(frame(neuron=mixed), network).neuron.tolist() == [3, 7]


def test_one_id_that_is_unknown_is_told() -> None:
    network = network_of_ids()
    ids = network.neurons["id"].tolist()
    with pytest.raises(ValueError, match=r"target neuron 7777 is not in the network"):
        resolve_targets(frame(neuron=[ids[0], 7777]), network)


def test_many_rows_of_few_names_take_no_loop() -> None:
    network = make_random(idx_to_group={i: "ab"[i % 2] for i in range(24)})
    rows = 50_000
    table = pd.DataFrame({"batch": range(rows), "neuron": ["a", 5] * (rows // 2), "layer": 0})
    lines = 0

    def count(frame: Any, event: str, _: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count if "wiregrad" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(count)
    try:
        row, neuron = find_neurons_of_rows(table, "neuron", network)
    finally:
        sys.settrace(before)
    assert lines < 10_000
    assert len(row) == 13 * rows // 2
    assert row[:14].tolist() == [0] * 12 + [1, 2]
    assert neuron[:14].tolist() == [*range(0, 24, 2), 5, 0]

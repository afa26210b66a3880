"""Activations along paths: every value by a loop, and what is refused."""

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

ACTIVATIONS = np.array([[0.0, 0.2, 0.4], [0.9, 0.0, 0.1], [0.3, 0.8, 0.5], [0.7, 0.6, 1.0]])
STIMULUS = np.array([[1.0, 0.0, 0.0], [0.5, 0.0, 0.0]])
GROUPS = {0: "s", 1: "m", 2: "s", 3: "m"}
PATH = pd.DataFrame(
    {
        "pre": ["m", "s", "m"],
        "post": ["s", "m", "m"],
        "layer": [2, 1, 3],
        "weight": [0.1, 0.2, 0.3],
    },
    index=[7, 5, 3],
)


@QUICK
@given(
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(1, 4),
    start=st.integers(0, 2),
    grouped=st.booleans(),
)
def test_every_activation_is_that_of_a_loop(
    seed: int, steps: int, start: int, grouped: bool
) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.choice(GROUP_NAMES, 6).tolist() if grouped else list(range(6))
    activations = rng.random((6, steps + start))
    sensory = rng.permutation(6)[: rng.integers(1, 7)].tolist()
    stimulus = rng.random((len(sensory), 2))
    path = pd.DataFrame(
        {
            "pre": rng.choice(groups, 8),
            "post": rng.choice(groups, 8),
            "layer": rng.integers(1, steps + 1, 8),
            "row": range(8),
        }
    )
    table = wg.get_activations_for_path(
        path, activations, stimulus, sensory, dict(enumerate(groups)) if grouped else None, start
    )

    def mean(name: Any, state: int) -> float:
        members = [i for i in range(6) if groups[i] == name]
        if state:
            values = [activations[i, state - 1] for i in members]
        else:
            values = [stimulus[sensory.index(i), 0] for i in members if i in sensory]
        return sum(values) / len(values) if values else np.nan

    rows = sorted(path.to_dict("records"), key=lambda row: row["layer"])
    assert table[path.columns].to_dict("records") == rows
    assert table.columns.tolist() == [*path.columns, "pre_activation", "post_activation"]
    before = [mean(row["pre"], row["layer"] + start - 1) for row in rows]
    after = [mean(row["post"], row["layer"] + start) for row in rows]
    np.testing.assert_allclose(table["pre_activation"], before)
    np.testing.assert_allclose(table["post_activation"], after)


def test_rows_keep_their_index_and_come_by_layer() -> None:
    table = wg.get_activations_for_path(PATH, ACTIVATIONS, STIMULUS, [0, 2], GROUPS)
    assert table.index.tolist() == [5, 7, 3]
    assert table["weight"].tolist() == [0.2, 0.1, 0.3]
    np.testing.assert_allclose(table["pre_activation"], [0.75, 0.8, 0.3])
    np.testing.assert_allclose(table["post_activation"], [0.8, 0.5, 0.55])


def test_decision_25_the_arguments_stay_as_they_are() -> None:
    path, groups, sensory = PATH.copy(), dict(GROUPS), [0, 2]
    table = wg.get_activations_for_path(path, ACTIVATIONS, STIMULUS, sensory, groups)
    table["pre"] = "x"
    wg.get_activations_for_path(path, np.hstack([ACTIVATIONS] * 2), None, None, groups, 2)
    pd.testing.assert_frame_equal(path, PATH)
    assert groups == GROUPS
    assert sensory == [0, 2]


@pytest.mark.parametrize("names", [[0, 1], ["0", "1"], [0.0, 1.0], ["0.0", "1.0"]])
@pytest.mark.parametrize(
    "groups", [None, dict(enumerate(range(4))), {i: str(i) for i in range(4)}, {0: 0.0, 1: 1.0}]
)
def test_decision_25_text_and_numbers_are_the_same_names(
    names: list[Any], groups: dict[int, Any] | None
) -> None:
    path = pd.DataFrame({"pre": names[:1], "post": names[1:], "layer": [1]})
    table = wg.get_activations_for_path(path, ACTIVATIONS, STIMULUS, [0, 2], groups)
    assert table[["pre_activation", "post_activation"]].values.tolist() == [[1.0, 0.9]]
    assert table["pre"].tolist() == names[:1]


def test_decision_25_pre_and_post_may_differ_in_kind() -> None:
    path = pd.DataFrame({"pre": [0], "post": ["1"], "layer": [1]})
    table = wg.get_activations_for_path(path, ACTIVATIONS, STIMULUS, [0, 2])
    assert table[["pre_activation", "post_activation"]].values.tolist() == [[1.0, 0.9]]


def test_decision_25_in_layer_1_the_sensory_members_count() -> None:
    path = pd.DataFrame({"pre": ["s", "m"], "post": ["m", "m"], "layer": [1, 1]})
    table = wg.get_activations_for_path(path, ACTIVATIONS, STIMULUS[1:], [2], GROUPS)
    assert table["pre_activation"].tolist()[0] == 0.5
    assert np.isnan(table["pre_activation"].iloc[1])


@pytest.mark.parametrize("grouped", [True, False])
def test_the_table_of_activations_to_df_is_taken(
    worm_network: wg.MultilayeredNetwork, grouped: bool
) -> None:
    stimulus = np.random.default_rng(0).random((83, 3))
    activations = worm_network(stimulus)
    inprop = worm_network.weights.to_scipy().T
    sensory = worm_network.sensory_indices.tolist()
    groups = worm_network.neurons["cell_type"].to_dict() if grouped else None
    path = wg.activations_to_df(inprop, stimulus, activations, sensory, groups)
    assert len(path) > 1_000
    bare = path.drop(columns=["pre_activation", "post_activation"])
    table = wg.get_activations_for_path(bare, activations, stimulus, sensory, groups)
    pd.testing.assert_frame_equal(table, path, check_dtype=False, rtol=1e-5)
    overwritten = path.assign(pre_activation=7.0)
    table = wg.get_activations_for_path(overwritten, activations, stimulus, sensory, groups)
    pd.testing.assert_frame_equal(table, path, check_dtype=False, rtol=1e-5)


def test_a_missing_group_is_called_nan() -> None:
    groups = {0: "a", 1: None, 2: np.nan, 3: "b"}
    path = pd.DataFrame({"pre": ["nan"], "post": ["b"], "layer": [2]})
    table = wg.get_activations_for_path(path, ACTIVATIONS, None, None, groups)
    assert table["pre_activation"].item() == pytest.approx((0.9 + 0.3) / 2)


def test_a_labelled_network_knows_the_rest(worm_network: wg.MultilayeredNetwork) -> None:
    stimulus = np.random.default_rng(0).random((83, 3))
    activations = worm_network(stimulus)
    path = pd.DataFrame({"pre": ["ASH", "AVA"], "post": ["AVA", "VA"], "layer": [1, 2]})
    table = wg.get_activations_for_path(path, activations, stimulus, network=worm_network)
    sensory = worm_network.sensory_indices.tolist()
    ash = stimulus[[sensory.index(i) for i in worm_network.find("ASH")], 0].mean()
    ava = activations[worm_network.find("AVA"), 0].mean().item()
    va = activations[worm_network.find("VA"), 1].mean().item()
    np.testing.assert_allclose(table["pre_activation"], [ash, ava], rtol=1e-6)
    np.testing.assert_allclose(table["post_activation"], [ava, va], rtol=1e-6)
    by_id = wg.get_activations_for_path(
        pd.DataFrame({"pre": ["AVAL"], "post": ["VA1"], "layer": [2]}),
        activations,
        idx_to_group="id",
        network=worm_network,
    )
    assert by_id["pre_activation"].item() == activations[53, 0]
    by_name = wg.get_activations_for_path(
        path.iloc[:1], activations, stimulus[:1], "ASHL", network=worm_network
    )
    assert by_name["pre_activation"].item() == stimulus[0, 0]


def test_types_are_those_of_the_numbers() -> None:
    for dtype in (np.float32, np.float64):
        table = wg.get_activations_for_path(
            PATH,
            torch.from_numpy(ACTIVATIONS.astype(dtype)),
            STIMULUS.astype(dtype),
            [0, 2],
            GROUPS,
        )
        assert table["pre_activation"].dtype == table["post_activation"].dtype == dtype


def test_a_path_without_rows_has_the_columns() -> None:
    table = wg.get_activations_for_path(PATH.iloc[:0], ACTIVATIONS, None, None, GROUPS)
    assert table.columns.tolist() == [*PATH.columns, "pre_activation", "post_activation"]
    assert table.empty
    assert table["pre_activation"].dtype == np.float64
    assert wg.activated_path_for_ngl(table).columns.tolist() == ["neuron_id", "layer", "activation"]


def test_names_that_are_no_group_are_told() -> None:
    path = PATH.assign(post=["s", "mm", None])
    message = "names in the path that are no group of the network: mm; did you mean 'm'.* is NaN"
    with pytest.warns(UserWarning, match=message) as told:
        table = wg.get_activations_for_path(path, ACTIVATIONS, STIMULUS, [0, 2], GROUPS)
    assert told[0].filename == __file__
    assert table["post_activation"].isna().tolist() == [True, False, True]


def give(**changed: Any) -> dict[str, Any]:
    given = {"path": PATH, "activations": ACTIVATIONS, "idx_to_group": GROUPS}
    return {**given, "model_in": STIMULUS, "sensory_indices": [0, 2], **changed}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            give(path=PATH.drop(columns="layer")),
            "path lacks the columns layer: it has pre, post, w",
        ),
        (
            give(path=PATH.assign(pre=["x", "y", "z"], post="w")),
            r"no name in the path is a group of the network: x, y, z, w; groups are such as s, m",
        ),
        (give(model_in=None), "the path has layer 1 .* pass model_in and sensory_indices"),
        (give(sensory_indices=None), "the path has layer 1 .* pass model_in and sensory_indices"),
        (
            give(activation_start=1),
            r"the layers 4 \(with activation_start=1 added\) are out of range: .* has 3 steps, so",
        ),
        (give(path=PATH.assign(layer=[0, 1, 4])), "the layers 0, 4 are out of range"),
        (give(activation_start=-1), r"the layers 0 \(with activation_start=-1 added\)"),
        (give(path=PATH.assign(layer=[1, 2, np.nan])), "layer must hold whole numbers"),
        (give(path=PATH.assign(layer=0.5)), "layer must hold whole numbers"),
        (give(path=PATH.assign(layer="a")), "layer must hold whole numbers"),
        (give(activations=ACTIVATIONS[None]), r"a batch: .* for example activations\[0\]"),
        (give(model_in=STIMULUS[None]), r"a batch: .* for example model_in\[0\]"),
        (give(model_in=STIMULUS[:1]), "1 rows, but there are 2 sensory neurons"),
        (give(sensory_indices=[0, 4]), r"sensory_indices are out of range, 4: there are 4 \(0 to"),
        (give(idx_to_group="id"), "there is no network to take it from"),
        (
            give(idx_to_group={"a": "s"}),
            r"no key of idx_to_group is the index of a neuron .* has a",
        ),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.get_activations_for_path(**arguments)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match="path is a DataFrame, not list"):
        wg.get_activations_for_path(**give(path=[1]))
    with pytest.raises(TypeError, match=r"activation_start is a whole number of layers, not 1\.5"):
        wg.get_activations_for_path(**give(activation_start=1.5))


@pytest.mark.parametrize("argument", ["activations", "model_in"])
def test_decision_05_values_that_are_no_numbers_are_refused(argument: str) -> None:
    given = give()
    given[argument] = np.where(given[argument] == 1, np.nan, given[argument])
    with pytest.raises(ValueError, match=f"{argument} holds 1 values that are NaN or infinite"):
        wg.get_activations_for_path(**given)


# For neuroglancer


@QUICK
@given(seed=st.integers(0, 2**32 - 1))
def test_the_list_for_neuroglancer_is_that_of_a_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = pd.DataFrame(
        {
            "pre": rng.integers(0, 4, 12),
            "post": rng.integers(0, 4, 12),
            "layer": rng.integers(2, 5, 12),
            "pre_activation": rng.integers(0, 2, 12) / 2,
            "post_activation": rng.integers(0, 2, 12) / 2,
        },
        index=rng.permutation(12),
    )
    expected: list[tuple[Any, ...]] = []
    for layer in dict.fromkeys(path["layer"]):
        for side, shift in (("pre", 0), ("post", 1)):
            if side == "pre" and layer != path["layer"].min():
                continue
            seen = set()
            for index, row in zip(path.index, path.itertuples(), strict=True):
                entry = (getattr(row, side), layer + shift, getattr(row, f"{side}_activation"))
                if row.layer == layer and entry not in seen:
                    seen.add(entry)
                    expected.append((index, *entry))
    table = wg.activated_path_for_ngl(path)
    assert table.columns.tolist() == ["neuron_id", "layer", "activation"]
    assert [tuple(row) for row in table.itertuples()] == expected


def test_the_list_for_neuroglancer_leaves_the_path_as_it_is() -> None:
    path = PATH.assign(pre_activation=0.5, post_activation=0.25)
    before = path.copy()
    listed = wg.activated_path_for_ngl(path)
    listed["layer"] = 0
    pd.testing.assert_frame_equal(path, before)


def test_the_list_for_neuroglancer_needs_activations() -> None:
    message = "path lacks the columns pre_activation, post_activation: it has pre, post, layer, we"
    with pytest.raises(ValueError, match=message):
        wg.activated_path_for_ngl(PATH)
    with pytest.raises(TypeError, match="path is a DataFrame, not dict"):
        wg.activated_path_for_ngl({})  # type: ignore[arg-type]

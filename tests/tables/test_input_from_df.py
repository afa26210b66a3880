"""Stimuli made from response tables: every value by a loop, and what is refused."""

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

GLOMERULI = {0: "DA1", 1: "VM4", 2: "DA1", 3: "DL5", 4: "V"}
RESPONSES = pd.DataFrame(
    {"vinegar": [0.1, 0.9], "geosmin": [1.0, 0.0]}, index=["DA1", "VM4"], dtype="float64"
)


@QUICK
@given(seed=st.integers(0, 2**32 - 1), n_columns=st.integers(0, 4), steps=st.integers(1, 4))
def test_every_value_is_that_of_its_group(seed: int, n_columns: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.choice(GROUP_NAMES, 6).tolist()
    sensory = rng.permutation(6)[: rng.integers(1, 7)].tolist()
    rows = [groups[sensory[0]], *rng.permutation(sorted(set(groups) - {groups[sensory[0]]}))]
    df = pd.DataFrame(rng.normal(size=(len(rows), n_columns)), index=rows)
    times = rng.permutation(steps)[: rng.integers(0, steps + 1)].tolist()
    stimuli = wg.input_from_df(df, sensory, dict(enumerate(groups)), steps, times)
    expected = np.zeros((n_columns, len(sensory), steps), dtype=np.float32)
    for column in range(n_columns):
        for row, neuron in enumerate(sensory):
            for time in times:
                expected[column, row, time] = df.loc[groups[neuron]].iloc[column]
    np.testing.assert_array_equal(stimuli, expected)
    assert stimuli.dtype == np.float32


def test_a_group_without_a_row_receives_nothing() -> None:
    stimuli = wg.input_from_df(RESPONSES, [4, 1], GLOMERULI, 2)
    np.testing.assert_allclose(stimuli[:, :, 0], [[0, 0.9], [0, 0]], rtol=1e-6)
    assert not stimuli[:, :, 1].any()


@pytest.mark.parametrize(
    ("timepoints", "driven"),
    [
        (1, [1]),
        (np.int64(1), [1]),
        (np.uint8(1), [1]),
        (-1, [2]),
        ([0, 2], [0, 2]),
        ((2, 0), [0, 2]),
        ({0, 2}, [0, 2]),
        (range(3), [0, 1, 2]),
        (np.array([0, 0]), [0]),
        (pd.Index([1, 2]), [1, 2]),
        (torch.tensor([2]), [2]),
        ([], []),
    ],
)
def test_time_points_of_any_kind(timepoints: Any, driven: list[int]) -> None:
    stimuli = wg.input_from_df(RESPONSES, [0, 1], GLOMERULI, 3, timepoints)
    assert np.flatnonzero(stimuli.any(axis=(0, 1))).tolist() == driven


@pytest.mark.parametrize(
    "sensory",
    [
        [2, 1],
        (2, 1),
        range(2, 0, -1),
        np.array([2, 1], dtype=np.int16),
        pd.Series([2, 1], index=[7, 8]),
        pd.Index([2, 1]),
        torch.tensor([2, 1]),
    ],
)
def test_decision_03_sensory_indices_keep_their_order(sensory: Any) -> None:
    stimuli = wg.input_from_df(RESPONSES, sensory, GLOMERULI, 1)
    np.testing.assert_allclose(stimuli[0, :, 0], [0.1, 0.9], rtol=1e-6)


@pytest.mark.parametrize("groups", [{0: 1, 1: 10}, {0: "1", 1: "10"}, {0: 1.0, 1: 10.0}])
@pytest.mark.parametrize("rows", [[1, 10], ["1", "10"], [1.0, 10.0]])
def test_rows_and_groups_may_be_numbers_or_text(groups: dict[int, Any], rows: list[Any]) -> None:
    df = pd.DataFrame({"a": [0.5, 0.25]}, index=rows)
    assert wg.input_from_df(df, [1, 0], groups, 1).ravel().tolist() == [0.25, 0.5]


def test_decision_02_the_network_takes_it(worm_network: wg.MultilayeredNetwork) -> None:
    df = pd.DataFrame({"a": [1.0, 0.5], "b": [0.0, 1.0]}, index=["ASH", "PLM"])
    stimuli = wg.input_from_df(df, network=worm_network)
    assert worm_network(stimuli).shape == (2, 302, 3)


def test_a_labelled_network_knows_the_rest(worm_network: wg.MultilayeredNetwork) -> None:
    df = pd.DataFrame({"a": [1.0, 0.5]}, index=["ASH", "PLM"])
    stimuli = wg.input_from_df(df, network=worm_network)
    sensory = worm_network.sensory_indices.tolist()
    groups = [worm_network.neurons["cell_type"][neuron] for neuron in sensory]
    assert stimuli.shape == (1, 83, 3)
    assert stimuli[0, :, 0].tolist() == [{"ASH": 1.0, "PLM": 0.5}.get(g, 0.0) for g in groups]
    by_id = wg.input_from_df(
        pd.DataFrame({"a": [1.0]}, index=["ASHL"]), ["ASH"], "id", 1, network=worm_network
    )
    assert by_id.ravel().tolist() == [1.0, 0.0]


def test_decision_28_repeated_rows_are_refused() -> None:
    repeated = pd.concat([RESPONSES, RESPONSES.iloc[[0]]])
    with pytest.raises(ValueError, match=r"several rows for the same group: DA1; .*groupby"):
        wg.input_from_df(repeated, [0, 1], GLOMERULI, 2)


def test_decision_28_it_is_float32() -> None:
    assert wg.input_from_df(RESPONSES, [0], GLOMERULI, 2).dtype == np.float32


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_decision_05_missing_responses_are_refused(bad: float) -> None:
    df = RESPONSES.copy()
    df.loc["VM4", "geosmin"] = bad
    message = r"1 values .*row VM4 of column geosmin: .*\.fillna\(0\)"
    with pytest.raises(ValueError, match=message):
        wg.input_from_df(df, [0, 1], GLOMERULI, 2)


def test_a_missing_response_of_no_neuron_does_no_harm() -> None:
    df = RESPONSES.copy()
    df.loc["VM4", "geosmin"] = np.nan
    assert wg.input_from_df(df, [0, 2], GLOMERULI, 1).shape == (2, 2, 1)


def test_missing_responses_beyond_five_are_counted() -> None:
    df = pd.DataFrame(np.nan, index=["DA1"], columns=list("abcdefg"))
    with pytest.raises(ValueError, match=r"7 values .*column e and 2 more: decide"):
        wg.input_from_df(df, [0], GLOMERULI, 1)


def test_nullable_columns_are_read() -> None:
    df = pd.DataFrame({"a": pd.array([0.5, None], dtype="Float64")}, index=["DA1", "VM4"])
    assert wg.input_from_df(df, [0], GLOMERULI, 1).item() == 0.5
    with pytest.raises(ValueError, match="row VM4 of column a"):
        wg.input_from_df(df, [1], GLOMERULI, 1)


def test_rows_that_are_no_group_are_told_once() -> None:
    df = pd.concat([RESPONSES, pd.DataFrame(0.0, index=["DL55", "x"], columns=RESPONSES.columns)])
    with pytest.warns(UserWarning, match=r"2 of 4 rows .*: DL55, x; did you mean 'DL5'") as told:
        stimuli = wg.input_from_df(df, [0, 1], GLOMERULI, 1)
    assert len(told) == 1
    assert told[0].filename == __file__
    np.testing.assert_array_equal(stimuli, wg.input_from_df(RESPONSES, [0, 1], GLOMERULI, 1))


def test_rows_of_groups_that_are_not_sensory_are_left_out_in_silence(
    worm_network: wg.MultilayeredNetwork,
) -> None:
    assert wg.input_from_df(RESPONSES, [0], GLOMERULI, 1).shape == (2, 1, 1)
    df = pd.DataFrame({"a": [1.0, 1.0]}, index=["AVA", "ASH"])
    assert wg.input_from_df(df, network=worm_network).sum() == 2


def test_the_table_stays_as_it_is() -> None:
    df, before = RESPONSES.copy(), RESPONSES.copy()
    wg.input_from_df(df, [0, 1], GLOMERULI, 2)[:] = 7
    pd.testing.assert_frame_equal(df, before)


def give(**changed: Any) -> dict[str, Any]:
    given = {"df": RESPONSES, "sensory_indices": [0, 1], "idx_to_group": GLOMERULI}
    return {**given, "num_layers": 2, **changed}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (give(df=RESPONSES["geosmin"]), TypeError, r"not Series; of a Series, pass .to_frame\(\)"),
        (give(df=np.ones((2, 2))), TypeError, "df is a DataFrame, groups by stimuli, not ndarray"),
        (give(df=RESPONSES.reset_index()), TypeError, "its columns index do not: .*set_index"),
        (
            give(df=RESPONSES.rename({"DA1": "da1", "VM4": "x"})),
            ValueError,
            r"no row of df \(da1, x\) is a group of a sensory neuron \(DA1, VM4\): .*mean 'DA1'",
        ),
        (give(df=RESPONSES.iloc[:0]), ValueError, r"no row of df \(\) is a group"),
        (give(sensory_indices=None), ValueError, "sensory_indices is missing: give it, or network"),
        (give(idx_to_group=None), ValueError, "idx_to_group is missing: give it, or network="),
        (give(num_layers=None), ValueError, "num_layers is missing: give it, or network="),
        (give(num_layers=0), ValueError, "num_layers=0: a stimulus has at least 1 step"),
        (give(num_layers=2.0), TypeError, "num_layers is a whole number of steps, not 2.0"),
        (give(num_layers=True), TypeError, "num_layers is a whole number of steps, not True"),
        (
            give(timepoints=2),
            ValueError,
            r"timepoints are out of range: 2; .*num_layers=2 \(0 to 1, or from the end -1 to -2\)",
        ),
        (give(timepoints=[0, -3]), ValueError, "timepoints are out of range: -3"),
        (give(timepoints=0.5), ValueError, "timepoints are steps, whole numbers, not 0.5"),
        (give(timepoints=[True, False]), ValueError, "timepoints are steps, whole numbers, not"),
        (give(sensory_indices=[0, 9]), ValueError, "1 neurons have no group in idx_to_group: 9"),
        (give(sensory_indices=[1, 0, 1]), ValueError, "sensory_indices are repeated: 1"),
        (give(sensory_indices=[0, -1]), ValueError, "sensory_indices are out of range, -1"),
        (give(sensory_indices={0, 1}), ValueError, "a set, which has no order: pass a list"),
        (give(sensory_indices=[0.5]), ValueError, r"neuron indices, not float64 of shape \(1,\)"),
        (give(sensory_indices=[]), ValueError, r"non-empty sequence .* of shape \(0,\)"),
        (give(sensory_indices=["ASH"]), ValueError, "sequence of neuron indices, not <U3"),
        (give(idx_to_group="glomerulus"), ValueError, "there is no network to take it from"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wg.input_from_df(**arguments)


def test_neurons_that_the_network_has_not(worm_network: wg.MultilayeredNetwork) -> None:
    df = pd.DataFrame({"a": [1.0]}, index=["ASH"])
    with pytest.raises(ValueError, match=r"out of range, 302: there are 302 \(0 to 301\)"):
        wg.input_from_df(df, [302], network=worm_network)
    with pytest.raises(ValueError, match="ASHX"):
        wg.input_from_df(df, ["ASHX"], network=worm_network)

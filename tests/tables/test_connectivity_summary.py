"""Connectivity between groups as a table of all by all, against loops."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from path_cases import LABELS, PathCase, path_cases
from scipy import sparse
from table_cases import QUICK

import wiregrad as wg

INPROP = np.array(
    [[0, 0, 0.5, 0.1], [0, 0, 0.2, -0.3], [0, 0, 0, 0.0005], [0, 0, 0.1, 0]], dtype=np.float64
)
GROUPS = {0: "a", 1: "a", 2: "b", 3: "c"}
ALL = range(4)


def summary(*arguments: Any, **options: Any) -> pd.DataFrame:
    return wg.result_summary(*arguments, **({"display_output": False} | options))


def by_loops(
    inprop: np.ndarray,
    inidx: list[int],
    outidx: list[int],
    pre_of: dict[int, Any],
    post_of: dict[int, Any],
    outprop: bool,
    method: str,
) -> dict[tuple[str, str], float]:
    """Compute each cell of the table from its definition."""
    combine = {"mean": np.mean, "median": np.median, "sum": np.sum}[method]
    cells = {}
    for pre in {str(pre_of[i]) for i in inidx}:
        for post in {str(post_of[j]) for j in outidx}:
            block = inprop[[i for i in inidx if str(pre_of[i]) == pre]]
            block = block[:, [j for j in outidx if str(post_of[j]) == post]]
            cells[pre, post] = float(combine(block.sum(axis=1 if outprop else 0)))
    return cells


# Mathematics


@QUICK
@given(
    case=path_cases(),
    seed=st.integers(0, 2**32 - 1),
    outprop=st.booleans(),
    method=st.sampled_from(["mean", "median", "sum"]),
    pre_in_column=st.booleans(),
)
def test_cells_equal_loops(
    case: PathCase, seed: int, outprop: bool, method: str, pre_in_column: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = len(case.inprop)
    inidx, outidx = (rng.permutation(n)[: rng.integers(1, n + 1)].tolist() for _ in range(2))
    table = summary(
        sparse.csr_matrix(case.inprop),
        inidx,
        outidx,
        case.pre_groups,
        case.post_groups,
        display_threshold=0,
        outprop=outprop,
        combining_method=method,
        pre_in_column=pre_in_column,
    )
    table = table.T if pre_in_column else table
    pre_of = case.pre_groups or dict(enumerate(range(n)))
    post_of = case.post_groups or pre_of
    expected = by_loops(case.inprop, inidx, outidx, pre_of, post_of, outprop, method)
    found = {(i, j): table.loc[i, j] for i in table.index for j in table.columns}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@QUICK
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12), share=st.sampled_from([0.2, 0.6, 1]))
def test_medians_count_the_zeros_that_are_not_stored(seed: int, n: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    inprop = rng.normal(size=(n, n)) * (rng.random((n, n)) < share)
    groups = dict(enumerate(rng.choice(["a", "b"], n)))
    table = summary(
        inprop, range(n), range(n), groups, display_threshold=0, combining_method="median"
    )
    members = np.array([groups[i] for i in range(n)])
    for pre in table.index:
        for post in table.columns:
            sums = inprop[members == pre].sum(axis=0)[members == post]
            assert table.loc[pre, post] == pytest.approx(np.median(sums), abs=1e-12)


def test_rows_and_columns_below_the_threshold_are_left_out() -> None:
    assert set(summary(INPROP, ALL, ALL, GROUPS).index) == {"a", "c"}
    assert list(summary(INPROP, ALL, ALL, GROUPS).columns) == ["a", "b", "c"]
    by_column = summary(INPROP, ALL, ALL, GROUPS, threshold_axis="column")
    assert list(by_column.columns) == ["b", "c"]
    assert set(by_column.index) == {"a", "b", "c"}
    inhibition = summary(INPROP, ALL, ALL, display_threshold=0.3)
    assert set(inhibition.index) == {"0", "1"}  # |-0.3| reaches it


def test_rows_are_sorted_by_the_signed_values_of_a_column() -> None:
    table = summary(INPROP, ALL, ALL, sort_names="3", display_threshold=0)
    assert table["3"].tolist() == [0.1, 0.0005, 0.0, -0.3]
    several = summary(INPROP, ALL, ALL, sort_names=["0", "2"], display_threshold=0)
    assert several.index.tolist() == ["0", "1", "3", "2"]


def test_columns_are_sorted_by_a_row_after_the_rows_by_their_mean_size() -> None:
    table = summary(INPROP, ALL, ALL, sort_within="row")
    assert table.index.tolist() == ["0", "1", "3"]
    assert table.iloc[0].tolist() == [0.5, 0.1, 0.0, 0.0]
    table = summary(INPROP, ALL, ALL, sort_within="row", sort_names=["1"])
    assert table.loc["1"].tolist() == [0.2, 0.0, 0.0, -0.3]


def test_neurons_without_a_group_are_called_nan_or_undefined() -> None:
    groups = {0: "a", 1: np.nan, 2: None, 3: "c"}
    assert "nan" in summary(INPROP, ALL, ALL, groups).index
    table = summary(INPROP, ALL, ALL, groups, include_undefined_groups=True)
    assert "undefined" in table.index
    assert "nan" not in table.columns


def test_sums_are_float64_whatever_the_weights_are() -> None:
    counts = np.full((2, 2), 200, dtype=np.uint8)
    table = summary(counts, [0, 1], [0, 1], {0: "a", 1: "a"}, combining_method="sum")
    assert table.to_numpy().tolist() == [[800.0]]
    assert summary(INPROP.astype(np.float32), ALL, ALL).dtypes.eq(np.float64).all()


def test_a_matrix_need_not_be_square() -> None:
    table = summary(INPROP[:2], [0, 1], [2, 3])
    assert table.shape == (2, 2)


def test_a_network_brings_weights_and_names(
    worm_network: wg.MultilayeredNetwork, worm: wg.Connectome
) -> None:
    table = summary(worm_network, "role=sensory", ["AVA", "AVB"])
    expected = summary(
        worm.weights().matrix.T,
        worm.select("role=sensory"),
        worm.select(["AVA", "AVB"]),
        dict(enumerate(worm.group_labels())),
    )
    pd.testing.assert_frame_equal(table, expected)
    assert set(summary(worm_network, "ASH", "AVA", "id").index) == {"ASHL", "ASHR"}


def test_neurons_may_be_given_in_any_form() -> None:
    usual = summary(INPROP, [0, 1], [2, 3])
    for neurons in ({0, 1}, pd.Series([1.0, 0.0, np.nan]), (1, 0, 1), np.array([1, 1, 0, 0], bool)):
        pd.testing.assert_frame_equal(summary(INPROP, neurons, range(2, 4)), usual)


# Decisions


def test_decision_05_nan_is_refused() -> None:
    broken = sparse.coo_array(([np.nan], ([2], [1])), shape=(4, 4))
    with pytest.raises(ValueError, match=r"stepsn holds 1 entries.*\[2, 1\] is nan"):
        summary(broken, ALL, ALL)


@pytest.mark.parametrize("kind", [np.asarray, sparse.coo_matrix, sparse.csc_array])
def test_decision_25_arguments_are_left_as_they_are(kind: Any) -> None:
    matrix, groups = kind(INPROP), {0: np.nan, 1: "a", 2: "b", 3: "c"}
    neurons, names = [3, 1, 0], ["c"]
    summary(matrix, neurons, ALL, groups, sort_names=names, include_undefined_groups=True)
    dense = matrix if kind is np.asarray else matrix.toarray()
    assert (dense == INPROP).all()
    assert (neurons, names, groups[1]) == ([3, 1, 0], ["c"], "a")
    assert np.isnan(groups[0])  # type: ignore[call-overload]


@pytest.mark.parametrize("within", ["column", "row"])
@pytest.mark.parametrize("names", [None, ["10", "2"]])
def test_decision_31_what_is_equal_stays_in_the_order_of_names(within: str, names: Any) -> None:
    n = 60
    matrix = np.ones((n, n))
    matrix[:, 5] = matrix[5] = 2  # "5" comes first, the rest is equal
    matrix[5, 5] = 3
    table = summary(matrix, range(n), range(n), sort_within=within, sort_names=names)
    rest = sorted(map(str, set(range(n)) - {5}))
    assert table.index.tolist() == ["5", *rest]
    assert table.columns.tolist() == (sorted([*rest, "5"]) if within == "column" else ["5", *rest])


@pytest.mark.parametrize(
    "names",
    [np.array(["0", "2"]), pd.Index(["0", "2"]), pd.Series([0, 2]), (0, "2"), np.array([0, 2])],
)
def test_names_to_sort_by_come_in_any_collection(names: Any) -> None:
    expected = summary(INPROP, ALL, ALL, sort_names=["0", "2"], display_threshold=0)
    table = summary(INPROP, ALL, ALL, sort_names=names, display_threshold=0)
    pd.testing.assert_frame_equal(table, expected)


@pytest.mark.parametrize("name", [3, np.int64(3), "3", np.str_("3"), np.array("3")])
def test_a_number_to_sort_by_is_a_name(name: Any) -> None:
    table = summary(INPROP, ALL, ALL, sort_names=name, display_threshold=0)
    assert table["3"].tolist() == [0.1, 0.0005, 0.0, -0.3]


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold_axis": "rows"}, "threshold_axis='rows' is none of 'row', 'column'; did you"),
        ({"sort_within": "index"}, "sort_within='index' is none of 'column', 'row'"),
        ({"combining_method": "max"}, "combining_method='max' is none of 'mean', 'median', 'sum'"),
        ({"display_threshold": 9.0}, "no weight reaches display_threshold=9.0: the largest is 0.7"),
        ({"sort_names": "d"}, "sort_names are not among the columns.*d.*sort_within='column'"),
        ({"sort_names": ["a", "B"], "sort_within": "row"}, "not among the rows.*: B; with"),
        (
            {"sort_names": 6},
            "sort_names are not among the columns of the table: 6; with",
        ),
        (
            {"sort_names": {"a"}},
            r"sort_names=\{'a'\} is a set: give the name of a group",
        ),
        ({"sort_names": {"a": 1}}, r"sort_names=.* is a dict: give the name of a group, or a list"),
        (
            {"sort_names": object()},
            "sort_names=.* is a object: give the name of a group",
        ),
        ({"inidx": []}, "inidx is empty"),
        ({"outidx": [4]}, "outidx are out of range, 4: there are 4"),
        ({"inidx": [-1]}, "inidx are out of range, -1"),
        ({"inidx": [0.5]}, "inidx are the indices of neurons, whole numbers, not 0.5"),
        ({"inidx_map": {0: "a"}}, "3 neurons have no group in inidx_map: 1, 2, 3"),
        ({"outidx_map": {0: "a"}}, "3 neurons have no group in outidx_map: 1, 2, 3"),
        ({"inidx_map": "id"}, "inidx_map='id' names a column, but there is no network"),
        ({"stepsn": "weights"}, "stepsn must be a scipy sparse matrix.*not str"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], message: str) -> None:
    usual = {"stepsn": INPROP, "inidx": ALL, "outidx": ALL, "inidx_map": GROUPS}
    with pytest.raises((ValueError, TypeError), match=message):
        summary(**(usual | arguments))


def test_a_table_that_fits_no_memory_is_refused_before_it_is_made() -> None:
    n = 50_000
    matrix = sparse.csr_array(([0.5], ([0], [1])), shape=(n, n))
    assert summary(matrix, range(n), range(n)).shape == (1, n)
    with pytest.raises(ValueError, match=r"50,000 rows and 50,000 columns, 20 GB: group the neur"):
        summary(matrix, range(n), range(n), display_threshold=0)


# Notebooks


class _Shell(SimpleNamespace):
    """What IPython gives in a notebook."""


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is shown in the notebook that this test believes to be in."""
    shown: list[Any] = []
    shell = _Shell(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    display = SimpleNamespace(display=shown.append)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def test_a_notebook_shows_the_table_shaded(shown: list[Any]) -> None:
    table = wg.result_summary(INPROP, ALL, ALL, GROUPS)
    assert len(shown) == 1
    html = shown[0].to_html()
    assert "#08306b" in html  # the largest weight
    pd.testing.assert_frame_equal(shown[0].data, table)
    wg.result_summary(INPROP, ALL, ALL, GROUPS, display_output=False)
    assert len(shown) == 1


def test_a_notebook_shows_a_large_table_plain(shown: list[Any]) -> None:
    n = 200
    table = wg.result_summary(np.ones((n, n)), range(n), range(n))
    assert shown == [table] or shown[0] is table


def test_elsewhere_nothing_is_shown_or_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for ipython in (None, SimpleNamespace(get_ipython=lambda: None)):
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert len(wg.result_summary(INPROP, ALL, ALL, GROUPS)) == 2
    assert capsys.readouterr() == ("", "")


def test_labels_of_every_kind_become_text() -> None:
    groups = dict(enumerate((LABELS[2], LABELS[3], "10", "b")))
    table = summary(INPROP, ALL, ALL, groups, display_threshold=0)
    assert sorted(table.index) == ["10", "9", "b"]

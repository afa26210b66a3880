"""Summaries of connectivity against the reference: its labels, its order, its errors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from path_cases import PathCase, path_cases
from scipy import sparse

import wiregrad as wg

Compare = Callable[[str, torch.Tensor, torch.Tensor], None]
SharedData = Callable[[str], Path]
MANY = settings(deadline=None, max_examples=200, derandomize=True)


@pytest.fixture(scope="session")
def their_summary(reference: ModuleType) -> Any:
    return sys.modules["connectome_interpreter.compress_paths"].result_summary


def compare_tables(compare: Compare, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Compare two tables; rows and columns may come in another order where they are equal."""
    pd.testing.assert_frame_equal(ours, theirs, check_like=True, check_dtype=False)
    theirs = theirs.loc[ours.index, ours.columns]
    numbers = (np.array(table, dtype=np.float64, order="C") for table in (ours, theirs))
    compare("result_summary", *map(torch.from_numpy, numbers))


@MANY
@given(
    case=path_cases(),
    seed=st.integers(0, 2**32 - 1),
    dense=st.booleans(),
    threshold=st.sampled_from([0.0, 1e-3, 0.3]),
    options=st.fixed_dictionaries(
        {
            "threshold_axis": st.sampled_from(["row", "column"]),
            "sort_within": st.sampled_from(["column", "row"]),
            "pre_in_column": st.booleans(),
            "include_undefined_groups": st.booleans(),
            "outprop": st.booleans(),
            "combining_method": st.sampled_from(["mean", "median", "sum"]),
        }
    ),
)
def test_random_summaries(
    their_summary: Any,
    compare: Compare,
    case: PathCase,
    seed: int,
    dense: bool,
    threshold: float,
    options: dict[str, Any],
) -> None:
    rng = np.random.default_rng(seed)
    n = len(case.inprop)
    matrix = case.inprop if dense else sparse.coo_matrix(case.inprop)
    inidx, outidx = (rng.permutation(n)[: rng.integers(1, n + 1)].tolist() for _ in range(2))
    arguments = matrix, inidx, outidx, case.pre_groups, case.post_groups
    options = options | {"display_output": False, "display_threshold": threshold}
    try:
        theirs = their_summary(*arguments, **options)
    except ValueError:  # nothing reaches the threshold
        with pytest.raises(ValueError, match="no weight reaches display_threshold"):
            wg.result_summary(*arguments, **options)
    else:
        ours = wg.result_summary(*arguments, **options)
        compare_tables(compare, ours, theirs)
        np.testing.assert_allclose(*(sort_keys(table, options) for table in (ours, theirs)))


def sort_keys(table: pd.DataFrame, options: dict[str, Any]) -> Any:
    """Return what the rows are sorted by: rows that are equal in it may change places."""
    if options["sort_within"] == "row":
        return table.abs().mean(axis=1).to_numpy()
    return table.iloc[:, 0].to_numpy()


@pytest.mark.parametrize("within", ["column", "row"])
@pytest.mark.parametrize("names", ["AVA", ["AVB", "AVA"]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_worm(
    their_summary: Any,
    worm: wg.Connectome,
    compare: Compare,
    within: str,
    names: str | list[str],
    dtype: Any,
) -> None:
    matrix = worm.weights().matrix.T.tocsr().astype(dtype)
    groups = dict(enumerate(worm.group_labels()))
    options = {"sort_within": within, "sort_names": names, "display_output": False}
    arguments = sparse.csr_matrix(matrix), range(302), range(302), groups
    ours = wg.result_summary(*arguments, **options)
    theirs = their_summary(arguments[0], list(range(302)), list(range(302)), groups, **options)
    compare_tables(compare, ours, theirs)


@pytest.mark.parametrize("column", ["cell_type", "lineage"])
@pytest.mark.parametrize("method", ["mean", "median", "sum"])
@pytest.mark.parametrize("outprop", [False, True])
def test_larva(
    their_summary: Any,
    compare: Compare,
    shared_data: SharedData,
    column: str,
    method: str,
    outprop: bool,
) -> None:
    larva = wg.Connectome.load(shared_data("larva"))
    matrix = sparse.csr_matrix(larva.weights(1).matrix.T)
    groups = dict(enumerate(larva.group_labels(column)))
    options = {"combining_method": method, "outprop": outprop, "display_output": False}
    neurons = [larva.select("role=sensory"), larva.select("role=inter")]
    arguments = matrix, *neurons, groups
    options["display_threshold"] = 0
    compare_tables(
        compare, wg.result_summary(*arguments, **options), their_summary(*arguments, **options)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"combining_method": "max"}, "combining_method"),
        ({"threshold_axis": "rows"}, "threshold_axis"),
        ({"sort_within": "index"}, "sort_within"),
        ({"sort_names": "nobody"}, "sort_names"),
        ({"display_threshold": 2.0}, "display_threshold"),
    ],
)
def test_what_the_reference_refuses_is_refused(
    their_summary: Any, options: dict[str, Any], message: str
) -> None:
    arguments = np.array([[0, 0.5], [0, 0]]), [0, 1], [0, 1]
    with pytest.raises((ValueError, AssertionError), match=message):
        their_summary(*arguments, display_output=False, **options)
    with pytest.raises(ValueError, match=message):
        wg.result_summary(*arguments, display_output=False, **options)

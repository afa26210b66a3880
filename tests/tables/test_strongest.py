"""The strongest groups stay, the rest is summed up, nothing is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_cases import QUICK, Problem, problems

from wiregrad.tables import activations_by_group, strongest_groups


def table(**total: float) -> pd.DataFrame:
    """Make a table of one step with groups of two neurons and the given sums."""
    values = pd.Series(total)
    return pd.DataFrame(
        {
            "group": pd.Series(values.index, dtype="string"),
            "step": 1,
            "n": 2,
            "n_active": (values > 0).astype(int).to_numpy(),
            "mean": values.to_numpy() / 2,
            "max": values.to_numpy(),
        }
    )


@QUICK
@given(problems(), st.integers(1, 4))
def test_nothing_is_lost(problem: Problem, limit: int) -> None:
    whole = activations_by_group(problem.network, problem.activations)
    kept = strongest_groups(whole, limit)
    for step, rows in whole.groupby("step"):
        short = kept[kept["step"] == step]
        assert short["n_groups"].sum() == len(rows)
        assert short["n"].sum() == rows["n"].sum()
        assert short["n_active"].sum() == rows["n_active"].sum()
        assert short["max"].max() == rows["max"].max()
        total = (rows["mean"] * rows["n"]).sum()
        assert (short["mean"] * short["n"]).sum() == pytest.approx(total)


@QUICK
@given(problems(), st.integers(1, 4))
def test_what_is_kept_is_at_least_as_strong_as_what_is_not(problem: Problem, limit: int) -> None:
    whole = activations_by_group(problem.network, problem.activations)
    strength = (whole["mean"] * whole["n"]).groupby(whole["group"].astype(object)).sum()
    kept = strongest_groups(whole, limit)
    names = kept["group"][kept["n_groups"] == 1].unique().tolist()
    left = strength.drop(names)
    assert strength[names].tolist() == sorted(strength[names], reverse=True)
    assert left.max() <= min(strength[names], default=np.inf) or left.empty
    assert len(left) != 1


def test_the_order_is_strength_then_name_and_the_others_are_last() -> None:
    kept = strongest_groups(table(a=0.1, b=0.3, c=0.3, d=0.2, e=0.1), 2)
    assert kept["group"].tolist() == ["b", "c", "3 others"]
    assert kept["n_groups"].tolist() == [1, 1, 3]
    assert kept["mean"].iloc[-1] == pytest.approx(0.4 / 6)
    assert kept["max"].iloc[-1] == 0.2


def test_silent_groups_are_among_the_others_even_where_there_is_room() -> None:
    kept = strongest_groups(table(a=0.0, b=0.3, c=0.0), 10)
    assert kept["group"].tolist() == ["b", "2 others"]


def test_a_single_one_left_over_keeps_its_name() -> None:
    kept = strongest_groups(table(a=0.1, b=0.3, c=0.0), 2)
    assert kept["group"].tolist() == ["b", "a", "c"]
    assert kept["n_groups"].tolist() == [1, 1, 1]


def test_some_are_kept_always() -> None:
    kept = strongest_groups(table(a=0.0, b=0.3, c=0.2, d=0.1), 2, always={"a"})
    assert kept["group"].tolist() == ["a", "b", "2 others"]


def test_a_group_with_the_name_of_the_others_is_told_apart() -> None:
    kept = strongest_groups(table(**{"2 others": 0.5, "a": 0.1, "b": 0.1}), 1)
    assert kept["group"].tolist() == ["2 others", "2 others*"]


def test_types_stay_as_they_were_and_the_argument_too() -> None:
    whole = table(a=0.1, b=0.3, c=0.2, d=0.2)
    copy = whole.copy()
    kept = strongest_groups(whole, 1)
    pd.testing.assert_frame_equal(whole, copy)
    assert kept.dtypes.drop("n_groups").equals(whole.dtypes)
    assert kept["n_groups"].dtype == "int64"
    empty = strongest_groups(whole[:0], 3)
    assert empty.dtypes.equals(kept.dtypes)
    assert empty.empty


def test_at_least_one_is_kept() -> None:
    with pytest.raises(ValueError, match="limit is 0: keep at least 1 group"):
        strongest_groups(table(a=1.0), 0)

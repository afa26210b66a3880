"""The wording that the error messages share."""

from __future__ import annotations

import pytest

from wiregrad._messages import did_you_mean, few, first_rows


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], ""),
        ([1], "1"),
        (range(5), "0, 1, 2, 3, 4"),
        (range(6), "0, 1, 2, 3, 4 and 1 more"),
        (iter(range(2_005)), "0, 1, 2, 3, 4 and 2,000 more"),
    ],
)
def test_few_names_the_first_and_counts_the_rest(values: object, text: str) -> None:
    assert few(values) == text  # type: ignore[arg-type]


def test_few_takes_another_limit() -> None:
    assert few("abcd", limit=2) == "a, b and 2 more"


@pytest.mark.parametrize(
    ("name", "names", "text"),
    [
        ("AVX", ["AVA", "PLM"], "; did you mean 'AVA'?"),
        ("ava", ["AVA", "AVAL", "PLM"], "; did you mean 'AVA' or 'AVAL'?"),
        ("AVAX", ["AVA", "AVAL", "AVAR"], "; did you mean 'AVA', 'AVAR' or 'AVAL'?"),
        ("AVA", ["PLM", "DVC"], ""),
        ("AVA", [], ""),
        ("72", [720, 1], "; did you mean '720'?"),
    ],
)
def test_the_nearest_names_are_given(name: str, names: list[object], text: str) -> None:
    assert did_you_mean(name, names) == text


def test_at_most_limit_names_are_given() -> None:
    assert did_you_mean("AVAX", ["AVA", "AVAL", "AVAR"], limit=1) == "; did you mean 'AVA'?"


def test_only_the_first_20_000_names_are_compared() -> None:
    others = [f"{k:05}" for k in range(20_000)]
    assert did_you_mean("AVAX", [*others[1:], "AVAL"]) == "; did you mean 'AVAL'?"
    assert did_you_mean("AVAX", [*others, "AVAL"]) == ""


@pytest.mark.parametrize(
    ("rows", "text"),
    [([3], "row 3"), ([3, 5], "rows 3, 5"), (range(9), "rows 0, 1, 2, 3, 4 and 4 more")],
)
def test_rows_are_named(rows: list[int], text: str) -> None:
    assert first_rows(rows) == text

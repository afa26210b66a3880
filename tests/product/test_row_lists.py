"""Lists of rows: which are active, ascending, and what they have in common."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from network_cases import QUICK

from wiregrad.product.compiled import (
    any_in_row,
    close_up,
    count_edges,
    list_active,
    list_active_of,
    merge_rows,
    within,
    without,
)

pytestmark = pytest.mark.kernel

SETS = st.sets(st.integers(0, 20)).map(sorted)


@QUICK
@given(a=SETS, b=SETS)
def test_merges_ascending_lists_without_doubles(a: list[int], b: list[int]) -> None:
    room = np.empty(len(a) + len(b), np.uint32)
    n = merge_rows(np.array(a, np.uint32), np.array(b, np.uint32), room)
    assert room[:n].tolist() == sorted({*a, *b})


@QUICK
@given(a=SETS, b=SETS)
def test_takes_one_list_from_another(a: list[int], b: list[int]) -> None:
    left = without(np.array(a, np.uint32), np.array(b, np.uint32))
    assert left.tolist() == sorted({*a} - {*b})


@pytest.mark.parametrize("batch", [0, 1, 8, 16, 24])
def test_lists_rows_with_anything_in_them_wherever_it_is(batch: int) -> None:
    rng = np.random.default_rng(batch)
    h = np.zeros((40, batch), np.float32)
    for row in range(0, 40, 3):
        if batch:
            h[row, rng.integers(batch)] = rng.choice([-1e-30, np.nan, 2.0])
    h[1:2] = -0.0
    expected = np.flatnonzero((h != 0).any(axis=1))
    active = np.empty(40, np.uint32)
    n = list_active(h, 5, 35, active)
    assert active[5 : 5 + n].tolist() == [row for row in expected if 5 <= row < 35]
    rows = np.arange(0, 40, 2, dtype=np.uint32)
    n = list_active_of(h, rows, 0, active)
    assert active[:n].tolist() == [row for row in expected if row % 2 == 0]
    flat = h.reshape(-1)
    for row in range(40):
        at, size = np.uint64(row * batch), np.uint64(batch)
        assert any_in_row(flat, at, size) == (row in expected)


def test_closes_the_gaps_between_the_lists_of_blocks() -> None:
    active = np.array([3, 0, 0, 4, 5, 0, 7, 0])
    bounds, counts = np.array([0, 3, 6, 8]), np.array([1, 2, 1])
    assert close_up(active, bounds, counts) == 4
    assert active[:4].tolist() == [3, 4, 5, 7]
    assert close_up(active, bounds, np.array([1, -1, 1])) == -1, "a block has left none"


def test_counts_the_entries_of_rows() -> None:
    assert count_edges(np.array([0, 2, 2, 7]), np.array([0, 2])) == 7
    assert count_edges(np.array([0, 2]), np.array([], np.int64)) == 0


@QUICK
@given(rows=SETS, first=st.integers(0, 21), size=st.integers(0, 21))
def test_rows_within_a_block(rows: list[int], first: int, size: int) -> None:
    found = within(np.array(rows, np.uint32), first, first + size)
    assert found.tolist() == [row for row in rows if first <= row < first + size]

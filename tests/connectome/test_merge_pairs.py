"""Pairs listed more than once, against a dictionary filled one at a time."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from connectome_cases import QUICK
from hypothesis import given
from hypothesis import strategies as st

from wiregrad.connectome._merge_pairs import merge_pairs

LISTED = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 9)))


@QUICK
@given(listed=LISTED)
def test_amounts_are_added_up_pair_by_pair_in_order(listed: list[tuple[int, int, int]]) -> None:
    expected: dict[tuple[int, int], int] = defaultdict(int)
    for pre, post, amount in listed:
        expected[pre, post] += amount
    table = np.array(listed, dtype=np.int64).reshape(-1, 3)
    pairs = merge_pairs(table[:, 0], table[:, 1], 5)
    assert list(zip(pairs.pre.tolist(), pairs.post.tolist(), strict=True)) == sorted(expected)
    total = pairs.add(table[:, 2].astype(np.float64))
    assert total.dtype == np.float64
    assert total.tolist() == [expected[pair] for pair in sorted(expected)]
    assert np.array_equal(pairs.pre[pairs.slot], table[:, 0])
    assert np.array_equal(pairs.post[pairs.slot], table[:, 1])

"""Text written out by codes, in chunks that are neither small nor written twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wiregrad.tables import _text_column
from wiregrad.tables._text_column import text_column

NAMES = np.array(["", "b", "ä", "a longer name"], dtype=object)


@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lengths=st.lists(st.integers(0, 12), max_size=6), again=st.lists(st.integers(0, 5)))
def test_parts_of_any_length_come_in_order(
    monkeypatch: pytest.MonkeyPatch, lengths: list[int], again: list[int]
) -> None:
    monkeypatch.setattr(_text_column, "_SMALLEST", 4)
    monkeypatch.setattr(_text_column, "_LARGEST", 7)
    rng = np.random.default_rng(len(again))
    parts = [rng.integers(0, 4, length, dtype=np.int32) for length in lengths]
    parts += [parts[place] for place in again if place < len(lengths)]
    column = pd.Series(text_column(NAMES, parts))
    assert column.dtype == pd.Series(["a"]).dtype
    assert column.tolist() == [NAMES[code] for part in parts for code in part]


def test_small_parts_share_a_chunk_and_equal_ones_their_memory() -> None:
    small = [np.zeros(10, dtype=np.int32)] * 100
    large = [np.ones(10_000, dtype=np.int32)] * 3
    column = text_column(NAMES, [*small, *large])
    if not hasattr(column, "_pa_array"):
        pytest.skip("this pandas keeps text as objects")
    chunks = column._pa_array.chunks
    assert [len(chunk) for chunk in chunks] == [1000, 10_000, 10_000, 10_000]
    assert len({chunk.buffers()[2].address for chunk in chunks[1:]}) == 1

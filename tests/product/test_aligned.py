"""Arrays that begin at a cache line."""

from __future__ import annotations

import numpy as np
import pytest

from wiregrad.product import aligned, row_width


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint32])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), (1001, 16)])
def test_an_array_begins_at_a_cache_line(shape: tuple[int, ...], dtype: type) -> None:
    array = aligned(shape, dtype, np.zeros)
    assert array.shape == shape
    assert array.dtype == dtype
    assert array.ctypes.data % 64 == 0 or array.size == 0
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert not array.any()


def test_all_of_it_is_its_own() -> None:
    first, second = (aligned((1000,), np.float64) for _ in range(2))
    first[:], second[:] = 1, 2
    assert (first == 1).all()
    assert (second == 2).all()


def test_rows_have_room_for_the_batch_in_whole_registers() -> None:
    for batch in range(1, 200):
        width = row_width(batch)
        assert batch <= width < batch + 16
        assert width in (1, 2, 4, 8) or width % 8 == 0
        assert width <= 32 or width % 16 == 0

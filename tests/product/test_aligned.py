"""Arrays that begin at a cache line."""

from __future__ import annotations

import numpy as np
import pytest

from wiregrad.product import aligned, row_width, widened


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


@pytest.mark.parametrize("batch", [0, 1, 2, 7, 8, 9, 16, 100])
def test_rows_have_room_for_the_batch_in_whole_registers(batch: int) -> None:
    width = row_width(batch)
    assert batch <= width < batch + 8
    assert width == batch if batch <= 1 else width % 8 == 0
    h = np.random.default_rng(0).random((2, batch, 5)).transpose(0, 2, 1)  # not contiguous
    wide = widened(h)
    assert wide.shape == (2, 5, width)
    assert wide.flags.c_contiguous
    np.testing.assert_array_equal(wide[..., :batch], h)
    assert not wide[..., batch:].any()

"""Summed inputs become activations."""

from __future__ import annotations

import numpy as np
import pytest

from wiregrad.network._activate_kernels import activate, activate_some

pytestmark = pytest.mark.kernel

#: A column alone; one register of either width, and several.
BATCHES = [1, 8, 16, 24, 32]


def run(
    sums: np.ndarray, threshold: float, keep: bool = False
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Activate rows; return activations, sums that were kept, and the active rows."""
    y, n = sums.copy(), len(sums)
    one, none = np.ones(n, sums.dtype), np.zeros(n, sums.dtype)
    kept, active = np.full((n if keep else 0, y.shape[1]), 7, y.dtype), np.zeros(n, np.uint32)
    single = sums.dtype == np.float32
    found = activate(y, 0, n, one, none, sums.dtype.type(threshold), single, kept, active)
    return y, kept, active[:found].tolist()


@pytest.mark.parametrize("batch", [1, 8, 16])
def test_tanh_is_right_to_the_last_digits_of_float32(batch: int) -> None:
    sums = np.concatenate([np.geomspace(1e-6, 30, 100_000), np.linspace(1e-3, 10, 100_000)])
    sums = sums.astype(np.float32).reshape(-1, batch)
    y, _, _ = run(sums, 1e-7)
    np.testing.assert_allclose(y, np.tanh(sums.astype(np.float64)), rtol=4e-7, atol=0)
    assert y.max() == 1


@pytest.mark.parametrize("huge", [100, 1e10, 1e30, np.finfo(np.float32).max])
@pytest.mark.parametrize("batch", BATCHES)
def test_sums_of_any_size_are_taken(batch: int, huge: float) -> None:
    sums = np.full((3, batch), huge, np.float32)
    sums[1] *= -1
    y, _, active = run(sums, 0.01)
    np.testing.assert_array_equal(y[[0, 2]], 1)
    np.testing.assert_array_equal(y[1], 0)
    assert active == [0, 2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", BATCHES)
def test_below_threshold_is_silent_and_at_it_is_not(batch: int, dtype: type) -> None:
    threshold = dtype(0.25)
    sums = np.full((4, batch), np.nextafter(threshold, dtype(0)), dtype)
    sums[1, -1] = threshold
    sums[3, 0] = 1
    y, _, active = run(sums, threshold)
    assert active == [1, 3]
    np.testing.assert_allclose(y, np.where(sums >= threshold, np.tanh(sums), 0), rtol=4e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_member_gets_the_same_bits_in_any_batch(dtype: type) -> None:
    sums = np.random.default_rng(0).normal(0.2, 0.5, (500, 32)).astype(dtype)
    whole, _, _ = run(sums, 0.01)
    for batch in BATCHES:
        part, _, _ = run(np.ascontiguousarray(sums[:, :batch]), 0.01)
        np.testing.assert_array_equal(part, whole[:, :batch])


@pytest.mark.parametrize("batch", BATCHES)
def test_summed_inputs_of_active_neurons_are_kept(batch: int) -> None:
    sums = np.random.default_rng(1).normal(0, 0.5, (50, batch)).astype(np.float32)
    _, kept, active = run(sums, 0.6, keep=True)
    assert active
    np.testing.assert_array_equal(kept[active], sums[active])


def test_rows_of_other_blocks_are_left_alone() -> None:
    sums = np.ones((6, 8), np.float32)
    one, none = np.ones(6, np.float32), np.zeros(6, np.float32)
    active = np.full(6, 99, np.uint32)
    found = activate(sums, 2, 4, one, none, np.float32(0.1), True, sums[:0], active)
    assert found == 2
    assert active.tolist() == [99, 99, 2, 3, 99, 99]
    np.testing.assert_array_equal(sums[[0, 1, 4, 5]], 1)
    assert (sums[2:4] < 1).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", BATCHES)
def test_some_rows_get_what_they_get_among_all(batch: int, dtype: type) -> None:
    sums = np.random.default_rng(2).normal(0, 0.5, (90, batch)).astype(dtype)
    all_y, all_kept, all_active = run(sums, 0.3, keep=True)
    rows = np.array([0, 3, 4, 50, 89], np.uint32)
    y, kept = sums.copy(), np.full_like(sums, 7)
    one, none, active = np.ones(90, dtype), np.zeros(90, dtype), np.zeros(90, np.uint32)
    how = dtype(0.3), dtype == np.float32, kept, active
    n = activate_some(y, rows, 2, one, none, *how)
    listed = active[2 : 2 + n].tolist()
    assert listed == [row for row in all_active if row in rows]
    np.testing.assert_array_equal(y[rows], all_y[rows])
    np.testing.assert_array_equal(kept[listed], all_kept[listed])
    others = np.setdiff1d(np.arange(90), rows)
    np.testing.assert_array_equal(y[others], sums[others])
    assert (kept[others] == 7).all()

"""Registers of neighbouring columns: the compiled operations are what their definitions say."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from wiregrad.product import _lanes
from wiregrad.product._lanes import (
    add,
    add_product,
    any_from,
    any_set,
    fill,
    load,
    multiply,
    prefetch,
    store,
    total,
    where_from,
    where_positive,
    zeros,
)

pytestmark = pytest.mark.kernel


@numba.njit
def four_products(x: np.ndarray, factor: np.generic, y: np.ndarray) -> None:
    prefetch(x, np.uint64(10**9))  # far beyond the end: allowed
    total = add_product(zeros(4, x), factor, load(4, x, np.uint64(1)))
    store(y, np.uint64(2), add_product(load(4, y, np.uint64(2)), factor, total))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounds_every_lane_as_a_number_by_itself(dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=6).astype(dtype), rng.normal(size=8).astype(dtype)
    factor = dtype(1 / 3)
    expected = y.copy()
    for lane in range(4):
        expected[2 + lane] += factor * (dtype(0) + factor * x[1 + lane])
    four_products(x, factor, y)
    assert np.array_equal(y, expected)


@numba.njit
def choose(x: np.ndarray, limit: np.generic, y: np.ndarray) -> tuple[bool, bool]:
    a = load(4, x, np.uint64(0))
    scaled = multiply(add(a, fill(4, limit)), a)
    store(y, np.uint64(0), where_positive(a, scaled, fill(4, limit)))
    return any_from(a, limit), any_set(a)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "x", [[0, 0, 0, 0], [-1, 0.3, 0, 2], [0, -0.0, 0, 1e-40], [np.nan, 0, 0, 0], [0, 0, 0, 0.5]]
)
def test_chooses_by_lane_and_looks_over_all(dtype: type, x: list[float]) -> None:
    a, y, limit = np.array(x, dtype), np.empty(4, dtype), dtype(0.5)
    large, there = choose(a, limit, y)
    np.testing.assert_array_equal(y, np.where(a > 0, (a + limit) * a, limit))
    assert large == bool((a >= limit).any())
    assert there == bool((a != 0).any())


@numba.njit
def choose_and_add(x: np.ndarray, limit: np.generic, y: np.ndarray) -> float:
    a = load(8, x, np.uint64(0))
    store(y, np.uint64(0), where_from(a, limit, multiply(a, a), zeros(8, x)))
    return total(a)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compares_by_lane_and_adds_halves_up(dtype: type) -> None:
    x = np.array([0.5, -1, 0.1, 1e8, -1e8, 3, np.pi, 0.25], dtype)
    y, limit = np.empty(8, dtype), dtype(0.5)
    found = choose_and_add(x, limit, y)
    np.testing.assert_array_equal(y, np.where(x >= limit, x * x, 0))
    a, b, c, d = x[:4] + x[4:]
    assert found == (a + c) + (b + d)


@pytest.mark.compiled
@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="there is nothing to compare with")
def test_definitions_for_python_say_the_same() -> None:
    source = {name: getattr(_lanes, f"_{name}") for name in _lanes.__all__}
    assert all(getattr(_lanes, name) is compiled for name, compiled in source.items())


def test_the_number_of_lanes_is_a_constant() -> None:
    @numba.njit
    def lanes(n: int, x: np.ndarray) -> float:
        store(x, np.uint64(0), zeros(n, x))
        return x[0]

    if numba.config.DISABLE_JIT:
        pytest.skip("numpy takes any number")
    with pytest.raises(numba.core.errors.TypingError, match="the number of lanes is a constant"):
        lanes(4, np.ones(8))

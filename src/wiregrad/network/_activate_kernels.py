"""CPU kernels of the activation function: from summed inputs to activations, in place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..product.compiled import (
    add,
    any_from,
    divide,
    fill,
    kernel,
    load,
    multiply,
    store,
    where_positive,
    zeros,
)

__all__ = ["activate", "copy_rows"]

Array: TypeAlias = npt.NDArray[Any]

# Neurons of a batch of one are looked over in chunks of so many; most chunks have no activity.
_CHUNK = 64

# tanh(z) / z for z up to _FLAT, beyond which float32 knows only 1, as a ratio of two polynomials
# in z * z, fitted by least squares with weights that even out the error: 2e-8 at most, and 4e-7 as
# float32 rounds it. All coefficients are above 0, so nothing cancels.
_FLAT = 9.02
_OVER = (0.999999979, 0.133798158, 3.49414810e-3, 2.05852363e-5, 1.33212744e-8)
_UNDER = (1.0, 0.467131312, 2.58715122e-2, 3.28327372e-4, 7.76297038e-7)

_NONE = np.uint64(0)


def _tanh_with(n: int) -> Callable[[Any, Any], Any]:
    """Make tanh of `n` lanes that are not negative, for float32.

    It takes a 1 too, of the precision that all is done in.
    """

    @kernel
    def tanh(z: Any, one: Any) -> Any:  # pragma: no cover - compiled
        flat = fill(n, one * np.float32(_FLAT))
        u = where_positive(add(z, multiply(fill(n, -one), flat)), flat, z)
        square = multiply(u, u)
        over = fill(n, one * np.float32(_OVER[4]))
        over = add(multiply(over, square), fill(n, one * np.float32(_OVER[3])))
        over = add(multiply(over, square), fill(n, one * np.float32(_OVER[2])))
        over = add(multiply(over, square), fill(n, one * np.float32(_OVER[1])))
        over = add(multiply(over, square), fill(n, one * np.float32(_OVER[0])))
        under = fill(n, one * np.float32(_UNDER[4]))
        under = add(multiply(under, square), fill(n, one * np.float32(_UNDER[3])))
        under = add(multiply(under, square), fill(n, one * np.float32(_UNDER[2])))
        under = add(multiply(under, square), fill(n, one * np.float32(_UNDER[1])))
        under = add(multiply(under, square), fill(n, one * np.float32(_UNDER[0])))
        h = divide(multiply(u, over), under)
        return where_positive(add(h, fill(n, -one)), fill(n, one), h)

    return tanh


_tanh_two, _tanh_eight = _tanh_with(2), _tanh_with(8)


@kernel
def _tanh_of(sums: Array, n: int, single: bool) -> None:  # pragma: no cover - compiled
    """Replace the first `n` sums by their tanh; `single`: as good as float32 can hold.

    There is room for 8 at a time.
    """
    one = sums.dtype.type(1)
    if single:
        for j in range(np.uint64(0), np.uint64(n), np.uint64(8)):
            store(sums, j, _tanh_eight(load(8, sums, j), one))
    else:
        for j in range(n):
            sums[j] = math.tanh(sums[j])


@kernel
def _activate_one(
    y: Array,
    first: int,
    stop: int,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    active: Array,
) -> int:  # pragma: no cover - compiled
    """Do what `activate` does, for a batch of one, shape (n_neurons,).

    Lists the active neurons from `active[first]` on and returns how many they are.
    """
    zero = y.dtype.type(0)
    sums = np.empty(_CHUNK, y.dtype)
    n = first
    for begin in range(first, stop, _CHUNK):
        # Counted from 0 in slices: a loop that might meet a negative index uses no vectors.
        part = y[begin : min(begin + _CHUNK, stop)]
        steepness, offset = slope[begin : begin + len(part)], bias[begin : begin + len(part)]
        n_open = 0
        for i in range(len(part)):
            part[i] = steepness[i] * part[i] + offset[i]
            n_open += part[i] >= threshold
        if n_open == 0:  # most neurons are silent, and in many chunks all of them
            part[:] = zero
            continue
        listed = active[n : n + len(part)]
        n_listed = 0
        for i in range(len(part)):
            listed[n_listed] = i
            sums[n_listed] = part[i]
            n_listed += part[i] >= threshold
            part[i] = zero
        _tanh_of(sums, n_listed, single)
        for j in range(n_listed):
            part[listed[j]] = sums[j]
            listed[j] += begin
        n += n_listed
    return n - first


def _activate_with(n: int, tanh: Callable[..., Any]) -> Callable[..., int]:
    """Make what `activate` does, for batches of at least `n` columns, `n` at a time."""
    lanes = np.uint64(n)

    @kernel
    def drive_of(flat: Array, at: Any, slope: Any, bias: Any) -> Any:  # pragma: no cover - compiled
        return add(multiply(fill(n, slope), load(n, flat, at)), fill(n, bias))

    @kernel
    def activated(drive: Any, threshold: Any, zero: Array) -> Any:  # pragma: no cover - compiled
        below = add(fill(n, threshold), multiply(fill(n, -zero.dtype.type(1)), drive))
        return where_positive(below, zeros(n, zero), tanh(drive, zero.dtype.type(1)))

    @kernel
    def activate_row(
        flat: Array, row: Any, n_batch: Any, slope: Any, bias: Any, threshold: Any, single: bool
    ) -> None:  # pragma: no cover - compiled
        if single:
            last = row + n_batch - lanes
            # The last register may overlap the one before it, which will be overwritten.
            drive = drive_of(flat, last, slope, bias)
            for at in range(row, last, lanes):
                store(flat, at, activated(drive_of(flat, at, slope, bias), threshold, flat))
            store(flat, last, activated(drive, threshold, flat))
            return
        for k in range(row, row + n_batch):
            total = slope * flat[k] + bias
            flat[k] = math.tanh(total) if total >= threshold else flat.dtype.type(0)

    @kernel
    def activate(
        y: Array,
        first: int,
        stop: int,
        slope: Array,
        bias: Array,
        threshold: Any,
        single: bool,
        summed: Array,
        active: Array,
    ) -> int:  # pragma: no cover - compiled
        n_batch = np.uint64(y.shape[1])
        flat, kept = y.reshape(-1), summed.reshape(-1)
        n_active = first
        for i in range(np.uint64(first), np.uint64(stop)):
            row = i * n_batch
            is_open = False
            b = _NONE
            while b < n_batch and not is_open:
                drive = drive_of(flat, row + min(b, n_batch - lanes), slope[i], bias[i])
                is_open = any_from(drive, threshold)
                b += lanes
            if not is_open:  # most neurons are silent
                b = _NONE
                while b < n_batch:
                    store(flat, row + min(b, n_batch - lanes), zeros(n, y))
                    b += lanes
                continue
            active[n_active] = i
            n_active += 1
            if len(kept):
                for k in range(row, row + n_batch):
                    kept[k] = flat[k]
            activate_row(flat, row, n_batch, slope[i], bias[i], threshold, single)
        return n_active - first

    return activate


_activate_few, _activate_many = _activate_with(2, _tanh_two), _activate_with(8, _tanh_eight)


@kernel
def copy_rows(
    source: Array, first: int, stop: int, target: Array
) -> None:  # pragma: no cover - compiled
    """Copy some rows. An assignment of slices would bring seconds of compilation with it."""
    read, written, n_batch = source.reshape(-1), target.reshape(-1), source.shape[1]
    for k in range(np.uint64(first * n_batch), np.uint64(stop * n_batch)):
        written[k] = read[k]


@kernel
def activate(
    y: Array,
    first: int,
    stop: int,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    summed: Array,
    active: Array,
) -> int:  # pragma: no cover - compiled
    """Turn the summed inputs of some neurons into activations, in place.

    Lists the active neurons from `active[first]` on and returns how many they are. Keeps their
    summed inputs in `summed`, if it has room.
    """
    if y.shape[1] == 1:
        if len(summed):
            copy_rows(y, first, stop, summed)
        flat = y.reshape(-1)
        return _activate_one(flat, first, stop, slope, bias, threshold, single, active)
    if y.shape[1] < 8:
        return _activate_few(y, first, stop, slope, bias, threshold, single, summed, active)
    return _activate_many(y, first, stop, slope, bias, threshold, single, summed, active)

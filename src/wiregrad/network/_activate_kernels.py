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
    fill,
    kernel,
    load,
    multiply,
    store,
    where_from,
    zeros,
)

__all__ = ["activate", "activate_some", "copy_rows"]

Array: TypeAlias = npt.NDArray[Any]

# Neurons of a batch of one are looked over in chunks of so many; most chunks have no activity.
_CHUNK = 64

# Rows of a batch that are not all silent are gathered until there are so many.
_GATHERED = 32

_NONE = np.uint64(0)


@kernel
def _tanh(z: Any) -> Any:  # pragma: no cover - compiled
    """Tanh of a number that is not negative, as good as float32 can hold.

    Plain arithmetic in float64, so that neighbouring numbers share vector instructions:
    exp(-2 z) is the 16th power of exp(-z / 8), and of that one the first terms of the series do.
    """
    u = min(float(z), 10.0) * 0.125  # beyond 10 it is 1
    # exp(-u) - 1, which keeps its digits where u is small, and then that of its squares.
    tail = 1 / 24 + u * (-1 / 120 + u * (1 / 720 + u * (-1 / 5040 + u / 40320)))
    m = u * (-1 + u * (1 / 2 + u * (-1 / 6 + u * tail)))
    m *= 2 + m
    m *= 2 + m
    m *= 2 + m
    m *= 2 + m
    return -m / (2 + m)


@kernel
def _tanh_of(
    sums: Array, rates: Array, n: int, least: Any, single: bool
) -> None:  # pragma: no cover - compiled
    """Fill in tanh of the first `n` sums, of smaller ones than `least` anything.

    `single`: as good as float32 can hold.
    """
    if single:
        for j in range(n):
            rates[j] = _tanh(sums[j])
    else:
        for j in range(n):
            if sums[j] >= least:
                rates[j] = math.tanh(sums[j])


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
    sums, rates = np.empty(_CHUNK, y.dtype), np.empty(_CHUNK, y.dtype)
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
        _tanh_of(sums, rates, n_listed, threshold, single)
        for j in range(n_listed):
            part[listed[j]] = rates[j]
            listed[j] += begin
        n += n_listed
    return n - first


def _finish_with(n: int) -> Callable[..., None]:
    """Make what puts the activations of gathered rows where they belong, `n` columns at a time."""
    lanes = np.uint64(n)

    @kernel
    def finish(
        flat: Array, at: Array, sums: Array, rates: Array, n_rows: int, batch: Any, least: Any
    ) -> None:  # pragma: no cover - compiled
        for j in range(np.uint64(n_rows)):
            b = _NONE
            while b < batch:
                drive, rate = load(n, sums, j * batch + b), load(n, rates, j * batch + b)
                store(flat, at[j] + b, where_from(drive, least, rate, zeros(n, flat)))
                b += lanes

    return finish


def _activate_with(n: int) -> Callable[..., int]:
    """Make what `activate_some` does, for batches of a multiple of `n` columns, `n` at a time."""
    lanes, finish = np.uint64(n), _finish_with(n)

    @kernel
    def activate(
        y: Array,
        rows: Array,
        first: int,
        slope: Array,
        bias: Array,
        threshold: Any,
        single: bool,
        summed: Array,
        active: Array,
    ) -> int:  # pragma: no cover - compiled
        n_batch = np.uint64(y.shape[1])
        flat, kept = y.reshape(-1), summed.reshape(-1)
        # Rows with activity are gathered: tanh of many numbers side by side takes a tenth of the
        # time, though that of silent ones among them is thrown away.
        at = np.empty(_GATHERED, np.uint64)
        size = _GATHERED * y.shape[1]
        sums, rates = np.empty(size, y.dtype), np.empty(size, y.dtype)
        n_gathered, n_active = 0, first
        for i in rows:
            steepness, offset, row = slope[i], bias[i], np.uint64(i) * n_batch
            is_open = False
            b = _NONE
            while b < n_batch:
                drive = multiply(fill(n, steepness), load(n, flat, row + b))
                if any_from(add(drive, fill(n, offset)), threshold):
                    is_open = True
                    break
                b += lanes
            if not is_open:  # most neurons are silent
                b = _NONE
                while b < n_batch:
                    store(flat, row + b, zeros(n, y))
                    b += lanes
                continue
            active[n_active] = i
            n_active += 1
            at[n_gathered] = row
            place = np.uint64(n_gathered) * n_batch
            b = _NONE
            while b < n_batch:
                x = load(n, flat, row + b)
                if len(kept):
                    store(kept, row + b, x)
                drive = add(multiply(fill(n, steepness), x), fill(n, offset))
                store(sums, place + b, drive)
                b += lanes
            n_gathered += 1
            if n_gathered == _GATHERED:
                _tanh_of(sums, rates, n_gathered * y.shape[1], threshold, single)
                finish(flat, at, sums, rates, n_gathered, n_batch, threshold)
                n_gathered = 0
        _tanh_of(sums, rates, n_gathered * y.shape[1], threshold, single)
        finish(flat, at, sums, rates, n_gathered, n_batch, threshold)
        return n_active - first

    return activate


_activate_single = _activate_with(1)
_activate_eight, _activate_sixteen = _activate_with(8), _activate_with(16)


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
    rows = np.arange(first, stop).astype(np.uint32)
    return activate_some(y, rows, first, slope, bias, threshold, single, summed, active)


@kernel
def activate_some(
    y: Array,
    rows: Array,
    first: int,
    slope: Array,
    bias: Array,
    threshold: Any,
    single: bool,
    summed: Array,
    active: Array,
) -> int:  # pragma: no cover - compiled
    """Do the same for some neurons, ascending; lists the active ones from `active[first]` on."""
    how = threshold, single, summed, active
    if y.shape[1] == 1:
        return _activate_single(y, rows, first, slope, bias, *how)
    if y.shape[1] % 16 == 0:
        return _activate_sixteen(y, rows, first, slope, bias, *how)
    return _activate_eight(y, rows, first, slope, bias, *how)

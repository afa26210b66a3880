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
    zeros,
)

__all__ = ["activate", "copy_rows"]

Array: TypeAlias = npt.NDArray[Any]

# Neurons of a batch of one are looked over in chunks of so many; most chunks have no activity.
_CHUNK = 64

# Sums above threshold are gathered until there are so many, to share vector instructions.
_GATHERED = 256

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
def _tanh_of(sums: Array, n: int, single: bool) -> None:  # pragma: no cover - compiled
    """Replace the first `n` sums by their tanh; `single`: as good as float32 can hold."""
    if single:
        for j in range(n):
            sums[j] = _tanh(sums[j])
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


@kernel
def _finish(
    flat: Array, at: Array, sums: Array, n: int, single: bool
) -> None:  # pragma: no cover - compiled
    """Put the activations of gathered sums where they belong."""
    _tanh_of(sums, n, single)
    for j in range(n):
        flat[at[j]] = sums[j]


def _activate_with(n: int) -> Callable[..., int]:
    """Make what `activate` does, for batches of at least `n` columns, `n` at a time."""
    lanes = np.uint64(n)

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
        zero, n_batch = y.dtype.type(0), np.uint64(y.shape[1])
        flat, kept = y.reshape(-1), summed.reshape(-1)
        at = np.empty(_GATHERED + y.shape[1], np.uint64)
        sums = np.empty(_GATHERED + y.shape[1], y.dtype)
        n_gathered, n_active = 0, first
        for i in range(np.uint64(first), np.uint64(stop)):
            steepness, offset, row = slope[i], bias[i], i * n_batch
            is_open = False
            b = _NONE
            while b < n_batch:
                # The last register may overlap the one before it: nothing is written yet.
                c = min(b, n_batch - lanes)
                drive = multiply(fill(n, steepness), load(n, flat, row + c))
                if any_from(add(drive, fill(n, offset)), threshold):
                    is_open = True
                    break
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
            for k in range(row, row + n_batch):
                total = steepness * flat[k] + offset
                at[n_gathered], sums[n_gathered], flat[k] = k, total, zero
                n_gathered += total >= threshold
            if n_gathered >= _GATHERED:
                _finish(flat, at, sums, n_gathered, single)
                n_gathered = 0
        _finish(flat, at, sums, n_gathered, single)
        return n_active - first

    return activate


_activate_few, _activate_many = _activate_with(2), _activate_with(8)


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

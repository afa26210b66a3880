"""One step of Adam, compiled on first use and cached on disk."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numba
import numpy.typing as npt

from ..product.compiled import parallel_kernel

__all__ = ["adam_step"]

Array: TypeAlias = npt.NDArray[Any]


@parallel_kernel
def adam_step(
    x: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    moved: Array,
    rates: Array,
    betas: tuple[float, float],
    corrections: tuple[float, float],
    epsilon: float,
    bounds: tuple[float, float],
) -> None:  # pragma: no cover - compiled
    """Update both moments, and fill in where the step leads, within bounds.

    Parameters
    ----------
    x, gradient, mean, square, moved : ndarray, shape (batch, n)
    rates : ndarray of float64, shape (batch,)
        Step sizes.
    betas : (float, float)
        How much of the moments is kept.
    corrections : (float, float)
        What the moments are divided by, as they began at 0.
    epsilon : float
    bounds : (float, float)
        The lowest and the highest that an entry may be.

    Notes
    -----
    Computed in float64: a square root of a float32 that is nearly 0 takes ten times as long.
    """
    for b in numba.prange(x.shape[0]):
        step = rates[b] / corrections[0]
        from_x, slope, to_x = x[b], gradient[b], moved[b]
        first, second = mean[b], square[b]
        for i in range(len(from_x)):
            g = float(slope[i])
            m = betas[0] * first[i] + (1 - betas[0]) * g
            v = betas[1] * second[i] + (1 - betas[1]) * g * g
            first[i], second[i] = m, v
            to = from_x[i] - step * m / (math.sqrt(v / corrections[1]) + epsilon)
            to_x[i] = min(max(to, bounds[0]), bounds[1])

"""Arithmetic on records: medians, spread, ratios, slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from ._records import Record

__all__ = ["Timing", "fit_slope", "growth_points", "ratio", "select", "timing"]

#: Iterations that count as the first ones.
FIRST = 5


@dataclass(frozen=True)
class Timing:
    """Seconds an iteration of one package in one case.

    Attributes
    ----------
    seconds : float
        Median over processes of the median over a process's iterations.
    low, high : float
        The smallest and the largest of these processes' medians.
    first : float
        The same as `seconds`, over each process's first five iterations.
    iterations : int
        In all processes together.
    extra_mb : float
        Peak memory above what the process held when the matrix was loaded, median.
    """

    seconds: float
    low: float
    high: float
    first: float
    iterations: int
    extra_mb: float


def select(records: Sequence[Record], **wanted: object) -> list[Record]:
    """Return the records with these values, but for those that were skipped."""
    return [
        record
        for record in records
        if all(record.get(name) == value for name, value in wanted.items())
        and "skipped" not in record
    ]


def timing(records: Sequence[Record]) -> Timing | None:
    """Summarise the processes of one package in one case; None if there is none."""
    runs = [record for record in records if record.get("seconds")]
    if not runs:
        return None
    middles = [median(run["seconds"]) for run in runs]
    return Timing(
        seconds=median(middles),
        low=min(middles),
        high=max(middles),
        first=median(median(run["seconds"][:FIRST]) for run in runs),
        iterations=sum(len(run["seconds"]) for run in runs),
        extra_mb=median(run["peak_mb"] - run["held_mb"] for run in runs),
    )


def ratio(ours: float | None, theirs: float | None) -> float | None:
    """Say how many times as much theirs is; None where either is missing."""
    return theirs / ours if ours and theirs else None


def growth_points(records: Sequence[Record]) -> list[tuple[float, float]]:
    """Pair the active edges of an iteration with its seconds, for the iterations that are known.

    Returns
    -------
    list of (edges, seconds)
        Seconds are the median over processes.
    """
    known = [record for record in records if record.get("active_edges")]
    if not known:
        return []
    counted = known[0]["active_edges"]
    return [
        (edges, median(record["seconds"][iteration] for record in known))
        for iteration, edges in counted
        if edges > 0 and all(iteration < len(record["seconds"]) for record in known)
    ]


def fit_slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Fit a straight line to logarithms; return its slope and its height at 1.

    Raises
    ------
    ValueError
        If there are fewer than two different places.
    """
    x, y = np.log(np.asarray(points, dtype=float).reshape(-1, 2)).T
    if len(np.unique(x)) < 2:
        raise ValueError(f"a slope needs two places at least, and there are {len(np.unique(x))}")
    slope, height = np.polyfit(x, y, 1)
    return float(slope), float(np.exp(height))

"""Rows of targets beyond single activations: means, differences, time courses; and joining them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..network import MultilayeredNetwork
from ._target_rows import count_from_start, layers_are

__all__ = ["course_rows", "difference_rows", "joined_rows", "mean_rows", "stacked_rows"]


def mean_rows(network: MultilayeredNetwork, neurons: Any, layer: int, value: float) -> pd.DataFrame:
    """Ask the mean of some neurons; see `TargetActivation.mean`."""
    step = _layer(network, layer)
    found = _find(network, neurons)
    name = f"mean of {_said(neurons, found)} at step {step + 1}"
    return _rows(step, found, value, name, 1 / len(found))


def difference_rows(
    network: MultilayeredNetwork, neurons: Any, minus: Any, layer: int, value: float
) -> pd.DataFrame:
    """Ask a difference of two means; see `TargetActivation.difference`."""
    step = _layer(network, layer)
    more, less = _find(network, neurons), _find(network, minus)
    both = np.intersect1d(more, less)
    if len(both):
        raise ValueError(
            f"a difference is between different neurons, but {len(both):,} are on both sides, "
            f"neuron {both[0]} first: leave them out of one"
        )
    name = f"{_said(neurons, more)} minus {_said(minus, less)} at step {step + 1}"
    sides = (more, 1 / len(more)), (less, -1 / len(less))
    parts = [_rows(step, found, value, name, weight) for found, weight in sides]
    return pd.concat(parts, ignore_index=True)


def course_rows(
    network: MultilayeredNetwork, courses: Mapping[Any, Sequence[float]], mean: bool
) -> pd.DataFrame:
    """Ask a value at every step; see `TargetActivation.course`."""
    if not isinstance(courses, Mapping) or not courses:
        raise TypeError(
            "courses are a dict {neurons: [value at step 1, at step 2, ...]}, not "
            f"{type(courses).__name__}" + ("" if courses else " without entries")
        )
    parts = []
    for neurons, values in courses.items():
        asked = np.asarray(values, dtype=np.float64)
        if asked.shape != (network.num_layers,):
            raise ValueError(
                f"the course of {neurons!r} has shape {asked.shape}: give a value for each of the "
                f"{network.num_layers} steps, and NaN where nothing is asked"
            )
        for step in np.flatnonzero(~np.isnan(asked)).tolist():
            found, value = _find(network, neurons), float(asked[step])
            if mean:
                parts.append(mean_rows(network, neurons, step, value))
            else:
                parts.append(_rows(step, found, value))
    if not parts:
        raise ValueError("the courses ask nothing: all values are NaN")
    return pd.concat(parts, ignore_index=True)


def stacked_rows(frames: Iterable[tuple[pd.DataFrame, int]]) -> pd.DataFrame:
    """Make members of the members of several targets, one after another."""
    parts, first = [], 0
    for frame, n_members in frames:
        parts.append(frame.assign(batch=frame["batch"] + first))
        first += n_members
    return pd.concat(parts, ignore_index=True)


def joined_rows(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Ask several targets of the same members; sums of one name stay apart."""
    used: set[str] = set()
    parts = []
    for frame in frames:
        if "target" in frame.columns:
            names = {name: _new(name, used) for name in frame["target"].dropna().unique()}
            used |= set(names.values())
            frame = frame.assign(target=frame["target"].map(names))
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _new(name: str, used: set[str]) -> str:
    """Give a sum another name if its own is in use."""
    number = 2
    new = name
    while new in used:
        new, number = f"{name} ({number})", number + 1
    return new


def _rows(
    step: int,
    neurons: np.ndarray,
    value: float,
    name: str | None = None,
    weight: float | None = None,
) -> pd.DataFrame:
    rows = pd.DataFrame({"batch": 0, "layer": step, "neuron": neurons, "value": float(value)})
    return rows if name is None else rows.assign(target=name, weight=weight)


def _find(network: MultilayeredNetwork, neurons: Any) -> np.ndarray:
    """Find neurons by an index, a list, a name or a mask, each once."""
    found = np.unique(network.find(neurons))
    if not len(found):
        raise ValueError(f"{neurons!r} holds no neuron: a target has one at least")
    return found


def _layer(network: MultilayeredNetwork, layer: int) -> int:
    given = isinstance(layer, (int, np.integer)) and not isinstance(layer, bool)
    step, outside = count_from_start(np.array([layer if given else 0]), network.num_layers)
    if not given or outside[0]:
        raise ValueError(
            f"target layer {layer!r} is out of range: {layers_are(network.num_layers)}"
        )
    return int(step[0])


def _said(neurons: Any, found: np.ndarray) -> str:
    if isinstance(neurons, (str, int, np.integer)):
        return str(neurons)
    return f"{len(found):,} neurons"

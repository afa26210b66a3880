"""Targets of several neurons at once: weighted sums of activations, such as means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._target_rows import refuse_rows

__all__ = ["combine", "combined_rows", "read_values"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# Weights such as thirds add up to 1 but for rounding.
_ROUNDING = 1e-6


def combined_rows(table: pd.DataFrame) -> BoolArray:
    """Say which rows are a part of a sum: those with a name in the column `target`."""
    if "target" not in table.columns:
        return np.zeros(len(table), dtype=np.bool_)
    found: BoolArray = table["target"].notna().to_numpy(dtype=np.bool_)
    return found


def read_values(table: pd.DataFrame, combined: BoolArray) -> FloatArray:
    """Read the values asked; those of sums are checked by `combine`.

    Raises
    ------
    ValueError
        If one is no number, or no activation where it must be one, with the first of these rows.
    """
    values = pd.to_numeric(table["value"], errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~((values >= 0) & (values <= 1)) & ~combined
    if wrong.any():
        refuse_rows(table, wrong, "a target value is an activation from 0 to 1")
    if not np.isfinite(values).all():
        refuse_rows(table, ~np.isfinite(values), "the value of a target is a number")
    return values


def combine(single: pd.DataFrame, parts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put targets that are sums beside those of one place.

    Parameters
    ----------
    single : DataFrame
        `batch`, `layer`, `neuron`, `value`.
    parts : DataFrame
        The same, of each neuron of a sum, with `target` (its name), `row` (of the table asked) and
        maybe `weight`: what the mean over the neurons of its row counts for; by default a sum is
        the mean of all its neurons.

    Returns
    -------
    table : DataFrame
        A row a target: `batch`, `layer`, `neuron`, `value`, `target`.
    parts : DataFrame
        A row a place: `part_of` (row of the table, ascending), `layer`, `neuron`, `weight`.

    Raises
    ------
    ValueError
        If a sum has two values, a neuron twice at a step, weights in some rows only or of 0, or a
        value that it can never have; with the first of these rows.
    """
    parts = parts.assign(weight=_weights(parts))
    _refuse_twice(parts)
    by_sum = parts.groupby(["batch", "target"], sort=False)
    different = by_sum["value"].transform("nunique") > 1
    if different.any():
        refuse_rows(parts, different, "a target of several neurons has one value")
    _refuse_out_of_reach(parts)
    first = by_sum.agg(layer=("layer", "min"), last=("layer", "max"), value=("value", "first"))
    first = first.reset_index()
    first["layer"] = first["layer"].where(first["layer"] == first["last"])
    alone = single.assign(target=None, number=-1)
    sums = first.drop(columns="last").assign(neuron=np.nan, number=np.arange(len(first)))
    table = _stacked(alone, sums)
    table = table.sort_values(["batch", "number"], kind="stable", ignore_index=True)
    row_of = np.empty(len(first), dtype=np.int64)
    summed = table["number"] >= 0
    row_of[table.loc[summed, "number"]] = np.flatnonzero(summed)
    places = _stacked(
        alone.assign(part_of=np.flatnonzero(~summed), weight=1.0),
        parts.assign(part_of=row_of[by_sum.ngroup()]),
    )
    places = places.sort_values(["part_of", "layer", "neuron"], kind="stable", ignore_index=True)
    columns = ["batch", "layer", "neuron", "value", "target"]
    kinds = {"layer": "Int64", "neuron": "Int64", "target": "string"}
    return table[columns].astype(kinds), places[["part_of", "layer", "neuron", "weight"]]


def _stacked(*frames: pd.DataFrame) -> pd.DataFrame:
    """Put frames below each other; those without rows have no say in the kinds of columns."""
    return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)


def _weights(parts: pd.DataFrame) -> FloatArray:
    """Say what each neuron counts for in its sum."""
    by_sum = parts.groupby(["batch", "target"], sort=False)
    if "weight" not in parts.columns:
        parts = parts.assign(weight=np.nan)
    given = pd.to_numeric(parts["weight"], errors="coerce")
    wrong = parts["weight"].notna() & ~(np.isfinite(given) & (given != 0))
    if wrong.any():
        refuse_rows(parts, wrong, "the weight of a target's neuron is a number other than 0")
    keys = [parts["batch"], parts["target"]]
    some = given.notna().groupby(keys, sort=False).transform("mean")
    if ((some > 0) & (some < 1)).any():
        refuse_rows(
            parts, (some > 0) & (some < 1), "either all rows of a target have a weight, or none has"
        )
    of_row = parts.groupby("row")["neuron"].transform("size")
    means = 1 / by_sum["neuron"].transform("size")
    weights: FloatArray = (given / of_row).fillna(means).to_numpy(dtype=np.float64)
    return weights


def _refuse_twice(parts: pd.DataFrame) -> None:
    twice = parts.duplicated(["batch", "target", "layer", "neuron"], keep=False)
    if twice.any():
        refuse_rows(parts, twice, "a neuron is twice in one target at the same layer")


def _refuse_out_of_reach(parts: pd.DataFrame) -> None:
    keys = [parts["batch"], parts["target"]]
    low = parts["weight"].clip(upper=0).groupby(keys, sort=False).transform("sum")
    high = parts["weight"].clip(lower=0).groupby(keys, sort=False).transform("sum")
    wrong = (parts["value"] < low - _ROUNDING) | (parts["value"] > high + _ROUNDING)
    if wrong.any():
        bounds = f"from {low[wrong].iloc[0]:g} to {high[wrong].iloc[0]:g}"
        refuse_rows(parts, wrong, f"with activations from 0 to 1, this target has values {bounds}")

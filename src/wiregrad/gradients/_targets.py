"""Targets: the activation asked of neurons at a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .._messages import did_you_mean, few

__all__ = ["TargetActivation"]

_COLUMNS = ["layer", "neuron", "value"]


@dataclass
class TargetActivation:
    """The activation asked of neurons, by layer and batch member.

    Parameters
    ----------
    targets : dict or DataFrame
        `{layer: {neuron: value}}`, the same for every batch member; or a frame with the columns
        `layer`, `neuron`, `value` and, where members differ, `batch`. Layer t is the state after
        t + 1 steps; negative layers count from the end. A neuron is an index, or the name of a
        group for all its members (on a network with labels, any selection). Values are activations,
        0 to 1.
    batch_size : int, optional
        Number of batch members: by default as many as the frame has, else 1. Rows of members
        beyond it are not used.

    Attributes
    ----------
    targets_df : DataFrame
        Columns `batch`, `layer`, `neuron`, `value`, one row a target; a frame without `batch`
        comes back once for every member, with `batch` as its last column.
    batch_size : int

    Raises
    ------
    ValueError
        If a column is missing, or the batch size is no whole number. Whether the targets fit a
        network is checked when they are used.
    TypeError
        If the targets are neither a dict of dicts nor a frame.

    Examples
    --------
    >>> TargetActivation({2: {"AVAL": 0.9, "AVAR": 0.9}}).targets_df
       batch  layer neuron  value
    0      0      2   AVAL    0.9
    1      0      2   AVAR    0.9
    """

    targets: Mapping[int, Mapping[Any, float]] | pd.DataFrame
    batch_size: int | None = None
    targets_df: pd.DataFrame = field(init=False, repr=False)

    def __post_init__(self) -> None:
        size = self.batch_size
        if size is not None and (not isinstance(size, (int, np.integer)) or size < 0):
            raise ValueError(f"batch_size is a whole number of batch members, not {size!r}")
        if isinstance(self.targets, pd.DataFrame):
            self._read_frame(self.targets)
        elif isinstance(self.targets, Mapping):
            self._read_dict(self.targets)
        else:
            raise TypeError(
                "targets are a dict {layer: {neuron: value}} or a DataFrame, not "
                f"{type(self.targets).__name__}"
            )

    def get_batch_targets(self, batch_idx: int) -> dict[Any, dict[Any, float]]:
        """Return one member's targets as `{layer: {neuron: value}}`; empty for an unknown member.

        Examples
        --------
        >>> TargetActivation({0: {1: 0.5}}).get_batch_targets(0)
        {0: {1: 0.5}}
        """
        rows = self.targets_df[self.targets_df["batch"] == batch_idx]
        targets: dict[Any, dict[Any, float]] = {}
        for layer, neuron, value in zip(
            rows["layer"].tolist(), rows["neuron"].tolist(), rows["value"].tolist(), strict=True
        ):
            targets.setdefault(layer, {})[neuron] = value
        return targets

    def _read_frame(self, frame: pd.DataFrame) -> None:
        missing = [column for column in _COLUMNS if column not in frame.columns]
        if missing:
            raise ValueError(
                f"DataFrame must contain columns: {_COLUMNS}; it lacks {few(missing)} and has "
                f"{few(frame.columns, limit=20)}{did_you_mean(missing[0], frame.columns)}"
            )
        if "batch" in frame.columns:
            self.targets_df = frame.copy()
            self.batch_size = self.batch_size or _members(frame["batch"])
            return
        self.batch_size = self.batch_size or 1
        copies = [frame.assign(batch=member) for member in range(self.batch_size)]
        self.targets_df = pd.concat(copies, ignore_index=True)

    def _read_dict(self, targets: Mapping[int, Mapping[Any, float]]) -> None:
        self.batch_size = self.batch_size or 1
        for layer, neurons in targets.items():
            if not isinstance(neurons, Mapping):
                raise TypeError(
                    f"targets are a dict {{layer: {{neuron: value}}}}: layer {layer!r} has "
                    f"{neurons!r} in place of {{neuron: value}}"
                )
        rows = [
            (member, layer, neuron, value)
            for layer, neurons in targets.items()
            for neuron, value in neurons.items()
            for member in range(self.batch_size)
        ]
        self.targets_df = pd.DataFrame(rows, columns=["batch", *_COLUMNS])


def _members(batch: pd.Series) -> int:
    """Count the members that a column of member numbers speaks of."""
    last = pd.to_numeric(batch, errors="coerce").max()  # what is no number is refused on use
    return int(last) + 1 if pd.notna(last) and np.isfinite(last) else 0

"""Targets: the activation asked of neurons at a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork
from ._target_kinds import course_rows, difference_rows, joined_rows, mean_rows, stacked_rows

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
        0 to 1. Rows with the same text in a column `target` are one target, the mean of all their
        neurons; with a column `weight`, the sum of each row's mean times its weight: see `mean`,
        `difference` and `course`, which make such rows.
    batch_size : int, optional
        Number of batch members: by default as many as the frame has, else 1. Rows of members
        beyond it are not used.

    Attributes
    ----------
    targets_df : DataFrame
        Columns `batch`, `layer`, `neuron`, `value` and those given, one row a target, or a part of
        one with a name in `target`; a frame without `batch`
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

    @classmethod
    def mean(
        cls, network: MultilayeredNetwork, neurons: Any, layer: int = -1, value: float = 1.0
    ) -> TargetActivation:
        """Ask the mean activation of some neurons: 1 for as high as can be, 0 for as low.

        Parameters
        ----------
        network : MultilayeredNetwork
        neurons : int, str, list or mask
            An index, a group or another selection, several of them, or a mask.
        layer : int
            When: layer t is the state after t + 1 steps; negative ones count from the end.
        value : float
            Mean activation, 0 to 1.

        Raises
        ------
        ValueError
            If there are no such neurons, or the layer is out of range.

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
        >>> asked = wg.TargetActivation.mean(network, "DA", value=0.5)
        >>> result = wg.activation_maximisation(network, asked, seed=0, use_tqdm=False)
        >>> result.targets[["target", "value", "status"]]
                         target  value   status
        0  mean of DA at step 3    0.5  reached
        """
        return cls(mean_rows(network, neurons, layer, value))

    @classmethod
    def difference(
        cls,
        network: MultilayeredNetwork,
        neurons: Any,
        minus: Any,
        layer: int = -1,
        value: float = 1.0,
    ) -> TargetActivation:
        """Ask a difference of mean activations: some neurons on while others are off.

        Parameters
        ----------
        network : MultilayeredNetwork
        neurons, minus : int, str, list or mask
            Those to be on and those to be off.
        layer : int
            When; see `mean`.
        value : float
            Mean of `neurons` minus mean of `minus`, -1 to 1.

        Raises
        ------
        ValueError
            If there are no such neurons, some are on both sides, or the layer is out of range.

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
        >>> asked = wg.TargetActivation.difference(network, "AVA", minus="AVB")
        >>> asked.targets_df["weight"].tolist()
        [0.5, 0.5, -0.5, -0.5]
        """
        return cls(difference_rows(network, neurons, minus, layer, value))

    @classmethod
    def course(
        cls,
        network: MultilayeredNetwork,
        courses: Mapping[Any, Sequence[float]],
        *,
        mean: bool = False,
    ) -> TargetActivation:
        """Ask a whole time course: a value at every step.

        Parameters
        ----------
        network : MultilayeredNetwork
        courses : dict
            `{neurons: values}`: neurons by index, group or another selection; a value for each of
            the network's steps, NaN where nothing is asked.
        mean : bool
            Whether the mean of the neurons is to follow the course; by default each of them.

        Raises
        ------
        ValueError
            If there are no such neurons, a course is not as long as the network has steps, or
            nothing is asked.
        TypeError
            If the courses are no dict.

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
        >>> wg.TargetActivation.course(network, {"AVAL": [0, float("nan"), 0.9]}).targets_df
           batch  layer  neuron  value
        0      0      0      53    0.0
        1      0      2      53    0.9
        """
        return cls(course_rows(network, courses, mean))

    @classmethod
    def together(cls, targets: Sequence[TargetActivation]) -> TargetActivation:
        """Ask several targets at once, of one and the same stimulus.

        Parameters
        ----------
        targets : sequence of TargetActivation
            Of equally many batch members.

        Raises
        ------
        ValueError
            If there are none, or their batch sizes differ.

        Examples
        --------
        >>> on, off = TargetActivation({2: {"AVA": 0.9}}), TargetActivation({2: {"AVB": 0.0}})
        >>> TargetActivation.together([on, off]).get_batch_targets(0)
        {2: {'AVA': 0.9, 'AVB': 0.0}}
        """
        sizes = [asked.batch_size for asked in _some(targets)]
        if len(set(sizes)) > 1:
            raise ValueError(
                f"targets asked together have equally many batch members, not {few(sizes)}: give "
                "each the same batch_size"
            )
        return cls(joined_rows([asked.targets_df for asked in targets]), sizes[0])

    @classmethod
    def batch(cls, targets: Sequence[TargetActivation]) -> TargetActivation:
        """Ask several targets side by side, each of a stimulus of its own.

        Parameters
        ----------
        targets : sequence of TargetActivation
            Their members follow one another.

        Raises
        ------
        ValueError
            If there are none.

        Examples
        --------
        >>> asked = [TargetActivation({2: {"AVA": 0.9}}), TargetActivation({2: {"AVB": 0.9}})]
        >>> TargetActivation.batch(asked).batch_size
        2
        """
        sizes = [asked.batch_size or 0 for asked in _some(targets)]
        frames = [asked.targets_df for asked in targets]
        return cls(stacked_rows(zip(frames, sizes, strict=True)), sum(sizes))

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


def _some(targets: Sequence[TargetActivation]) -> Sequence[TargetActivation]:
    if not len(targets):
        raise ValueError("there are no targets to put together: give one at least")
    return targets


def _members(batch: pd.Series) -> int:
    """Count the members that a column of member numbers speaks of."""
    last = pd.to_numeric(batch, errors="coerce").max()  # what is no number is refused on use
    return int(last) + 1 if pd.notna(last) and np.isfinite(last) else 0

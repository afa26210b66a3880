"""Recordings: what was measured, of which neurons, when; with weights and missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..connectome import Selection
from ..gradients import count_from_start, layers_are, refuse_rows, whole_numbers
from ..network import MultilayeredNetwork

__all__ = ["MEAN", "Recording", "Rows", "channel_names", "rows_of"]

IndexArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

#: Stands for a layer where a value is one of the mean over steps.
MEAN = -1

_NEURON_COLUMNS = ("neuron", "neuron_idx")


class Recording:
    """Measured responses of neurons or groups to a batch of stimuli.

    Parameters
    ----------
    values : array, shape (batch, channel, time) or (batch, channel)
        What was measured, in any unit if the observation model has a readout, else activations. NaN
        stands for what is missing.
    neurons : sequence of selections
        One a channel: an index, an id, a group's name, a mask, a list. Where one names several
        neurons, the channel is the mean of their activations.
    steps : int, sequence of int, or "mean", optional
        The layer of each time column, from 0 or negative from the end; an int for values of two
        dimensions; "mean" where a value is one of the mean over all steps. By default the columns
        are all steps.
    weights : array, optional
        At least 0, of any shape that broadcasts to that of `values`; 1 by default.

    Attributes
    ----------
    table : DataFrame
        A row for each value that is there: `batch`, `channel`, `layer` (NaN: the mean over steps),
        `value`, `weight`.
    neurons : list
        The selection of each channel.

    Raises
    ------
    ValueError
        If shapes do not fit, nothing was measured, or a value is infinite or a weight negative.

    Examples
    --------
    >>> recording = Recording([[0.2, np.nan], [0.4, 0.1]], ["AVA", "AVB"], steps=-1)
    >>> recording
    Recording of 2 channels, 2 stimuli: 3 values, 1 missing
    """

    def __init__(
        self,
        values: Any,
        neurons: Sequence[Selection],
        *,
        steps: int | Sequence[int] | str | None = None,
        weights: Any = None,
    ) -> None:
        array = np.asarray(values, dtype=np.float64)
        if isinstance(neurons, (str, int, np.integer)):
            neurons = [neurons]
        if array.ndim not in (2, 3) or array.shape[1] != len(neurons):
            raise ValueError(
                f"values have shape {array.shape}, but (batch, channel) or (batch, channel, time) "
                f"is needed, with a channel for each of the {len(neurons)} entries of neurons"
            )
        layers = _read_columns(steps, array)
        array = array.reshape(*array.shape[:2], -1)
        given = np.ones(()) if weights is None else np.asarray(weights, dtype=np.float64)
        if given.ndim == 2:
            given = given[..., None]
        try:
            weight = np.broadcast_to(given, array.shape)
        except ValueError:
            raise ValueError(
                f"weights of shape {given.shape} do not broadcast to values of shape {array.shape}"
            ) from None
        batch, channel, time = (axis.ravel() for axis in np.indices(array.shape))
        table = pd.DataFrame({"batch": batch, "channel": channel, "layer": layers[time]})
        self._keep(table.assign(value=array.ravel(), weight=weight.ravel()), list(neurons))

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> Recording:
        """Make a recording of a table, as `train_model` takes it.

        Parameters
        ----------
        table : DataFrame
            Columns `batch` (position among the stimuli), `neuron` or `neuron_idx` (a selection;
            several neurons: their mean), `value` (NaN: missing), and perhaps `layer` (missing: the
            mean over steps) and `weight`.

        Raises
        ------
        ValueError
            If a column is missing or holds what it cannot.
        TypeError
            If it is no frame.

        Examples
        --------
        >>> Recording.from_table(pd.DataFrame({"batch": [0], "neuron": ["AVA"], "value": [0.3]}))
        Recording of 1 channel, 1 stimulus: 1 value, 0 missing
        """
        if not isinstance(table, pd.DataFrame):
            raise TypeError(f"a table of responses is a DataFrame, not {type(table).__name__}")
        column = next((name for name in _NEURON_COLUMNS if name in table), "neuron")
        missing = [name for name in ("batch", column, "value") if name not in table]
        if missing:
            raise ValueError(
                f"the table lacks {few(map(repr, missing))}: it needs 'batch', 'neuron', 'value', "
                f"and may have 'layer' and 'weight'; it has {few(table.columns, limit=20)}"
                f"{did_you_mean(missing[0], table.columns)}"
            )
        codes, named = pd.factorize(table[column])
        if (codes < 0).any():
            refuse_rows(table, codes < 0, "the neuron of a response is missing")
        layer = np.full(len(table), np.nan)
        if "layer" in table:
            layer = pd.to_numeric(table["layer"], errors="coerce").to_numpy(np.float64)
            wrong = (np.isnan(layer) & table["layer"].notna().to_numpy()) | (layer % 1 > 0)
            if wrong.any():
                refuse_rows(table, wrong, "a layer is a whole number, or missing: the mean")
        value = pd.to_numeric(table["value"], errors="coerce").to_numpy(np.float64)
        texts = np.isnan(value) & table["value"].notna().to_numpy()
        if texts.any():
            refuse_rows(table, texts, "a value is a number, or missing")
        weight = pd.to_numeric(table["weight"]).to_numpy(np.float64) if "weight" in table else 1.0
        rows = pd.DataFrame({"batch": whole_numbers(table, "batch"), "channel": codes})
        made = cls.__new__(cls)
        names = [int(n) if isinstance(n, float) and n.is_integer() else n for n in named.tolist()]
        made._keep(rows.assign(layer=layer, value=value, weight=weight), names)
        return made

    def _keep(self, table: pd.DataFrame, neurons: list[Selection]) -> None:
        """Check what is common to both ways of making one, and drop what is missing."""
        value, weight = table["value"].to_numpy(), table["weight"].to_numpy()
        if np.isinf(value).any():
            refuse_rows(table, np.isinf(value), "values are infinite; NaN stands for missing ones")
        wrong = ~np.isfinite(weight) & ~np.isnan(value) | (weight < 0)
        if wrong.any():
            refuse_rows(table, wrong, "weights are finite numbers of at least 0")
        kept = ~np.isnan(value) & (weight > 0)
        if not kept.any():
            raise ValueError(
                f"nothing was measured: all {len(table):,} values are missing or have weight 0"
            )
        self.n_missing = int((~kept).sum())
        self.n_stimuli = int(table["batch"].max()) + 1
        self.table = table[kept].reset_index(drop=True)
        self.neurons = neurons

    def of_stimuli(self, which: Sequence[int] | IndexArray) -> Recording:
        """Return what was measured of some stimuli, which are counted as before.

        Raises
        ------
        ValueError
            If that is nothing.
        """
        part = type(self).__new__(type(self))
        part._keep(self.table[self.table["batch"].isin(np.asarray(which))], self.neurons)
        part.n_missing = 0
        return part

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        def count(n: int, one: str, more: str) -> str:
            return f"{n:,} {one if n == 1 else more}"

        return (
            f"Recording of {count(len(self.neurons), 'channel', 'channels')}, "
            f"{count(self.n_stimuli, 'stimulus', 'stimuli')}: "
            f"{count(len(self), 'value', 'values')}, {self.n_missing:,} missing"
        )


def _read_columns(steps: int | Sequence[int] | str | None, values: FloatArray) -> FloatArray:
    """Return the layer of each time column, NaN for a mean over steps."""
    n_columns = 1 if values.ndim == 2 else values.shape[2]
    if isinstance(steps, str):
        if steps != "mean" or n_columns != 1:
            raise ValueError(
                f"steps={steps!r}: layers, or 'mean' where each value is one of the mean over "
                "steps, values being of shape (batch, channel)"
            )
        return np.full(1, np.nan)
    if steps is None:
        if values.ndim == 2:
            raise ValueError(
                "values of shape (batch, channel) need steps: a layer, such as -1 for the last "
                "one, or 'mean'"
            )
        return np.arange(n_columns, dtype=np.float64)
    layers = np.atleast_1d(np.asarray(steps, dtype=np.float64))
    if layers.shape != (n_columns,) or (layers % 1 != 0).any():
        raise ValueError(
            f"steps={steps!r} are not whole numbers, one for each of the {n_columns} time columns"
        )
    return layers


@dataclass(frozen=True, eq=False)
class Rows:
    """Responses as arrays of shape (n,), sorted by member.

    Attributes
    ----------
    member, channel, layer : ndarray of int64
        `layer` is MEAN for means over steps.
    value, weight : ndarray of float64
    channels : list of ndarray of int64
        The neurons of each channel.
    """

    member: IndexArray
    channel: IndexArray
    layer: IndexArray
    value: FloatArray
    weight: FloatArray
    channels: list[IndexArray]

    def __len__(self) -> int:
        return len(self.member)

    def of_members(self, members: IndexArray) -> Rows:
        """Keep the rows of some members, in their order; they are counted in it from now on."""
        first, stop = np.searchsorted(self.member, [members, members + 1])
        lengths = stop - first
        ends = np.cumsum(lengths)
        rows = np.arange(lengths.sum()) + np.repeat(first - ends + lengths, lengths)
        place = np.repeat(np.arange(len(members)), lengths)
        return Rows(
            place,
            self.channel[rows],
            self.layer[rows],
            self.value[rows],
            self.weight[rows],
            self.channels,
        )


def rows_of(
    recording: Recording | pd.DataFrame, network: MultilayeredNetwork, n_members: int
) -> Rows:
    """Find the neurons and layers of a recording in a network.

    Raises
    ------
    ValueError
        If a neuron, a layer or a stimulus is not there.

    Notes
    -----
    Cost: a pass over the rows, and one over the neurons for each channel.
    """
    if not isinstance(recording, Recording):
        recording = Recording.from_table(recording)
    table = recording.table
    member = table["batch"].to_numpy(np.int64)
    outside = (member < 0) | (member >= n_members)
    if outside.any():
        why = f"there is no stimulus for these: there are {n_members:,}, counted from 0"
        refuse_rows(table, outside, why)
    layer = table["layer"].to_numpy(np.float64)
    means = np.isnan(layer)
    layers, wrong = count_from_start(np.where(means, 0, layer).astype(np.int64), network.num_layers)
    if wrong.any():
        refuse_rows(table, wrong, f"a layer is out of range: {layers_are(network.num_layers)}")
    order = np.argsort(member, kind="stable")
    return Rows(
        member[order],
        table["channel"].to_numpy(np.int64)[order],
        np.where(means, MEAN, layers)[order],
        table["value"].to_numpy(np.float64)[order],
        table["weight"].to_numpy(np.float64)[order],
        [network.find(what) for what in recording.neurons],
    )


def channel_names(recording: Recording | pd.DataFrame) -> list[object]:
    """Name the channels: a selection that is a text or a number is its own name.

    Examples
    --------
    >>> channel_names(Recording([[0.1, 0.2]], ["AVA", [3, 4]], steps=-1))
    ['AVA', 'channel 1']
    """
    if not isinstance(recording, Recording):
        recording = Recording.from_table(recording)
    return [
        what if isinstance(what, (str, int, np.integer)) else f"channel {number}"
        for number, what in enumerate(recording.neurons)
    ]

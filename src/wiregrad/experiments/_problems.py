"""The problems of a sweep: which targets belong together, and what each problem is called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork

__all__ = ["Batch", "Problems", "problems_for", "read_problems"]

_COLUMNS = ["layer", "neuron"]
#: Of targets that are means or differences; see `TargetActivation`.
_MORE = ["target", "weight"]


def problems_for(
    network: MultilayeredNetwork,
    groups: str | Iterable[Any] = "cell_type",
    layer: int = -1,
    value: float = 1.0,
) -> pd.DataFrame:
    """Make one problem of each group: all its neurons are to be active at the same step.

    Parameters
    ----------
    network : MultilayeredNetwork
    groups : str or list
        A column of the neurons table, for a problem of each of its values (neurons without a value
        are left out); or a list of group names or other selections, for a problem of each.
    layer : int
        When; negative ones count from the end.
    value : float
        Activation asked of each neuron, 0 to 1.

    Returns
    -------
    DataFrame
        `problem` (the group's name), `layer`, `neuron` (index), `value`, a row a neuron: for
        `wiregrad.sweep`, whole or in part.

    Raises
    ------
    ValueError
        If there is no such column, a selection matches nothing, or the layer or the value is out of
        range.

    Notes
    -----
    Cost: a pass over the neurons, or one for each selection.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
    >>> wg.problems_for(network, ["AVA", "AVBL"])
      problem  layer  neuron  value
    0     AVA      2      53    1.0
    1     AVA      2      54    1.0
    2    AVBL      2      55    1.0
    >>> wg.problems_for(network, "cell_type")["problem"].nunique()
    118
    """
    steps = network.num_layers
    if isinstance(layer, bool) or layer not in range(-steps, steps):
        raise ValueError(
            f"target layer {layer!r} is out of range: the network has num_layers={steps} (0 to "
            f"{steps - 1}, or negative from the end)"
        )
    if not 0 <= value <= 1:
        raise ValueError(f"a target value is an activation from 0 to 1, not {value!r}")
    names, neurons = (
        _by_column(network, groups) if isinstance(groups, str) else _by_name(network, groups)
    )
    return pd.DataFrame(
        {"problem": names, "layer": layer % steps, "neuron": neurons, "value": float(value)}
    )


def _by_column(network: MultilayeredNetwork, column: str) -> tuple[Any, Any]:
    if network.neurons is None:
        raise ValueError(
            f"the network has no table of neurons to take the column {column!r} from: pass a list "
            "of groups, or make it with MultilayeredNetwork.from_connectome"
        )
    columns = network.neurons.columns
    if column not in columns:
        raise ValueError(
            f"there is no column {column!r}: the neurons table has {few(columns, limit=20)}"
            f"{did_you_mean(column, columns)}; for a single group pass a list, [{column!r}]"
        )
    labels = network.neurons[column]
    codes, _ = pd.factorize(labels)
    order = np.argsort(codes, kind="stable")
    order = order[codes[order] >= 0]
    if not len(order):
        raise ValueError(f"the column {column!r} has no value for any neuron: choose another")
    return labels.to_numpy(dtype=object)[order], order


def _by_name(network: MultilayeredNetwork, groups: Iterable[Any]) -> tuple[Any, Any]:
    names = list(groups)
    if not names:
        raise ValueError("there are no groups: name at least one")
    found = [network.find(name) for name in names]
    repeated = np.repeat(np.arange(len(names)), [len(neurons) for neurons in found])
    return [names[i] for i in repeated], np.concatenate(found)


@dataclass(frozen=True, eq=False)
class Batch:
    """Some problems that are solved side by side.

    Attributes
    ----------
    numbers : list of int
        Which problems, by their number.
    labels : list of int or of str
        What they are called in the files.
    targets : DataFrame
        `batch` (place in `numbers`), `layer`, `neuron`, `value`.
    """

    numbers: list[int]
    labels: list[Any]
    targets: pd.DataFrame

    def __len__(self) -> int:
        return len(self.numbers)

    def halves(self) -> list[Batch]:
        """Part it in two."""
        middle = (len(self) + 1) // 2
        return [self._slice(0, middle), self._slice(middle, len(self))]

    def _slice(self, start: int, stop: int) -> Batch:
        place = self.targets["batch"]
        rows = self.targets[(place >= start) & (place < stop)]
        rows = rows.assign(batch=rows["batch"] - start)
        return Batch(self.numbers[start:stop], self.labels[start:stop], rows)


@dataclass(frozen=True, eq=False)
class Problems:
    """All problems of a sweep, numbered in the order in which they are first named.

    Attributes
    ----------
    labels : list of int or of str
        What each problem is called in the files: its label, or the label's text.
    table : DataFrame
        `layer`, `neuron`, `value`, as given, the rows of each problem together.
    starts : ndarray of int64, shape (n_problems + 1,)
        First row of each problem.
    """

    labels: list[Any]
    table: pd.DataFrame
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, numbers: Sequence[int], size: int) -> Iterator[Batch]:
        """Pack some problems into batches of at most `size`."""
        for first in range(0, len(numbers), size):
            some = list(numbers[first : first + size])
            counts = [self.starts[number + 1] - self.starts[number] for number in some]
            rows = [np.arange(self.starts[number], self.starts[number + 1]) for number in some]
            targets = self.table.iloc[np.concatenate(rows)].reset_index(drop=True)
            targets.insert(0, "batch", np.repeat(np.arange(len(some)), counts))
            yield Batch(some, [self.labels[number] for number in some], targets)

    def record(self) -> pd.DataFrame:
        """Return the rows with their problem's label, in columns that files can hold."""
        labels = np.repeat(np.arange(len(self)), np.diff(self.starts))
        frame = {"problem": plain_column([self.labels[number] for number in labels])}
        for name in self.table.columns:
            frame[name] = plain_column(self.table[name].tolist())
        return pd.DataFrame(frame)

    def digest(self) -> str:
        """SHA-256 of all rows; the order in which they are given does not matter."""
        record = self.record()
        columns = [map(_canonical, record[name].tolist()) for name in record.columns]
        rows = sorted("\x1f".join(row) for row in zip(*columns, strict=True))
        return hashlib.sha256("\x1e".join(rows).encode()).hexdigest()


def read_problems(frame: pd.DataFrame) -> Problems:
    """Check a frame of problems.

    Parameters
    ----------
    frame : DataFrame
        `layer`, `neuron`, and where they are given `problem`, `value`, and of targets of several
        neurons `target` and `weight`. Whether layers, neurons
        and values fit the network is found out when a problem is solved.

    Raises
    ------
    ValueError
        If there are no rows, a column is missing, or labels are missing or cannot be told apart.
    TypeError
        If it is no frame, or a label is not hashable.

    Examples
    --------
    >>> read_problems(pd.DataFrame({"layer": [1, 1], "neuron": ["AVA", 7]})).labels
    ['AVA', '7']
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"problems are a DataFrame with the columns layer and neuron, not "
            f"{type(frame).__name__}: wiregrad.problems_for makes one of groups"
        )
    missing = [column for column in _COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(
            f"the problems lack the column {few(missing)}: they have {few(frame.columns, limit=20)}"
            f"{did_you_mean(missing[0], frame.columns)}"
        )
    if not len(frame):
        raise ValueError("there are no problems: the frame has no rows")
    named = "problem" if "problem" in frame.columns else "neuron"
    try:
        codes, labels = pd.factorize(frame[named])
    except TypeError as error:
        raise TypeError(f"the label of a problem must be hashable: {error}") from None
    if (codes < 0).any():
        rows = np.flatnonzero(codes < 0)
        raise ValueError(
            f"{len(rows):,} rows have no {named!r}, which names their problem: {few(rows)}"
        )
    order = np.argsort(codes, kind="stable")
    values = frame["value"] if "value" in frame.columns else pd.Series(1.0, frame.index)
    more = [column for column in _MORE if column in frame.columns]
    table = frame[_COLUMNS].assign(value=values, **frame[more]).iloc[order].reset_index(drop=True)
    starts = np.searchsorted(codes[order], np.arange(len(labels) + 1)).astype(np.int64)
    return Problems(_file_labels(labels.tolist()), table, starts)


def plain_column(values: list[Any]) -> pd.Series:
    """Make a column that files can hold: integers, or numbers, or text."""
    if all(_is_integer(value) for value in values):
        return pd.Series([int(value) for value in values], dtype=np.int64)
    if all(_is_integer(value) or isinstance(value, (float, np.floating)) for value in values):
        return pd.Series([float(value) for value in values], dtype=np.float64)
    return pd.Series([str(value) for value in values], dtype="str")


def _file_labels(labels: list[Any]) -> list[Any]:
    if all(_is_integer(label) for label in labels):
        return [int(label) for label in labels]
    texts = [str(label) for label in labels]
    first: dict[str, Any] = {}
    for text, label in zip(texts, labels, strict=True):
        if text in first:
            raise ValueError(
                f"the problems {first[text]!r} and {label!r} cannot be told apart in files, where "
                f"both are {text!r}: give them other labels"
            )
        first[text] = label
    return texts


def _is_integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _canonical(value: Any) -> str:
    return repr(float(value)) if isinstance(value, (int, float)) else str(value)

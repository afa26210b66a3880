"""Stimuli made from a table of responses, such as of glomeruli to odours."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork
from ._index_array import to_nparray
from ._mapping import GroupsLike, group_labels
from ._match_names import match_names
from ._neurons import needed, read_sensory

__all__ = ["input_from_df"]


def input_from_df(
    df: pd.DataFrame,
    sensory_indices: Any = None,
    idx_to_group: GroupsLike | None = None,
    num_layers: int | None = None,
    timepoints: Any = 0,
    *,
    network: MultilayeredNetwork | None = None,
) -> npt.NDArray[np.float32]:
    """Make a batch of stimuli from a table of responses.

    Parameters
    ----------
    df : DataFrame
        A row for each group of sensory neurons (its label in the index), a column for each
        stimulus; dimensionless, usually in [0, 1].
    sensory_indices : sequence of int, optional
        The sensory neurons, in the order of the network's input rows. With a network any
        selection; its own if left out.
    idx_to_group : dict, Series or str, optional
        {neuron index: group}, groups as in the index of `df`. With a network also "id" or a column
        of its neurons, and its groups if left out.
    num_layers : int, optional
        Steps of the stimulus; those of the network if left out.
    timepoints : int or collection of int
        The steps at which the input is given, 0 to num_layers - 1; negative ones count from the
        end. All others are silent.
    network : MultilayeredNetwork, optional
        Where neurons, labels and steps come from.

    Returns
    -------
    ndarray of float32, shape (batch, sensory, step)
        A batch member for each column; every neuron receives the value of its group's row. Neurons
        whose group has no row receive 0. `model(input_from_df(...))` runs the network on it.

    Raises
    ------
    ValueError
        If two rows have the same label, no row belongs to a group of a sensory neuron, a value
        that is used is missing or infinite, a time point is out of range, or neither an argument
        nor a network to take it from is given.
    TypeError
        If an argument is of another kind, or the table holds anything but numbers.

    Warns
    -----
    UserWarning
        If some rows belong to no group at all: names that are misspelt, or groups that the
        connectome lacks. Rows of groups without sensory neurons are left out in silence.

    Notes
    -----
    Cost: 4 bytes for each value of the result.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "PLML"], 2, device="cpu")
    >>> responses = pd.DataFrame({"poke": [1.0, 0.5], "rest": [0.0, 0.25]}, index=["ASH", "PLM"])
    >>> input_from_df(responses, network=network)[..., 0].tolist()
    [[1.0, 1.0, 0.5], [0.0, 0.0, 0.25]]
    """
    values, row_labels = _read_table(df)
    if idx_to_group is None and network is None:
        raise needed("idx_to_group")
    sensory = read_sensory(sensory_indices, None if network is None else network.n_neurons, network)
    n_steps = _steps(num_layers, network)
    times = _times(timepoints, n_steps)
    labels = group_labels(idx_to_group, sensory, "idx_to_group", network)
    row = match_names(labels, row_labels)
    _check_match(row, labels, row_labels, idx_to_group, network)
    used = np.unique(row[row >= 0])
    _refuse_missing(values, used, df)
    stimuli = np.zeros((values.shape[1], len(sensory), n_steps), dtype=np.float32)
    given = np.where(row[:, None] >= 0, values[row], 0)
    stimuli[:, :, times] = given.T[:, :, None]
    return stimuli


def _read_table(df: Any) -> tuple[npt.NDArray[np.float64], pd.Index]:
    if not isinstance(df, pd.DataFrame):
        mend = "; of a Series, pass .to_frame()" if isinstance(df, pd.Series) else ""
        raise TypeError("df is a DataFrame, groups by stimuli, not " + type(df).__name__ + mend)
    repeated = df.index[df.index.duplicated()].unique()
    if len(repeated):
        raise ValueError(
            f"df has several rows for the same group: {few(repeated)}; keep one of each, e.g. with "
            "df.groupby(level=0).mean()"
        )
    try:
        values = df.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        texts = [
            name for name, kind in df.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)
        ]
        raise TypeError(
            f"df must hold numbers; its columns {few(texts)} do not: drop them, or make names the "
            "index, e.g. with df.set_index"
        ) from None
    return values, df.index


def _steps(num_layers: int | None, network: MultilayeredNetwork | None) -> int:
    if num_layers is None:
        if network is None:
            raise needed("num_layers")
        return network.num_layers
    if isinstance(num_layers, bool) or not isinstance(num_layers, (int, np.integer)):
        raise TypeError(f"num_layers is a whole number of steps, not {num_layers!r}")
    if num_layers < 1:
        raise ValueError(f"num_layers={num_layers}: a stimulus has at least 1 step")
    return int(num_layers)


def _times(timepoints: Any, n_steps: int) -> npt.NDArray[np.int64]:
    times = to_nparray(timepoints)
    if len(times) and times.dtype.kind not in "iu":
        raise ValueError(f"timepoints are steps, whole numbers, not {few(times)}")
    outside = times[(times < -n_steps) | (times >= n_steps)]
    if len(outside):
        raise ValueError(
            f"timepoints are out of range: {few(outside)}; the stimulus has num_layers={n_steps} "
            f"(0 to {n_steps - 1}, or from the end -1 to -{n_steps})"
        )
    return times.astype(np.int64)


def _check_match(
    row: npt.NDArray[np.intp],
    labels: npt.NDArray[np.generic],
    row_labels: pd.Index,
    idx_to_group: GroupsLike | None,
    network: MultilayeredNetwork | None,
) -> None:
    """Refuse a table that no sensory neuron is in; warn of rows that are no group at all."""
    if (row < 0).all():
        names = pd.unique(labels)
        near = did_you_mean(str(row_labels[0]), names) if len(row_labels) else ""
        raise ValueError(
            f"no row of df ({few(row_labels)}) is a group of a sensory neuron ({few(names)}): "
            f"nothing would be driven{near}"
        )
    known = pd.unique(_all_labels(idx_to_group, network))
    is_group = np.zeros(len(row_labels), dtype=bool)
    place = match_names(known, row_labels)
    is_group[place[place >= 0]] = True
    if not is_group.all():
        strangers = row_labels[~is_group]
        warnings.warn(
            f"{len(strangers):,} of {len(row_labels):,} rows of df are no group of any neuron and "
            f"are left out: {few(strangers)}{did_you_mean(str(strangers[0]), known)}",
            stacklevel=3,
        )


def _all_labels(
    idx_to_group: GroupsLike | None, network: MultilayeredNetwork | None
) -> npt.NDArray[Any]:
    if isinstance(idx_to_group, (Mapping, pd.Series)):
        groups = np.empty(len(idx_to_group), dtype=object)
        mapped = idx_to_group.values() if isinstance(idx_to_group, Mapping) else idx_to_group
        groups[:] = list(mapped)
        return groups
    neurons = np.arange(0 if network is None else network.n_neurons)
    return group_labels(idx_to_group, neurons, "idx_to_group", network)


def _refuse_missing(
    values: npt.NDArray[np.float64], used: npt.NDArray[np.intp], df: pd.DataFrame
) -> None:
    bad = np.argwhere(~np.isfinite(values[used]))
    if len(bad):
        places = [f"row {df.index[used[i]]} of column {df.columns[j]}" for i, j in bad[:5]]
        more = f" and {len(bad) - 5:,} more" if len(bad) > 5 else ""
        raise ValueError(
            f"df holds {len(bad):,} values that are NaN or infinite: {'; '.join(places)}{more}: "
            "decide what they mean, e.g. .fillna(0) for no response"
        )

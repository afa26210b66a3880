"""Activations added to a table of paths, and such a table as a list of neurons."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork
from ._arrays import ArrayLike
from ._mapping import GroupsLike
from ._match_names import labelled_neurons, match_names
from ._member_means import member_means
from ._neurons import read_sensory
from ._states import read_states

__all__ = ["activated_path_for_ngl", "get_activations_for_path"]

FloatStates = npt.NDArray[np.floating]


def get_activations_for_path(
    path: pd.DataFrame,
    activations: ArrayLike,
    model_in: ArrayLike | None = None,
    sensory_indices: Any = None,
    idx_to_group: GroupsLike | None = None,
    activation_start: int = 0,
    *,
    network: MultilayeredNetwork | None = None,
) -> pd.DataFrame:
    """Add the activations on both sides of each connection to a table of paths.

    Parameters
    ----------
    path : DataFrame
        A row for each connection: `pre` and `post` (groups or neurons; 5 and "5" are the same) and
        `layer` (counted from 1); any other columns. It is not changed.
    activations : ndarray or Tensor, shape (n_neurons, step)
        Dimensionless; as the network returns them.
    model_in : ndarray or Tensor, shape (sensory, step), optional
        The stimulus; needed if a layer, with `activation_start` added, is 1. Only its column 0 is
        used.
    sensory_indices : sequence of int, optional
        The neuron of each row of `model_in`, in this order. With a network any selection; its own
        sensory neurons if left out.
    idx_to_group : dict, Series or str, optional
        {neuron index: group}; a neuron without an entry is in no group. With a network also "id"
        or a column of its neurons, and its groups if left out. Without either, `pre` and `post`
        are neuron indices.
    activation_start : int
        Added to the layers of `path`: with 2, the connections of its layer 1 start from the state
        after two steps.
    network : MultilayeredNetwork, optional
        Where neurons and labels come from.

    Returns
    -------
    DataFrame
        The rows of `path`, with their index, by layer; within a layer in the order they had. All
        its columns, and

        - `pre_activation`: mean over the members of `pre` before the hop: in layer 1 the stimulus
          of its sensory members, in layer l the state after l - 1 steps;
        - `post_activation`: mean over the members of `post` after the hop, after l steps.

        NaN where a name is no group, or in layer 1 has no sensory member.

    Raises
    ------
    ValueError
        If a column is missing, a layer is out of range, no name in the table is a group, shapes do
        not fit, or a value is NaN or infinite; or if layer 1 is there without a stimulus.
    TypeError
        If an argument is of another kind.

    Warns
    -----
    UserWarning
        If some names are no group.

    Notes
    -----
    Cost: two passes over the activations of the neurons in the table.

    Examples
    --------
    >>> path = pd.DataFrame({"pre": [0, 1], "post": [1, 2], "layer": [1, 2]})
    >>> activations = np.array([[0.0, 0.0], [0.9, 0.0], [0.0, 0.8]])
    >>> get_activations_for_path(path, activations, np.array([[1.0, 0.0]]), [0])
       pre  post  layer  pre_activation  post_activation
    0    0     1      1             1.0              0.9
    1    1     2      2             0.9              0.8
    """
    n_neurons = None if network is None else network.n_neurons
    states = read_states(activations, "activations", n_neurons)
    layer = _layers(path, activation_start, states.shape[1])
    neurons, labels = labelled_neurons(idx_to_group, len(states), "idx_to_group", network)
    inputs, sensory = _start(layer, model_in, sensory_indices, len(states), network)
    dtype = np.result_type(states.dtype, inputs.dtype)
    added = {}
    unmatched: dict[str, pd.Index] = {}
    for side in ("pre", "post"):
        codes, names = pd.factorize(path[side])
        group = np.full(len(states), -1)
        group[neurons] = match_names(labels, names)
        means = _means(states, group, len(names))
        if side == "pre":
            start = _means(inputs, group[sensory], len(names))
            means = np.column_stack([start, means])
        # A missing name has the code -1 and finds the row of NaN that is put last.
        means = np.vstack([means, np.full((1, means.shape[1]), np.nan)]).astype(dtype)
        added[f"{side}_activation"] = means[codes, layer - 1]
        unmatched[side] = pd.Index(names)[~np.isin(np.arange(len(names)), group)]
    _tell_unmatched(path, unmatched, labels)
    order = np.argsort(layer, kind="stable")
    return path.assign(**added).iloc[order]


def _means(states: FloatStates, group: npt.NDArray[np.intp], n_groups: int) -> FloatStates:
    kept = group >= 0
    return member_means(states[kept], group[kept], n_groups)


def _start(
    layer: npt.NDArray[np.int64],
    model_in: ArrayLike | None,
    sensory_indices: Any,
    n_neurons: int,
    network: MultilayeredNetwork | None,
) -> tuple[FloatStates, npt.NDArray[np.int64]]:
    """Return column 0 of the stimulus and its neurons; of no neuron if no layer needs it."""
    if not (layer == 1).any():
        return np.empty((0, 1), dtype=np.float32), np.empty(0, dtype=np.int64)
    if model_in is None or (sensory_indices is None and network is None):
        raise ValueError(
            "the path has layer 1 (with activation_start added), which starts from the stimulus: "
            "pass model_in and sensory_indices, or model_in and network"
        )
    sensory = read_sensory(sensory_indices, n_neurons, network)
    return read_states(model_in, "model_in", len(sensory), "sensory neurons")[:, :1], sensory


def _layers(path: pd.DataFrame, start: int, n_steps: int) -> npt.NDArray[np.int64]:
    """Return the layer of each row, counted from the start of the activations."""
    _require_columns(path, ("pre", "post", "layer"))
    if isinstance(start, bool) or not isinstance(start, (int, np.integer)):
        raise TypeError(f"activation_start is a whole number of layers, not {start!r}")
    try:
        given = path["layer"].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        given = np.full(len(path), np.nan)
    if not np.all(given == np.floor(given)):  # false for NaN too
        raise ValueError("the column layer must hold whole numbers, counted from 1")
    layer = given.astype(np.int64) + int(start)
    outside = (layer < 1) | (layer > n_steps)
    if outside.any():
        added = f" (with activation_start={start} added)" if start else ""
        raise ValueError(
            f"the layers {few(np.unique(layer[outside]))}{added} are out of range: activations "
            f"has {n_steps} steps, so layers 1 to {n_steps}"
        )
    return layer


def _require_columns(path: pd.DataFrame, columns: tuple[str, ...]) -> None:
    if not isinstance(path, pd.DataFrame):
        raise TypeError(f"path is a DataFrame, not {type(path).__name__}")
    missing = [name for name in columns if name not in path.columns]
    if missing:
        raise ValueError(
            f"path lacks the columns {few(missing)}: it has {few(path.columns, limit=20)}"
            f"{did_you_mean(missing[0], path.columns)}"
        )


def _tell_unmatched(
    path: pd.DataFrame, unmatched: dict[str, pd.Index], labels: npt.NDArray[np.generic]
) -> None:
    strangers = list(dict.fromkeys([*unmatched["pre"], *unmatched["post"]]))
    if not strangers:
        return
    nearest = did_you_mean(str(strangers[0]), pd.unique(labels))
    message = f"names in the path that are no group of the network: {few(strangers)}{nearest}"
    if all(len(unmatched[side]) == path[side].nunique() for side in unmatched):
        raise ValueError(
            f"no name in the path is a group of the network: {few(strangers)}{nearest}; groups are "
            f"such as {few(pd.unique(labels))} (idx_to_group says which)"
        )
    warnings.warn(f"{message}; their activation is NaN", stacklevel=3)


def activated_path_for_ngl(path: pd.DataFrame) -> pd.DataFrame:
    """List the neurons of a table of paths with their activations, for neuroglancer.

    Parameters
    ----------
    path : DataFrame
        `pre`, `post`, `layer`, `pre_activation`, `post_activation`: as of `activations_to_df` and
        `get_activations_for_path`, with neuron ids as names.

    Returns
    -------
    DataFrame
        `neuron_id`, `layer`, `activation`: the presynaptic neurons of the first layer, in that
        layer, and the postsynaptic ones of each layer, in the next. Layers in the order of `path`;
        in each layer every neuron and activation once, with the index of the row where it comes
        first. `connectome_interpreter.get_ngl_link(df_format="long")` takes it.

    Raises
    ------
    ValueError
        If a column is missing.
    TypeError
        If `path` is no data frame.

    Notes
    -----
    Cost: two passes over the rows.

    Examples
    --------
    >>> path = pd.DataFrame({"pre": [11, 11], "post": [12, 13], "layer": [1, 1],
    ...                      "pre_activation": [1.0, 1.0], "post_activation": [0.9, 0.2]})
    >>> activated_path_for_ngl(path)
       neuron_id  layer  activation
    0         11      1         1.0
    0         12      2         0.9
    1         13      2         0.2
    """
    _require_columns(path, ("pre", "post", "layer", "pre_activation", "post_activation"))
    posts = _one_side(path, "post").assign(layer=path["layer"] + 1)
    pres = _one_side(path[path["layer"] == path["layer"].min()], "pre")
    blocks = [block for _, block in posts.groupby("layer", sort=False)]
    place = path["layer"].unique().tolist().index(path["layer"].min()) if len(path) else 0
    blocks.insert(place, pres)
    return pd.concat([block.drop_duplicates() for block in blocks])


def _one_side(path: pd.DataFrame, side: str) -> pd.DataFrame:
    columns = {side: "neuron_id", f"{side}_activation": "activation"}
    return path[[side, "layer", f"{side}_activation"]].rename(columns=columns)

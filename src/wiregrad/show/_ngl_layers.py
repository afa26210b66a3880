"""Neurons and their values, layer by layer, as neuroglancer is to show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few
from ..circuits import Answer, network_of
from ..network import MultilayeredNetwork
from ..tables import given_stimulus, neuron_labels

__all__ = ["NglLayer", "layers_of_result", "layers_of_table", "split_by_group"]

_LONG = ("neuron_id", "layer", "activation")


@dataclass(frozen=True, eq=False)
class NglLayer:
    """Segments, and a number for each.

    Attributes
    ----------
    name : str
    segments : list of str
        Ids, each once, in decimal digits: JSON has no whole numbers of 64 bits.
    values : ndarray of float64, shape (n_segments,)
    place : int
        Which step or column it is of, counted from 0.
    postsynaptic : str, optional
        The segment of the neuron that the values are of, which is shown with them.
    """

    name: str
    segments: list[str]
    values: npt.NDArray[np.float64]
    place: int = 0
    postsynaptic: str | None = None

    @classmethod
    def of(
        cls,
        name: str,
        ids: pd.Series,
        values: npt.ArrayLike,
        place: int,
        postsynaptic: str | None = None,
    ) -> NglLayer:
        """Read ids and values; of an id that is there several times, the largest size counts.

        Raises
        ------
        ValueError
            If an id is no whole number, or was rounded.
        """
        numbers = np.asarray(values, dtype=np.float64)
        table = pd.DataFrame({"segment": _segments(ids), "value": numbers, "size": abs(numbers)})
        table = table.sort_values("size", ascending=False, kind="stable", na_position="last")
        table = table.drop_duplicates("segment").sort_index()
        held = table["value"].to_numpy(dtype=np.float64)
        return cls(name, table["segment"].tolist(), held, place, postsynaptic)

    def only_shown(self) -> NglLayer:
        """Leave out segments whose value is 0 or missing."""
        shown = np.nan_to_num(self.values) != 0
        segments = [
            segment for segment, is_shown in zip(self.segments, shown, strict=True) if is_shown
        ]
        return replace(self, segments=segments, values=self.values[shown])


def layers_of_table(
    table: pd.DataFrame | pd.Series, form: str, with_postsynaptic: bool = False
) -> list[NglLayer]:
    """Read a table in one of two forms.

    Parameters
    ----------
    table : DataFrame or Series
    form : {"auto", "long", "wide"}
        Long: columns neuron_id, layer, activation. Wide: ids in the index, a column a layer.
    with_postsynaptic : bool
        Whether the columns of a wide table are named after neurons, which are shown too.

    Raises
    ------
    ValueError
        If the form is unknown, a column is missing or holds no numbers, an id is no number, or
        there are no postsynaptic neurons to show.
    TypeError
        If it is no table.
    """
    if form not in ("auto", "long", "wide"):
        raise ValueError(f"df_format is {form!r}: it is 'auto', 'long' or 'wide'")
    if isinstance(table, pd.Series):
        table = table.to_frame(table.name if table.name is not None else "neurons")
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"df is a DataFrame, a Series or a result, not {type(table).__name__}: "
            "activated_path_for_ngl makes such a table"
        )
    is_long = set(_LONG) <= set(table.columns)
    if form == "long" and not is_long:
        missing = [name for name in _LONG if name not in table.columns]
        raise ValueError(
            f"df lacks the columns {few(missing)}: it has {few(table.columns, limit=12)}"
            f"{did_you_mean(missing[0], table.columns)}"
        )
    if form == "long" or (form == "auto" and is_long):
        if with_postsynaptic:
            raise ValueError(
                "include_postsynaptic_neuron needs a wide table, whose columns are named after "
                "postsynaptic neurons: a long one has none"
            )
        return [
            NglLayer.of(_layer_name(layer), rows["neuron_id"], rows["activation"].to_numpy(), place)
            for place, (layer, rows) in enumerate(table.groupby("layer", sort=True))
        ]
    text = [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]
    if text:
        raise ValueError(
            f"the columns {few(text)} hold no numbers: a wide table has ids in its index and a "
            f"column of numbers for each layer; a long one has the columns {', '.join(_LONG)}"
        )
    ids = pd.Series(table.index)
    posts = _segments(pd.Series(table.columns), "the columns") if with_postsynaptic else None
    return [
        NglLayer.of(str(name), ids, table[name].to_numpy(), place, posts[place] if posts else None)
        for place, name in enumerate(table.columns)
    ]


def layers_of_result(
    result: Answer, member: int = 0, network: MultilayeredNetwork | None = None
) -> list[NglLayer]:
    """List the driven neurons at the start, and the active ones after each step.

    Raises
    ------
    ValueError
        If there is no such member, its network is not there, or ids are no whole numbers.
    """
    network = network_of(result, network)
    n_members = len(result.batch_input)
    if not -n_members <= member < n_members:
        raise ValueError(
            f"there is no member {member}: the result has {n_members:,} (0 to {n_members - 1:,})"
        )
    ids = neuron_labels(network)["id"]
    start = np.zeros(network.n_neurons)
    given = given_stimulus(network, result.batch_input[member])
    start[network.sensory_indices.cpu().numpy()] = given[:, 0]
    states = np.column_stack([start, result.batch_output[member]])
    layers = []
    for step, column in enumerate(states.T):
        active = np.flatnonzero(column)
        name = f"step {step}" if step else "start"
        layers.append(NglLayer.of(name, ids.take(active), column[active], step))
    return layers


def split_by_group(layers: list[NglLayer], group_by: Mapping[Any, Any]) -> list[NglLayer]:
    """Give every group a layer of its own; neurons without a group are left out.

    Parameters
    ----------
    layers : list of NglLayer
    group_by : dict
        {id: group}; ids are numbers or text.
    """
    group_of = {str(key): str(group) for key, group in group_by.items()}
    split = []
    for layer in layers:
        groups = pd.Series([group_of.get(segment) for segment in layer.segments], dtype="string")
        for group in sorted(groups.dropna().unique()):
            rows = np.flatnonzero((groups == group).fillna(False).to_numpy(dtype=bool))
            name = group if len(layers) == 1 else f"{layer.name} {group}"
            segments = [layer.segments[i] for i in rows]
            split.append(replace(layer, name=name, segments=segments, values=layer.values[rows]))
    return split


def _layer_name(layer: Any) -> str:
    whole = isinstance(layer, (int, np.integer)) or (
        isinstance(layer, (float, np.floating)) and float(layer).is_integer()
    )
    return f"layer {int(layer)}" if whole else str(layer)


def _segments(ids: pd.Series, where: str = "neuron_id") -> list[str]:
    if pd.api.types.is_float_dtype(ids.dtype):
        numbers = ids.to_numpy(dtype=np.float64)
        if not (np.isfinite(numbers) & (numbers % 1 == 0) & (np.abs(numbers) <= 2**53)).all():
            raise ValueError(
                "the ids are floats, which hold no whole numbers beyond 2**53, or are missing: "
                "read them as int64 or as text"
            )
        ids = ids.astype("int64")
    texts = ids.astype("string")
    wrong = texts[~texts.str.fullmatch(r"[0-9]+").fillna(False).astype(bool)]
    if len(wrong):
        raise ValueError(
            f"neuroglancer knows neurons by the numbers of their segments, and these are none: "
            f"{few(wrong.unique())}; give segment ids (root ids, body ids) as {where}"
        )
    return texts.tolist()

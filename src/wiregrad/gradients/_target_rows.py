"""Rows of a table of targets, checked against a network: layers and neurons that it has."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ._members import members_of

__all__ = [
    "count_from_start",
    "find_neurons_of_rows",
    "layer_numbers",
    "layers_are",
    "refuse_rows",
    "whole_numbers",
]

IndexArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Columns shown of rows that are refused, where a table has them.
_SHOWN = ("batch", "layer", "neuron", "neuron_idx", "value", "target", "weight")


def refuse_rows(table: pd.DataFrame, wrong: pd.Series | BoolArray, why: str) -> NoReturn:
    """Raise a ValueError that shows the first rows that are wrong."""
    columns = [column for column in _SHOWN if column in table.columns]
    rows = table.loc[np.asarray(wrong, dtype=bool), columns]
    shown = rows.head(5).to_string(index=False)
    rest = f"\nand {len(rows) - 5:,} more" if len(rows) > 5 else ""
    raise ValueError(f"{why}:\n{shown}{rest}")


def whole_numbers(table: pd.DataFrame, column: str) -> IndexArray:
    """Read a column of whole numbers, given as integers or as floats without a fraction.

    Raises
    ------
    ValueError
        If there are others, with the first of these rows.
    """
    numbers = pd.to_numeric(table[column], errors="coerce")
    wrong = numbers.isna() | (numbers % 1 != 0) | (numbers.abs() > 2**53)
    if wrong.any():
        refuse_rows(table, wrong, f"the targets' {column!r} must be whole numbers")
    return numbers.to_numpy().astype(np.int64)


def layers_are(num_layers: int) -> str:
    """Say which layers a network has, as the end of an error.

    Examples
    --------
    >>> layers_are(3)
    'the network has num_layers=3 (0 to 2, or negative from the end)'
    """
    return (
        f"the network has num_layers={num_layers} (0 to {num_layers - 1}, or negative from the end)"
    )


def count_from_start(layers: IndexArray, num_layers: int) -> tuple[IndexArray, BoolArray]:
    """Count negative layers from the end; say of each whether it is out of range.

    Examples
    --------
    >>> count_from_start(np.array([1, -1, 3]), 3)
    (array([1, 2, 3]), array([False, False,  True]))
    """
    outside = (layers < -num_layers) | (layers >= num_layers)
    return np.where(layers < 0, layers + num_layers, layers), outside


def layer_numbers(table: pd.DataFrame, num_layers: int) -> IndexArray:
    """Read the column `layer`, counted from the start.

    Raises
    ------
    ValueError
        If a layer is no whole number or out of range, with the first of these rows.
    """
    given = whole_numbers(table, "layer")
    layers, outside = count_from_start(given, num_layers)
    if outside.any():
        where = f"target layer {given[outside][0]} is out of range: {layers_are(num_layers)}"
        refuse_rows(table, outside, where)
    return layers


def find_neurons_of_rows(
    table: pd.DataFrame, column: str, network: MultilayeredNetwork
) -> tuple[IndexArray, IndexArray]:
    """Find the neurons that a column names, by index or any other selection.

    Returns
    -------
    row : ndarray of int64, shape (n,)
        Position in the table; a row that names several neurons comes once for each.
    neuron : ndarray of int64, shape (n,)
        Their indices.

    Raises
    ------
    ValueError
        If a name is missing or unknown, with the first of these rows.

    Notes
    -----
    Cost: one pass over the rows, one over the neurons for all numbers together, and one for each
    other different name.
    """
    codes, named = pd.factorize(table[column])
    if (codes < 0).any():
        refuse_rows(table, codes < 0, "a target's neuron is missing")
    names = [_as_integer(name) for name in named.tolist()]
    members = members_of(
        names, network, lambda code: _find(network, names[code], table, codes == code)
    )
    return members.of_each(codes)


def _as_integer(name: Any) -> Any:
    """Make an integer of a whole number: a column may hold floats, for the sake of another row."""
    return int(name) if isinstance(name, float) and name.is_integer() else name


def _find(
    network: MultilayeredNetwork, what: Any, table: pd.DataFrame, rows: BoolArray
) -> IndexArray:
    try:
        return network.find(what)
    except ValueError as error:
        why = f"the target neuron {what!r} is not in the network: {error}"
        refuse_rows(table, rows, why)

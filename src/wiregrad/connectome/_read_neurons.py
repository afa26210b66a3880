"""One neurons table from the files that have a row a neuron."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ._dialects import ID_COLUMNS, INDEX_COLUMNS
from ._match_ids import as_whole_numbers
from ._read_table import read_table

__all__ = ["read_neurons"]

logger = logging.getLogger("wiregrad")


def read_neurons(paths: Sequence[Path], id_column: str | None = None) -> pd.DataFrame | None:
    """Read the first table, and add to it the columns of the others by the ids they share.

    A table that shares no ids with the first is left out with a warning.

    Parameters
    ----------
    paths : sequence of Path
    id_column : str, optional
        The column with ids, where the caller names it.

    Returns
    -------
    DataFrame or None
        The rows of the first table, in their order; None where there is none.
    """
    if not paths:
        return None
    neurons = read_table(paths[0])
    for path in paths[1:]:
        neurons = _add_columns(neurons, read_table(path), path, id_column)
    return neurons


def _add_columns(
    neurons: pd.DataFrame, more: pd.DataFrame, path: Path, id_column: str | None
) -> pd.DataFrame:
    shared = [
        column
        for column in (id_column, *ID_COLUMNS, *INDEX_COLUMNS)
        if column in neurons.columns and column in more.columns
    ]
    for column in shared:
        ids, keys = as_whole_numbers(neurons[column].dropna(), more[column].dropna())
        if ids.is_unique and keys.is_unique and keys.isin(ids).any():
            new = more.loc[keys.index].drop(columns=more.columns.intersection(neurons.columns))
            return _join(neurons, ids, new.set_axis(pd.Index(keys)))
    logger.warning(
        "%s was left out: no column of ids that it shares with the neurons table names each "
        "neuron once",
        path.name,
    )
    return neurons


def _join(neurons: pd.DataFrame, ids: pd.Series, new: pd.DataFrame) -> pd.DataFrame:
    if len(ids) < len(neurons) or not ids.isin(new.index).all():
        # Holes are coming: as floats, whole numbers above 2**53 would change.
        whole = new.select_dtypes(["integer", "bool"]).convert_dtypes()
        new = new.astype(dict(whole.dtypes))
    rows = new.reindex(ids).set_axis(ids.index)
    return pd.concat([neurons, rows.reindex(neurons.index)], axis="columns")

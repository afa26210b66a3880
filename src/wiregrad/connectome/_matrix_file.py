"""Connection matrices in scipy's npz format, with a table of their neurons beside them."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from ._dialects import INDEX_COLUMNS, first_column
from ._read_table import require_file

__all__ = ["edges_of_matrix", "read_matrix", "rows_of_matrix"]


def read_matrix(path: Path) -> sparse.coo_array:
    """Read a square sparse matrix [pre, post] from an npz file of `scipy.sparse.save_npz`.

    Raises
    ------
    ValueError
        If the file is cut short or holds something else, or the matrix is not square.
    """
    require_file(path)
    try:
        with path.open("rb") as stream:  # which scipy leaves open where it fails
            matrix = sparse.coo_array(sparse.load_npz(stream))
    except PermissionError:
        raise
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path} cannot be read as a sparse matrix: it is cut short, or was not written by "
            f"scipy.sparse.save_npz ({error})"
        ) from None
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{path} is no square matrix [pre, post], but {matrix.shape}")
    return matrix


def rows_of_matrix(neurons: pd.DataFrame, n_neurons: int) -> pd.DataFrame:
    """Put a table of neurons in the order of a matrix's rows.

    The column `idx` gives each neuron's row; a table without it is in the right order already.

    Raises
    ------
    ValueError
        If the table and the matrix have different lengths, or `idx` is out of range or repeated.
    """
    if len(neurons) != n_neurons:
        raise ValueError(
            f"the neurons table has {len(neurons):,} rows, but the matrix has {n_neurons:,}: each "
            "neuron has one row in both"
        )
    index = first_column(neurons, INDEX_COLUMNS)
    if index is None:
        return neurons
    rows = neurons[index]
    wrong = ~rows.isin(range(n_neurons))
    if wrong.any():
        raise ValueError(
            f"the neurons table's {index!r} is out of range in {int(wrong.sum()):,} rows, first "
            f"{rows[wrong].iloc[0]}: the matrix has {n_neurons:,} rows (0 to {n_neurons - 1:,})"
        )
    if rows.duplicated().any():
        twice = rows[rows.duplicated()].iloc[0]
        raise ValueError(f"the neurons table's {index!r} has {twice} more than once")
    return neurons.sort_values(index, ignore_index=True)


def edges_of_matrix(matrix: sparse.coo_array, ids: pd.Series) -> pd.DataFrame:
    """List a matrix's entries as edges between ids; negative entries are inhibitory."""
    names = ids.to_numpy()
    table = pd.DataFrame(
        {
            "pre": names[matrix.row],
            "post": names[matrix.col],
            "count": np.abs(matrix.data).astype(np.float64),
        }
    )
    signed = bool((matrix.data < 0).any())
    return table.assign(sign=np.sign(matrix.data)) if signed else table

"""What of a fit, and of a cross-validation, is saved in a folder, and under which names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .._saved_folder import SavedKind, damaged, names_of_one_kind
from .._version import __version__
from ._saved_arguments import as_json, of_json

if TYPE_CHECKING:
    from ._fit_result import FitResult
    from ._folds import CrossValidation

__all__ = ["read_fit", "read_folds", "write_fit", "write_folds"]

_LOSSES = ("train_loss", "held_out_loss", "first_train_loss", "first_held_out_loss")
_NUMBERS = (*_LOSSES, "radius_before", "radius")  # NaN is none in JSON
_OBJECTS = ("observation", "arguments")
_AS_THEY_ARE = ("interrupted", "seed", "provenance", "seconds")
_MEMBERS = ("train_members", "held_out_members")
_ENSEMBLE = "ensemble_"

#: Columns of names, which may be of any kind, and missing.
_NAMES = ("name", "post", "channel")

FIT = SavedKind(
    "fit",
    1,
    ("parameters", "starts", "history", "predictions", "readout"),
    (*_NUMBERS, *_OBJECTS, *_AS_THEY_ARE),
    _MEMBERS,
)
FOLDS = SavedKind("cross-validation", 1, ("folds", "predictions", "parameters"), ("seed",))


def write_fit(result: FitResult, folder: Path) -> None:
    """Write a fit; what the folder held before is intact until all is written.

    Raises
    ------
    ValueError
        If the folder is a file, or holds other files.
    FileNotFoundError
        If there is no folder to make it in.
    OSError
        If it cannot be written.
    """
    page = {name: getattr(result, name) for name in _AS_THEY_ARE}
    page |= {name: as_json(getattr(result, name)) for name in _OBJECTS}
    for name in _NUMBERS:
        value = float(getattr(result, name))
        page[name] = None if np.isnan(value) else value
    arrays = {name: getattr(result, name) for name in _MEMBERS}
    arrays |= {_ENSEMBLE + name: values for name, values in result.ensemble.items()}
    FIT.write(folder, result.version, page, _tables(FIT, result), arrays)


def read_fit(folder: Path) -> dict[str, Any]:
    """Read what `write_fit` wrote: the fields of a `FitResult`, but for its network.

    Raises
    ------
    ValueError
        If no fit is in the folder, or one of a newer version, or a file is damaged.
    """
    page, tables, arrays = FIT.read(folder)
    ensemble = {
        name.removeprefix(_ENSEMBLE): values
        for name, values in arrays.items()
        if name.startswith(_ENSEMBLE)
    }
    try:
        return {
            **{name: page[name] for name in (*_AS_THEY_ARE, "version")},
            **{name: of_json(page[name]) for name in _OBJECTS},
            **{name: _number(page[name]) for name in _NUMBERS},
            **{name: arrays[name] for name in _MEMBERS},
            **{name: _with_objects(table) for name, table in tables.items()},
            "ensemble": ensemble,
        }
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(folder, error) from None


def write_folds(found: CrossValidation, folder: Path) -> None:
    """Write a cross-validation; errors as of `write_fit`."""
    FOLDS.write(folder, __version__, {"seed": found.seed}, _tables(FOLDS, found), {})


def read_folds(folder: Path) -> dict[str, Any]:
    """Read what `write_folds` wrote: the fields of a `CrossValidation`; errors as of `read_fit`."""
    page, tables, _ = FOLDS.read(folder)
    return {
        "seed": page["seed"],
        **{name: _with_objects(table) for name, table in tables.items()},
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _tables(kind: SavedKind, result: FitResult | CrossValidation) -> dict[str, pd.DataFrame]:
    return {name: _with_one_kind(getattr(result, name)) for name in kind.tables}


def _with_one_kind(table: pd.DataFrame) -> pd.DataFrame:
    columns = (name for name in _NAMES if name in table)
    return table.assign(**{name: names_of_one_kind(table[name]) for name in columns})


def _with_objects(table: pd.DataFrame) -> pd.DataFrame:
    """Make columns of names hold objects, and None where there is none, as they did."""
    names = {name: table[name].astype(object) for name in _NAMES if name in table}
    return table.assign(
        **{name: column.where(column.notna(), None) for name, column in names.items()}
    )

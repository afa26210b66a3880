"""What of a lesion screen is saved in a folder, and under which names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from .._saved_folder import SavedKind, damaged

if TYPE_CHECKING:
    from ._lesion_result import LesionScreen

__all__ = ["read_screen", "write_screen"]

_ARRAYS = ("null_intact", "null_effects")

KIND = SavedKind("lesion screen", 1, ("table",), ("intact", "arguments", "provenance", "seconds"))


def write_screen(screen: LesionScreen, folder: Path) -> None:
    """Write a lesion screen; what the folder held before is intact until all is written.

    Raises
    ------
    ValueError
        If the folder is a file, or holds other files.
    FileNotFoundError
        If there is no folder to make it in.
    OSError
        If it cannot be written.
    """
    arrays = {name: getattr(screen, name) for name in _ARRAYS}
    if screen.stimulus is not None:
        arrays["stimulus"] = screen.stimulus
    KIND.write(
        folder,
        screen.version,
        {name: getattr(screen, name) for name in KIND.page},
        {"table": _with_text_names(screen.table)},
        arrays,
    )


def read_screen(folder: Path) -> dict[str, Any]:
    """Read what `write_screen` wrote: the fields of a `LesionScreen`.

    Raises
    ------
    ValueError
        If no lesion screen is in the folder, or one of a newer version, or a file is damaged.
    """
    page, tables, arrays = KIND.read(folder)
    missing = [name for name in _ARRAYS if name not in arrays]
    if missing:
        raise damaged(folder, KeyError(missing[0]))
    fields = {name: page[name] for name in (*KIND.page, "version")}
    return {
        **fields,
        **tables,
        **{name: arrays[name] for name in _ARRAYS},
        "stimulus": arrays.get("stimulus"),
    }


def _with_text_names(table: pd.DataFrame) -> pd.DataFrame:
    """Name groups by texts where they are named by things of several kinds."""
    kinds = {type(name) for name in table["group"]}
    return table if len(kinds) <= 1 else table.assign(group=table["group"].map(str))

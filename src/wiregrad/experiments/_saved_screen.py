"""What of a lesion screen is saved in a folder, and under which names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._saved_folder import SavedKind, names_of_one_kind

if TYPE_CHECKING:
    from ._lesion_result import LesionScreen

__all__ = ["read_screen", "write_screen"]

KIND = SavedKind(
    "lesion screen",
    1,
    ("table",),
    ("intact", "arguments", "provenance", "seconds"),
    ("null_intact", "null_effects"),
)


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
    arrays = {name: getattr(screen, name) for name in KIND.arrays}
    if screen.stimulus is not None:
        arrays["stimulus"] = screen.stimulus
    KIND.write(
        folder,
        screen.version,
        {name: getattr(screen, name) for name in KIND.page},
        {"table": screen.table.assign(group=names_of_one_kind(screen.table["group"]))},
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
    fields = {name: page[name] for name in (*KIND.page, "version")}
    return {
        **fields,
        **tables,
        **{name: arrays[name] for name in KIND.arrays},
        "stimulus": arrays.get("stimulus"),
    }

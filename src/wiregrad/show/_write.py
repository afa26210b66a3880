"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from .._whole_files import write_file

__all__ = ["check_writable", "write_text"]


def check_writable(path: Path) -> None:
    """Refuse a path that cannot be written, before the work whose outcome belongs there.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    IsADirectoryError
        If the path is a folder.
    PermissionError
        If the folder cannot be written to.
    """
    folder = path.parent
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it, such as report.html")
    if not folder.is_dir():
        raise FileNotFoundError(
            f"cannot write {path.name}: the folder {folder} does not exist; make it first"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(
            f"cannot write {path.name}: the folder {folder} is not writable; name another folder"
        )


def write_text(path: Path, text: str) -> None:
    """Write a text file by way of a temporary one beside it; an existing file is replaced.

    Raises
    ------
    OSError
        If it cannot be written; an existing file is then as it was.
    """
    check_writable(path)
    write_file(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))

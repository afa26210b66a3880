"""Files that are there whole or not at all, and what a page of JSON can hold."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["plain", "write_file", "write_named"]


def write_named(folder: Path, stem: str, write: Callable[[Path], str]) -> str:
    """Let a file be written under a passing name; then give it, in one stroke, its own.

    Parameters
    ----------
    folder : Path
    stem : str
        What the passing name begins with, after a dot.
    write : callable
        Writes to a path, and returns the file's own name.

    Returns
    -------
    str
        The name.

    Raises
    ------
    OSError
        If it cannot be written; a file of that name is then as it was.
    """
    part = folder / f".{stem}-{uuid.uuid4().hex}.part"
    try:
        name = write(part)
        with part.open("r+b") as stream:
            os.fsync(stream.fileno())
        part.replace(folder / name)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return name


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under its name in one stroke; once that is over, it is on the disk.

    Raises
    ------
    OSError
        If it cannot be written; an existing file is then as it was.
    """

    def named(part: Path) -> str:
        write(part)
        return path.name

    write_named(path.parent, path.name, named)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Bring a folder's list of files to the disk, where that can be asked."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def plain(value: Any) -> Any:
    """Turn a value into what JSON holds: dicts, lists, texts and numbers; functions leave names.

    Examples
    --------
    >>> plain({1: (np.int64(2), print)})
    {'1': [2, 'print']}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, range)):
        return [plain(item) for item in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist())
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return getattr(value, "__qualname__", repr(value)) if callable(value) else str(value)

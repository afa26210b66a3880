"""A result's own folder: tables, arrays, and a page that says which files they are.

The page is written last and in one stroke. Until then the old page names the old files, so a save
that is interrupted anywhere leaves what was there before.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from .._messages import few
from .._version import __version__
from .._whole_files import plain, write_file, write_named

if TYPE_CHECKING:
    from ._result import MaximisationResult

__all__ = ["SAVED", "read_result", "write_result"]

_PAGE, _KIND, _FORMAT = "result.json", "maximisation", 1
_TABLES, _ARRAYS = ("targets", "target_neurons", "members", "neurons"), "arrays"
_LOSSES = ("activation_losses", "out_regularisation_losses", "in_regularisation_losses")

#: What a page holds of a result, as it is called there.
SAVED = ("seed", "arguments", "provenance", "n_passes", "seconds", "stage_seconds", "interrupted")

_FILE = re.compile(r"(targets|target_neurons|members|neurons|arrays)-[0-9a-f]{12}\.(parquet|npz)")
_PART = re.compile(
    r"\.(targets|target_neurons|members|neurons|arrays|result\.json)-[0-9a-f]{32}\.part"
)


def write_result(result: MaximisationResult, folder: Path) -> None:
    """Write a result; what the folder held before is intact until all is written.

    Raises
    ------
    ValueError
        If the folder is a file, or holds other files.
    FileNotFoundError
        If there is no folder to make it in.
    OSError
        If it cannot be written.
    """
    _require_own(folder)
    folder.mkdir(exist_ok=True)
    tables = {name: getattr(result, name) for name in _TABLES}
    files = {name: _write(folder, name, table.to_parquet) for name, table in tables.items()}
    files[_ARRAYS] = _write(folder, _ARRAYS, lambda path: _write_arrays(result, path))
    page = {
        "kind": _KIND,
        "format": _FORMAT,
        "version": result.version,
        "written_by": __version__,
        **{name: plain(getattr(result, name)) for name in SAVED},
        "files": files,
    }
    text = json.dumps(page, indent=2) + "\n"
    write_file(folder / _PAGE, lambda part: part.write_text(text, encoding="utf-8"))
    for path in folder.iterdir():
        if _is_ours(path) and path.name not in files.values():
            path.unlink(missing_ok=True)


def read_result(folder: Path) -> tuple[dict[str, Any], dict[str, pd.DataFrame], list[Any]]:
    """Read what `write_result` wrote.

    Returns
    -------
    page : dict
    tables : dict
    fields : list
        The six fields of a result.

    Raises
    ------
    ValueError
        If no result is in the folder, or one of a newer version, or a file is damaged.
    """
    page = _read_page(folder)
    paths = {name: folder / file for name, file in page["files"].items()}
    for path in paths.values():
        _require_whole(path)
    try:
        tables = {name: pd.read_parquet(paths[name]) for name in _TABLES}
        with np.load(paths[_ARRAYS], allow_pickle=False) as arrays:
            losses = [arrays[name].tolist() for name in _LOSSES]
            fields = [arrays["input"], arrays["output"], *losses, list(arrays["snapshots"])]
    except (pa.ArrowException, KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"the files in {folder} are damaged ({error}): save it again") from None
    return page, tables, fields


def _write(folder: Path, stem: str, write: Callable[[Path], object]) -> str:
    """Write a file under a name of its own content; return the name."""
    ending = "npz" if stem == _ARRAYS else "parquet"

    def named(path: Path) -> str:
        write(path)
        return f"{stem}-{_digest(path)[:12]}.{ending}"

    return write_named(folder, stem, named)


def _write_arrays(result: MaximisationResult, path: Path) -> None:
    snapshots = np.stack(result.snapshots) if result.snapshots else result.input[np.newaxis][:0]
    arrays: dict[str, Any] = {
        "input": result.input,
        "output": result.output,
        "snapshots": snapshots,
        **{name: np.array(getattr(result, name), dtype=np.float64) for name in _LOSSES},
    }
    with path.open("wb") as stream:  # numpy adds an ending to a name, and none to a stream
        np.savez_compressed(stream, **arrays)


def _require_own(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: a result is saved as a folder")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {folder.parent} to save {folder.name} in")
    if not folder.is_dir() or (folder / _PAGE).is_file():
        return
    others = [path.name for path in folder.iterdir() if not _is_ours(path)]
    if others:
        raise ValueError(
            f"the folder {folder} holds other files ({few(sorted(others))}): save to a new folder, "
            "or to one that holds a saved result"
        )


def _is_ours(path: Path) -> bool:
    return bool(_FILE.fullmatch(path.name) or _PART.fullmatch(path.name)) and path.is_file()


def _read_page(folder: Path) -> dict[str, Any]:
    path = folder / _PAGE
    try:
        page: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kind, newer = page["kind"], page["format"] > _FORMAT
        missing = [name for name in ("version", *SAVED, "files") if name not in page]
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(
            f"{folder} holds no result: there is no {_PAGE} in it; result.save(folder) makes one"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error!r}): save the result again") from None
    if kind != _KIND:
        raise ValueError(f"{folder} holds a result of another kind, {kind!r}, not {_KIND!r}")
    if newer:
        raise ValueError(
            f"{path} was written by wiregrad {page.get('written_by')}, which is newer than this "
            f"one ({__version__}): upgrade wiregrad"
        )
    files = page.get("files")
    if not missing and not (isinstance(files, dict) and set(files) == {*_TABLES, _ARRAYS}):
        missing = ["names of its files"]
    if missing or not all(_FILE.fullmatch(str(name)) for name in page["files"].values()):
        raise ValueError(
            f"{path} is damaged (it lacks {few(missing) or 'names of its files'}): save the result "
            "again"
        )
    return page


def _require_whole(path: Path) -> None:
    """Refuse a file that is not the one that was written: its name begins its digest."""
    if not path.is_file():
        raise ValueError(f"{path.parent} lacks the file {path.name}: save the result again")
    if _digest(path)[:12] != path.stem.rpartition("-")[2]:
        raise ValueError(f"{path} is not the file that was saved: save the result again")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

"""A result's own folder: tables, arrays, and a page that says which files they are.

The page is written last and in one stroke. Until then the old page names the old files, so a save
that is interrupted anywhere leaves what was there before.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from ._messages import few
from ._version import __version__
from ._whole_files import plain, write_file, write_named

__all__ = ["SavedKind", "damaged", "kind_of", "names_of_one_kind"]

_PAGE, _ARRAYS = "result.json", "arrays"

#: What names in tables may be.
_SIMPLE = (str, bool, int, float, np.generic)


@dataclass(frozen=True)
class SavedKind:
    """A kind of result that is saved as a folder.

    Parameters
    ----------
    kind : str
    format : int
        Version of what is saved.
    tables : tuple of str
        Names of its tables; letters and low lines.
    page : tuple of str
        What its page holds besides, as it is called there.
    arrays : tuple of str
        Names of the arrays that it cannot do without.
    """

    kind: str
    format: int
    tables: tuple[str, ...]
    page: tuple[str, ...]
    arrays: tuple[str, ...] = ()

    def write(
        self,
        folder: Path,
        version: str,
        page: Mapping[str, Any],
        tables: Mapping[str, pd.DataFrame],
        arrays: Mapping[str, npt.NDArray[Any]],
    ) -> None:
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
        self._require_own(folder)
        folder.mkdir(exist_ok=True)
        files = {name: _write(folder, name, tables[name].to_parquet) for name in self.tables}
        files[_ARRAYS] = _write(folder, _ARRAYS, lambda path: _write_arrays(arrays, path))
        written = {
            "kind": self.kind,
            "format": self.format,
            "version": version,
            "written_by": __version__,
            **{name: plain(page[name]) for name in self.page},
            "files": files,
        }
        text = json.dumps(written, indent=2) + "\n"
        write_file(folder / _PAGE, lambda part: part.write_text(text, encoding="utf-8"))
        for path in folder.iterdir():
            if self._is_ours(path) and path.name not in files.values():
                path.unlink(missing_ok=True)

    def read(
        self, folder: Path
    ) -> tuple[dict[str, Any], dict[str, pd.DataFrame], dict[str, npt.NDArray[Any]]]:
        """Read what `write` wrote: page, tables and arrays.

        Raises
        ------
        ValueError
            If no result is in the folder, or one of another kind or a newer version, or a file is
            damaged.
        """
        page = self._read_page(folder)
        paths = {name: folder / file for name, file in page["files"].items()}
        for path in paths.values():
            _require_whole(path)
        try:
            tables = {name: pd.read_parquet(paths[name]) for name in self.tables}
            with np.load(paths[_ARRAYS], allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
        except (pa.ArrowException, KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise damaged(folder, error) from None
        missing = [name for name in self.arrays if name not in found]
        if missing:
            raise damaged(folder, KeyError(missing[0]))
        return page, tables, found

    def _read_page(self, folder: Path) -> dict[str, Any]:
        path = folder / _PAGE
        page: dict[str, Any] = _page_of(folder)
        try:
            kind, newer = page["kind"], page["format"] > self.format
            missing = [name for name in ("version", *self.page, "files") if name not in page]
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged ({error!r}): save the result again") from None
        if kind != self.kind:
            raise ValueError(
                f"{folder} holds a result of another kind, {kind!r}, not {self.kind!r}"
            )
        if newer:
            raise ValueError(
                f"{path} was written by wiregrad {page.get('written_by')}, which is newer than "
                f"this one ({__version__}): upgrade wiregrad"
            )
        files = page.get("files")
        named = isinstance(files, dict) and set(files) == {*self.tables, _ARRAYS}
        if not missing and not named:
            missing = ["names of its files"]
        whole = self._files()
        if missing or not all(whole.fullmatch(str(name)) for name in page["files"].values()):
            raise ValueError(
                f"{path} is damaged (it lacks {few(missing) or 'names of its files'}): save the "
                "result again"
            )
        return page

    def _require_own(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is a file: a result is saved as a folder")
        if not folder.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {folder.parent} to save {folder.name} in")
        if not folder.is_dir():
            return
        if (folder / _PAGE).is_file():
            self._require_kind(folder)
            return
        others = [path.name for path in folder.iterdir() if not self._is_ours(path)]
        if others:
            raise ValueError(
                f"the folder {folder} holds other files ({few(sorted(others))}): save to a new "
                "folder, or to one that holds a saved result"
            )

    def _require_kind(self, folder: Path) -> None:
        """Refuse to replace a result of another kind; its files would stay behind."""
        try:
            kind = _page_of(folder).get("kind")
        except (ValueError, AttributeError):
            return  # a damaged one may be replaced
        if kind is not None and kind != self.kind:
            raise ValueError(
                f"{folder} holds a result of another kind, {kind!r}, not {self.kind!r}: save to a "
                "new folder"
            )

    def _files(self) -> re.Pattern[str]:
        names = "|".join((*self.tables, _ARRAYS))
        return re.compile(rf"({names})-[0-9a-f]{{12}}\.(parquet|npz)")

    def _is_ours(self, path: Path) -> bool:
        names = "|".join((*self.tables, _ARRAYS, re.escape(_PAGE)))
        part = re.compile(rf"\.({names})-[0-9a-f]{{32}}\.part")
        name = path.name
        return bool(self._files().fullmatch(name) or part.fullmatch(name)) and path.is_file()


def kind_of(folder: Path) -> str | None:
    """Tell of what kind the result in a folder is; None where there is none.

    Raises
    ------
    ValueError
        If its page is damaged.
    """
    if not (folder / _PAGE).is_file():
        return None
    page = _page_of(folder)
    return str(page.get("kind")) if isinstance(page, dict) else None


def names_of_one_kind(names: pd.Series) -> pd.Series:
    """Turn names into texts where they are of several kinds, or no texts or numbers.

    A column of parquet holds one kind.

    Examples
    --------
    >>> names_of_one_kind(pd.Series(["a", 7], dtype=object)).tolist()
    ['a', '7']
    """
    there = names.notna()
    kinds = {type(name) for name in names[there]}
    if len(kinds) <= 1 and all(issubclass(kind, _SIMPLE) for kind in kinds):
        return names
    return names.map(str).where(there, None)


def damaged(folder: Path, error: Exception) -> ValueError:
    """Make the error of a folder whose files do not hold what they should."""
    return ValueError(f"the files in {folder} are damaged ({error}): save it again")


def _page_of(folder: Path) -> Any:
    path = folder / _PAGE
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(
            f"{folder} holds no result: there is no {_PAGE} in it; result.save(folder) makes one"
        ) from None
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error!r}): save the result again") from None


def _write(folder: Path, stem: str, write: Callable[[Path], object]) -> str:
    """Write a file under a name of its own content; return the name."""
    ending = "npz" if stem == _ARRAYS else "parquet"

    def named(path: Path) -> str:
        write(path)
        return f"{stem}-{_digest(path)[:12]}.{ending}"

    return write_named(folder, stem, named)


def _write_arrays(arrays: Mapping[str, Any], path: Path) -> None:
    with path.open("wb") as stream:  # numpy adds an ending to a name, and none to a stream
        np.savez_compressed(stream, **arrays)


def _require_whole(path: Path) -> None:
    """Refuse a file that is not the one that was written: its name begins its digest."""
    if not path.is_file():
        raise ValueError(f"{path.parent} lacks the file {path.name}: save the result again")
    if _digest(path)[:12] != path.stem.rpartition("-")[2]:
        raise ValueError(f"{path} is not the file that was saved: save the result again")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

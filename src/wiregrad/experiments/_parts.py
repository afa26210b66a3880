"""Tables written in parts, each in one stroke, so that a kill at any moment leaves whole files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .._whole_files import write_file

__all__ = [
    "UNFINISHED",
    "part_files",
    "read_column",
    "read_note",
    "read_parts",
    "write_part",
    "write_text",
]

#: What a part is called: the number of its first problem, and something that no other part has.
_PART = re.compile(r"part-\d{6,}-[0-9a-f]{12}\.parquet")
#: What a file is called before it is whole.
UNFINISHED = re.compile(r"\..+\.part")


def write_part(table: pd.DataFrame, path: Path, notes: dict[str, str] | None = None) -> None:
    """Write a table, with notes beside its columns, under its name in one stroke.

    Raises
    ------
    ValueError
        If a column cannot be written to parquet.
    OSError
        If the file cannot be written.
    """
    try:
        plain = pa.Table.from_pandas(table, preserve_index=False)
    except (pa.ArrowException, TypeError) as error:
        raise ValueError(f"{path.parent.name} cannot be written to parquet: {error}") from None
    encoded = {key.encode(): value.encode() for key, value in (notes or {}).items()}
    plain = plain.replace_schema_metadata({**(plain.schema.metadata or {}), **encoded})
    write_file(path, lambda part: pq.write_table(plain, part, compression="zstd"))


def write_text(text: str, path: Path) -> None:
    """Write a text under its name in one stroke."""
    write_file(path, lambda part: part.write_text(text, encoding="utf-8"))


def part_files(folder: Path) -> dict[str, Path]:
    """List the whole parts of a table, by name, in order."""
    if not folder.is_dir():
        return {}
    names = sorted(path.name for path in folder.iterdir() if _PART.fullmatch(path.name))
    return {name: folder / name for name in names}


def read_column(path: Path, column: str) -> list[Any]:
    """Read one column of a part; a damaged file is refused."""
    values: list[Any] = _read(path, [column])[column].to_pylist()
    return values


def read_note(path: Path, key: str) -> str | None:
    """Read a note that a part was written with."""
    note = (pq.read_schema(path).metadata or {}).get(key.encode())
    return None if note is None else note.decode()


def read_parts(paths: Iterable[Path], keep: Callable[[str], pa.Array]) -> pa.Table | None:
    """Read parts as one table; None if there are none.

    Parameters
    ----------
    paths : iterable of Path
    keep : callable
        By a part's name, the problems to take from it.

    Raises
    ------
    ValueError
        If a file is damaged.
    """
    tables = []
    for path in paths:
        table = _read(path)
        tables.append(table.filter(pc.is_in(table["problem"], value_set=keep(path.name))))
    return pa.concat_tables(tables, promote_options="permissive") if tables else None


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns=columns)
    except pa.ArrowException as error:
        raise ValueError(
            f"{path} is damaged ({error}): delete it and run the sweep again, which solves its "
            "problems anew"
        ) from None

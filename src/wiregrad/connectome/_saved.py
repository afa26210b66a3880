"""wiregrad's own folder: two parquet files, and a page that says which they are.

The page is written last and in one stroke. Until then the old page names the old files, so a save
that is interrupted anywhere leaves what was there before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import sparse

from .._messages import few
from .._version import __version__
from .._whole_files import plain, write_named
from ._read_table import read_table
from ._signs import EdgeSigns

if TYPE_CHECKING:
    from ._connectome import Connectome

__all__ = ["is_saved", "read_saved", "refuse_unfinished", "write_saved"]

_PAGE = "wiregrad.json"
_FORMAT = 1
_KEYS = ("name", "unit", "checksum", "neurons", "edges", "provenance")

# The names of what a save writes: its tables, and whatever it has not finished writing.
_TABLE = re.compile(r"(neurons|edges)-[0-9a-f]{12}\.parquet")
_PART = re.compile(r"\.(neurons|edges|page)-[0-9a-f]{32}\.part")


def is_saved(path: Path) -> bool:
    """Whether a path is a folder that `Connectome.save` wrote."""
    try:
        return (path / _PAGE).is_file()
    except PermissionError:  # which is told of the folder itself, by whoever looks into it
        return False


def refuse_unfinished(path: Path) -> None:
    """Refuse a folder whose first save was interrupted, and a single file of a saved folder."""
    if is_saved(path.parent) and (path.name == _PAGE or _TABLE.fullmatch(path.name)):
        raise ValueError(
            f"{path} is one file of a saved connectome: load the folder, {path.parent}"
        )
    if path.is_dir() and any(map(_is_ours, path.iterdir())):
        raise ValueError(f"{path} holds a connectome whose saving was interrupted: save it again")


def write_saved(connectome: Connectome, folder: Path) -> None:
    """Write a connectome; what the folder held before is intact until all is written.

    Raises
    ------
    ValueError
        If the folder holds other files, or a column of the neurons table cannot be written.
    OSError
        If it cannot be written.
    """
    _require_own(folder)
    folder.mkdir(exist_ok=True)
    neurons = _write_table(connectome.neurons, folder, "neurons")
    edges = _write_table(_edge_table(connectome), folder, "edges")
    page = {
        "format": _FORMAT,
        "version": __version__,
        "name": connectome.name,
        "unit": connectome.unit,
        "checksum": connectome.checksum,
        "neurons": neurons,
        "edges": edges,
        "provenance": plain(connectome.provenance),
    }
    _write_page(folder, page)
    _clear(folder, keep={neurons, edges})


def read_saved(folder: Path) -> Connectome:
    """Read what `write_saved` wrote.

    Raises
    ------
    ValueError
        If a file is damaged or comes from a newer version, or the tables are not those that were
        saved.
    """
    page = _read_page(folder / _PAGE)
    neurons, edges = read_table(folder / page["neurons"]), read_table(folder / page["edges"])
    try:
        connectome = _connectome(page, neurons, edges)
        same = connectome.checksum == page["checksum"]
    except (KeyError, ValueError, TypeError):
        same = False
    if not same:
        raise ValueError(f"the tables in {folder} are not those that were saved: save it again")
    return connectome


def _connectome(page: dict[str, Any], neurons: pd.DataFrame, edges: pd.DataFrame) -> Connectome:
    from ._connectome import Connectome

    # Row by row as they were written: the signs of connections have the same order.
    width = np.int32 if len(edges) < 2**31 else np.int64
    listed = np.bincount(edges["pre"].to_numpy(), minlength=len(neurons))
    starts = np.concatenate([[0], np.cumsum(listed)]).astype(width)
    counts = sparse.csr_array(
        (edges["count"].to_numpy(), edges["post"].to_numpy().astype(width), starts),
        shape=(len(neurons), len(neurons)),
    )
    signs = None
    if "net" in edges:
        signs = EdgeSigns(edges["net"].to_numpy(), edges["unknown"].to_numpy())
    return Connectome(
        neurons, counts, signs, page["unit"], page["name"], provenance=page["provenance"]
    )


def _require_own(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: a connectome is saved as a folder")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {folder.parent} to save {folder.name} in")
    if is_saved(folder) or not folder.is_dir():
        return
    if not all(map(_is_ours, folder.iterdir())):
        raise ValueError(
            f"the folder {folder} holds other files: save to a new folder, or to one that holds a "
            "saved connectome"
        )


def _edge_table(connectome: Connectome) -> pd.DataFrame:
    """List the edges by position, in the order of the count matrix."""
    counts = connectome.counts
    pre = np.repeat(np.arange(counts.shape[0], dtype=np.int32), np.diff(counts.indptr))
    post = counts.indices.astype(np.int32)
    table = pd.DataFrame({"pre": pre, "post": post, "count": counts.data})
    signs = connectome.edge_signs
    return table if signs is None else table.assign(net=signs.net, unknown=signs.unknown)


def _write_table(table: pd.DataFrame, folder: Path, stem: str) -> str:
    """Write a table under a name of its own content; return the name."""

    def write(path: Path) -> str:
        try:
            table.to_parquet(path, compression="zstd", index=False)
        except (pa.ArrowException, TypeError, ValueError) as error:
            reason = " ".join("; ".join(map(str, error.args)).split())
            raise ValueError(
                f"the {stem} table cannot be written to parquet ({reason}): make each column all "
                "numbers or all text, and give each a name of its own"
            ) from None
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return f"{stem}-{digest[:12]}.parquet"

    return write_named(folder, stem, write)


def _write_page(folder: Path, page: Mapping[str, Any]) -> None:
    def write(path: Path) -> str:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(json.dumps(page, indent=2) + "\n")
        return _PAGE

    write_named(folder, "page", write)


def _is_ours(path: Path) -> bool:
    name = path.name
    return bool(_TABLE.fullmatch(name) or _PART.fullmatch(name)) and path.is_file()


def _clear(folder: Path, keep: set[str]) -> None:
    """Remove the files of earlier saves, and what killed ones left behind."""
    for path in folder.iterdir():
        if _is_ours(path) and path.name not in keep:
            path.unlink(missing_ok=True)


def _read_page(path: Path) -> dict[str, Any]:
    try:
        page: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        newer = page["format"] > _FORMAT
        missing = [] if newer else [key for key in _KEYS if key not in page]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}): save the connectome again") from None
    if newer:
        raise ValueError(
            f"{path} was written by wiregrad {page.get('version')}, which is newer than this one "
            f"({__version__}): upgrade wiregrad"
        )
    if missing:
        raise ValueError(f"{path} is damaged (it lacks {few(missing)}): save the connectome again")
    return page

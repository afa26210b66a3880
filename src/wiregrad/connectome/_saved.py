"""wiregrad's own folder: two parquet files, and a page that says which they are.

The page is written last and in one stroke. Until then the old page names the old files, so a save
that is interrupted anywhere leaves what was there before.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from .._version import __version__
from ._read_table import read_table
from ._signs import EdgeSigns

if TYPE_CHECKING:
    from ._connectome import Connectome

__all__ = ["is_saved", "read_saved", "write_saved"]

_PAGE = "wiregrad.json"
_FORMAT = 1


def is_saved(path: Path) -> bool:
    """Whether a path is a folder that `Connectome.save` wrote."""
    return (path / _PAGE).is_file()


def write_saved(connectome: Connectome, folder: Path) -> None:
    """Write a connectome; what the folder held before is intact until all is written.

    Raises
    ------
    ValueError
        If the folder holds other files.
    OSError
        If it cannot be written.
    """
    _require_own(folder)
    folder.mkdir(exist_ok=True)
    page = {
        "format": _FORMAT,
        "version": __version__,
        "name": connectome.name,
        "unit": connectome.unit,
        "checksum": connectome.checksum,
        "neurons": _write_table(connectome.neurons, folder, "neurons"),
        "edges": _write_table(_edge_table(connectome), folder, "edges"),
        "provenance": _plain(connectome.provenance),
    }
    _replace(folder / _PAGE, (json.dumps(page, indent=2) + "\n").encode())
    _clear(folder, keep={_PAGE, page["neurons"], page["edges"]})


def read_saved(folder: Path) -> Connectome:
    """Read what `write_saved` wrote.

    Raises
    ------
    ValueError
        If a file is damaged or comes from a newer version, or the tables are not those that were
        saved.
    """
    from ._connectome import Connectome

    page = _read_page(folder / _PAGE)
    neurons, edges = read_table(folder / page["neurons"]), read_table(folder / page["edges"])
    shape = (len(neurons), len(neurons))
    counts = sparse.csr_array(
        (edges["count"].to_numpy(), (edges["pre"].to_numpy(), edges["post"].to_numpy())), shape
    )
    signs = None
    if "net" in edges:
        signs = EdgeSigns(edges["net"].to_numpy(), edges["unknown"].to_numpy())
    connectome = Connectome(
        neurons, counts, signs, page["unit"], page["name"], provenance=page["provenance"]
    )
    if connectome.checksum != page["checksum"]:
        raise ValueError(f"the tables in {folder} are not those that were saved: save it again")
    return connectome


def _require_own(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: a connectome is saved as a folder")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {folder.parent} to save {folder.name} in")
    if folder.is_dir() and not is_saved(folder) and any(folder.iterdir()):
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
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{stem}-", suffix=".part")
    os.close(handle)
    try:
        table.to_parquet(temporary, compression="zstd", index=False)
        with Path(temporary).open("rb") as stream:
            name = f"{stem}-{hashlib.file_digest(stream, 'sha256').hexdigest()[:12]}.parquet"
        Path(temporary).replace(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return name


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".page-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _clear(folder: Path, keep: set[str]) -> None:
    """Remove the files of earlier saves, and what killed ones left behind."""
    for path in folder.iterdir():
        ours = path.suffix == ".part" or path.name.startswith(("neurons-", "edges-"))
        if ours and path.name not in keep:
            path.unlink(missing_ok=True)


def _read_page(path: Path) -> dict[str, Any]:
    try:
        page: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        newer = page["format"] > _FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    if newer:
        raise ValueError(
            f"{path} was written by wiregrad {page.get('version')}, which is newer than this one "
            f"({__version__}): upgrade wiregrad"
        )
    return page


def _plain(value: Any) -> Any:
    """Turn provenance into what JSON holds: lists, texts and numbers."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)

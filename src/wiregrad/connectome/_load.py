"""From the files people have to a connectome."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .._messages import few
from .._version import __version__
from ._connectome import Connectome
from ._dialects import ID_COLUMNS, TYPE_COLUMNS, Dialect, find_dialect, first_column
from ._edges import COUNT_COLUMNS, SET_ASIDE
from ._find_files import Files, find_files, neuron_files_beside
from ._match_ids import match_ids
from ._matrix_file import edges_of_matrix, read_matrix, rows_of_matrix
from ._normalise import SHARE_UNIT
from ._read_table import read_table
from ._saved import is_saved, read_saved
from ._signs import TRANSMITTER_SIGNS, transmitter_to_sign

__all__ = ["LoadOptions", "load_connectome"]

logger = logging.getLogger("wiregrad")


@dataclass(frozen=True)
class LoadOptions:
    """How to read a connectome's files; see `Connectome.load`."""

    neurons: str | Path | pd.DataFrame | None = None
    pre: str | None = None
    post: str | None = None
    count: str | None = None
    sign: str | None = None
    id: str | None = None
    cell_type: str | None = None
    unit: str | None = None
    name: str | None = None
    min_synapses: float = 0
    self_connections: bool = True
    unlisted: str = "error"
    transmitter_signs: Mapping[str, float] = field(default_factory=lambda: TRANSMITTER_SIGNS)

    def given(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, for the provenance."""
        plain = {key: value for key, value in vars(self).items() if value is not None}
        defaults = vars(LoadOptions())
        if not isinstance(self.neurons, (str, Path)):
            plain.pop("neurons", None)
        return {
            key: str(value) if isinstance(value, Path) else value
            for key, value in plain.items()
            if value is not defaults[key] and value != defaults[key]
        }


def load_connectome(path: Path, options: LoadOptions) -> Connectome:
    """Read a connectome; see `Connectome.load`."""
    if options.unlisted not in ("error", "drop"):
        raise ValueError(f"unlisted is 'error' or 'drop', not {options.unlisted!r}")
    if is_saved(path):
        return _as_saved(path, options)
    files = _files(path, options)
    neurons = _read_neurons(files, options)
    is_matrix = files.edges.suffix.casefold() == ".npz"
    loaded = (_from_matrix if is_matrix else _from_tables)(files, neurons, options)
    return replace(loaded, provenance={**loaded.provenance, "path": str(path)})


def _as_saved(folder: Path, options: LoadOptions) -> Connectome:
    given = [*options.given(), *([] if options.neurons is None else ["neurons"])]
    if given:
        raise ValueError(
            f"{folder} holds a saved connectome, which is loaded as it is: leave out {few(given)}"
        )
    saved = read_saved(folder)
    return replace(saved, provenance={**saved.provenance, "path": str(folder), "saved": True})


def _files(path: Path, options: LoadOptions) -> Files:
    files = find_files(path) if path.is_dir() else Files(path, ())
    if isinstance(options.neurons, (str, Path)):
        return Files(files.edges, (Path(options.neurons),))
    if options.neurons is not None:
        return Files(files.edges, ())
    if path.is_dir() or not path.is_file():
        return files
    return Files(path, neuron_files_beside(path))


def _read_neurons(files: Files, options: LoadOptions) -> pd.DataFrame | None:
    """Read the neurons table, and add to it the columns of other tables with the same ids."""
    if isinstance(options.neurons, pd.DataFrame):
        return options.neurons
    tables = [read_table(path) for path in files.neurons]
    if not tables:
        return None
    neurons = tables[0]
    for table, path in zip(tables[1:], files.neurons[1:], strict=True):
        neurons = _add_columns(neurons, table, path)
    return neurons


def _add_columns(neurons: pd.DataFrame, more: pd.DataFrame, path: Path) -> pd.DataFrame:
    shared = [c for c in neurons.columns if c in more.columns and more[c].is_unique]
    key = next((column for column in shared if neurons[column].is_unique), None)
    if key is None:
        logger.warning("%s shares no column of ids with the neurons table: left out", path.name)
        return neurons
    new = [column for column in more.columns if column not in neurons.columns]
    return neurons.merge(more[[key, *new]], on=key, how="left", validate="one_to_one")


def _from_matrix(files: Files, neurons: pd.DataFrame | None, options: LoadOptions) -> Connectome:
    matrix = read_matrix(files.edges)
    if neurons is None:
        neurons = pd.DataFrame({"id": np.arange(matrix.shape[0])})
    neurons = rows_of_matrix(neurons, matrix.shape[0])
    id_column = options.id or _id_column_of_rows(neurons)
    if id_column not in neurons.columns:
        neurons = neurons.assign(**{id_column: np.arange(len(neurons))})
    edges = edges_of_matrix(matrix, neurons[id_column])
    share = bool(matrix.nnz) and float(edges["count"].max()) <= 1 and not _whole(edges["count"])
    return _build(
        files,
        neurons,
        edges,
        columns=_Columns("pre", "post", "count", "sign" if "sign" in edges else None, id_column),
        source="matrix of input proportions" if share else "matrix",
        unit=SHARE_UNIT if share else "synapses",
        options=options,
    )


def _id_column_of_rows(neurons: pd.DataFrame) -> str:
    fits = [c for c in ID_COLUMNS if c in neurons.columns and neurons[c].is_unique]
    return next((c for c in fits if neurons[c].notna().all()), "id")


def _whole(values: pd.Series) -> bool:
    return bool((values % 1 == 0).all())


@dataclass(frozen=True)
class _Columns:
    """The columns that `Connectome.from_edges` is told."""

    pre: str
    post: str
    count: str
    sign: str | None
    id: str


def _from_tables(files: Files, neurons: pd.DataFrame | None, options: LoadOptions) -> Connectome:
    edges = read_table(files.edges)
    dialect = find_dialect(list(edges.columns), options.pre, options.post)
    edges, count = _count_column(edges, dialect, options)
    if neurons is None:
        ends = pd.concat([edges[dialect.pre], edges[dialect.post]], ignore_index=True)
        neurons = pd.DataFrame({"id": np.sort(ends.dropna().unique())})
    neurons, edges, id_column = match_ids(neurons, edges, dialect.pre, dialect.post, options.id)
    edges, sign = _sign_column(edges, neurons, dialect, options)
    return _build(
        files,
        neurons,
        edges,
        columns=_Columns(dialect.pre, dialect.post, count, sign, id_column),
        source=dialect.name,
        unit="synapses",
        options=options,
    )


def _count_column(
    edges: pd.DataFrame, dialect: Dialect, options: LoadOptions
) -> tuple[pd.DataFrame, str]:
    if options.count is not None:
        return edges, options.count
    if dialect.signed is not None and dialect.signed in edges.columns:
        signed = edges[dialect.signed]
        return edges.assign(**{"|count|": signed.abs(), "+-": np.sign(signed)}), "|count|"
    found = [name for name in dialect.counts if name in edges.columns]
    if dialect.row_is_synapse and not found:
        return edges.assign(count=1), "count"
    if len(found) != 1:
        problem = f"several: {few(found)}" if found else f"none of {few(COUNT_COLUMNS)}"
        raise ValueError(
            f"which column of the edge table holds the counts? It has {problem} (all columns: "
            f"{few(edges.columns, limit=20)}); name one with count='...'"
        )
    return edges, found[0]


def _sign_column(
    edges: pd.DataFrame, neurons: pd.DataFrame, dialect: Dialect, options: LoadOptions
) -> tuple[pd.DataFrame, str | None]:
    """Find the signs of single connections: asked for, or where the neurons have none."""
    if options.sign is not None:
        column = options.sign
        if column in edges.columns and not pd.api.types.is_numeric_dtype(edges[column]):
            signs = transmitter_to_sign(edges[column], column, options.transmitter_signs)
            return edges.assign(**{"+-": signs}), "+-"
        return edges, column
    for column in ("+-", "sign"):
        if column in edges.columns:
            return edges, column
    transmitter = dialect.transmitter
    if transmitter is None or transmitter not in edges.columns or transmitter in neurons.columns:
        return edges, None
    signs = transmitter_to_sign(edges[transmitter], transmitter, options.transmitter_signs)
    return edges.assign(**{"+-": signs}), "+-"


def _build(
    files: Files,
    neurons: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    columns: _Columns,
    source: str,
    unit: str,
    options: LoadOptions,
) -> Connectome:
    edges, account = _drop_unlisted(edges, neurons, columns, options)
    provenance = {
        "source": source,
        "files": {path.name: _checksum(path) for path in (files.edges, *files.neurons)},
        "options": options.given(),
        "version": __version__,
        **account,
    }
    connectome = Connectome.from_edges(
        edges,
        neurons,
        **asdict(columns),
        cell_type=options.cell_type or first_column(neurons, TYPE_COLUMNS) or "cell_type",
        unit=options.unit or unit,
        name=options.name or _name(files.edges),
        min_synapses=options.min_synapses,
        self_connections=options.self_connections,
        provenance=provenance,
    )
    _tell(connectome)
    return connectome


def _drop_unlisted(
    edges: pd.DataFrame, neurons: pd.DataFrame, columns: _Columns, options: LoadOptions
) -> tuple[pd.DataFrame, dict[str, int]]:
    if options.unlisted == "error":
        return edges, {}
    listed = edges[columns.pre].isin(neurons[columns.id])
    listed &= edges[columns.post].isin(neurons[columns.id])
    return edges[listed], {"rows_of_unlisted_neurons": int((~listed).sum())}


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _name(edges: Path) -> str:
    folder = edges.resolve().parent.name
    return folder or edges.name


def _tell(connectome: Connectome) -> None:
    """Log what was merged and dropped."""
    account = connectome.provenance
    parts = [f"{account[key]:,} {text}" for key, text in SET_ASIDE.items() if account.get(key)]
    if parts:
        logger.info("%s: %s", connectome.name, "; ".join(parts))

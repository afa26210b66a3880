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
from ._edges import SET_ASIDE, refuse_floats, require_columns, require_rows
from ._find_files import Files, find_edges, neuron_files_beside
from ._match_ids import as_whole_numbers, match_ids, names_rows
from ._matrix_file import edges_of_matrix, read_matrix, rows_of_matrix
from ._normalise import SHARE_UNIT
from ._read_neurons import read_neurons
from ._read_table import MATRIX_SUFFIX, read_table
from ._saved import is_saved, read_saved, refuse_unfinished
from ._signs import TRANSMITTER_SIGNS, has_sign_rule, transmitter_to_sign

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
    if not isinstance(options.neurons, (str, Path, pd.DataFrame, type(None))):
        raise TypeError(
            "neurons is the path of a table or a pandas DataFrame, not "
            f"{type(options.neurons).__name__}"
        )
    if is_saved(path):
        return _as_saved(path, options)
    refuse_unfinished(path)
    files = _files(path, options)
    neurons = read_neurons(files.neurons, options.id)
    if isinstance(options.neurons, pd.DataFrame):
        neurons = options.neurons
    is_matrix = files.edges.suffix.casefold() == MATRIX_SUFFIX
    loaded = (_from_matrix if is_matrix else _from_tables)(files, neurons, options)
    return replace(loaded, provenance={**loaded.provenance, "path": str(path)})


def _as_saved(folder: Path, options: LoadOptions) -> Connectome:
    given = list(options.given())
    if isinstance(options.neurons, pd.DataFrame):
        given.append("neurons")
    if given:
        raise ValueError(
            f"{folder} holds a saved connectome, which is loaded as it is: leave out {few(given)}"
        )
    saved = read_saved(folder)
    return replace(saved, provenance={**saved.provenance, "path": str(folder), "saved": True})


def _files(path: Path, options: LoadOptions) -> Files:
    edges = find_edges(path) if path.is_dir() else path
    if isinstance(options.neurons, (str, Path)):
        return Files(edges, (Path(options.neurons),))
    if options.neurons is not None or not edges.is_file():
        return Files(edges, ())
    return Files(edges, neuron_files_beside(edges))


def _from_matrix(files: Files, neurons: pd.DataFrame | None, options: LoadOptions) -> Connectome:
    given = [name for name in ("pre", "post", "count", "sign") if getattr(options, name)]
    if given:
        raise ValueError(f"{files.edges} is a matrix, not a table of edges: leave out {few(given)}")
    matrix = read_matrix(files.edges)
    if neurons is None:
        neurons = pd.DataFrame({"id": np.arange(matrix.shape[0])})
    neurons = rows_of_matrix(neurons, matrix.shape[0])
    if options.id is not None:
        require_columns(neurons, [options.id], "neurons table")
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
    present = (column for column in ID_COLUMNS if column in neurons.columns)
    return next((column for column in present if names_rows(neurons[column])), "id")


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
    table = f"the edge table {files.edges.name}"
    dialect = find_dialect(list(edges.columns), options.pre, options.post, table)
    require_rows(edges, f"edge table {files.edges.name}")
    edges, count = _count_column(edges, dialect, options)
    if neurons is None:
        edges, neurons = _neurons_of_edges(edges, dialect)
    names = f" {files.neurons[0].name}" if files.neurons else ""
    matched = match_ids(
        neurons,
        edges,
        dialect.pre,
        dialect.post,
        options.id,
        drop_unlisted=options.unlisted == "drop",
        table=f"the neurons table{names}",
    )
    edges, sign = _sign_column(matched.edges, matched.neurons, dialect, options)
    return _build(
        files,
        matched.neurons,
        edges,
        columns=_Columns(dialect.pre, dialect.post, count, sign, matched.id),
        source=dialect.name,
        unit="synapses",
        options=options,
        account={"rows_of_unlisted_neurons": matched.rows_dropped},
    )


def _neurons_of_edges(edges: pd.DataFrame, dialect: Dialect) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a neurons table of the ids in the edge table; also return edges with ids of one kind."""
    pre, post = as_whole_numbers(edges[dialect.pre], edges[dialect.post])
    for end in (pre, post):
        refuse_floats(end, f"the edge table's {end.name!r}")
    if pd.api.types.is_integer_dtype(pre) != pd.api.types.is_integer_dtype(post):
        raise ValueError(
            f"the edge table's {dialect.pre!r} holds {pre.dtype} and its {dialect.post!r} "
            f"{post.dtype}: ids are whole numbers or text, the same in both"
        )
    ids = pd.concat([pre, post], ignore_index=True).dropna().drop_duplicates().sort_values()
    edges = edges.assign(**{dialect.pre: pre, dialect.post: post})
    return edges, pd.DataFrame({"id": ids})


def _count_column(
    edges: pd.DataFrame, dialect: Dialect, options: LoadOptions
) -> tuple[pd.DataFrame, str]:
    if options.count is not None:
        return edges, options.count
    if dialect.signed is not None and dialect.signed in edges.columns:
        signed = edges[dialect.signed]
        if pd.api.types.is_numeric_dtype(signed):
            edges = edges.assign(**{dialect.signed: signed.abs(), "+-": np.sign(signed)})
        return edges, dialect.signed
    found = [name for name in dialect.counts if name in edges.columns]
    if dialect.row_is_synapse and not found:
        return edges.assign(count=1), "count"
    if len(found) != 1:
        problem = f"several: {few(found)}" if found else f"none of {few(dialect.counts)}"
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
        if _has_values(edges, column):
            return edges, column
    transmitter = dialect.transmitter
    if transmitter is None or not _has_values(edges, transmitter) or has_sign_rule(neurons):
        return edges, None
    signs = transmitter_to_sign(edges[transmitter], transmitter, options.transmitter_signs)
    return edges.assign(**{"+-": signs}), "+-"


def _has_values(table: pd.DataFrame, column: str) -> bool:
    return column in table.columns and bool(table[column].notna().any())


def _build(
    files: Files,
    neurons: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    columns: _Columns,
    source: str,
    unit: str,
    options: LoadOptions,
    account: Mapping[str, int] | None = None,
) -> Connectome:
    cell_type = options.cell_type or first_column(neurons, TYPE_COLUMNS) or "cell_type"
    provenance = {
        "source": source,
        "files": {path.name: _checksum(path) for path in (files.edges, *files.neurons)},
        "options": options.given(),
        "version": __version__,
        **(account or {}),
    }
    connectome = Connectome.from_edges(
        edges,
        _own_names_aside(neurons, (columns.id, cell_type)),
        **asdict(columns),
        cell_type=cell_type,
        unit=options.unit or unit,
        name=options.name or _name(files.edges),
        min_synapses=options.min_synapses,
        self_connections=options.self_connections,
        provenance=provenance,
    )
    _tell(connectome)
    return connectome


def _own_names_aside(neurons: pd.DataFrame, chosen: tuple[str, str]) -> pd.DataFrame:
    """Make way for the chosen columns where others already have the names `id`, `cell_type`."""
    taken = [name for name in ("id", "cell_type") if name not in chosen]
    return neurons.rename(columns={name: f"own_{name}" for name in taken})


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

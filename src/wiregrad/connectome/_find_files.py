"""Which files of a folder are the edges, and which the neurons."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from .._messages import few
from ._read_table import MATRIX_SUFFIX, table_stem

__all__ = ["Files", "find_edges", "neuron_files_beside"]

logger = logging.getLogger("wiregrad")

# Names of edge tables, the likelier first; then words that the name of one may hold.
_EDGES = (
    "edges",
    "connections",
    "connectivity",
    "synapses",
    "traced-total-connections",
    "total-connections",
)
_EDGE_WORDS = ("edge", "connect", "synap")

# Names of tables with a row a neuron: the first that is there is the neurons table, the columns of
# the others are added to it.
_NEURONS = (
    "neurons",
    "traced-neurons",
    "nodes",
    "metadata",
    "meta",
    "annotations",
    "classification",
    "consolidated_cell_types",
    "cell_types",
)
_NEURON_WORDS = ("neuron", "meta", "annotation")


@dataclass(frozen=True)
class Files:
    """The files of a connectome: edges (or a matrix), and tables with a row a neuron."""

    edges: Path
    neurons: tuple[Path, ...]


def find_edges(folder: Path) -> Path:
    """Find the edge table, or else the matrix, of a folder by the names of its files.

    Raises
    ------
    ValueError
        If there is none, or more than one file that might be it. The files seen are listed.
    PermissionError
        If the folder may not be read.
    """
    tables = _tables(folder)
    named = [path for name in _EDGES for stem, path in tables if stem == name]
    likely = [path for stem, path in tables if _has_word(stem, _EDGE_WORDS)]
    matrices = sorted(p for p in folder.iterdir() if p.suffix.casefold() == MATRIX_SUFFIX)
    candidates = _same_stem_as_first(named) or likely or matrices
    if len(candidates) == 1:
        return candidates[0]
    seen = few(sorted(path.name for path in folder.iterdir()), limit=12) or "nothing"
    problem = (
        f"several files of {folder} may hold the edges: {few(path.name for path in candidates)}"
        if candidates
        else f"no file of {folder} is named as an edge table is ({few(_EDGES)}): it holds {seen}"
    )
    raise ValueError(f"{problem}; give the path of the file itself")


def neuron_files_beside(edges: Path) -> tuple[Path, ...]:
    """Find the tables with a row a neuron in the folder of an edge table or a matrix.

    Raises
    ------
    ValueError
        If there is one such table in two formats.
    """
    tables = [(stem, path) for stem, path in _tables(edges.parent) if path != edges]
    named = [path for name in _NEURONS for stem, path in tables if stem == name]
    for path in named:
        same = [other for other in named if table_stem(other) == table_stem(path)]
        if len(same) > 1:
            raise ValueError(
                f"several files of {edges.parent} may hold the neurons: "
                f"{few(other.name for other in same)}; name one with neurons='file'"
            )
    if named:
        return tuple(named)
    likely = [
        path
        for stem, path in tables
        if _has_word(stem, _NEURON_WORDS) and not _has_word(stem, _EDGE_WORDS)
    ]
    if len(likely) > 1:
        logger.warning(
            "several files of %s may hold the neurons, and none was read: %s; "
            "name one with neurons='file'",
            edges.parent,
            few(path.name for path in likely),
        )
    return tuple(likely) if len(likely) == 1 else ()


def _same_stem_as_first(paths: list[Path]) -> list[Path]:
    return [path for path in paths if table_stem(path) == table_stem(paths[0])]


def _has_word(stem: str, words: tuple[str, ...]) -> bool:
    return any(word in stem for word in words)


def _tables(folder: Path) -> list[tuple[str, Path]]:
    """List the tables of a folder by stem; hidden files are not looked at."""
    files = (p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith("."))
    stems = ((table_stem(path), path) for path in files)
    return [(stem, path) for stem, path in stems if stem is not None]

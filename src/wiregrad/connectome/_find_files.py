"""Which files of a folder are the edges, and which the neurons."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .._messages import few
from ._read_table import table_stem

__all__ = ["Files", "find_files", "neuron_files_beside"]

# Names of edge tables, the likelier first; then words that the name of one may hold.
_EDGES = ("edges", "connections", "connectivity", "synapses", "traced-total-connections")
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


def find_files(folder: Path) -> Files:
    """Find the edges and the neurons in a folder by the names of its files.

    Raises
    ------
    ValueError
        If there is no edge table, or more than one that might be it. The files seen are listed.
    PermissionError
        If the folder may not be read.
    """
    tables = _tables(folder)
    matrices = sorted(path for path in folder.iterdir() if path.suffix.casefold() == ".npz")
    named = [tables[name] for name in _EDGES if name in tables]
    likely = [p for stem, p in tables.items() if any(word in stem for word in _EDGE_WORDS)]
    candidates = named[:1] or likely or matrices
    if len(candidates) == 1:
        return Files(candidates[0], neuron_files_beside(candidates[0]))
    seen = few(sorted(path.name for path in folder.iterdir()), limit=12) or "nothing"
    problem = (
        f"several files of {folder} may hold the edges: {few(path.name for path in candidates)}"
        if candidates
        else f"no file of {folder} is named as an edge table is ({few(_EDGES)}): it holds {seen}"
    )
    raise ValueError(f"{problem}; load the file itself, with neurons='file' beside it")


def neuron_files_beside(edges: Path) -> tuple[Path, ...]:
    """Find the tables with a row a neuron in the folder of an edge table or a matrix."""
    tables = {stem: path for stem, path in _tables(edges.parent).items() if path != edges}
    named = [tables[name] for name in _NEURONS if name in tables]
    if named:
        return tuple(named)
    likely = [p for stem, p in tables.items() if any(word in stem for word in _NEURON_WORDS)]
    return tuple(likely) if len(likely) == 1 else ()


def _tables(folder: Path) -> dict[str, Path]:
    stems = ((table_stem(path), path) for path in sorted(folder.iterdir()) if path.is_file())
    return {stem: path for stem, path in stems if stem is not None}

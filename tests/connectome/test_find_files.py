"""Which files of a folder are the edges, and which the neurons."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from wiregrad.connectome._find_files import find_edges, neuron_files_beside


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("names", "edges", "neurons"),
    [
        (["edges.parquet", "neurons.parquet"], "edges.parquet", ["neurons.parquet"]),
        (["Edges.CSV", "Neurons.TSV.gz"], "Edges.CSV", ["Neurons.TSV.gz"]),
        (
            ["connections.csv.gz", "classification.csv.gz", "neurons.csv.gz", "names.csv.gz"],
            "connections.csv.gz",
            ["neurons.csv.gz", "classification.csv.gz"],
        ),
        (
            ["traced-neurons.csv", "traced-roi-connections.csv", "traced-total-connections.csv"],
            "traced-total-connections.csv",
            ["traced-neurons.csv"],
        ),
        (
            ["neurons.csv", "roi-connections.csv", "total-connections.csv"],
            "total-connections.csv",
            ["neurons.csv"],
        ),
        (["Connectivity_783.parquet", "Completeness_783.csv"], "Connectivity_783.parquet", []),
        (["larva_inprop.npz", "larva_type_meta.csv"], "larva_inprop.npz", ["larva_type_meta.csv"]),
        (["edges.csv", "edges_cross.csv", "all_neurons.csv"], "edges.csv", ["all_neurons.csv"]),
        (["my_synapses.feather"], "my_synapses.feather", []),
        (["edges.csv", "neuron_connections.csv"], "edges.csv", []),
        (["edges.csv", "matrix.npz", "notes.txt", "._edges.csv", ".neurons.csv"], "edges.csv", []),
    ],
)
def test_files_are_found_by_their_names(
    names: list[str], edges: str, neurons: list[str], tmp_path: Path
) -> None:
    found = find_edges(fill(tmp_path, *names))
    assert found == tmp_path / edges
    assert neuron_files_beside(found) == tuple(tmp_path / name for name in neurons)


def test_folders_are_not_files(tmp_path: Path) -> None:
    (tmp_path / "neurons.csv").mkdir()
    assert neuron_files_beside(find_edges(fill(tmp_path, "edges.csv"))) == ()


@pytest.mark.parametrize(
    "names",
    [
        ["edges.csv", "edges.parquet"],
        ["edges.csv", "edges.csv.gz"],
        ["chemical_edges.csv", "gap_edges.csv"],
        ["a.npz", "b.npz"],
    ],
)
def test_two_files_that_may_be_the_edges_are_refused(names: list[str], tmp_path: Path) -> None:
    fill(tmp_path, *names, "neurons.csv")
    message = (
        f"several files of {tmp_path} may hold the edges: {', '.join(names)}; give the path of the "
        "file itself"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        find_edges(tmp_path)


@pytest.mark.parametrize(
    ("names", "seen"),
    [([], "nothing"), (["neurons.csv", "notes.txt", "a.csv"], "a.csv, neurons.csv, notes.txt")],
)
def test_a_folder_without_edges_is_refused_with_what_it_holds(
    names: list[str], seen: str, tmp_path: Path
) -> None:
    message = (
        f"no file of {fill(tmp_path, *names)} is named as an edge table is (edges, connections, "
        "connectivity, synapses, traced-total-connections and 1 more): it holds "
        f"{seen}; give the path of the file itself"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        find_edges(tmp_path)


def test_a_neurons_table_in_two_formats_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, "edges.csv", "neurons.csv", "neurons.parquet")
    message = (
        f"several files of {tmp_path} may hold the neurons: neurons.csv, neurons.parquet; "
        "name one with neurons='file'"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        neuron_files_beside(tmp_path / "edges.csv")


def test_where_several_may_be_the_neurons_none_is_and_a_warning_says_so(
    tmp_path: Path, caplog: Any
) -> None:
    fill(tmp_path, "edges.csv", "brain_meta.csv", "neuron_positions.csv")
    assert neuron_files_beside(tmp_path / "edges.csv") == ()
    assert caplog.messages == [
        f"several files of {tmp_path} may hold the neurons, and none was read: brain_meta.csv, "
        "neuron_positions.csv; name one with neurons='file'"
    ]

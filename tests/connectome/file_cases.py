"""Random connectomes, and a writer for each kind of files that people keep theirs in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy import sparse

import wiregrad as wg

#: As a float, this and the next hundred whole numbers are one and the same.
FIRST_ID = 720575940621039145

#: Three neurons, and edges that name them.
EDGES = pd.DataFrame(
    {
        "pre": [FIRST_ID, FIRST_ID + 1, FIRST_ID + 1],
        "post": [FIRST_ID + 1, FIRST_ID + 2, FIRST_ID + 1],
        "count": [3, 4, 5],
    }
)
NEURONS = pd.DataFrame(
    {"root_id": [FIRST_ID, FIRST_ID + 1, FIRST_ID + 2], "cell_type": ["a", "b", "b"]}
)

SIGN_OF = {"ACh": 1, "GABA": -1, "dopamine": 0, None: 0}


class Row(NamedTuple):
    """Synapses of a pair of neurons, in two neuropils."""

    pre: int
    post: int
    left: int
    right: int

    @property
    def count(self) -> int:
        return self.left + self.right


@dataclass(frozen=True)
class Wiring:
    """A connectome as a list of rows; pairs may come more than once, or with count 0."""

    types: tuple[str | None, ...]
    transmitters: tuple[str | None, ...]
    order: tuple[int, ...]
    rows: tuple[Row, ...]

    @property
    def ids(self) -> np.ndarray:
        """Ids that floats cannot tell apart, in any order."""
        return FIRST_ID + np.array(self.order)

    @property
    def neurons(self) -> pd.DataFrame:
        return pd.DataFrame({"root_id": self.ids, "cell_type": self.types, "nt": self.transmitters})

    @property
    def edges(self) -> pd.DataFrame:
        """By id, with a count and the sign of the presynaptic neuron."""
        pre, post = self.ends
        count = [row.count for row in self.rows]
        signs = np.array([SIGN_OF[name] for name in self.transmitters])
        return pd.DataFrame(
            {"pre": self.ids[pre], "post": self.ids[post], "weight": count, "sign": signs[pre]}
        )

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the neurons table that each edge joins."""
        ends = np.array([(row.pre, row.post) for row in self.rows])
        return ends[:, 0], ends[:, 1]

    @property
    def synapses(self) -> np.ndarray:
        """Counts [pre, post]."""
        counts = np.zeros((len(self.order), len(self.order)))
        np.add.at(counts, self.ends, [row.count for row in self.rows])
        return counts

    def connectome(self, *, edge_signs: bool = False, **options: Any) -> wg.Connectome:
        """Build what the files must load to."""
        sign = "sign" if edge_signs else None
        return wg.Connectome.from_edges(
            self.edges, self.neurons, id="root_id", sign=sign, **options
        )

    def totals(self) -> dict[tuple[int, int], int]:
        """Add up the rows, pair by pair."""
        totals: dict[tuple[int, int], int] = defaultdict(int)
        for row in self.rows:
            totals[row.pre, row.post] += row.count
        return {pair: total for pair, total in totals.items() if total}


@st.composite
def wirings(draw: st.DrawFn) -> Wiring:
    """Draw a connectome with a synapse, whose first neuron has a cell type and excites."""
    n = draw(st.integers(2, 6))
    neuron, count = st.integers(0, n - 1), st.integers(0, 3)
    types = draw(st.tuples(*[st.sampled_from(["a", "b, c", None])] * (n - 1)))
    transmitters = draw(st.tuples(*[st.sampled_from(list(SIGN_OF))] * (n - 1)))
    rows = draw(st.lists(st.builds(Row, neuron, neuron, count, count), max_size=12))
    synapse = draw(st.builds(Row, neuron, neuron, st.just(1), count))
    order = draw(st.permutations(range(n)))
    return Wiring(("a", *types), ("ACh", *transmitters), tuple(order), (*rows, synapse))


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a table in the format that its ending says."""
    if path.suffix in (".parquet", ".pq"):
        table.to_parquet(path, index=False)
    elif path.suffix in (".feather", ".arrow"):
        table.reset_index(drop=True).to_feather(path)
    else:
        separator = "\t" if ".tsv" in path.name else ","
        table.to_csv(path, index=False, sep=separator)  # which compresses by the ending
    return path


def write_plain(ending: str) -> Callable[[Wiring, Path], Path]:
    def write(wiring: Wiring, folder: Path) -> Path:
        write_table(wiring.edges.drop(columns="sign"), folder / f"edges{ending}")
        write_table(wiring.neurons, folder / f"neurons{ending}")
        return folder

    return write


def write_positions(wiring: Wiring, folder: Path) -> Path:
    """Edges between rows of the neurons table."""
    pre, post = wiring.ends
    table = wiring.neurons.assign(idx=range(len(wiring.order)))
    write_table(wiring.edges.assign(pre=pre, post=post, sign=None), folder / "edges.parquet")
    write_table(table, folder / "meta.csv")
    return folder


def write_matrix(wiring: Wiring, folder: Path) -> Path:
    table = wiring.neurons.assign(idx=range(len(wiring.order)))
    write_table(table[::-1], folder / "fly_meta.csv")
    sparse.save_npz(folder / "fly_counts.npz", sparse.csr_array(wiring.synapses))
    return folder / "fly_counts.npz"


def _codex_edges(wiring: Wiring) -> pd.DataFrame:
    """A row a neuropil, as Codex lists them."""
    whole = wiring.edges
    halves = [
        whole.assign(syn_count=[getattr(row, side) for row in wiring.rows], neuropil=side)
        for side in ("left", "right")
    ]
    table = pd.concat(halves).rename(columns={"pre": "pre_root_id", "post": "post_root_id"})
    transmitters = np.array(wiring.transmitters, dtype=object)[wiring.ends[0]]
    table["nt_type"] = [*transmitters, *transmitters]
    return table[["pre_root_id", "post_root_id", "neuropil", "syn_count", "nt_type"]]


def write_codex(wiring: Wiring, folder: Path) -> Path:
    """Transmitters with the neurons, and cell types of those that have one in another table."""
    neurons = wiring.neurons.rename(columns={"nt": "nt_type", "cell_type": "primary_type"})
    write_table(_codex_edges(wiring), folder / "connections.csv.gz")
    write_table(neurons[["root_id", "nt_type"]], folder / "neurons.csv.gz")
    write_table(neurons[["root_id"]][::-1].assign(side="left"), folder / "classification.csv.gz")
    typed = neurons[["root_id", "primary_type"]].dropna()[::-1]
    write_table(typed, folder / "consolidated_cell_types.csv.gz")
    return folder


def write_codex_edge_transmitters(wiring: Wiring, folder: Path) -> Path:
    """Transmitters with the connections only, as where there is no neurons.csv."""
    write_table(_codex_edges(wiring), folder / "connections_princeton.csv.gz")
    write_table(wiring.neurons[["root_id", "cell_type"]], folder / "classification.csv.gz")
    return folder


def write_neuprint(wiring: Wiring, folder: Path) -> Path:
    """A row a region."""
    table = _codex_edges(wiring).rename(
        columns={
            "pre_root_id": "bodyId_pre",
            "post_root_id": "bodyId_post",
            "neuropil": "roi",
            "syn_count": "weight",
        }
    )
    neurons = wiring.neurons.rename(columns={"root_id": "bodyId", "cell_type": "type"})
    write_table(table.drop(columns="nt_type"), folder / "roi-connections.csv")
    write_table(neurons, folder / "traced-neurons.csv")
    return folder


def write_cave(wiring: Wiring, folder: Path) -> Path:
    """A row a synapse; the neurons have ids of their rows besides."""
    edges = wiring.edges
    table = edges.loc[edges.index.repeat(edges["weight"])].assign(size=1234)
    table = table.rename(columns={"pre": "pre_pt_root_id", "post": "post_pt_root_id"})
    neurons = wiring.neurons.rename(columns={"root_id": "pt_root_id"})
    write_table(table.drop(columns=["weight", "sign"]), folder / "synapses.feather")
    write_table(neurons.assign(id=range(len(neurons))), folder / "neurons.feather")
    return folder


def write_shiu(wiring: Wiring, folder: Path) -> Path:
    """Positions and signed counts."""
    edges, (pre, post), place = wiring.edges, wiring.ends, np.array(wiring.order)
    table = pd.DataFrame(
        {
            "Presynaptic_Index": place[pre],
            "Postsynaptic_Index": place[post],
            "Connectivity": edges["weight"],
            "Excitatory x Connectivity": edges["weight"] * edges["sign"],
        }
    )
    write_table(table, folder / "Connectivity_783.parquet")
    write_table(wiring.neurons.assign(index=place), folder / "annotations.csv")
    return folder


def write_saved(wiring: Wiring, folder: Path) -> Path:
    wiring.connectome().save(folder / "saved")
    return folder / "saved"


#: Writers of files with the wiring, cell types and transmitters of neurons.
WRITERS: dict[str, Callable[[Wiring, Path], Path]] = {
    **{
        ending: write_plain(ending)
        for ending in (
            ".parquet",
            ".pq",
            ".feather",
            ".arrow",
            ".csv",
            ".csv.gz",
            ".tsv",
            ".tsv.gz",
        )
    },
    "positions": write_positions,
    "matrix": write_matrix,
    "Codex": write_codex,
    "neuPrint": write_neuprint,
    "CAVE": write_cave,
    "saved": write_saved,
}

#: Writers of files that give each connection a sign.
SIGNED_WRITERS = {"Codex without neurons.csv": write_codex_edge_transmitters, "Shiu": write_shiu}

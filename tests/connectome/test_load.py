"""From files to a connectome: the same one from every format, ids exact, nothing lost silently."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from file_cases import (
    EDGES,
    FIRST_ID,
    NEURONS,
    SIGNED_WRITERS,
    WRITERS,
    Row,
    Wiring,
    wirings,
    write_cave,
    write_codex,
    write_neuprint,
    write_positions,
    write_shiu,
    write_table,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import wiregrad as wg

FEW = settings(deadline=None, max_examples=12)


def assert_same(loaded: wg.Connectome, expected: wg.Connectome) -> None:
    assert loaded.neurons["id"].tolist() == expected.neurons["id"].tolist()
    assert loaded.checksum == expected.checksum
    np.testing.assert_array_equal(
        loaded.weights().matrix.toarray(), expected.weights().matrix.toarray()
    )


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@FEW
@given(wiring=wirings())
def test_every_format_loads_to_the_same_connectome(
    write: Callable[[Wiring, Path], Path], wiring: Wiring, tmp_path_factory: Any
) -> None:
    loaded = wg.Connectome.load(write(wiring, tmp_path_factory.mktemp("files")))
    assert loaded.neurons["id"].tolist() == wiring.ids.tolist()
    np.testing.assert_array_equal(loaded.counts.toarray(), wiring.synapses)
    assert_same(loaded, wiring.connectome())


@pytest.mark.parametrize("write", SIGNED_WRITERS.values(), ids=SIGNED_WRITERS)
@FEW
@given(wiring=wirings())
def test_signs_of_connections_come_with_the_file(
    write: Callable[[Wiring, Path], Path], wiring: Wiring, tmp_path_factory: Any
) -> None:
    if write is write_shiu:  # a signed count has a sign: it is + or -
        known = tuple(name if name in ("ACh", "GABA") else "GABA" for name in wiring.transmitters)
        wiring = replace(wiring, transmitters=known)
    else:  # a connection whose transmitter is known
        wiring = replace(wiring, rows=(*wiring.rows, Row(0, 1, 2, 1)))
    path = write(wiring, tmp_path_factory.mktemp("files"))
    assert_same(wg.Connectome.load(path), wiring.connectome(edge_signs=True))


@pytest.mark.parametrize("write", [write_codex, write_neuprint, write_cave])
@FEW
@given(wiring=wirings(), least=st.integers(1, 6), keep_self=st.booleans())
def test_neuropils_are_summed_before_anything_is_dropped_and_the_account_is_right(
    write: Callable[[Wiring, Path], Path],
    wiring: Wiring,
    least: int,
    keep_self: bool,
    tmp_path_factory: Any,
) -> None:
    path = write(wiring, tmp_path_factory.mktemp("files"))
    totals = wiring.totals()
    kept = {
        pair: total
        for pair, total in totals.items()
        if total >= least and (keep_self or pair[0] != pair[1])
    }
    options = {"min_synapses": least, "self_connections": keep_self}
    if not kept:
        with pytest.raises(ValueError, match="the connectome is empty: "):
            wg.Connectome.load(path, **options)
        return
    loaded = wg.Connectome.load(path, **options)
    pre, post = (axis.tolist() for axis in loaded.counts.tocoo().coords)
    assert dict(zip(zip(pre, post, strict=True), loaded.counts.data, strict=True)) == kept
    dropped = [total for pair, total in totals.items() if pair not in kept]
    assert loaded.provenance["connections_dropped"] == len(dropped)
    assert loaded.provenance["count_dropped"] == sum(dropped)
    rows = [count for row in wiring.rows for count in (row.left, row.right)]
    if write is write_cave:  # a row is a synapse
        rows = [1] * sum(rows)
    assert loaded.provenance["rows_with_count_0"] == rows.count(0)
    assert loaded.provenance["rows_merged"] == len(rows) - rows.count(0) - len(totals)


def test_what_is_loaded_is_told(folder: Callable[..., Path], caplog: Any) -> None:
    twice = pd.concat([EDGES, EDGES[:1], EDGES[:1].assign(count=0), EDGES[:1].assign(pre=7)])
    path = folder(edges=twice, neurons=NEURONS)
    with caplog.at_level(logging.INFO, "wiregrad"):
        loaded = wg.Connectome.load(path, unlisted="drop", self_connections=False, name="fly")
    assert loaded.provenance["rows_of_unlisted_neurons"] == 1
    assert caplog.messages == [
        "fly: 1 rows added to others of the same pair; 1 rows with count 0 left out; 1 connections "
        "dropped; 1 rows of neurons that are not in the neurons table left out"
    ]


def test_the_provenance_has_the_files_their_checksums_and_the_options(
    folder: Callable[..., Path],
) -> None:
    path = folder(edges=EDGES, neurons=NEURONS)
    provenance = wg.Connectome.load(path, min_synapses=4, unit="contacts").provenance
    assert provenance["files"] == {
        name: hashlib.sha256((path / name).read_bytes()).hexdigest()
        for name in ("edges.csv", "neurons.csv")
    }
    assert provenance["options"] == {"min_synapses": 4, "unit": "contacts"}
    assert provenance["version"] == wg.__version__
    assert provenance["source"] == "plain"
    assert provenance["path"] == str(path)
    assert provenance["connections_dropped"] == 1


def test_names_come_from_the_folder_unless_given(folder: Callable[..., Path]) -> None:
    path = folder(edges=EDGES, neurons=NEURONS)
    assert wg.Connectome.load(path).name == path.name
    assert wg.Connectome.load(path / "edges.csv").name == path.name
    assert wg.Connectome.load(path, name="fly").name == "fly"


@pytest.mark.parametrize("kind", ["found", "str", "Path", "DataFrame"])
def test_neurons_are_found_beside_a_file_or_given(kind: str, folder: Callable[..., Path]) -> None:
    path = folder(edges=EDGES, neurons=NEURONS)
    table = {"str": str(path / "neurons.csv"), "Path": path / "neurons.csv", "DataFrame": NEURONS}
    for source in (path, path / "edges.csv", str(path / "edges.csv")):
        loaded = wg.Connectome.load(source, neurons=table.get(kind))
        assert loaded.neurons["cell_type"].tolist() == ["a", "b", "b"]


def test_a_named_table_goes_before_what_lies_in_the_folder(folder: Callable[..., Path]) -> None:
    path = folder(edges=EDGES, neurons=NEURONS, other=NEURONS.assign(cell_type="other"))
    write_table(NEURONS, path / "neurons.parquet")  # two that may be it: neither is looked at
    loaded = wg.Connectome.load(path, neurons=path / "other.csv")
    assert loaded.neurons["cell_type"].unique().tolist() == ["other"]


def test_without_neurons_the_ids_of_the_edges_are_the_neurons(folder: Callable[..., Path]) -> None:
    loaded = wg.Connectome.load(folder(edges=EDGES[::-1]))
    assert loaded.neurons["id"].tolist() == NEURONS["root_id"].tolist()
    assert loaded.neurons["cell_type"].tolist() == NEURONS["root_id"].astype(str).tolist()


@pytest.mark.parametrize("text_in", ["neurons", "edges", "pre"])
def test_ids_that_are_text_in_one_table_and_numbers_in_the_other_are_the_same(
    text_in: str, tmp_path: Path
) -> None:
    as_text = {"neurons": [], "edges": ["pre", "post"], "pre": ["pre"]}[text_in]
    write_table(EDGES.astype(dict.fromkeys(as_text, str)), tmp_path / "edges.parquet")
    kind = str if text_in == "neurons" else np.int64
    write_table(NEURONS.astype({"root_id": kind}), tmp_path / "neurons.parquet")
    loaded = wg.Connectome.load(tmp_path)
    assert loaded.neurons["id"].tolist() == NEURONS["root_id"].tolist()
    assert loaded.counts.sum() == 12


def test_ids_may_be_the_index_of_a_pandas_table(tmp_path: Path) -> None:
    holed = NEURONS.assign(soma=[1.5, None, None]).set_index("root_id")
    holed.to_parquet(tmp_path / "neurons.parquet")
    EDGES.set_index(["pre", "post"]).to_parquet(tmp_path / "edges.parquet")
    loaded = wg.Connectome.load(tmp_path)
    assert loaded.neurons["id"].tolist() == NEURONS["root_id"].tolist()
    assert loaded.counts.sum() == 12


def test_other_columns_can_be_named(folder: Callable[..., Path]) -> None:
    edges = EDGES.rename(columns={"pre": "from", "post": "to", "count": "area"}).assign(
        polarity=["+", "-", None], weight=1
    )
    neurons = NEURONS.rename(columns={"root_id": "segment"}).assign(id=0, kind=["x", "y", "z"])
    loaded = wg.Connectome.load(
        folder(edges=edges, neurons=neurons),
        pre="from",
        post="to",
        count="area",
        sign="polarity",
        id="segment",
        cell_type="kind",
        unit="contact area",
        transmitter_signs={"+": 1, "-": -1},
    )
    assert loaded.counts.data.tolist() == [3, 5, 4]
    assert loaded.edge_signs is not None
    assert loaded.edge_signs.net.tolist() == [3, 0, -4]
    assert loaded.edge_signs.unknown.tolist() == [0, 5, 0]
    assert loaded.neurons.columns.tolist() == ["id", "cell_type", "own_cell_type", "own_id"]
    assert loaded.neurons["cell_type"].tolist() == ["x", "y", "z"]
    assert loaded.unit == "contact area"


def test_a_column_of_signs_belongs_to_the_connections(folder: Callable[..., Path]) -> None:
    loaded = wg.Connectome.load(folder(edges=EDGES.assign(sign=[1, -1, 0]), neurons=NEURONS))
    assert loaded.edge_signs is not None
    assert loaded.edge_signs.net.tolist() == [3, 0, -4]
    named = wg.Connectome.load(folder(edges=EDGES.assign(polarity=[1, -1, 0])), sign="polarity")
    assert named.edge_signs is not None
    assert named.edge_signs.net.tolist() == [3, 0, -4]


@pytest.mark.parametrize(
    ("transmitters", "neurons", "signed"),
    [
        (["ACH", "GABA", "GABA"], NEURONS, True),
        (["ACH", "GABA", "GABA"], NEURONS.assign(nt_type="ACH"), False),
        (["ACH", "GABA", "GABA"], NEURONS.assign(top_nt="ACH"), False),
        ([None, None, None], NEURONS, False),
    ],
)
def test_transmitters_of_connections_count_where_the_neurons_have_none(
    transmitters: list[str], neurons: pd.DataFrame, signed: bool, folder: Callable[..., Path]
) -> None:
    edges = EDGES.set_axis(["pre_root_id", "post_root_id", "syn_count"], axis=1)
    loaded = wg.Connectome.load(folder(edges=edges.assign(nt_type=transmitters), neurons=neurons))
    assert (loaded.edge_signs is not None) is signed


def test_synapse_counts_of_a_table_with_caves_columns_are_used(
    folder: Callable[..., Path],
) -> None:
    # FlyWire's proofread_connections_783.feather has CAVE's ids and a row a neuropil.
    edges = EDGES.set_axis(["pre_pt_root_id", "post_pt_root_id", "syn_count"], axis=1)
    assert wg.Connectome.load(folder(edges=edges)).counts.sum() == 12


def test_positions_are_told_from_ids(tmp_path: Path) -> None:
    wiring = Wiring(("a", "b"), ("ACh", "GABA"), (1, 0), (Row(0, 1, 2, 1),))
    loaded = wg.Connectome.load(write_positions(wiring, tmp_path))
    assert loaded.neurons["id"].tolist() == [FIRST_ID + 1, FIRST_ID]
    assert loaded.counts.toarray().tolist() == [[0, 3], [0, 0]]


@pytest.mark.parametrize("by_position", [False, True])
def test_unlisted_neurons_are_dropped_on_request_whatever_the_edges_refer_to(
    by_position: bool, folder: Callable[..., Path]
) -> None:
    edges = EDGES.assign(post=[FIRST_ID + 1, FIRST_ID + 2, FIRST_ID + 77])
    if by_position:
        edges[["pre", "post"]] -= FIRST_ID
    path = folder(edges=edges, neurons=NEURONS.assign(idx=range(3)))
    loaded = wg.Connectome.load(path, unlisted="drop")
    assert loaded.neurons["id"].tolist() == NEURONS["root_id"].tolist()
    assert loaded.counts.data.tolist() == [3, 4]
    assert loaded.provenance["rows_of_unlisted_neurons"] == 1


@pytest.mark.parametrize("shares", [True, False])
def test_a_matrix_of_input_proportions_is_known_by_its_numbers(
    shares: bool, tmp_path: Path
) -> None:
    matrix = np.array([[0, 0.5], [1, 0]]) * (1 if shares else 2)
    sparse.save_npz(tmp_path / "inprop.npz", sparse.coo_array(matrix))
    write_table(pd.DataFrame({"idx": [1, 0], "root_id": [5, 6]}), tmp_path / "meta.csv")
    loaded = wg.Connectome.load(tmp_path)
    assert loaded.neurons["id"].tolist() == [6, 5]
    assert loaded.counts.toarray().tolist() == matrix.tolist()
    assert loaded.unit.startswith("share") is shares
    expected = [[0, 1], [0.5, 0]] if shares else [[0, 1], [1, 0]]
    assert loaded.weights(1).matrix.toarray().tolist() == expected


def test_a_matrix_alone_is_between_numbered_neurons(tmp_path: Path) -> None:
    sparse.save_npz(tmp_path / "m.npz", sparse.csr_array(np.array([[0, -3], [2, 0]])))
    loaded = wg.Connectome.load(tmp_path / "m.npz")
    assert loaded.neurons["id"].tolist() == [0, 1]
    assert loaded.edge_signs is not None
    assert loaded.edge_signs.net.tolist() == [-3, 2]
    assert loaded.provenance["source"] == "matrix"


def test_a_matrix_takes_ids_that_are_named(tmp_path: Path) -> None:
    sparse.save_npz(tmp_path / "m.npz", sparse.csr_array(np.array([[0, 3], [2, 0]])))
    table = pd.DataFrame({"label": ["x", "y"], "root_id": [7, 7]})
    loaded = wg.Connectome.load(tmp_path / "m.npz", neurons=table, id="label")
    assert loaded.neurons["id"].tolist() == ["x", "y"]
    assert wg.Connectome.load(tmp_path / "m.npz", neurons=table).neurons["id"].tolist() == [0, 1]
    with pytest.raises(ValueError, match="the neurons table has no column 'lable': it has label"):
        wg.Connectome.load(tmp_path / "m.npz", neurons=table, id="lable")


def test_a_matrix_has_no_columns_to_name(tmp_path: Path) -> None:
    sparse.save_npz(tmp_path / "m.npz", sparse.csr_array(np.eye(2)))
    with pytest.raises(ValueError, match="is a matrix, not a table of edges: leave out pre, sign"):
        wg.Connectome.load(tmp_path / "m.npz", pre="from", sign="polarity")


def test_one_nan_in_ten_million_rows_is_named_at_once(tmp_path: Path) -> None:
    n = 10_000_000
    weight = np.ones(n, dtype=np.float32)
    weight[7_654_321] = np.nan
    pre, post = np.arange(n, dtype=np.int32) % 1000, np.arange(n, dtype=np.int32) % 999
    table = pa.table({"pre": pre, "post": post, "weight": weight})
    pyarrow.parquet.write_table(table, tmp_path / "edges.parquet")
    write_table(pd.DataFrame({"id": range(1000)}), tmp_path / "neurons.csv")
    started = time.perf_counter()
    with pytest.raises(ValueError, match=r"'weight' is NaN in 1 row \(row 7654321\): drop those"):
        wg.Connectome.load(tmp_path)
    assert time.perf_counter() - started < 10


def test_larva(shared_data: Callable[[str], Path]) -> None:
    larva = wg.Connectome.load(shared_data("larva"), count="weight")
    assert (larva.n_neurons, larva.n_edges, larva.counts.sum()) == (3066, 112_327, 355_279)
    skids = pd.read_parquet(shared_data("larva") / "neurons.parquet")["skid"]
    assert larva.neurons["id"].tolist() == skids.tolist()
    with pytest.raises(ValueError, match=re.escape("are not known: pass sign= (or --sign) the na")):
        larva.weights()
    assert larva.weights({"KC": -1, "*": 1}).signs.unknown_edges == 0


def test_flywire(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("flywire783")
    fly = wg.Connectome.load(folder)
    assert (fly.n_neurons, fly.n_edges, fly.counts.sum()) == (133_436, 2_309_630, 28_363_450)
    roots = pd.read_parquet(folder / "neurons.parquet")["root_id"]
    assert fly.neurons["id"].tolist() == roots.tolist()
    assert fly.provenance["rows_merged"] == fly.provenance["connections_dropped"] == 0


@pytest.mark.slow
def test_flywire_as_codex_lists_it(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    fly = wg.Connectome.load(shared_data("flywire783"))
    ids, counts = fly.neurons["id"].to_numpy(), fly.counts.tocoo()
    total = counts.data.astype(np.int64)
    first = total // 3
    pre, post = (np.concatenate([ids[axis]] * 2) for axis in counts.coords)
    nt = fly.neurons["nt_type"].to_numpy()[np.concatenate([counts.coords[0]] * 2)]
    table = pa.table(
        {
            "pre_root_id": pre,
            "post_root_id": post,
            "neuropil": pa.array(np.repeat(["ME_R", "LO_R"], len(total))),
            "syn_count": np.concatenate([first, total - first]),
            "nt_type": pa.array(nt, from_pandas=True),
        }
    )
    order = np.random.default_rng(0).permutation(len(pre))
    with pa.output_stream(tmp_path / "connections.csv.gz", compression="gzip") as stream:
        pyarrow.csv.write_csv(table.take(order), stream)
    columns = fly.neurons[["id", "cell_type", "nt_type"]].rename(columns={"id": "root_id"})
    write_table(columns[["root_id", "nt_type"]], tmp_path / "neurons.csv.gz")
    typed = columns[["root_id", "cell_type"]].sample(frac=1, random_state=0)
    write_table(typed, tmp_path / "classification.csv.gz")
    loaded = wg.Connectome.load(tmp_path)
    assert loaded.checksum == fly.checksum
    assert loaded.provenance["source"] == "FlyWire Codex"
    assert loaded.provenance["rows_with_count_0"] == 0
    assert loaded.provenance["rows_merged"] == fly.n_edges
    fewer = wg.Connectome.load(tmp_path, min_synapses=10)
    assert fewer.n_edges == int((fly.counts.data >= 10).sum())

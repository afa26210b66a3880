"""From an edge table to counts: every row accounted for, and bad tables refused by name."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from connectome_cases import QUICK, EdgeList, edge_lists
from hypothesis import given
from hypothesis import strategies as st

import wiregrad as wg

#: 64-bit ids that are one and the same number as 64-bit floats.
BIG_IDS = [720575940621039145, 720575940621039146, 720575940621039147]
INTEGER_KINDS = ["int64", "uint64", "Int64", "object", "category"]
TEXT_KINDS = ["str", "object", "category"]


@QUICK
@given(edge_lists())
def test_counts_and_signs_equal_a_dictionary_filled_row_by_row(case: EdgeList) -> None:
    wiring, amounts = case.connectome(), case.amounts()
    pairs = list(zip(*(axis.tolist() for axis in wiring.counts.tocoo().coords), strict=True))
    assert pairs == list(amounts)
    assert wiring.counts.data.tolist() == [amount.total for amount in amounts.values()]
    assert wiring.edge_signs is not None
    assert wiring.edge_signs.net.tolist() == [amount.net for amount in amounts.values()]
    assert wiring.edge_signs.unknown.tolist() == [amount.unknown for amount in amounts.values()]


@QUICK
@given(edge_lists())
def test_every_row_is_kept_merged_or_left_out(case: EdgeList) -> None:
    wiring = case.connectome()
    account = wiring.provenance
    assert account["rows_with_count_0"] == sum(row.count == 0 for row in case.rows)
    assert wiring.n_edges + account["rows_merged"] + account["rows_with_count_0"] == len(case.rows)
    assert wiring.counts.sum() == sum(row.count for row in case.rows)


@QUICK
@given(edge_lists(), st.integers(0, 20).map(lambda k: k / 4), st.booleans())
def test_pairs_are_summed_before_any_is_dropped(
    case: EdgeList, least: float, keep_self: bool
) -> None:
    amounts = case.amounts()
    kept = {
        pair: amount
        for pair, amount in amounts.items()
        if amount.total >= least and (keep_self or pair[0] != pair[1])
    }
    options = {"min_synapses": least, "self_connections": keep_self}
    if not kept:
        with pytest.raises(ValueError, match="the connectome is empty: "):
            case.connectome(**options)
        return
    wiring = case.connectome(**options)
    pairs = list(zip(*(axis.tolist() for axis in wiring.counts.tocoo().coords), strict=True))
    assert pairs == list(kept)
    assert wiring.counts.data.tolist() == [amount.total for amount in kept.values()]
    assert wiring.edge_signs is not None
    assert wiring.edge_signs.net.tolist() == [amount.net for amount in kept.values()]
    assert wiring.edge_signs.unknown.tolist() == [amount.unknown for amount in kept.values()]
    dropped = [amount.total for pair, amount in amounts.items() if pair not in kept]
    assert wiring.provenance["connections_dropped"] == len(dropped)
    assert wiring.provenance["count_dropped"] == sum(dropped)


@pytest.mark.parametrize("value", [-1, -0.5, np.nan, np.inf, "5", None, [5]])
def test_a_min_synapses_that_is_no_number_from_0_up_is_refused(
    value: Any, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    message = f"min_synapses is a number, 0 or more, not {value!r}"
    with pytest.raises(ValueError, match=re.escape(message)):
        wg.Connectome.from_edges(edges, neurons, min_synapses=value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_synapses": 6.5}, "no connection has min_synapses=6.5 or more (the largest has 6)"),
        (
            {"min_synapses": 7, "self_connections": False},
            "no connection has min_synapses=7 or more (the largest has 6)",
        ),
    ],
)
def test_a_threshold_that_leaves_nothing_is_refused(
    options: dict[str, Any], message: str, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=re.escape(f"the connectome is empty: {message}")):
        wg.Connectome.from_edges(edges.assign(count=[4, 6, 2, 4]), neurons, **options)


def test_self_connections_alone_are_no_connectome_without_them(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match="all connections are of a neuron with itself"):
        wg.Connectome.from_edges(
            edges.assign(post=edges["pre"]), neurons, self_connections=False, min_synapses=3
        )


def test_merged_rows_of_mixed_and_unknown_sign_keep_exact_account(neurons: pd.DataFrame) -> None:
    edges = pd.DataFrame({"pre": "sens", "post": "motor", "count": [5.5, 2.0, 3.25, 1.0]})
    edges["sign"] = [1, -1, 0, np.nan]
    wiring = wg.Connectome.from_edges(edges, neurons, sign="sign")
    assert wiring.n_edges == 1
    assert wiring.counts.data.tolist() == [11.75]
    assert wiring.edge_signs is not None
    assert wiring.edge_signs.net.tolist() == [3.5]
    assert wiring.edge_signs.unknown.tolist() == [4.25]


def test_fractional_counts_are_kept(edges: pd.DataFrame, neurons: pd.DataFrame) -> None:
    wiring = wg.Connectome.from_edges(edges.assign(count=[0.1, 0.25, 1e-9, 7]), neurons)
    assert wiring.counts.data.tolist() == [0.1, 0.25, 1e-9, 7]


def test_an_autapse_lies_on_the_diagonal(circuit: wg.Connectome) -> None:
    assert circuit.counts.diagonal().tolist() == [0, 0, 4, 0]


@pytest.mark.parametrize("name", ["count", "weight", "syn_count", "n_syn"])
def test_the_usual_names_of_the_count_column_are_found(
    name: str, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    wiring = wg.Connectome.from_edges(edges.rename(columns={"count": name}), neurons)
    assert wiring.counts.sum() == 16


def test_columns_may_be_named(edges: pd.DataFrame, neurons: pd.DataFrame) -> None:
    wiring = wg.Connectome.from_edges(
        edges.assign(size=1.5).rename(columns={"pre": "from", "post": "to"}),
        neurons.rename(columns={"id": "root_id", "cell_type": "class"}),
        pre="from",
        post="to",
        count="size",
        id="root_id",
        cell_type="class",
        unit="contact area",
    )
    assert wiring.neurons.columns.tolist() == ["id", "cell_type", "nt"]
    assert wiring.counts.sum() == 6
    assert wiring.unit == "contact area"


def test_without_cell_types_every_neuron_is_a_type(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    wiring = wg.Connectome.from_edges(edges, neurons.drop(columns="cell_type"))
    assert wiring.neurons["cell_type"].tolist() == wiring.neurons["id"].tolist()


def test_the_id_column_may_serve_as_cell_type(edges: pd.DataFrame, neurons: pd.DataFrame) -> None:
    wiring = wg.Connectome.from_edges(edges, neurons[["id", "nt"]], cell_type="id")
    assert wiring.neurons["cell_type"].tolist() == neurons["id"].tolist()


def test_the_tables_are_not_changed_and_not_shared(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    before = edges.copy(), neurons.copy()
    wiring = wg.Connectome.from_edges(edges, neurons)
    pd.testing.assert_frame_equal(edges, before[0])
    pd.testing.assert_frame_equal(neurons, before[1])
    neurons.loc[0, "id"] = "changed afterwards"
    assert wiring.neurons.loc[0, "id"] == "sens"


def test_row_labels_of_the_tables_do_not_matter(
    circuit: wg.Connectome, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    edges.index, neurons.index = [7, 7, 7, 7], [9, 9, 3, 3]
    assert wg.Connectome.from_edges(edges, neurons).checksum == circuit.checksum


@pytest.mark.parametrize(
    ("in_neurons", "in_edges", "text"),
    [
        *((*pair, False) for pair in itertools.product(INTEGER_KINDS, repeat=2)),
        *((*pair, True) for pair in itertools.product(TEXT_KINDS, repeat=2)),
    ],
)
def test_64_bit_ids_stay_exact(in_neurons: str, in_edges: str, text: bool) -> None:
    ids = pd.Series([str(big) for big in BIG_IDS] if text else BIG_IDS)
    pre, post = ids.astype(in_edges)[:2], ids.astype(in_edges)[1:].reset_index(drop=True)
    wiring = wg.Connectome.from_edges(
        pd.DataFrame({"pre": pre, "post": post, "count": [1, 2]}),
        pd.DataFrame({"id": ids.astype(in_neurons)}),
    )
    assert wiring.counts.toarray().tolist() == [[0, 1, 0], [0, 0, 2], [0, 0, 0]]


BAD_NEURONS: dict[str, tuple[dict[str, Any], str]] = {
    "repeated ids": (
        {"id": ["sens", "inter", "inter", "sens"]},
        "2 neuron ids occur more than once in the neurons table: inter, sens",
    ),
    "missing id": (
        {"id": ["sens", None, "motor", "alone"]},
        "the neurons table's 'id' is missing in row 1",
    ),
    "float ids": (
        {"id": [0.0, 1.0, 2.0, 3.0]},
        "the neurons table's 'id' holds floats, which cannot keep 64-bit ids exactly",
    ),
}


@pytest.mark.parametrize(("changes", "message"), BAD_NEURONS.values(), ids=BAD_NEURONS)
def test_a_bad_neurons_table_is_refused(
    changes: dict[str, Any], message: str, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        wg.Connectome.from_edges(edges, neurons.assign(**changes))


BAD_EDGES: dict[str, tuple[dict[str, Any], str]] = {
    "stranger": (
        {"post": ["inter", "motro", "motor", "nobody"]},
        "2 ids in the edge table's 'post' are not in the neurons table: motro, nobody, "
        "first in rows 1, 3",
    ),
    "ids of another kind": (
        {"pre": [1, 2, 3, 4]},
        "4 ids in the edge table's 'pre' are not in the neurons table: 1, 2, 3, 4, "
        "first in rows 0, 1, 2 and 1 more (the edge table holds int64, the neurons table ",
    ),
    "missing id": (
        {"pre": ["sens", None, None, "motor"]},
        "the edge table's 'pre' is missing in rows 1, 2",
    ),
    "float ids": (
        {"post": [0.0, 1.0, 2.0, 3.0]},
        "the edge table's 'post' holds floats, which cannot keep 64-bit ids exactly",
    ),
    "NaN": (
        {"count": [1, np.nan, 2, np.nan]},
        "the edge table's 'count' is NaN in 2 rows (rows 1, 3): drop those rows or fill them",
    ),
    "missing integer": (
        {"count": pd.array([1, None, 2, 3], dtype="Int64")},
        "the edge table's 'count' is NaN in 1 row (row 1)",
    ),
    "infinite": (
        {"count": [1, np.inf, 2, 3]},
        "the edge table's 'count' is infinite in 1 row (row 1): counts are finite",
    ),
    "negative": (
        {"count": [1, 2, -3, 4]},
        "the edge table's 'count' is negative in 1 row (row 2): counts are not signed: "
        "give signs with sign='column'",
    ),
    "text": (
        {"count": ["1", "two", "3", "4"]},
        "the edge table's 'count' does not hold numbers",
    ),
    "all 0": ({"count": 0}, "the connectome is empty: every 'count' is 0"),
    "two count columns": (
        {"weight": 1},
        "in the edge table several columns may hold the counts: count, weight; "
        "name one with count='...'",
    ),
}


@pytest.mark.parametrize(("changes", "message"), BAD_EDGES.values(), ids=BAD_EDGES)
def test_a_bad_edge_table_is_refused(
    changes: dict[str, Any], message: str, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        wg.Connectome.from_edges(edges.assign(**changes), neurons)


@pytest.mark.parametrize(
    ("signs", "message"),
    [
        ([1, 2, -1, 0.5], "the edge table's 'sign' holds 0.5, 2.0: a sign is +1, -1 or 0"),
        ([1, np.inf, -1, 0], "the edge table's 'sign' holds inf: a sign is +1, -1 or 0"),
        (["+", "-", "+", "-"], "the edge table's 'sign' does not hold numbers: a sign is +1, -1"),
    ],
)
def test_bad_signs_are_refused(
    signs: list[Any], message: str, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        wg.Connectome.from_edges(edges.assign(sign=signs), neurons, sign="sign")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pre": "prae"}, "the edge table has no column 'prae': it has pre, post, count; did you"),
        ({"post": "to"}, "the edge table has no column 'to': it has pre, post, count"),
        ({"count": "counts"}, "the edge table has no column 'counts': it has pre, post, count;"),
        ({"sign": "polarity"}, "the edge table has no column 'polarity'"),
        ({"id": "root_id"}, "the neurons table has no column 'root_id': it has id, cell_type, nt"),
        (
            {"cell_type": "celltype"},
            "the neurons table has no column 'celltype': it has id, cell_type, nt; "
            "did you mean 'cell_type'?",
        ),
    ],
)
def test_an_unknown_column_is_refused(
    options: dict[str, Any], message: str, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        wg.Connectome.from_edges(edges, neurons, **options)


def test_a_table_without_a_count_column_is_refused(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    message = "no column holds the counts (count, weight, syn_count, n_syn): it has pre, post"
    with pytest.raises(ValueError, match=re.escape(message)):
        wg.Connectome.from_edges(edges.drop(columns="count"), neurons)


@pytest.mark.parametrize(
    ("chosen", "column"), [({"id": "nt"}, "id"), ({"cell_type": "nt"}, "cell_type")]
)
def test_a_second_column_of_a_standard_name_is_refused(
    chosen: dict[str, Any], column: str, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    message = f"the neurons table would have two columns '{column}', its own and the one chosen"
    with pytest.raises(ValueError, match=re.escape(message)):
        wg.Connectome.from_edges(edges, neurons.assign(nt=list("abcd")), **chosen)


def test_a_column_that_is_there_twice_is_refused(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    twice = pd.concat([edges, edges["pre"]], axis="columns")
    with pytest.raises(ValueError, match="the edge table has more than one column 'pre'"):
        wg.Connectome.from_edges(twice, neurons)


@pytest.mark.parametrize("columns", [["id", "cell_type"], []])
def test_an_empty_neurons_table_is_refused(columns: list[str], edges: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="the connectome is empty: the neurons table has no rows"):
        wg.Connectome.from_edges(edges, pd.DataFrame(columns=columns))


@pytest.mark.parametrize("columns", [["pre", "post", "count"], []])
def test_an_empty_edge_table_is_refused(columns: list[str], neurons: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="the connectome is empty: the edge table has no rows"):
        wg.Connectome.from_edges(pd.DataFrame(columns=columns), neurons)


def test_what_is_no_table_is_refused(edges: pd.DataFrame, neurons: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match="the edge table is a pandas DataFrame, not list"):
        wg.Connectome.from_edges([("sens", "inter", 4)], neurons)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the neurons table is a pandas DataFrame, not dict"):
        wg.Connectome.from_edges(edges, {"id": ["sens"]})  # type: ignore[arg-type]

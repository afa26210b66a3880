"""The connectome itself: its checksum, its groups, and the part that `subset` cuts out."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from connectome_cases import QUICK, EdgeList, edge_lists
from hypothesis import given
from hypothesis import strategies as st

import wiregrad as wg


@QUICK
@given(edge_lists(), st.randoms(use_true_random=False))
def test_the_checksum_does_not_depend_on_the_order_of_rows(case: EdgeList, random: Any) -> None:
    rows = list(case.rows)
    random.shuffle(rows)
    shuffled = EdgeList(case.n, tuple(rows)).connectome()
    assert shuffled.checksum == case.connectome().checksum


@QUICK
@given(edge_lists(), st.data())
def test_the_checksum_changes_with_any_count(case: EdgeList, data: st.DataObject) -> None:
    rows = list(case.rows)
    k = data.draw(st.integers(0, len(rows) - 1))
    rows[k] = rows[k]._replace(count=rows[k].count + 0.25)
    assert EdgeList(case.n, tuple(rows)).connectome().checksum != case.connectome().checksum


def changed(neurons: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    return neurons.assign(**{column: [value, *neurons[column][1:]]})


def test_the_checksum_covers_ids_cell_types_unit_and_signs(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    build = wg.Connectome.from_edges
    signed = edges.assign(one=1, other=[1, 1, 1, -1], unknown=[1, 1, 1, 0])
    different = [
        build(edges, neurons),
        build(edges.replace("sens", "SENS"), changed(neurons, "id", "SENS")),
        build(edges, changed(neurons, "cell_type", "s")),
        build(edges, neurons, unit="EM serial sections"),
        *(build(signed, neurons, sign=sign) for sign in ("one", "other", "unknown")),
    ]
    assert len({wiring.checksum for wiring in different}) == len(different)


def test_the_checksum_keeps_ids_and_cell_types_apart(edges: pd.DataFrame) -> None:
    def checksum(ids: list[str], types: list[str]) -> str:
        neurons = pd.DataFrame({"id": ids, "cell_type": types})
        pairs = pd.DataFrame({"pre": ids[:1], "post": ids[1:], "count": 1})
        return wg.Connectome.from_edges(pairs, neurons).checksum

    assert checksum(["a", "b"], ["cd", "e"]) != checksum(["a", "bc"], ["d", "e"])


def test_the_checksum_tells_unknown_signs_from_balanced_ones(neurons: pd.DataFrame) -> None:
    edges = pd.DataFrame({"pre": "sens", "post": "motor", "count": [2, 2]})
    balanced, unknown = (
        wg.Connectome.from_edges(edges.assign(sign=signs), neurons, sign="sign")
        for signs in ([1, -1], [0, 0])
    )
    assert balanced.counts.data.tolist() == unknown.counts.data.tolist()
    assert balanced.checksum != unknown.checksum


def test_the_checksum_leaves_out_name_and_provenance(
    circuit: wg.Connectome, edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    other = wg.Connectome.from_edges(edges, neurons, name="another", provenance={"source": "me"})
    assert other.checksum == circuit.checksum
    assert re.fullmatch("[0-9a-f]{64}", other.checksum)


def test_repr_says_what_is_counted(circuit: wg.Connectome) -> None:
    assert repr(circuit) == "Connectome('circuit': 4 neurons, 4 connections, 16 synapses)"


def test_provenance_is_kept_beside_the_account_of_rows(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    wiring = wg.Connectome.from_edges(edges, neurons, provenance={"source": "a test"})
    nothing = {"rows_merged": 0, "rows_with_count_0": 0}
    nothing |= {"connections_dropped": 0, "count_dropped": 0}
    assert wiring.provenance == {"source": "a test", **nothing}


def test_a_connectome_cannot_be_reassigned(circuit: wg.Connectome) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        circuit.name = "another"  # type: ignore[misc]


@QUICK
@given(edge_lists(), st.data())
def test_subset_equals_brute_force_and_edge_signs_follow(
    case: EdgeList, data: st.DataObject
) -> None:
    keep = data.draw(st.lists(st.integers(0, case.n - 1), min_size=1))
    part = case.connectome().subset(keep)
    place = {neuron: k for k, neuron in enumerate(sorted(set(keep)))}
    expected = [
        (place[pre], place[post], amount.total, amount.net, amount.unknown)
        for (pre, post), amount in case.amounts().items()
        if pre in place and post in place
    ]
    assert part.edge_signs is not None
    pre, post = (axis.tolist() for axis in part.counts.tocoo().coords)
    amounts = (part.counts.data, part.edge_signs.net, part.edge_signs.unknown)
    assert list(zip(pre, post, *map(np.ndarray.tolist, amounts), strict=True)) == expected
    assert part.neurons["id"].tolist() == [f"n{neuron}" for neuron in place]


@QUICK
@given(edge_lists())
def test_a_subset_of_all_is_the_same_wiring(case: EdgeList) -> None:
    wiring = case.connectome()
    assert wiring.subset(range(case.n)).checksum == wiring.checksum


def test_subset_normalises_by_the_kept_input_and_says_what_is_lost(circuit: wg.Connectome) -> None:
    part = circuit.subset(["motor", "inter"])
    assert part.neurons["id"].tolist() == ["inter", "motor"]
    assert part.neurons.index.tolist() == [0, 1]
    np.testing.assert_allclose(part.weights().matrix.toarray(), [[0, 0], [-2 / 6, 0]], rtol=1e-7)
    assert part.provenance["cut_from"] == "circuit"
    assert part.provenance["neurons_kept"] == 2
    assert part.provenance["input_lost"] == 10
    assert part.name == "circuit, 2 neurons"


def test_subset_keeps_the_unit_and_leaves_the_whole_as_it_is(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    whole = wg.Connectome.from_edges(edges, neurons, unit="contact area")
    before = whole.checksum, whole.neurons.copy()
    assert whole.subset("M").unit == "contact area"
    assert wg.Connectome(whole.neurons, whole.counts, unit=whole.unit).checksum == before[0]
    pd.testing.assert_frame_equal(whole.neurons, before[1])


def test_subset_takes_the_selection_language_and_its_errors(circuit: wg.Connectome) -> None:
    assert circuit.subset("nt=GABA").neurons["id"].tolist() == ["inter"]
    with pytest.raises(ValueError, match="'motr' is neither the id nor the cell type of a neuron"):
        circuit.subset("motr")


def test_select_looks_in_the_neurons_table(circuit: wg.Connectome) -> None:
    assert circuit.select("M").tolist() == [2, 3]
    assert circuit.select("M").dtype == np.int64


def test_groups_are_text_and_a_missing_label_is_the_neuron_itself(circuit: wg.Connectome) -> None:
    assert circuit.group_labels().tolist() == ["S", "I", "M", "M"]
    assert circuit.group_labels("nt").tolist() == ["ACh", "GABA", "dopamine", "alone"]


def test_groups_of_numbers_are_text(circuit: wg.Connectome) -> None:
    layers = circuit.neurons.assign(layer=pd.array([1, 2, None, 2], dtype="Int64"))
    wiring = wg.Connectome(layers, circuit.counts)
    assert wiring.group_labels("layer").tolist() == ["1", "2", "motor", "2"]


def test_grouping_by_an_unknown_column_is_refused(circuit: wg.Connectome) -> None:
    message = (
        "there is no column 'cell_tpye' to group by: the neurons table has id, cell_type, nt; "
        "did you mean 'cell_type'?"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        circuit.group_labels("cell_tpye")

"""A connectome of groups: counts and signs add up as a loop over the connections adds them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from connectome_cases import QUICK, Amount, EdgeList, edge_lists
from file_cases import FIRST_ID
from hypothesis import given
from hypothesis import strategies as st

import wiregrad as wg
from wiregrad.connectome._normalise import SHARE_UNIT

Groups = dict[tuple[str, str], Amount]


def merged(case: EdgeList, labels: list[str]) -> Groups:
    groups: Groups = defaultdict(Amount)
    for (pre, post), amount in case.amounts().items():
        pair = groups[labels[pre], labels[post]]
        pair.total += amount.total
        pair.net += amount.net
        pair.unknown += amount.unknown
    return dict(sorted(groups.items()))


def amounts_of(wiring: wg.Connectome) -> Groups:
    names = wiring.neurons["id"].tolist()
    pre, post = wiring.counts.tocoo().coords
    assert wiring.edge_signs is not None
    data = zip(wiring.counts.data, wiring.edge_signs.net, wiring.edge_signs.unknown, strict=True)
    return {
        (names[i], names[j]): Amount(*amounts)
        for i, j, amounts in zip(pre, post, data, strict=True)
    }


@QUICK
@given(edge_lists(), st.data())
def test_counts_and_signs_equal_a_loop(case: EdgeList, data: st.DataObject) -> None:
    labels = data.draw(st.lists(st.sampled_from("xyz"), min_size=case.n, max_size=case.n))
    wiring = case.connectome()
    wiring = wg.Connectome(wiring.neurons.assign(g=labels), wiring.counts, wiring.edge_signs)
    grouped = wiring.group("g")
    assert amounts_of(grouped) == merged(case, labels)
    assert grouped.neurons["id"].tolist() == sorted(set(labels))
    assert grouped.neurons["cell_type"].tolist() == sorted(set(labels))
    assert grouped.neurons["n_members"].tolist() == [labels.count(g) for g in sorted(set(labels))]


@QUICK
@given(edge_lists(), st.sampled_from([0, 1, -1]))
def test_weights_of_groups_equal_a_loop(case: EdgeList, unknown_sign: int) -> None:
    grouped = case.connectome().group()
    types = [f"t{i // 2}" for i in range(case.n)]
    pairs, names = merged(case, types), sorted(set(types))
    expected = np.zeros((len(names), len(names)))
    for (pre, post), amount in pairs.items():
        received = sum(other.total for (_, to), other in pairs.items() if to == post)
        share = (amount.net + unknown_sign * amount.unknown) / received
        expected[names.index(post), names.index(pre)] = share
    weights = grouped.weights(unknown_sign=unknown_sign).matrix.toarray()
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


@QUICK
@given(edge_lists())
def test_groups_of_one_are_the_neurons_themselves(case: EdgeList) -> None:
    wiring = case.connectome()
    assert amounts_of(wiring.group("id")) == amounts_of(wiring)


@QUICK
@given(edge_lists())
def test_signs_of_neurons_become_signs_of_connections(case: EdgeList) -> None:
    wiring = case.connectome(sign=None)
    signs = {0: 1, 1: -1, 2: 0}  # ACh, GABA and dopamine go round
    rows = [row._replace(sign=signs[row.pre % 3]) for row in case.rows]
    expected = EdgeList(case.n, tuple(rows)).connectome().group()
    for grouped in (wiring.group(), wiring.group(sign="nt")):
        assert grouped.checksum == expected.checksum


def test_a_sign_rule_may_be_given(circuit: wg.Connectome) -> None:
    grouped = circuit.group(sign={"S": -1, "*": 1})
    assert grouped.edge_signs is not None
    assert grouped.edge_signs.net.tolist() == [2, 4, -4, -6]
    assert grouped.provenance["signs_of_members"] == "a dict of 2 signs"
    changed = circuit.group(transmitter_signs={"dopamine": 1})
    assert changed.edge_signs is not None
    assert changed.edge_signs.net.tolist() == [0, 4, 0, 0]


def test_without_a_sign_rule_the_groups_have_none_either(circuit: wg.Connectome) -> None:
    grouped = wg.Connectome(circuit.neurons.drop(columns="nt"), circuit.counts).group()
    assert grouped.edge_signs is None
    assert grouped.provenance["signs_of_members"] == "none"
    with pytest.raises(ValueError, match="the signs of the synapses are not known"):
        grouped.weights()


def test_what_was_grouped_is_told(circuit: wg.Connectome) -> None:
    grouped = circuit.group("nt")
    assert grouped.name == "circuit by nt"
    assert grouped.unit == "synapses"
    assert grouped.neurons["id"].tolist() == ["ACh", "GABA", "alone", "dopamine"]
    told = {"grouped_from": "circuit", "grouped_by": "nt", "rows_merged": 0}
    assert told.items() <= grouped.provenance.items()


def test_columns_are_kept_where_the_members_of_every_group_agree(circuit: wg.Connectome) -> None:
    table = circuit.neurons.assign(
        partner=[FIRST_ID, FIRST_ID + 1, FIRST_ID + 2, FIRST_ID + 2],
        holed=pd.array([1, None, 2, 2], dtype="Int64"),
        side=["L", "R", None, None],
        mixed=["L", "R", "L", None],
        total_input=[1.0, 2.0, 3.0, 3.0],
        n_members=9,
    )
    grouped = wg.Connectome(table, circuit.counts).group().neurons
    assert grouped.columns.tolist() == ["id", "cell_type", "n_members", "partner", "holed", "side"]
    assert grouped["partner"].tolist() == [FIRST_ID + 1, FIRST_ID + 2, FIRST_ID]
    assert grouped["holed"].tolist() == [pd.NA, 2, 1]
    assert grouped["n_members"].tolist() == [1, 2, 1]


def test_shares_of_input_are_averaged_over_the_postsynaptic_members() -> None:
    neurons = pd.DataFrame({"id": [*"abc"], "cell_type": [*"xyy"], "sign": [1, -1, -1]})
    edges = pd.DataFrame({"pre": [*"abaab"], "post": [*"bbcca"]})
    edges["count"] = [0.5, 0.25, 0.125, 0.125, 0.75]
    shares = wg.Connectome.from_edges(edges, neurons, unit=SHARE_UNIT)
    grouped = shares.group()
    assert grouped.counts.toarray().tolist() == [[0, 0.375], [0.75, 0.125]]
    assert grouped.weights().matrix.toarray().tolist() == [[0, -0.75], [0.375, -0.125]]
    assert shares.counts.sum() == 1.75


def test_the_connectome_itself_is_not_changed(circuit: wg.Connectome) -> None:
    checksum, table = circuit.checksum, circuit.neurons.copy()
    circuit.group()
    again = wg.Connectome(circuit.neurons, circuit.counts)
    assert again.checksum == checksum
    pd.testing.assert_frame_equal(circuit.neurons, table)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cell_tpye",), "there is no column 'cell_tpye' to group by: the neurons table has id"),
        (("cell_type", "ntt"), "there is no column 'ntt' to take signs from"),
    ],
)
def test_what_does_not_fit_is_refused(
    arguments: tuple[Any, ...], message: str, circuit: wg.Connectome
) -> None:
    column, *sign = arguments
    with pytest.raises(ValueError, match=re.escape(message)):
        circuit.group(column, sign=sign[0] if sign else None)

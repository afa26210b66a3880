"""What a count is a share of: the connectome's input, the whole data set's, or nothing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from connectome_cases import QUICK, EdgeList, edge_lists
from hypothesis import given
from hypothesis import strategies as st

import wiregrad as wg
from wiregrad.connectome._normalise import SHARE_UNIT

WHOLE = "input over the whole dataset"


@QUICK
@given(edge_lists(), st.sampled_from([0, 1, -1]), st.integers(0, 9))
def test_all_three_ways_equal_a_loop(case: EdgeList, unknown_sign: int, extra: int) -> None:
    wiring = case.connectome()
    received = wiring.counts.toarray().sum(axis=0)
    totals = {"input": received, WHOLE: received + extra, "none": np.ones(case.n)}
    table = wiring.neurons.assign(all_input=received + extra)
    wiring = wg.Connectome(table, wiring.counts, wiring.edge_signs)
    for way, total in totals.items():
        expected = np.zeros((case.n, case.n))
        for (pre, post), amount in case.amounts().items():
            expected[post, pre] = (amount.net + unknown_sign * amount.unknown) / total[post]
        weights = wiring.weights(unknown_sign=unknown_sign, normalise=way, total_input="all_input")
        np.testing.assert_allclose(weights.matrix.toarray(), expected, rtol=1e-6)


@QUICK
@given(edge_lists(), st.data())
def test_a_part_weighs_what_it_does_in_the_whole(case: EdgeList, data: st.DataObject) -> None:
    whole = case.connectome()
    neuron = st.integers(0, case.n - 1)
    keep = np.array(sorted(data.draw(st.sets(neuron, min_size=1))))
    part = whole.subset(keep)
    again = part.subset(data.draw(st.sets(st.integers(0, len(keep) - 1), min_size=1)))
    kept = keep[part.neurons["id"].isin(again.neurons["id"])]
    for cut, rows in ((part, keep), (again, kept)):
        np.testing.assert_array_equal(
            cut.weights(normalise=WHOLE).matrix.toarray(),
            whole.weights().matrix.toarray()[np.ix_(rows, rows)],
        )


def test_by_default_it_is_the_input_that_is_there(circuit: wg.Connectome) -> None:
    part = circuit.subset(["inter", "motor"])
    for way in (None, "input"):
        assert part.weights(normalise=way).matrix[1, 0] == np.float32(-2 / 6)
    assert part.weights(normalise=WHOLE).matrix[1, 0] == np.float32(-2 / 12)
    assert part.weights(normalise="none").matrix[1, 0] == -2


def test_shares_are_left_as_they_are_by_default(circuit: wg.Connectome) -> None:
    shares = wg.Connectome(circuit.neurons, circuit.counts / 20, unit=SHARE_UNIT)
    assert shares.weights().matrix[1, 0] == np.float32(0.2)
    assert shares.weights(normalise="input").matrix[1, 0] == 1


def test_a_total_is_only_needed_where_there_is_input(circuit: wg.Connectome) -> None:
    table = circuit.neurons.assign(total_input=[np.nan, 8, 12, np.nan])
    weights = wg.Connectome(table, circuit.counts).weights(normalise=WHOLE)
    assert weights.matrix[1, 0] == 0.5
    assert np.isfinite(weights.matrix.data).all()


@pytest.mark.parametrize(
    "totals",
    [[0, 4, 12, 0], pd.array([None, 4, 12, None], dtype="Int64"), ["-", "4", "12.0", "?"]],
    ids=["int", "nullable", "text"],
)
def test_totals_may_be_numbers_of_any_kind(totals: Any, circuit: wg.Connectome) -> None:
    wiring = wg.Connectome(circuit.neurons.assign(total_input=totals), circuit.counts)
    np.testing.assert_array_equal(
        wiring.weights(normalise=WHOLE).matrix.toarray(), circuit.weights().matrix.toarray()
    )


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        ([9, 9, 11, 9], "smaller than the input in the connectome for 1 neurons: motor has 11 but"),
        ([0, None, 12, 0], "for 1 neurons: inter has nan but receives 4"),
        ([0, -4, 0, 0], "for 2 neurons: inter has -4 but receives 4, motor has 0 but receives 12"),
        (["a", "b", "c", "d"], "the column 'total_input' is missing or smaller than the input in"),
    ],
)
def test_totals_that_cannot_be_are_refused(
    totals: list[Any], message: str, circuit: wg.Connectome
) -> None:
    wiring = wg.Connectome(circuit.neurons.assign(total_input=totals), circuit.counts)
    with pytest.raises(ValueError, match=re.escape(message)):
        wiring.weights(normalise=WHOLE)


def test_a_column_that_is_not_there_is_refused(circuit: wg.Connectome) -> None:
    message = (
        "there is no column 'all' with each neuron's input over the whole dataset: name one with "
        "total_input=; the neurons table has id, cell_type, nt"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        circuit.weights(normalise=WHOLE, total_input="all")


def test_another_word_is_refused(circuit: wg.Connectome) -> None:
    message = f"normalise is 'input', '{WHOLE}' or 'none', not 'inputs'; did you mean 'input'"
    with pytest.raises(ValueError, match=re.escape(message)):
        circuit.weights(normalise="inputs")

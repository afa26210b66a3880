"""The rules that give a neuron its sign: a column, transmitter names, a dict, one for all."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wiregrad.connectome import TRANSMITTER_SIGNS
from wiregrad.connectome._signs import has_sign_rule, neuron_signs


def signs_of(neurons: pd.DataFrame, rule: Any, **options: Any) -> list[float]:
    return neuron_signs(neurons, rule, **options)[0].tolist()


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("acetylcholine", 1),
        ("ACh", 1),
        ("GABA", -1),
        ("gaba", -1),
        ("Glutamate", -1),
        ("GLUT", -1),
        ("Glu", -1),
        ("Histamine", -1),
        (" HIS ", -1),
        ("dopamine", 0),
        ("serotonin", 0),
        ("octopamine", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_transmitters_in_any_case(name: str | None, sign: int, neurons: pd.DataFrame) -> None:
    neurons.loc[3, "nt"] = name
    assert signs_of(neurons, "nt") == [1, -1, 0, sign]


def test_the_signs_of_transmitters_can_be_changed_in_any_case(neurons: pd.DataFrame) -> None:
    changed = {**TRANSMITTER_SIGNS, "Dopamine": 1, "gaba": 0}
    assert signs_of(neurons, "nt", transmitter_signs=changed) == [1, 0, 1, 0]


def test_the_table_of_transmitters_cannot_be_changed_in_place() -> None:
    with pytest.raises(TypeError):
        TRANSMITTER_SIGNS["dopamine"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, -1, 0, 1], dtype=np.int8),
        np.array([1, -1, np.nan, 1]),
        pd.array([1, -1, None, 1], dtype="Int64"),
    ],
    ids=["int8", "float", "nullable"],
)
def test_a_column_of_signs(values: Any, neurons: pd.DataFrame) -> None:
    signs, rule = neuron_signs(neurons.assign(valence=values), "valence")
    assert signs.tolist() == [1, -1, 0, 1]
    assert rule == "column 'valence'"


@pytest.mark.parametrize(
    "name", ["transmitter", "neurotransmitter", "nt", "nt_type", "top_nt", "sign"]
)
def test_the_usual_columns_are_found(name: str, neurons: pd.DataFrame) -> None:
    table = neurons.rename(columns={"nt": name})
    assert has_sign_rule(table)
    assert signs_of(table, None) == [1, -1, 0, 0]


def test_a_column_named_sign_goes_before_transmitters(neurons: pd.DataFrame) -> None:
    assert signs_of(neurons.assign(sign=-1), None) == [-1, -1, -1, -1]


@pytest.mark.parametrize("rule", [1, -1, 1.0, np.int64(-1)])
def test_one_sign_for_all(rule: float, neurons: pd.DataFrame) -> None:
    assert signs_of(neurons, rule) == [rule] * 4


@pytest.mark.parametrize(
    ("rule", "signs"),
    [
        ({"S": 1, "M": -1}, [1, 0, -1, -1]),
        ({"M": -1, "motor": 1}, [0, 0, 1, -1]),
        ({"motor": 1, "M": -1}, [0, 0, 1, -1]),
        ({"M": -1, 2: 1}, [0, 0, 1, -1]),
        ({"M": -1, "motor": 0}, [0, 0, 0, -1]),
        ({np.int64(0): 1}, [1, 0, 0, 0]),
        ({}, [0, 0, 0, 0]),
        ({"*": -1}, [-1, -1, -1, -1]),
        ({"*": -1, "S": 1, "motor": 0}, [1, -1, 0, -1]),
        ({"M": 1, "*": 0}, [0, 0, 1, 1]),
    ],
)
def test_a_dict_where_the_narrower_entry_overrules(
    rule: dict[object, float], signs: list[float], neurons: pd.DataFrame
) -> None:
    assert signs_of(neurons, rule) == signs


def test_a_dict_of_64_bit_ids(neurons: pd.DataFrame) -> None:
    ids = [720575940621039145 + k for k in range(4)]
    rule = {ids[0]: 1, ids[1]: -1}
    assert signs_of(neurons.assign(id=ids), rule) == [1, -1, 0, 0]


def test_a_dict_of_numbers_that_are_index_and_id_alike(neurons: pd.DataFrame) -> None:
    assert signs_of(neurons.assign(id=range(4)), {0: 1, 3: -1}) == [1, 0, 0, -1]


def test_the_table_is_not_changed(neurons: pd.DataFrame) -> None:
    before = neurons.copy()
    for rule in (None, "nt", {"S": 1}, 1):
        neuron_signs(neurons, rule)
    pd.testing.assert_frame_equal(neurons, before)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("ntt", "there is no column 'ntt' to take signs from: the neurons table has id, cell_type"),
        ("ntt", "did you mean 'nt'?"),
        (
            "cell_type",
            "no value of the column 'cell_type' is a transmitter with a known sign (acetylcholine, "
            "ach, gaba, glutamate, glut, glu, histamine, hist, his): it holds S, I, M",
        ),
        ("valence", "the column 'valence' holds 0.5, 2.0: a sign is +1, -1 or 0"),
        (0, "one sign for all neurons is +1 or -1, not 0"),
        (2, "one sign for all neurons is +1 or -1, not 2"),
        ({"S": 1, "Moter": 1}, "names what is neither id, index nor cell type: Moter"),
        ({"inter ": 1}, "names what is neither id, index nor cell type: inter "),
        ({4: 1, -1: 1}, "the sign dict names what is neither id, index nor cell type: 4, -1"),
        ({"S": 2}, "the sign dict holds 2.0: a sign is +1, -1 or 0"),
        ({"S": "+"}, "the sign dict holds +: a sign is +1, -1 or 0"),
        ({"S": None}, "the sign dict holds nan: a sign is +1, -1 or 0"),
        ([1, -1, 1, 1], "a sign rule is the name of a column, 'edges', a dict from neurons to"),
        (np.ones(4), "or +1 or -1 for all neurons, not ndarray"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused(
    rule: Any, message: str, neurons: pd.DataFrame
) -> None:
    table = neurons.assign(valence=[1, 2, 0.5, -1])
    with pytest.raises(ValueError, match=re.escape(message)):
        neuron_signs(table, rule)


@pytest.mark.parametrize("column", ["id", "cell_type"])
def test_an_index_that_is_a_name_of_another_neuron_is_refused(
    column: str, neurons: pd.DataFrame
) -> None:
    message = "the sign dict's 1, 2 may be an index or a name of another neuron: give the signs in"
    with pytest.raises(ValueError, match=message):
        neuron_signs(neurons.assign(**{column: [1, 2, 30, 40]}), {1: 1, 2: -1})


@pytest.mark.parametrize(("sign", "shown"), [(2, "2.0"), ("+", r"\+")])
def test_bad_signs_of_transmitters_are_refused(
    sign: Any, shown: str, neurons: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=f"transmitter_signs holds {shown}: a sign is"):
        neuron_signs(neurons, "nt", {"ach": sign})


def test_without_any_rule_the_ways_to_give_one_are_named(neurons: pd.DataFrame) -> None:
    table = neurons.drop(columns="nt")
    assert not has_sign_rule(table)
    message = (
        "the signs of the synapses are not known: pass sign= (or --sign) the name of a column "
        "with signs or transmitter names, a dict such as {'cell type or id': -1, '*': 1}, or +1 to "
        "let all neurons excite (the neurons table has id, cell_type)"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        neuron_signs(table, None)

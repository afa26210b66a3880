"""The selection language: names, columns, regular expressions, masks, queries and their errors."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from connectome_cases import QUICK
from hypothesis import given
from hypothesis import strategies as st

import wiregrad as wg
from wiregrad import select_neurons

BIG_ID = 720575940621039145


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Seven neurons with labels of every kind, some of them hard to quote."""
    return pd.DataFrame(
        {
            "id": ["AVAL", "AVAR", "PLML", "it's", "R1 and R2", "a=b", "12"],
            "cell_type": ["AVA", "AVA", "PLM", None, "Kenyon cell", "x/y", "Mi 1"],
            "side": ["L", "R", "L", None, "left and right", "L", "R"],
            "u": np.array([-1, 0, 1, 2, 3, 4, 120], dtype=np.int8),
            "size": [0.5, 1.0, 2.0, np.nan, 3.0, 4.0, 5.0],
            "layer": pd.array([1, None, 3, 4, 5, 6, 1], dtype="Int64"),
            "level": pd.Categorical([1, 2, 3, 1, 2, 3, 1]),
            "proofread": [True, False, True, False, True, False, True],
            "super class": "sensory and motor",
        }
    )


@pytest.fixture(scope="module")
def numbered() -> pd.DataFrame:
    """Neurons with 64-bit ids that differ in the last digit, and types that are numbers."""
    ids = [BIG_ID + k for k in range(3)]
    return pd.DataFrame({"id": ids, "cell_type": ["7", "7", "8"]})


@pytest.mark.parametrize(
    ("what", "indices"),
    [
        ("AVAL", [0]),
        ("AVA", [0, 1]),
        (" AVA ", [0, 1]),
        ("it's", [3]),
        ("a=b", [5]),
        ("12", [6]),
        ("5", [5]),
        ("Kenyon cell", [4]),
        ("'AVA'", [0, 1]),
        ('"R1 and R2"', [4]),
        ("'R1 and R2' and u=3", [4]),
    ],
)
def test_a_name_is_an_id_a_cell_type_or_else_an_index(
    what: str, indices: list[int], table: pd.DataFrame
) -> None:
    assert select_neurons(table, what).tolist() == indices


@pytest.mark.parametrize(
    ("what", "indices"),
    [
        ("side=L", [0, 2, 5]),
        (" side = L ", [0, 2, 5]),
        ("side='L'", [0, 2, 5]),
        ('side="left and right"', [4]),
        ("id=it's", [3]),
        ('id="it\'s"', [3]),
        ("id=a=b", [5]),
        ("u=-1", [0]),
        ("u=+1", [2]),
        ("u=120", [6]),
        ("u='2'", [3]),
        ("size=1", [1]),
        ("size=.5", [0]),
        ("layer=1", [0, 6]),
        ("level=1", [0, 3, 6]),
        ("proofread=False", [1, 3, 5]),
        ("super class='sensory and motor' and u=4", [5]),
    ],
)
def test_column_equals_value(what: str, indices: list[int], table: pd.DataFrame) -> None:
    assert select_neurons(table, what).tolist() == indices


@pytest.mark.parametrize(
    ("what", "indices"),
    [
        ("/^AVA/", [0, 1]),
        ("/AVA|PLM/", [0, 1, 2]),
        ("/(AVA|PLM)L/", [0, 2]),
        ("/(?i)^ava/", [0, 1]),
        ("/R1 and R2/", [4]),
        ("/R1  ?and/ and side=/^left and/", [4]),
        ("/=/", [5]),
        ("/'/", [3]),
        ("/'/ and u=2", [3]),
        ("/x/y/", [5]),
        ("side=/^L$/", [0, 2, 5]),
        ("side=/L/ and /AVA/", [0]),
        ("u=/2/", [3, 6]),
        ("super class=/y and m/ and side=R", [1, 6]),
    ],
)
def test_regular_expressions_search_ids_and_cell_types_or_a_column(
    what: str, indices: list[int], table: pd.DataFrame
) -> None:
    assert select_neurons(table, what).tolist() == indices


@pytest.mark.parametrize(
    ("what", "indices"),
    [
        ("AVA and side=R", [1]),
        ("side=R and AVA", [1]),
        ("AVA  and\tside=R and u=0", [1]),
        ("it's and u=2", [3]),
        ("u=2 and it's", [3]),
        ('u=2 and id="it\'s"', [3]),
        ("side=L and size=0.5", [0]),
    ],
)
def test_parts_are_joined_by_and(what: str, indices: list[int], table: pd.DataFrame) -> None:
    assert select_neurons(table, what).tolist() == indices


@pytest.mark.parametrize(
    ("what", "indices"),
    [
        ("query: side == 'L'", [0, 2, 5]),
        ("query:u > 0 and size < 3", [2]),
        ("query: layer > 3", [3, 4, 5]),
        ("query: proofread", [0, 2, 4, 6]),
        ("query: `super class`.str.startswith('sens') and u > 3", [5, 6]),
        ("query: side != 'L' and not proofread", [1, 3]),
    ],
)
def test_a_query_goes_to_pandas(what: str, indices: list[int], table: pd.DataFrame) -> None:
    assert select_neurons(table, what).tolist() == indices


@pytest.mark.parametrize(
    ("what", "indices"),
    [
        (2, [2]),
        (np.int64(6), [6]),
        (np.array(3), [3]),
        ([5, 0, 5, 1], [5, 0, 1]),
        (np.array([[4, 1], [1, 0]], dtype=np.uint8), [4, 1, 0]),
        (range(5, 2, -1), [5, 4, 3]),
        (["PLML", 0, "AVA"], [2, 0, 1]),
        (["side=R", "/AV/"], [1, 6, 0]),
        (("AVA", ["PLM", 5]), [0, 1, 2, 5]),
        ((name for name in ["PLM", "AVAL"]), [2, 0]),
        ({"PLM", "AVAL", "12", "a=b"}, [0, 2, 5, 6]),
        (pd.Series(["PLM", "AVAL"], index=[9, 9]), [2, 0]),
        (pd.Index([3, 2]), [3, 2]),
        (pd.Series([0, 5], dtype="Int64"), [0, 5]),
        (torch.tensor([6, 1]), [6, 1]),
    ],
)
def test_a_sequence_keeps_its_order_and_names_each_neuron_once(
    what: Any, indices: list[int], table: pd.DataFrame
) -> None:
    selected = select_neurons(table, what)
    assert selected.tolist() == indices
    assert selected.dtype == np.int64


@pytest.mark.parametrize(
    "make", [list, tuple, np.array, pd.Series, torch.tensor, lambda mask: pd.array(mask, "boolean")]
)
def test_a_mask_of_any_kind(make: Any, table: pd.DataFrame) -> None:
    assert select_neurons(table, make([k in (1, 4) for k in range(7)])).tolist() == [1, 4]


@QUICK
@given(st.lists(st.booleans(), min_size=7, max_size=7).filter(any))
def test_a_mask_a_list_and_a_query_agree(mask: list[bool]) -> None:
    table = pd.DataFrame({"id": list("abcdefg"), "cell_type": "t", "chosen": mask})
    expected = [k for k, chosen in enumerate(mask) if chosen]
    for what in (mask, expected, "chosen=True", "query: chosen", [*table["id"][mask]]):
        assert select_neurons(table, what).tolist() == expected


@QUICK
@given(st.lists(st.tuples(st.sampled_from("LR"), st.integers(0, 2)), min_size=1))
def test_joined_parts_select_what_each_of_them_selects(labels: list[tuple[str, int]]) -> None:
    table = pd.DataFrame(labels, columns=["side", "u"])
    table["id"], table["cell_type"] = [f"n{k}" for k in table.index], "t"
    side, u = labels[0]
    expected = [k for k, label in enumerate(labels) if label == (side, u)]
    assert select_neurons(table, f"side={side} and u={u} and t").tolist() == expected


@pytest.mark.parametrize("kind", ["int64", "uint64", "Int64", "str", "object"])
@pytest.mark.parametrize("k", [0, 1, 2])
def test_64_bit_ids_stay_exact(kind: str, k: int, numbered: pd.DataFrame) -> None:
    table = numbered.assign(id=numbered["id"].astype(kind))
    for what in (str(BIG_ID + k), f"id={BIG_ID + k}"):
        assert select_neurons(table, what).tolist() == [k]


@pytest.mark.parametrize("kind", ["int64", "uint64", "Int64"])
def test_an_integer_that_is_no_index_is_an_id(kind: str, numbered: pd.DataFrame) -> None:
    table = numbered.assign(id=numbered["id"].astype(kind))
    assert select_neurons(table, BIG_ID + 1).tolist() == [1]
    assert select_neurons(table, np.array([BIG_ID + 2, BIG_ID])).tolist() == [2, 0]
    assert select_neurons(table, 1).tolist() == [1]


def test_digits_are_a_cell_type_before_they_are_an_index(numbered: pd.DataFrame) -> None:
    assert select_neurons(numbered, "7").tolist() == [0, 1]
    assert select_neurons(numbered, "2").tolist() == [2]


def test_the_table_is_not_changed_and_its_row_labels_do_not_matter(table: pd.DataFrame) -> None:
    labelled = table.set_axis(list("ABCDEFG"))
    before = labelled.copy()
    for what in ("AVA", "side=L", "/AVA/", "query: u > 0", [0, "PLM"]):
        assert select_neurons(labelled, what).tolist() == select_neurons(table, what).tolist()
    pd.testing.assert_frame_equal(labelled, before)


BAD_SELECTIONS: dict[str, tuple[Any, str]] = {
    "unknown name": (
        "AVX",
        "'AVX' is neither the id nor the cell type of a neuron; did you mean 'AVA'",
    ),
    "wrong case": ("plm", "'plm' is neither the id nor the cell type of a neuron; did you mean"),
    "nearest id": ("PLMR", "did you mean 'PLM' or 'PLML'?"),
    "nothing near": ("zzzz", "'zzzz' is neither the id nor the cell type of a neuron"),
    "in a list": (["AVA", "AVX"], "'AVX' is neither the id nor the cell type"),
    "unknown column": (
        "sidde=L",
        "there is no column 'sidde': the neurons table has id, cell_type, side, u, size, layer, "
        "level, proofread, super class; did you mean 'side'",
    ),
    "unknown value": (
        "side=l",
        "no neuron has side=l: 'side' holds L, R, left and right; did you mean 'L'?",
    ),
    "text for numbers": ("size=big", "no neuron has size=big: 'size' holds 0.5, 1.0, 2.0, 3.0"),
    "too large a number": ("u=1000", "no neuron has u=1000: 'u' holds -1, 0, 1"),
    "huge number": ("u=99999999999999999999", "no neuron has u=99999999999999999999"),
    "no value": ("side=", "no neuron has side=: 'side' holds L, R, left and right"),
    "not jointly": (
        "AVA and side=L and u=0",
        "no neuron is AVA and side=L and u=0 at once: each part alone matches some",
    ),
    "regex without match": ("/^Z/", "no neuron's id or cell type matches /^Z/"),
    "column regex without match": ("side=/^Z/", "no neuron's 'side' matches /^Z/"),
    "bad regex": ("/[/", "/[/ is not a regular expression: unterminated character set"),
    "bad column regex": ("side=/(/", "/(/ is not a regular expression: missing ), unterminated"),
    "unanswerable query": (
        "query: syde == 'L'",
        "pandas cannot answer the query \"syde == 'L'\": name 'syde' is not defined",
    ),
    "ungrammatical query": ("query: side ==", "pandas cannot answer the query 'side =='"),
    "local variable": ("query: u == @np", "pandas cannot answer the query 'u == @np'"),
    "query without match": ("query: u < -5", "no neuron answers the query 'u < -5'"),
    "query that is a number": (
        "query: u + 1",
        "the query 'u + 1' is not true or false of a neuron: compare something",
    ),
    "empty text": ("", "'' selects no neurons: it is empty, or has an empty part"),
    "blank text": ("  ", "'  ' selects no neurons: it is empty, or has an empty part"),
    "empty part": ("AVA and ", "'AVA and ' selects no neurons: it is empty, or has an empty part"),
    "empty list": ([], "the selection is empty: name at least one neuron"),
    "empty array": (np.array([], dtype=int), "the selection is empty: name at least one neuron"),
    "empty mask": ([False] * 7, "the selection is empty: the mask is False for every neuron"),
    "short mask": ([True] * 6, "the mask has 6 entries but there are 7 neurons"),
    "long mask": (np.ones(8, dtype=bool), "the mask has 8 entries but there are 7 neurons"),
    "index too large": (7, "7 is neither a neuron's index (0 to 6) nor a neuron's id"),
    "negative index": (-1, "-1 is neither a neuron's index (0 to 6) nor a neuron's id"),
    "digits too large": ("700", "700 is neither a neuron's index (0 to 6) nor a neuron's id"),
    "index in an array": (
        np.array([0, 7]),
        "7 is neither a neuron's index (0 to 6) nor a neuron's id",
    ),
    "float": (1.0, "1.0 selects no neurons: give an index, an id, a cell type, a list or a mask"),
    "float array": (np.array([1.0]), "selects no neurons: give an index, an id, a cell type"),
    "None": (None, "None selects no neurons: give an index, an id, a cell type, a list or a mask"),
    "one truth value": (True, "True selects no neurons: give an index, a name, a list or a mask"),
    "mask mixed with indices": ([True, 3], "True selects no neurons: give an index, a name"),
}


@pytest.mark.parametrize(("what", "message"), BAD_SELECTIONS.values(), ids=BAD_SELECTIONS)
def test_what_selects_nothing_is_refused(what: Any, message: str, table: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        select_neurons(table, what)


def test_a_name_that_is_an_id_and_the_cell_type_of_others_is_refused() -> None:
    table = pd.DataFrame({"id": ["DA1", "p1", "p2"], "cell_type": ["LN", "DA1", "DA1"]})
    message = (
        "'DA1' is the id of one neuron and the cell type of others: "
        "write 'id=DA1' or 'cell_type=DA1'"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        select_neurons(table, "DA1")
    assert select_neurons(table, "id=DA1").tolist() == [0]
    assert select_neurons(table, "cell_type=DA1").tolist() == [1, 2]


def test_a_name_that_is_id_and_cell_type_of_one_neuron_is_that_neuron() -> None:
    table = pd.DataFrame({"id": ["AVL", "DVC"], "cell_type": ["AVL", "DVC"]})
    assert select_neurons(table, "DVC").tolist() == [1]


def test_the_connectome_gives_the_same_errors(worm: wg.Connectome) -> None:
    with pytest.raises(ValueError, match=r"'AVAZ' is neither .*; did you mean 'AVA'"):
        worm.select("AVAZ")

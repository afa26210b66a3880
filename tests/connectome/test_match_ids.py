"""Which column of the neurons table the edges refer to: by id or by position, always exactly."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from connectome_cases import QUICK
from file_cases import FIRST_ID
from hypothesis import given
from hypothesis import strategies as st

from wiregrad.connectome._match_ids import as_whole_numbers, match_ids

IDS = [FIRST_ID + 2, FIRST_ID, FIRST_ID + 1]
NEURONS = pd.DataFrame({"idx": [0, 1, 2], "root_id": IDS, "name": ["x", "y", "z"]})
KINDS = ["int64", "uint64", "Int64", "str", "object"]


def edges(pre: Any, post: Any) -> pd.DataFrame:
    return pd.DataFrame({"pre": pre, "post": post})


@QUICK
@given(
    ids=st.lists(st.integers(FIRST_ID, FIRST_ID + 50), min_size=1, max_size=8, unique=True),
    data=st.data(),
    kinds=st.tuples(*[st.sampled_from(KINDS)] * 3),
)
def test_ids_match_in_any_kind_and_stay_exact(
    ids: list[int], data: st.DataObject, kinds: tuple[str, str, str]
) -> None:
    ends = st.lists(st.sampled_from(ids), min_size=3, max_size=3)
    pre, post = data.draw(ends), data.draw(ends)
    if "object" in kinds and not set(kinds) <= {"object", "int64"}:
        kinds = tuple("str" if kind == "object" else kind for kind in kinds)  # type: ignore[assignment]
    neurons = pd.DataFrame({"root_id": pd.Series(ids).astype(kinds[0])})
    table = pd.DataFrame(
        {"pre": pd.Series(pre).astype(kinds[1]), "post": pd.Series(post).astype(kinds[2])}
    )
    matched = match_ids(neurons, table, "pre", "post")
    assert matched.id == "root_id"
    assert [int(x) for x in matched.neurons["root_id"]] == ids
    assert [int(x) for x in matched.edges["pre"]] == pre
    assert [int(x) for x in matched.edges["post"]] == post
    assert matched.rows_dropped == 0


@QUICK
@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8),
    by=st.sampled_from(["idx", "root_id", "name"]),
)
def test_rows_of_neurons_that_are_not_listed_are_dropped(
    rows: list[tuple[int, int]], by: str
) -> None:
    everyone = pd.DataFrame(
        {
            "idx": range(5),
            "root_id": [FIRST_ID + (k * 3) % 5 for k in range(5)],
            "name": list("abcde"),
        }
    )
    table = edges(*[[everyone[by][row[side]] for row in rows] for side in (0, 1)])
    table.index = table.index + 7
    kept = [row for row in rows if max(row) < 3]
    if not kept:
        with pytest.raises(ValueError, match="no row of the edge table has both its neurons in t"):
            match_ids(everyone[:3], table, "pre", "post", drop_unlisted=True)
        return
    matched = match_ids(everyone[:3], table, "pre", "post", drop_unlisted=True)
    named = everyone["root_id" if by == "idx" else by]
    if matched.id == by or by == "idx":  # a few rows may leave open what they refer to
        assert matched.edges["pre"].tolist() == [named[pre] for pre, _ in kept]
        assert matched.edges["post"].tolist() == [named[post] for _, post in kept]
    assert matched.rows_dropped == len(rows) - len(kept)


@pytest.mark.parametrize(
    ("pre", "post", "column"),
    [
        ([IDS[0]], [IDS[1]], "root_id"),
        ([0, 1], [2, 0], "root_id"),
        (["x"], ["z"], "name"),
    ],
)
def test_the_column_is_the_one_that_holds_all_ends(
    pre: list[Any], post: list[Any], column: str
) -> None:
    matched = match_ids(NEURONS, edges(pre, post), "pre", "post")
    assert matched.id == column
    assert matched.edges["pre"].isin(NEURONS[column]).all()


def test_positions_become_ids_whatever_the_order_of_the_rows() -> None:
    table = NEURONS.assign(idx=[2, 0, 1])
    matched = match_ids(table, edges([2, 0], [1, 1]), "pre", "post")
    assert matched.edges["pre"].tolist() == [IDS[0], IDS[1]]
    assert matched.edges["post"].tolist() == [IDS[2], IDS[2]]
    assert matched.edges["pre"].dtype == np.int64


def test_a_neuron_without_a_position_is_passed_over() -> None:
    table = NEURONS.assign(idx=pd.array([None, 0, 1], dtype="Int64"))
    matched = match_ids(table, edges([0], [1]), "pre", "post")
    assert (matched.edges["pre"].item(), matched.edges["post"].item()) == (IDS[1], IDS[2])


def test_a_column_that_is_named_is_the_id() -> None:
    assert match_ids(NEURONS, edges([0], [1]), "pre", "post", "idx").id == "idx"
    named = match_ids(NEURONS, edges([0], [1]), "pre", "post", "name")
    assert (named.id, named.edges["pre"].tolist()) == ("name", ["x"])


def test_text_ids_are_not_lost_to_another_column_of_numbers() -> None:
    table = pd.DataFrame({"skid": [100, 101, 102], "name": ["12", "13", "x"]})
    matched = match_ids(table, edges(["12"], ["13"]), "pre", "post")
    assert (matched.id, matched.edges["pre"].tolist()) == ("name", ["12"])


@pytest.mark.parametrize(
    ("neurons", "id_column"),
    [
        (NEURONS.assign(root_id=IDS[0]), "root_id"),  # repeated
        (NEURONS.assign(root_id=[IDS[0], None, IDS[2]]), "root_id"),  # missing
        (NEURONS, "nope"),
    ],
)
def test_what_is_wrong_with_an_id_column_is_left_for_from_edges_to_say(
    neurons: pd.DataFrame, id_column: str
) -> None:
    assert match_ids(neurons, edges([0], [1]), "pre", "post", id_column).id == id_column
    assert match_ids(neurons[["root_id"]], edges([IDS[0]], [IDS[0]]), "pre", "post").id == "root_id"


def test_positions_are_the_ids_where_no_column_of_ids_will_do() -> None:
    table = NEURONS[["idx", "root_id"]].assign(root_id=IDS[0])
    matched = match_ids(table, edges([0], [1]), "pre", "post")
    assert (matched.id, matched.edges["post"].item()) == ("idx", 1)


def test_the_tables_are_not_changed() -> None:
    table, before = edges(["0"], ["1"]), edges(["0"], ["1"])
    assert match_ids(NEURONS, table, "pre", "post").edges["pre"].item() == IDS[0]
    pd.testing.assert_frame_equal(table, before)


REFUSED: dict[str, tuple[pd.DataFrame, pd.DataFrame, str]] = {
    "no column of ids": (
        NEURONS[["root_id"]].rename(columns={"root_id": "segment"}),
        edges([1], [2]),
        "no column of the neurons table holds ids (id, root_id, bodyId, pt_root_id, skid, "
        "neuron_id, name): it has segment; name one with id='...'",
    ),
    "unlisted": (
        NEURONS,
        edges([IDS[0], 7, 8, 8], [IDS[1], 9, IDS[1], IDS[1]]),
        "3 neurons of the edge table are not in the neurons table under 'root_id': 7, 8, 9, first "
        "in rows 1, 2, 3; name the right table with neurons='file', or leave these rows out with "
        "unlisted='drop'",
    ),
    "out of range": (
        NEURONS,
        edges([0, 1], [2, 3]),
        "1 neurons of the edge table are not in the neurons table under 'idx': 3, first in row 1",
    ),
    "kinds that differ": (
        NEURONS[["root_id"]],
        edges(["x"], ["7"]),
        "under 'root_id': x, 7 (they are str, those of the neurons int64), first in row 0",
    ),
    "floats": (
        NEURONS,
        edges([float(IDS[0])], [IDS[1]]),
        "the edge table's 'pre' holds floats, which cannot keep 64-bit ids exactly",
    ),
    "neurons as floats": (
        NEURONS[["root_id"]].astype(float),
        edges([IDS[0]], [7]),
        "the neurons table's 'root_id' holds floats, which cannot keep 64-bit ids exactly",
    ),
    "repeated positions": (
        NEURONS.assign(idx=[0, 1, 1]),
        edges([0], [1]),
        "the neurons table's 'idx' has 1 more than once",
    ),
}


@pytest.mark.parametrize(("neurons", "table", "message"), REFUSED.values(), ids=REFUSED)
def test_tables_that_do_not_fit_are_refused(
    neurons: pd.DataFrame, table: pd.DataFrame, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        match_ids(neurons, table, "pre", "post")


def test_missing_ends_are_left_for_from_edges_to_name() -> None:
    table = edges(pd.array([IDS[0], None], dtype="Int64"), [IDS[1], IDS[1]])
    assert match_ids(NEURONS, table, "pre", "post").rows_dropped == 0
    assert match_ids(NEURONS, table, "pre", "post", drop_unlisted=True).rows_dropped == 1


@pytest.mark.parametrize("text", ["12a", "-3", "1.0", "", "1" * 19])
def test_only_digits_are_read_as_numbers(text: str) -> None:
    texts, numbers = as_whole_numbers(pd.Series(["7", text]), pd.Series([7, 8]))
    assert texts.tolist() == ["7", text]
    assert numbers.tolist() == [7, 8]


def test_digits_stay_text_where_nothing_is_a_number() -> None:
    assert as_whole_numbers(pd.Series(["007"]), pd.Series(["8"]))[0].tolist() == ["007"]


def test_missing_text_stays_missing() -> None:
    texts, _ = as_whole_numbers(pd.Series([str(FIRST_ID), None]), pd.Series([1]))
    assert texts.tolist() == [FIRST_ID, pd.NA]

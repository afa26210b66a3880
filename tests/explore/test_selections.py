"""Names are found while they are typed, and read with care."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wiregrad as wg
from wiregrad.explore._selections import LONGEST, Names, selection_of

HOSTILE = ["<script>alert(1)</script>", "a and b", 'two "quotes"', "it's", "/x/", "query: id"]


WORM = Names(wg.datasets.celegans().neurons)


@pytest.fixture
def names() -> Names:
    return WORM


def test_cell_types_come_first_then_neurons(names: Names) -> None:
    assert [one.selection for one in names.search("ava")] == ["AVA", "AVAL", "AVAR"]
    assert names.search("AVAL")[0].kind == "neuron"


def test_a_text_that_many_types_hold_can_be_taken_whole(names: Names) -> None:
    found = names.search("AV")
    (every,) = [one for one in found if one.name.startswith("every type")]
    neurons = wg.datasets.celegans().neurons
    held = neurons["cell_type"].str.contains("av", case=False)
    assert every.n == held.sum()
    assert np.array_equal(names.find([every.selection]), np.flatnonzero(held))


def test_columns_and_whole_selections_are_offered(names: Names) -> None:
    assert names.search("sensory")[0].selection == "role=sensory"
    asked = "role=sensory and side=R"
    offered = names.search(asked)[0]
    expected = wg.datasets.celegans().select(asked)
    assert (offered.selection, offered.n) == (asked, len(expected))
    assert np.array_equal(names.find([asked]), expected)


def test_without_a_text_classes_of_neurons_are_offered(names: Names) -> None:
    assert {one.selection for one in names.search(" ")} >= {"role=sensory", "role=motor"}
    bare = Names(pd.DataFrame({"id": ["a1", "b1"], "cell_type": ["a", "b"]}))
    assert [one.selection for one in bare.search("")] == ["a", "b"]


def test_what_nothing_is_called_like_finds_nothing(names: Names) -> None:
    assert names.search("zzz") == []
    assert names.search("nosuch=1") == []


def test_each_is_offered_once(names: Names) -> None:
    for text in ("DVA", "A", "role", "R"):
        offered = [one.selection for one in names.search(text)]
        assert len(offered) == len(set(offered)) <= 12


@settings(deadline=None)
@given(st.text(max_size=20))
def test_whatever_is_offered_selects_as_many_neurons_as_it_says(text: str) -> None:
    for one in WORM.search(text):
        assert len(WORM.find([one.selection])) == one.n


def test_names_that_look_like_something_else_select_their_own_neurons() -> None:
    ids = [f"n{i}" for i in range(len(HOSTILE))]
    names = Names(pd.DataFrame({"id": ids, "cell_type": HOSTILE}))
    for place, name in enumerate(HOSTILE):
        selection = selection_of("cell_type", name)
        assert names.find([selection]).tolist() == [place]
        assert name in {one.name for one in names.search(name)}


@pytest.mark.parametrize(
    ("selections", "problem"),
    [
        ([], "no neurons are chosen"),
        (["AVA"] * 101, "101 selections are too many: 100 at most"),
        (["nosuch"], "'nosuch' is neither the id nor the cell type"),
        (["query: id == 'AVAL'"], "takes no queries"),
        ([" QUERY: id.to_csv('x')"], "takes no queries"),
        (["/A.*/"], "takes no regular expressions"),
        (["role=/(a+)+$/"], "takes no regular expressions"),
        (["side=L and /(a+)+$/"], "takes no regular expressions"),
        (["cell_type=/(?i:(a+)+$)/"], "takes no regular expressions"),
        (["x" * (LONGEST + 1)], f"1 to {LONGEST} letters"),
        ([""], f"1 to {LONGEST} letters"),
    ],
)
def test_bad_selections_are_refused(names: Names, selections: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        names.find(selections)


def test_a_query_writes_no_file(names: Names, tmp_path: Path) -> None:
    target = tmp_path / "written.csv"
    with pytest.raises(ValueError, match="no queries"):
        names.find([f"query: id.to_csv({str(target)!r})"])
    assert names.search(f"query: id.to_csv({str(target)!r})") == []
    assert not target.exists()


@pytest.mark.slow
def test_a_whole_brain_is_searched_while_one_types(shared_data: Callable[[str], Path]) -> None:
    names = Names(wg.Connectome.load(shared_data("flywire783")).neurons)
    names.search("warm")
    begun = time.perf_counter()
    found = names.search("MBON1")
    assert {"MBON10", "MBON11"} <= {one.selection for one in found}
    assert time.perf_counter() - begun < 1  # some 20 ms on a quiet machine
    first = int(wg.Connectome.load(shared_data("flywire783")).neurons["id"].iloc[0])
    assert [one.n for one in names.search(str(first))] == [1]

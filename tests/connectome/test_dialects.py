"""Which columns of an edge table hold the ends of a connection, and its count."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from wiregrad.connectome._dialects import DIALECTS, find_dialect, first_column

SOURCES = {
    "FlyWire Codex": ["pre_root_id", "post_root_id", "neuropil", "syn_count", "nt_type"],
    "neuPrint": ["bodyId_pre", "bodyId_post", "roi", "weight"],
    "CAVE": ["id", "pre_pt_root_id", "post_pt_root_id", "size"],
    "Shiu et al. 2024": [
        "Presynaptic_ID",
        "Postsynaptic_ID",
        "Presynaptic_Index",
        "Postsynaptic_Index",
        "Connectivity",
        "Excitatory",
        "Excitatory x Connectivity",
    ],
    "plain": ["pre", "post", "weight"],
}


@pytest.mark.parametrize(("name", "columns"), SOURCES.items(), ids=SOURCES)
def test_sources_are_known_by_their_columns(name: str, columns: list[str]) -> None:
    for order in (columns, columns[::-1], ["Unnamed: 0", *columns]):
        assert find_dialect(order).name == name


def test_ids_go_before_positions() -> None:
    assert find_dialect(SOURCES["Shiu et al. 2024"]).pre == "Presynaptic_ID"
    positions = [name for name in SOURCES["Shiu et al. 2024"] if not name.endswith("_ID")]
    assert find_dialect(positions).post == "Postsynaptic_Index"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_naming_the_ends_that_are_known_changes_nothing(dialect: object) -> None:
    columns = [name for source in SOURCES.values() for name in source]
    assert find_dialect(columns, dialect.pre, dialect.post) is not None  # type: ignore[attr-defined]
    assert find_dialect(columns, dialect.pre, dialect.post) == dialect  # type: ignore[attr-defined]
    assert dialect in (  # type: ignore[attr-defined]
        find_dialect(columns, dialect.pre),
        find_dialect(columns, None, dialect.post),
    )


def test_ends_that_are_named_go_before_known_ones() -> None:
    dialect = find_dialect(["from", "to", "pre", "post", "n_syn"], "from", "to")
    assert (dialect.name, dialect.pre, dialect.post) == ("plain", "from", "to")
    assert "n_syn" in dialect.counts


def test_one_end_that_is_named_is_completed() -> None:
    plain = find_dialect(["from", "pre", "post", "weight"], pre="from")
    assert (plain.pre, plain.post) == ("from", "post")
    codex = find_dialect([*SOURCES["FlyWire Codex"], "to"], post="to")
    assert (codex.pre, codex.post, codex.counts) == ("pre_root_id", "to", ("syn_count",))


def test_unknown_columns_are_refused_with_those_seen() -> None:
    message = (
        "no columns of the edge table hold the ends of a connection: it has source, target; known "
        "are pre_root_id, post_root_id; bodyId_pre, bodyId_post; pre_pt_root_id, post_pt_root_id; "
        "Presynaptic_ID, Postsynaptic_ID; Presynaptic_Index, Postsynaptic_Index; pre, post; name "
        "others with pre= and post="
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        find_dialect(["source", "target"])
    with pytest.raises(ValueError, match=re.escape(message)):
        find_dialect(["source", "target"], pre="source")


@pytest.mark.parametrize("ends", [("form", "to"), ("from", "ot"), ("form", None), (None, "ot")])
def test_a_named_column_that_is_not_there_is_refused(ends: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"e\.csv has no column '(form|ot)': it has from, to; did"):
        find_dialect(["from", "to"], *ends, table="e.csv")


def test_the_first_column_that_is_there() -> None:
    table = pd.DataFrame({"type": [], "cell_type": []})
    assert first_column(table, ("cell_type", "type")) == "cell_type"
    assert first_column(table, ("class",)) is None

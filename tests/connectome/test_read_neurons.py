"""One neurons table from many: columns are joined by ids, never by the order of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from file_cases import FIRST_ID, write_table
from hypothesis import given, settings
from hypothesis import strategies as st

from wiregrad.connectome._read_neurons import read_neurons

IDS = [FIRST_ID + k for k in range(3)]
NEURONS = pd.DataFrame({"root_id": IDS, "side": ["L", "R", "L"]})


def read(folder: Path, *tables: pd.DataFrame, **options: Any) -> pd.DataFrame:
    paths = [write_table(t, folder / f"table{k}.csv") for k, t in enumerate(tables)]
    neurons = read_neurons(paths, **options)
    assert neurons is not None
    return neurons


@settings(deadline=None, max_examples=25)
@given(
    ids=st.lists(st.integers(0, 9), min_size=1, max_size=8, unique=True),
    others=st.lists(st.integers(0, 9), min_size=1, max_size=8, unique=True),
)
def test_columns_are_joined_by_ids_and_whole_numbers_stay_exact(
    ids: list[int], others: list[int], tmp_path_factory: Any
) -> None:
    neurons = pd.DataFrame({"root_id": [FIRST_ID + k for k in ids]})
    more = pd.DataFrame({"root_id": [FIRST_ID + k for k in others]})
    more["partner"] = more["root_id"] + 1
    joined = read(tmp_path_factory.mktemp("tables"), neurons, more)
    assert joined["root_id"].tolist() == [FIRST_ID + k for k in ids]
    if set(ids) & set(others):
        expected = [FIRST_ID + k + 1 if k in others else None for k in ids]
        assert [None if pd.isna(x) else int(x) for x in joined["partner"]] == expected
    else:
        assert joined.columns.tolist() == ["root_id"]


def test_without_a_table_there_is_none() -> None:
    assert read_neurons([]) is None


def test_the_numbers_of_rows_that_pandas_writes_are_not_ids(tmp_path: Path) -> None:
    first, second = tmp_path / "neurons.csv", tmp_path / "classification.csv"
    NEURONS.to_csv(first)  # with a first column without a name: 0, 1, 2
    NEURONS[["root_id"]][::-1].reset_index(drop=True).assign(rank=[3, 2, 1]).to_csv(second)
    joined = read_neurons([first, second])
    assert joined is not None
    assert joined["rank"].tolist() == [1, 2, 3]


def test_columns_of_the_first_table_go_before_others_of_the_same_name(tmp_path: Path) -> None:
    joined = read(tmp_path, NEURONS, NEURONS.assign(side="?", flow="in"))
    assert joined["side"].tolist() == ["L", "R", "L"]
    assert joined["flow"].tolist() == ["in"] * 3


def test_types_survive_rows_that_only_one_table_has(tmp_path: Path) -> None:
    more = NEURONS[:2].assign(partner=IDS[:2], traced=[True, False], size=[1.5, 2], nt=["a", "b"])
    joined = read(tmp_path, NEURONS, more)
    kinds = {name: str(joined[name].dtype) for name in ("partner", "traced", "size", "nt")}
    assert kinds == {"partner": "Int64", "traced": "boolean", "size": "float64", "nt": "str"}
    assert joined["partner"].tolist() == [*IDS[:2], pd.NA]


def test_ids_may_be_text_in_one_table_and_missing_in_some_rows(tmp_path: Path) -> None:
    first = pd.DataFrame({"root_id": pd.array([IDS[0], None, IDS[2]], dtype="Int64")})
    second = pd.DataFrame({"root_id": [None, str(IDS[2]), str(IDS[0])], "rank": [0, 2, 1]})
    paths = [write_table(t, tmp_path / f"{k}.parquet") for k, t in enumerate((first, second))]
    joined = read_neurons(paths)
    assert joined is not None
    assert joined["rank"].tolist() == [1, pd.NA, 2]


def test_the_column_that_is_named_joins_them(tmp_path: Path) -> None:
    first = pd.DataFrame({"segment": IDS, "name": ["x", "y", "z"]})
    second = pd.DataFrame({"segment": IDS[::-1], "name": ["x", "y", "z"], "rank": [3, 2, 1]})
    assert read(tmp_path, first, second, id_column="segment")["rank"].tolist() == [1, 2, 3]


OTHERS: dict[str, pd.DataFrame] = {
    "no ids": pd.DataFrame({"segment": IDS, "rank": [1, 2, 3]}),
    "a neuron twice": pd.DataFrame({"root_id": [*IDS, IDS[0]], "rank": 1}),
    "other neurons": pd.DataFrame({"root_id": [1, 2, 3], "rank": 1}),
    "other ids": pd.DataFrame({"root_id": ["a", "b", "c"], "rank": 1}),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_table_that_does_not_fit_is_left_out_with_a_warning(
    other: pd.DataFrame, tmp_path: Path, caplog: Any
) -> None:
    assert read(tmp_path, NEURONS, other).columns.tolist() == ["root_id", "side"]
    assert caplog.messages == [
        "table1.csv was left out: no column of ids that it shares with the neurons table names "
        "each neuron once"
    ]

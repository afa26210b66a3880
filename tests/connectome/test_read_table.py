"""Tables in every format: no digit lost, and what cannot be read said in one sentence."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from file_cases import FIRST_ID, write_table
from hypothesis import given, settings
from hypothesis import strategies as st

from wiregrad.connectome._read_table import TABLE_SUFFIXES, read_table, require_file, table_stem

ENDINGS = pytest.mark.parametrize("ending", TABLE_SUFFIXES)

WHOLE = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
# No lone surrogates, and nothing that stands for a missing value in a text file.
LETTERS = st.characters(codec="utf-8", exclude_characters="\0\r")
TEXT = st.text(LETTERS, min_size=1, max_size=8).map("x".__add__)


@ENDINGS
@settings(deadline=None, max_examples=15)
@given(columns=st.lists(st.tuples(WHOLE, TEXT), min_size=1, max_size=8))
def test_whole_numbers_and_text_come_back_as_they_were(
    ending: str, columns: list[tuple[int | None, str]], tmp_path_factory: Any
) -> None:
    numbers, texts = map(list, zip(*columns, strict=True))
    # A row of ids first, so that the column is one of numbers in a text file too.
    table = pd.DataFrame(
        {"id": pd.array([FIRST_ID, *numbers], dtype="Int64"), "name": ["x", *texts]}
    )
    read = read_table(write_table(table, tmp_path_factory.mktemp("table") / f"t{ending}"))
    assert [None if pd.isna(x) else int(x) for x in read["id"]] == [FIRST_ID, *numbers]
    assert read["name"].tolist() == ["x", *texts]
    assert pd.api.types.is_integer_dtype(read["id"])


@ENDINGS
def test_types_are_found(ending: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"i": [1, 2], "f": [1.5, None], "t": ["a", None], "b": [True, False]})
    table["j"] = pd.array([FIRST_ID, None], dtype="Int64")
    read = read_table(write_table(table, tmp_path / f"t{ending}"))
    assert read.columns.tolist() == ["i", "f", "t", "b", "j"]
    assert [str(read[name].dtype) for name in read] == ["int64", "float64", "str", "bool", "Int64"]
    assert read["t"].isna().tolist() == read["f"].isna().tolist() == [False, True]


@pytest.mark.parametrize("missing", ["", "NA", "N/A", "NaN", "nan", "null", "None", '""', '"NA"'])
def test_words_for_missing_values_in_text(missing: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'id,name\n{FIRST_ID},"x, y"\n{missing},{missing}\n')
    read = read_table(path)
    assert read["id"].tolist() == [FIRST_ID, pd.NA]
    assert read["id"].dtype == "Int64"
    assert read["name"].isna().tolist() == [False, True]


def test_a_type_that_shows_late_holds_for_the_whole_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,empty,count\n" + "7,,1\n" * 300_000 + "glia,late,1.5\n")
    read = read_table(path)
    assert read["id"].iloc[[0, -1]].tolist() == ["7", "glia"]
    assert read["empty"].iloc[-1] == "late"
    assert read["count"].dtype == np.float64


def test_line_breaks_in_quotes_belong_to_the_value(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,label\n" + '1,"two\nlines"\n' * 200_000)
    read = read_table(path)
    assert len(read) == 200_000
    assert read["label"].unique().tolist() == ["two\nlines"]


@pytest.mark.parametrize("name", ["T.CSV", "T.Csv.GZ", "T.PARQUET", "T.TSV.gz"])
def test_the_case_of_the_ending_does_not_matter(name: str, tmp_path: Path) -> None:
    written = write_table(pd.DataFrame({"id": [1]}), tmp_path / name.lower())
    assert read_table(written.rename(tmp_path / name))["id"].tolist() == [1]


def test_gzip_files_may_be_joined_and_text_may_start_with_a_mark(tmp_path: Path) -> None:
    joined = gzip.compress(b"\xef\xbb\xbfid,n\r\n1,2\r\n") + gzip.compress(b"3,4\r\n")
    (tmp_path / "t.csv.gz").write_bytes(joined)
    assert read_table(tmp_path / "t.csv.gz").to_dict("list") == {"id": [1, 3], "n": [2, 4]}


INDICES: dict[str, tuple[pd.Index, str]] = {
    "ids": (pd.Index([FIRST_ID + 5, FIRST_ID], name="root_id"), "root_id"),
    "consecutive ids": (pd.RangeIndex(FIRST_ID, FIRST_ID + 2, name="root_id"), "root_id"),
    "without a name": (pd.Index([FIRST_ID + 5, FIRST_ID]), "__index_level_0__"),
}


@pytest.mark.parametrize(("index", "name"), INDICES.values(), ids=INDICES)
@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_the_index_of_a_pandas_table_is_a_column(
    ending: str, index: pd.Index, name: str, tmp_path: Path
) -> None:
    table = pd.DataFrame({"x": [1.5, None], "n": [1, 2]}, index=index)
    path = tmp_path / f"t{ending}"
    if ending == ".parquet":
        table.to_parquet(path)
    else:
        pa.feather.write_feather(pa.Table.from_pandas(table), path)
    read = read_table(path)
    assert read[name].tolist() == index.tolist()
    assert read["n"].tolist() == [1, 2]
    assert read.index.tolist() == [0, 1]


def test_the_types_of_a_pandas_table_are_kept(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "category": pd.Categorical(["a", None], categories=["b", "a"], ordered=True),
            "whole": pd.array([1, 2], dtype="Int16"),
            "holed": pd.array([1, None], dtype="UInt64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "day": pd.to_datetime(["2026-01-01", None], utc=True),
            "number": np.array([1.5, 2], dtype=np.float32),
        }
    )
    pd.testing.assert_frame_equal(read_table(write_table(table, tmp_path / "t.parquet")), table)


def test_columns_named_by_numbers_are_named_by_text(tmp_path: Path) -> None:
    table = pd.DataFrame({0: [1, 2], 1: [1.5, None]})
    assert read_table(write_table(table, tmp_path / "t.parquet")).columns.tolist() == ["0", "1"]


def test_the_path_does_not_become_a_column(tmp_path: Path) -> None:
    folder = tmp_path / "side=left"
    folder.mkdir()
    path = write_table(pd.DataFrame({"id": [1]}), folder / "t.parquet")
    assert read_table(path).columns.tolist() == ["id"]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_two_columns_of_one_name_are_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t{ending}"
    if ending == ".csv":
        path.write_text("pre,post,pre\n1,2,3\n")
    else:
        columns = [pa.array([1]), pa.array([2])]
        pyarrow.parquet.write_table(pa.table(columns, names=["pre", "pre"]), path)
    with pytest.raises(ValueError, match="has more than one column 'pre': rename or drop one"):
        read_table(path)


def assert_refused(path: Path, message: str = "") -> None:
    expected = f"{path} cannot be read: it is cut short, or is not what its ending says ({message}"
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        read_table(path)
    assert type(caught.value) is ValueError
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ending", [".parquet", ".pq", ".feather", ".arrow", ".csv.gz", ".tsv.gz"])
def test_a_file_that_is_cut_short_anywhere_is_refused(ending: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"pre": range(300), "post": range(1, 301), "count": 3})
    whole = write_table(table, tmp_path / f"whole{ending}").read_bytes()
    cut = tmp_path / f"cut{ending}"
    for length in [*range(0, len(whole), max(1, len(whole) // 40)), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        assert_refused(cut)


BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "empty text": (".csv", b"", "Empty CSV file"),
    "empty parquet": (".parquet", b"", "Parquet file size is 0 bytes"),
    "ragged": (".csv", b"pre,post,count\n1,2,3\n1,2\n", "CSV parse error: Expected 3 columns, got"),
    "text that is not gzip": (".csv.gz", b"pre,post\n1,2\n", "zlib inflate failed"),
    "text that is not parquet": (".parquet", b"pre,post,count\n1,2,3\n" * 3, "Parquet magic bytes"),
    "text that is not feather": (".feather", b"pre,post,count\n1,2,3\n" * 3, "Not a Feather V1"),
    "text in UTF-16": (".csv", "pre,post\n1,2\n".encode("utf-16"), "CSV parse error"),
}


@pytest.mark.parametrize(("ending", "content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_is_not_what_its_ending_says_is_refused(
    ending: str, content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / f"bad{ending}"
    path.write_bytes(content)
    assert_refused(path, message)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("id,name\n1,Müller\n", "the column 'name' of "),
        ("id,Müller\n1,a\n", ""),
    ],
)
def test_text_that_is_not_utf_8_is_refused(content: str, where: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode("latin-1"))
    message = f"{where}{path} is not text in UTF-8: save it as UTF-8"
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read_table(path)
    assert type(caught.value) is ValueError


@pytest.mark.parametrize("name", ["edges.xlsx", "edges.txt", "edges", "edges.zip", ".gz"])
def test_an_unknown_ending_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    endings = ".parquet, .pq, .feather, .arrow, .csv, .csv.gz, .tsv, .tsv.gz"
    message = f"{tmp_path / name} has no known format: tables end in {endings}, matrices in .npz"
    with pytest.raises(ValueError, match=re.escape(message)):
        read_table(tmp_path / name)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_permission_and_memory_are_not_the_files_fault(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_table(pd.DataFrame({"id": [1]}), tmp_path / f"t{ending}")
    for error in (PermissionError(13, "Permission denied"), pa.ArrowMemoryError("out of memory")):

        def fail(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(pa, "input_stream", fail)
        monkeypatch.setattr(pyarrow.parquet, "ParquetFile", fail)
        with pytest.raises(type(error)):
            read_table(path)


def test_a_missing_file_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=re.escape(f"{tmp_path / 'a.csv'}, and no table")):
        require_file(tmp_path / "a.csv")
    for name in ("edges.csv", "matrix.npz", "notes.txt", ".hidden.csv"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    message = (
        f"there is no file or folder {tmp_path / 'edge.csv'}: {tmp_path} holds edges.csv, folder, "
        "matrix.npz; did you mean 'edges.csv'?"
    )
    with pytest.raises(FileNotFoundError, match=re.escape(message)):
        read_table(tmp_path / "edge.csv")
    with pytest.raises(FileNotFoundError, match=re.escape(f"there is no folder {tmp_path / 'no'}")):
        require_file(tmp_path / "no" / "edges.csv")
    with pytest.raises(IsADirectoryError, match="folder is a folder, not a file"):
        require_file(tmp_path / "folder")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Edges.csv.gz", "edges"),
        ("a.b.tsv", "a.b"),
        ("neurons.feather", "neurons"),
        ("edges.npz", None),
        ("edges", None),
    ],
)
def test_the_stem_is_the_name_without_its_ending(name: str, stem: str | None) -> None:
    assert table_stem(Path(name)) == stem

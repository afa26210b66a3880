"""Matrices [pre, post] in scipy's npz files, and the table that names their rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from wiregrad.connectome._matrix_file import edges_of_matrix, read_matrix, rows_of_matrix

TABLE = pd.DataFrame({"idx": [2, 0, 1], "id": ["c", "a", "b"]})


@settings(deadline=None, max_examples=25)
@given(
    dense=arrays(np.float64, (3, 3), elements=st.integers(-3, 3).map(lambda k: k / 4)),
    kind=st.sampled_from(["csr", "csc", "coo", "bsr", "dia"]),
)
def test_entries_come_back_as_edges_with_their_signs(
    dense: np.ndarray, kind: str, tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("matrix") / "m.npz"
    sparse.save_npz(path, getattr(sparse, f"{kind}_array")(dense))
    edges = edges_of_matrix(read_matrix(path), pd.Series(["a", "b", "c"]))
    signs = edges["sign"] if "sign" in edges else np.ones(len(edges))
    rebuilt = np.zeros((3, 3))
    for pre, post, count, sign in zip(
        edges["pre"], edges["post"], edges["count"], signs, strict=True
    ):
        rebuilt["abc".index(pre), "abc".index(post)] += count * sign
    np.testing.assert_array_equal(rebuilt, dense)
    assert ("sign" in edges) is bool((dense < 0).any())


@pytest.mark.parametrize("values", [[True, False], [3, 0], [0.5, 0]])
def test_counts_are_float64_whatever_the_file_holds(values: list[Any]) -> None:
    matrix = sparse.coo_array(np.array([values, values[::-1]]))
    assert edges_of_matrix(matrix, pd.Series(["a", "b"]))["count"].dtype == np.float64


def test_the_table_is_put_in_the_order_of_the_rows() -> None:
    assert rows_of_matrix(TABLE, 3)["id"].tolist() == ["a", "b", "c"]
    assert rows_of_matrix(TABLE.rename(columns={"idx": "index"}), 3)["id"].tolist() == [*"abc"]
    assert rows_of_matrix(TABLE[["id"]], 3)["id"].tolist() == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("table", "n", "message"),
    [
        (TABLE, 4, "the neurons table has 3 rows, but the matrix has 4: each neuron has one row"),
        (
            TABLE.assign(idx=[0, 1, 3]),
            3,
            "the neurons table's 'idx' is out of range in 1 rows, first 3: the matrix has 3 rows "
            "(0 to 2)",
        ),
        (
            TABLE.assign(idx=[0, 1, -1]),
            3,
            "the neurons table's 'idx' is out of range in 1 rows, first -1",
        ),
        (
            TABLE.assign(idx=[0, 1, np.nan]),
            3,
            "the neurons table's 'idx' is out of range in 1 rows, first nan",
        ),
        (TABLE.assign(idx=[0, 1, 1]), 3, "the neurons table's 'idx' has 1 more than once"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table: pd.DataFrame, n: int, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        rows_of_matrix(table, n)


def test_a_matrix_that_is_not_square_is_refused(tmp_path: Path) -> None:
    sparse.save_npz(tmp_path / "m.npz", sparse.csr_array(np.ones((2, 3))))
    with pytest.raises(ValueError, match=r"is no square matrix \[pre, post\], but \(2, 3\)"):
        read_matrix(tmp_path / "m.npz")


def test_a_file_that_is_cut_short_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    sparse.save_npz(path, sparse.random_array((40, 40), density=0.3, rng=0))
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 30):
        path.write_bytes(whole[:length])
        assert_refused(path)
    for place in range(60, len(whole) - 60, len(whole) // 30):
        path.write_bytes(
            whole[:place] + bytes(255 - b for b in whole[place : place + 40]) + whole[place + 40 :]
        )
        assert_refused(path)


def test_what_is_no_sparse_matrix_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "dense.npz", weights=np.ones((2, 2)))
    np.savez(tmp_path / "pickled.npz", format=np.array(["csr", {}], dtype=object))
    (tmp_path / "text.npz").write_text("pre,post\n1,2\n")
    for name in ("dense", "pickled", "text"):
        assert_refused(tmp_path / f"{name}.npz")


def test_a_missing_file_says_what_there_is(tmp_path: Path) -> None:
    sparse.save_npz(tmp_path / "larva.npz", sparse.csr_array(np.ones((2, 2))))
    with pytest.raises(FileNotFoundError, match=r"holds larva\.npz; did you mean 'larva\.npz'"):
        read_matrix(tmp_path / "larvae.npz")


def test_a_file_that_may_not_be_read_is_a_permission_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Any:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "m.npz").touch()
    monkeypatch.setattr(sparse, "load_npz", refuse)
    with pytest.raises(PermissionError):
        read_matrix(tmp_path / "m.npz")


def assert_refused(path: Path) -> None:
    message = (
        f"{path} cannot be read as a sparse matrix: it is cut short, or was not written by "
        "scipy.sparse.save_npz ("
    )
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read_matrix(path)
    assert type(caught.value) is ValueError
    assert "\n" not in str(caught.value)

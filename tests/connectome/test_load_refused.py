"""Files that are no connectome are refused in one sentence: what was seen, and the mend."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from file_cases import EDGES, FIRST_ID, NEURONS

import wiregrad as wg

CODEX = EDGES.set_axis(["pre_root_id", "post_root_id", "syn_count"], axis=1)
SHIU = EDGES.set_axis(["Presynaptic_ID", "Postsynaptic_ID", "Excitatory x Connectivity"], axis=1)

BAD_TABLES: dict[str, tuple[dict[str, pd.DataFrame], dict[str, Any], str]] = {
    "missing columns": (
        {"edges": EDGES.set_axis(["a", "b", "c"], axis=1)},
        {},
        "no columns of the edge table edges.csv hold the ends of a connection: it has a, b, c; "
        "known are pre_root_id, post_root_id; bodyId_pre, bodyId_post; ",
    ),
    "a missing column that was named": (
        {"edges": EDGES},
        {"pre": "prae"},
        "the edge table edges.csv has no column 'prae': it has pre, post, count; did you mean 'pre",
    ),
    "no count column": (
        {"edges": CODEX.rename(columns={"syn_count": "n"})},
        {},
        "which column of the edge table holds the counts? It has none of syn_count (all columns: "
        "pre_root_id, post_root_id, n); name one with count='...'",
    ),
    "two count columns": (
        {"edges": EDGES.assign(weight=1)},
        {},
        "which column of the edge table holds the counts? It has several: count, weight",
    ),
    "an unknown count column": (
        {"edges": EDGES},
        {"count": "cuont"},
        "the edge table has no column 'cuont': it has pre, post, count; did you mean 'count'?",
    ),
    "ids through floats": (
        {"edges": EDGES.astype(float), "neurons": NEURONS},
        {},
        "the edge table's 'pre' holds floats, which cannot keep 64-bit ids exactly",
    ),
    "ids through floats, alone": (
        {"edges": EDGES.astype({"post": float})},
        {},
        "the edge table's 'post' holds floats, which cannot keep 64-bit ids exactly",
    ),
    "neurons through floats": (
        {"edges": EDGES, "neurons": NEURONS.astype({"root_id": float})},
        {},
        "the neurons table's 'root_id' holds floats, which cannot keep 64-bit ids exactly",
    ),
    "two kinds of ids": (
        {"edges": EDGES.assign(pre=["x", "y", "y"])},
        {},
        "the edge table's 'pre' holds str and its 'post' int64: ids are whole numbers or text",
    ),
    "text among the numbers": (
        {"edges": EDGES.assign(pre=[FIRST_ID, "glia", FIRST_ID]), "neurons": NEURONS},
        {},
        "are not in the neurons table neurons.csv under 'root_id': ",
    ),
    "an id that is missing": (
        {"edges": EDGES.assign(pre=EDGES["pre"].astype(str).where([True, False, True]))},
        {},
        "the edge table's 'pre' is missing in row 1",
    ),
    "an id that is missing beside a table": (
        {
            "edges": EDGES.assign(pre=EDGES["pre"].astype(str).where([True, False, True])),
            "neurons": NEURONS,
        },
        {},
        "the edge table's 'pre' is missing in row 1",
    ),
    "metadata of other neurons": (
        {"edges": EDGES, "neurons": NEURONS.assign(root_id=[1, 2, 3])},
        {},
        f"3 neurons of the edge table are not in the neurons table neurons.csv under 'root_id': "
        f"{FIRST_ID}, {FIRST_ID + 1}, {FIRST_ID + 2}, first in rows 0, 1, 2; name the right table "
        "with neurons='file', or leave these rows out with unlisted='drop'",
    ),
    "metadata of other neurons, dropped": (
        {"edges": EDGES, "neurons": NEURONS.assign(root_id=[1, 2, 3])},
        {"unlisted": "drop"},
        "no row of the edge table has both its neurons in the neurons table neurons.csv",
    ),
    "a position out of range": (
        {
            "edges": EDGES.assign(pre=[0, 1, 2], post=[1, 2, 3]),
            "neurons": NEURONS.assign(idx=range(3)),
        },
        {},
        "1 neurons of the edge table are not in the neurons table neurons.csv under 'idx': 3, "
        "first in row 2; name the right table",
    ),
    "repeated positions": (
        {"edges": EDGES.assign(pre=0, post=1), "neurons": NEURONS.assign(idx=[0, 1, 1])},
        {},
        "the neurons table's 'idx' has 1 more than once",
    ),
    "repeated ids": (
        {"edges": EDGES, "neurons": pd.concat([NEURONS, NEURONS[:1]])},
        {},
        f"1 neuron ids occur more than once in the neurons table: {FIRST_ID}; an id names one",
    ),
    "no ids": (
        {"edges": EDGES, "neurons": NEURONS.rename(columns={"root_id": "segment"})},
        {},
        "no column of the neurons table neurons.csv holds ids (id, root_id, bodyId, pt_root_id, "
        "skid, neuron_id, name): it has segment, cell_type; name one with id='...'",
    ),
    "an unknown id column": (
        {"edges": EDGES.assign(pre=0, post=1), "neurons": NEURONS.assign(idx=range(3))},
        {"id": "segment"},
        "the neurons table has no column 'segment': it has root_id, cell_type, idx",
    ),
    "negative counts": (
        {"edges": EDGES.assign(count=[1, -2, 3]), "neurons": NEURONS},
        {},
        "the edge table's 'count' is negative in 1 row (row 1): counts are not signed",
    ),
    "signed counts that are no numbers": (
        {"edges": SHIU.assign(**{"Excitatory x Connectivity": ["+1", "-1", "no"]})},
        {},
        "the edge table's 'Excitatory x Connectivity' does not hold numbers",
    ),
    "a signed count that is missing": (
        {"edges": SHIU.assign(**{"Excitatory x Connectivity": [1, None, -1]})},
        {},
        "the edge table's 'Excitatory x Connectivity' is NaN in 1 row (row 1)",
    ),
    "transmitters that are none": (
        {"edges": CODEX.assign(nt_type="glue")},
        {},
        "no value of the column 'nt_type' is a transmitter with a known sign",
    ),
    "an empty table": (
        {"edges": EDGES[:0]},
        {},
        "the connectome is empty: the edge table edges.csv has no rows",
    ),
    "too high a threshold": (
        {"edges": EDGES},
        {"min_synapses": 6},
        "the connectome is empty: no connection has min_synapses=6 or more (the largest has 5)",
    ),
    "another word for unlisted": (
        {"edges": EDGES},
        {"unlisted": "x"},
        "unlisted is 'error' or 'drop', not 'x'",
    ),
}


@pytest.mark.parametrize(("tables", "options", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_tables_that_do_not_fit_are_refused(
    tables: dict[str, pd.DataFrame],
    options: dict[str, Any],
    message: str,
    folder: Callable[..., Path],
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        wg.Connectome.load(folder(**tables), **options)
    assert type(caught.value) is ValueError
    assert "\n" not in str(caught.value)


def test_neurons_that_are_no_table_are_refused(folder: Callable[..., Path]) -> None:
    with pytest.raises(TypeError, match="neurons is the path of a table or a pandas DataFrame, n"):
        wg.Connectome.load(folder(edges=EDGES), neurons={"id": [1]})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "near"),
    [("edge.csv", "edges.csv"), ("flywire783", "flywire"), ("edges.npz", "edges.csv")],
)
def test_a_missing_path_says_what_there_is(
    name: str, near: str, folder: Callable[..., Path]
) -> None:
    path = folder(edges=EDGES, neurons=NEURONS)
    (path / "flywire").mkdir()
    message = (
        f"there is no file or folder {path / name}: {path} holds edges.csv, flywire, neurons.csv; "
        f"did you mean '{near}'"
    )
    with pytest.raises(FileNotFoundError, match=re.escape(message)):
        wg.Connectome.load(path / name)
    with pytest.raises(FileNotFoundError, match=re.escape(message)):
        wg.Connectome.load(path / "edges.csv", neurons=path / name)


def test_a_path_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=re.escape(f"there is no folder {tmp_path / 'no'}")):
        wg.Connectome.load(tmp_path / "no" / "edges.csv")


def test_a_folder_that_may_not_be_read_is_a_permission_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(PermissionError, match=f"Permission denied: '{tmp_path}'"):
        wg.Connectome.load(tmp_path)
    with pytest.raises(PermissionError, match=f"Permission denied: '{tmp_path}'"):
        wg.datasets.celegans().save(tmp_path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may read everything"
)
def test_what_may_not_be_read_is_a_permission_error(folder: Callable[..., Path]) -> None:
    path = folder(edges=EDGES)
    (path / "edges.csv").chmod(0)
    with pytest.raises(PermissionError):
        wg.Connectome.load(path)
    path.chmod(0)
    with pytest.raises(PermissionError):
        wg.Connectome.load(path)
    path.chmod(0o700)

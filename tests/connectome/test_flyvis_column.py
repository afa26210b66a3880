"""The fly's visual column: one filter per pair of types, laid over a hexagonal eye."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg

EXTENT = 15


@pytest.fixture(scope="module")
def eye_edges(fly_column: wg.Connectome) -> pd.DataFrame:
    """Every connection, with the types of its two cells and the step from column to column."""
    entries = fly_column.counts.tocoo()
    pre, post = entries.coords
    cells = fly_column.neurons
    table = {
        "source": cells["cell_type"].to_numpy()[pre],
        "target": cells["cell_type"].to_numpy()[post],
        "count": entries.data,
    }
    for axis in ("u", "v"):
        position = cells[axis].to_numpy()
        table[f"d{axis}"] = position[post] - position[pre]
    assert fly_column.edge_signs is not None
    table["sign"] = np.sign(fly_column.edge_signs.net)
    return pd.DataFrame(table)


def test_the_published_size(fly_column: wg.Connectome) -> None:
    assert fly_column.n_neurons == 45_669
    assert fly_column.n_edges == 1_513_231
    assert fly_column.neurons["cell_type"].nunique() == 65
    assert fly_column.counts.sum() == pytest.approx(5_440_441, abs=1)


def test_the_published_roles(fly_column: wg.Connectome) -> None:
    roles = fly_column.neurons.groupby("role").size().to_dict()
    assert roles == {"input": 5_768, "intermediate": 15_387, "output": 24_514}
    inputs = fly_column.neurons["cell_type"][fly_column.select("role=input")]
    assert set(inputs) == {f"R{k}" for k in range(1, 9)}


def test_cells_lie_on_a_hexagon_of_721_columns(fly_column: wg.Connectome) -> None:
    cells = fly_column.neurons
    assert abs(cells["u"]).max() == abs(cells["v"]).max() == EXTENT
    assert abs(cells["u"] + cells["v"]).max() == EXTENT
    assert len(cells[["u", "v"]].drop_duplicates()) == 1 + 3 * EXTENT * (EXTENT + 1) == 721
    assert not cells.duplicated(["cell_type", "u", "v"]).any()


def test_an_id_says_type_and_column(fly_column: wg.Connectome) -> None:
    cell = fly_column.neurons.iloc[fly_column.select("T4a(0,-3)")[0]]
    assert (cell["cell_type"], cell["u"], cell["v"]) == ("T4a", 0, -3)
    assert fly_column.select("T4a and u=0 and v=-3").tolist() == [cell.name]


def test_the_count_depends_on_types_and_offset_alone(eye_edges: pd.DataFrame) -> None:
    filters = eye_edges.groupby(["source", "target", "du", "dv"])["count"]
    assert (filters.min() == filters.max()).all()


def test_the_sign_depends_on_the_two_types_alone(eye_edges: pd.DataFrame) -> None:
    signs = eye_edges.groupby(["source", "target"])["sign"]
    # 605 filters; that of Lawf1 onto itself has one offset, at which no Lawf1 cell lies.
    assert len(signs) == 604
    assert (signs.min() == signs.max()).all()
    assert set(eye_edges["sign"]) == {-1, 1}


@pytest.mark.parametrize(("du", "dv"), [(0, 0), (0, -1), (-1, 1)])
def test_a_filter_is_laid_over_every_column_up_to_the_rim(
    du: int, dv: int, eye_edges: pd.DataFrame, fly_column: wg.Connectome
) -> None:
    """An edge exists wherever both of its cells do: nothing is lost at the rim."""
    found = eye_edges.query("source == 'Mi1' and target == 'T4a' and du == @du and dv == @dv")
    eye = fly_column.neurons.query("cell_type == 'Mi1'")
    columns = set(zip(eye["u"], eye["v"], strict=True))
    assert len(found) == sum((u + du, v + dv) in columns for u, v in columns)


def test_rows_of_absolute_weights_sum_to_1(fly_column: wg.Connectome) -> None:
    weights = fly_column.weights()
    assert str(weights.signs) == "signs by connection; all known"
    received = (fly_column.counts.sum(axis=0) > 0).astype(float)
    np.testing.assert_allclose(abs(weights.matrix).sum(axis=1), received, atol=1e-5)


def test_provenance_names_the_paper(fly_column: wg.Connectome) -> None:
    assert "Lappalainen et al. 2024" in fly_column.provenance["citations"][0]
    assert fly_column.provenance["rows_merged"] == 0


def test_equal_to_the_expanded_source_cell_for_cell(
    fly_column: wg.Connectome, shared_data: Callable[[str], Path]
) -> None:
    source = pd.read_parquet(shared_data("flyvis_column") / "neurons.parquet")
    for column in ("cell_type", "u", "v", "role"):
        assert fly_column.neurons[column].tolist() == source[column].tolist()


def test_equal_to_the_expanded_source_edge_for_edge(
    fly_column: wg.Connectome, shared_data: Callable[[str], Path]
) -> None:
    source = pd.read_parquet(shared_data("flyvis_column") / "edges.parquet")
    source = source.sort_values(["pre", "post"])
    pre, post = fly_column.counts.tocoo().coords
    np.testing.assert_array_equal(pre, source["pre"])
    np.testing.assert_array_equal(post, source["post"])
    np.testing.assert_array_equal(fly_column.counts.data, source["n_syn"])
    assert fly_column.edge_signs is not None
    np.testing.assert_array_equal(np.sign(fly_column.edge_signs.net), source["sign"])
    assert not fly_column.edge_signs.unknown.any()

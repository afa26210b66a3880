"""The worm: published numbers, and edge for edge what the source tables hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import wiregrad as wg


@pytest.fixture(scope="module")
def worm_with_gaps() -> wg.Connectome:
    return wg.datasets.celegans(gap_junctions=True)


@pytest.fixture(scope="module")
def gaps(worm: wg.Connectome, worm_with_gaps: wg.Connectome) -> sparse.csr_array:
    """The electrical connections alone: what gap_junctions=True adds."""
    difference = worm_with_gaps.counts - worm.counts
    difference.eliminate_zeros()
    return difference


@pytest.fixture(scope="module")
def source_edges(shared_data: Callable[[str], Path]) -> pd.DataFrame:
    return pd.read_parquet(shared_data("celegans") / "edges.parquet")


def named(wiring: wg.Connectome, counts: sparse.csr_array) -> pd.DataFrame:
    """List a count matrix as edges between names."""
    ids = wiring.neurons["id"].to_numpy()
    entries = counts.tocoo()
    pre, post = entries.coords
    return pd.DataFrame({"pre": ids[pre], "post": ids[post], "count": entries.data})


def as_dict(edges: pd.DataFrame, columns: list[str]) -> dict[tuple[str, str], tuple[float, ...]]:
    names = zip(edges.iloc[:, 0], edges.iloc[:, 1], strict=True)
    return dict(zip(names, edges[columns].itertuples(index=False, name=None), strict=True))


def test_the_published_numbers_of_neurons(worm: wg.Connectome) -> None:
    assert worm.n_neurons == 302
    roles = {"sensory": 83, "inter": 89, "motor": 123, "polymodal": 5, "unknown": 2}
    assert worm.neurons["role"].value_counts().to_dict() == roles
    assert worm.select("role=sensory").size == 83


def test_the_published_numbers_of_chemical_connections(worm: wg.Connectome) -> None:
    assert worm.n_edges == 3_709
    assert worm.counts.sum() == 20_965
    assert worm.unit == "EM serial sections"


def test_the_published_numbers_of_predicted_signs(worm: wg.Connectome) -> None:
    assert worm.edge_signs is not None
    net, unknown = worm.edge_signs.net, worm.edge_signs.unknown
    assert ((net > 0).sum(), (net < 0).sum(), (unknown > 0).sum()) == (1_296, 409, 2_004)
    np.testing.assert_array_equal(abs(net) + unknown, worm.counts.data)
    assert worm.weights().signs.unknown_edges == 2_004


def test_gap_junctions_are_symmetric_and_add_the_published_numbers(
    gaps: sparse.csr_array,
) -> None:
    assert gaps.nnz == 2_196
    assert gaps.sum() == 11_523
    assert abs(gaps - gaps.T).sum() == 0


def test_gap_junctions_are_positive_and_leave_chemical_signs_as_they_are(
    worm: wg.Connectome, worm_with_gaps: wg.Connectome, gaps: sparse.csr_array
) -> None:
    def signed(wiring: wg.Connectome, amount: str) -> sparse.csr_array:
        counts = wiring.counts
        data = getattr(wiring.edge_signs, amount)
        return sparse.csr_array((data, counts.indices, counts.indptr), shape=counts.shape)

    assert abs(signed(worm_with_gaps, "net") - signed(worm, "net") - gaps).sum() == 0
    assert abs(signed(worm_with_gaps, "unknown") - signed(worm, "unknown")).sum() == 0


def test_pairs_with_both_kinds_of_connection_are_merged(
    worm: wg.Connectome, worm_with_gaps: wg.Connectome, gaps: sparse.csr_array
) -> None:
    both = (worm.counts * gaps).count_nonzero()
    assert worm_with_gaps.provenance["rows_merged"] == both > 0
    assert worm_with_gaps.n_edges == 3_709 + 2_196 - both


@pytest.mark.parametrize(
    ("neuron", "cell_type", "side", "role", "transmitter"),
    [
        ("AVAL", "AVA", "L", "inter", "acetylcholine"),
        ("PLMR", "PLM", "R", "sensory", "glutamate"),
        ("ASHL", "ASH", "L", "sensory", "glutamate"),
        ("DD1", "DD", "M", "motor", "GABA"),
    ],
)
def test_neurons_that_the_literature_describes(
    neuron: str, cell_type: str, side: str, role: str, transmitter: str, worm: wg.Connectome
) -> None:
    row = worm.neurons.iloc[worm.select(f"id={neuron}")[0]]
    columns = ["cell_type", "side", "role", "transmitter"]
    assert row[columns].tolist() == [cell_type, side, role, transmitter]


def test_weights_are_shares_of_each_neurons_input(worm: wg.Connectome) -> None:
    received = worm.counts.sum(axis=0) > 0
    known = abs(worm.weights(unknown_sign=1).matrix).sum(axis=1)
    np.testing.assert_allclose(known, received.astype(float), atol=1e-6)
    silent = abs(worm.weights().matrix).sum(axis=1)
    assert (silent <= 1 + 1e-6).all()
    assert (silent < 0.99).any()


def test_provenance_names_the_papers(worm: wg.Connectome) -> None:
    assert worm.provenance["source"] == "wiregrad.datasets.celegans"
    for author in ("Cook", "Fenyves", "Wang"):
        assert any(author in citation for citation in worm.provenance["citations"])


def test_neurons_equal_the_source_table(
    worm: wg.Connectome, shared_data: Callable[[str], Path]
) -> None:
    source = pd.read_parquet(shared_data("celegans") / "neurons.parquet")
    names = {"id": "name", "cell_type": "cell_class", "transmitter": "nt"}
    for column in worm.neurons.columns:
        expected = source[names.get(column, column)]
        pd.testing.assert_series_equal(
            worm.neurons[column], expected, check_names=False, check_dtype=False
        )


def test_chemical_edges_equal_the_source_edge_for_edge(
    worm: wg.Connectome, source_edges: pd.DataFrame
) -> None:
    assert worm.edge_signs is not None
    ours = named(worm, worm.counts).assign(sign=np.sign(worm.edge_signs.net))
    theirs = source_edges.query("kind == 'chemical'")[
        ["pre_name", "post_name", "weight", "sign_pred"]
    ]
    assert as_dict(ours, ["count", "sign"]) == as_dict(theirs, ["weight", "sign_pred"])


def test_gap_junctions_equal_the_source_edge_for_edge(
    worm: wg.Connectome, gaps: sparse.csr_array, source_edges: pd.DataFrame
) -> None:
    theirs = source_edges.query("kind == 'gap'")[["pre_name", "post_name", "weight"]]
    assert as_dict(named(worm, gaps), ["count"]) == as_dict(theirs, ["weight"])

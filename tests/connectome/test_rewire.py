"""Rewired connectomes: what stays as it is, and what moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import wiregrad as wg

QUICK = settings(deadline=None, max_examples=60)

KEEPS = ["degree", "degree+sign", "type-pairs"]


def draw(seed: int, n: int, density: float, edge_signs: bool) -> wg.Connectome:
    """Draw a connectome with self connections; types and signs by neuron or by connection."""
    rng = np.random.default_rng(seed)
    there = np.argwhere(rng.random((n, n)) < density)
    neurons = pd.DataFrame(
        {
            "id": [f"n{i}" for i in range(n)],
            "cell_type": [f"t{i % 3}" if i % 5 else None for i in range(n)],
            "nt": rng.choice(["ACh", "GABA", "dopamine"], n),
        }
    )
    neurons.loc[0, "nt"] = "ACh"
    edges = pd.DataFrame({"pre": there[:, 0], "post": there[:, 1]}).map(lambda i: f"n{i}")
    edges["count"] = rng.integers(1, 20, len(edges))
    edges["sign"] = rng.choice([1, -1, 0], len(edges))
    sign = "sign" if edge_signs else None
    return wg.Connectome.from_edges(edges, neurons, count="count", sign=sign)


def signed_pairs(connectome: wg.Connectome) -> sparse.csr_array:
    """Return the sign of every connection, + 2 so that none is 0, as [pre, post]."""
    counts = connectome.counts
    if connectome.edge_signs is not None:
        sign = np.sign(connectome.edge_signs.net)
    else:
        table = {"ACh": 1.0, "GABA": -1.0}
        by_neuron = connectome.neurons["nt"].map(table).fillna(0).to_numpy()
        sign = np.repeat(by_neuron, np.diff(counts.indptr))
    return sparse.csr_array((sign + 2, counts.indices, counts.indptr), shape=counts.shape)


def degrees(connectome: wg.Connectome) -> Any:
    there = (connectome.counts != 0).toarray()
    return there.sum(axis=0).tolist(), there.sum(axis=1).tolist()


def of_sign(connectome: wg.Connectome) -> Any:
    signs = signed_pairs(connectome).toarray()
    return [
        ((signs == s).sum(axis=0).tolist(), (signs == s).sum(axis=1).tolist()) for s in (1, 2, 3)
    ]


def of_types(connectome: wg.Connectome) -> Any:
    labels, names = pd.factorize(connectome.group_labels())
    signs = signed_pairs(connectome).tocoo()
    found = np.zeros((4, len(names), len(names)), int)
    np.add.at(found, (signs.data.astype(int), labels[signs.row], labels[signs.col]), 1)
    return found.tolist()


@QUICK
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 14),
    density=st.sampled_from([0.15, 0.4, 0.8]),
    edge_signs=st.booleans(),
    keep=st.sampled_from(KEEPS),
)
def test_what_is_to_be_kept_is_kept(
    seed: int, n: int, density: float, edge_signs: bool, keep: str
) -> None:
    if not (np.random.default_rng(seed).random((n, n)) < density).any():
        return
    original = draw(seed, n, density, edge_signs)
    null = original.rewire(seed, keep)
    assert null.counts.has_canonical_format
    assert null.n_edges == original.n_edges  # none is there twice
    assert degrees(null) == degrees(original)
    own, theirs = (c.counts.diagonal().tolist() for c in (null, original))
    assert (np.array(own) > 0).tolist() == (np.array(theirs) > 0).tolist()
    strength = null.counts.sum(axis=1).tolist()
    assert strength == pytest.approx(original.counts.sum(axis=1).tolist())
    for row in range(n):  # every neuron's outputs keep their counts
        mine, its = (np.sort(c.counts[[row]].data).tolist() for c in (null, original))
        assert mine == its
    if edge_signs:
        assert null.edge_signs is not None
        assert original.edge_signs is not None
        ratio = null.edge_signs.net / null.counts.data
        assert np.isin(ratio.round(9), (-1, 0, 1)).all()
    if keep != "degree":
        assert of_sign(null) == of_sign(original)
    if keep == "type-pairs":
        assert of_types(null) == of_types(original)


@pytest.mark.parametrize("keep", KEEPS)
def test_seeds_give_different_wirings_and_the_same_one_the_same(
    worm: wg.Connectome, keep: str
) -> None:
    first, again, other = (worm.rewire(seed, keep) for seed in (1, 1, 2))
    assert first.checksum == again.checksum
    assert len({first.checksum, other.checksum, worm.checksum}) == 3
    assert first.provenance["rewired_from"] == worm.checksum
    assert first.provenance["rewired_seed"] == 1
    assert keep in first.name


def test_most_of_the_worm_moves_and_more_rounds_move_no_more(worm: wg.Connectome) -> None:
    moved = {
        (keep, rounds): worm.rewire(0, keep, rounds=rounds).provenance["rewired_moved"]
        for keep in KEEPS
        for rounds in (10, 40)
    }
    assert moved["degree", 10] > 0.87
    assert moved["degree+sign", 10] > 0.85
    assert moved["type-pairs", 10] > 0.4
    for keep in KEEPS:
        assert moved[keep, 10] == pytest.approx(moved[keep, 40], abs=0.04)


def test_moved_is_the_share_of_new_connections(worm: wg.Connectome) -> None:
    null = worm.rewire(3)
    kept = ((null.counts != 0).toarray() & (worm.counts != 0).toarray()).sum()
    assert null.provenance["rewired_moved"] == pytest.approx(1 - kept / worm.n_edges)


def test_all_wirings_of_the_same_degrees_come_about_as_often() -> None:
    """Four neurons with one input and one output each: there are nine ways without self loops."""
    neurons = pd.DataFrame({"id": list("abcd")})
    edges = pd.DataFrame({"pre": list("abcd"), "post": list("bcda"), "count": 1})
    ring = wg.Connectome.from_edges(edges, neurons)
    seen = [tuple(ring.rewire(seed, rounds=50).counts.indices.tolist()) for seed in range(900)]
    count = pd.Series(seen).value_counts()
    assert len(count) == 9  # derangements of four
    assert count.min() > 60  # 100 expected, a standard deviation of 9


def test_shares_stay_with_the_neuron_that_receives_them() -> None:
    rng = np.random.default_rng(0)
    there = np.argwhere(rng.random((12, 12)) < 0.3)
    edges = pd.DataFrame({"pre": there[:, 0], "post": there[:, 1], "count": rng.random(len(there))})
    edges["count"] /= edges.groupby("post")["count"].transform("sum")
    shares = wg.Connectome.from_edges(
        edges,
        pd.DataFrame({"id": range(12)}),
        unit="share of the postsynaptic neuron's input",
    )
    null = shares.rewire(1)
    assert null.provenance["rewired_moved"] > 0.3
    np.testing.assert_allclose(null.counts.sum(axis=0), shares.counts.sum(axis=0))


@pytest.mark.slow
@pytest.mark.parametrize("keep", KEEPS)
def test_a_whole_brain_keeps_its_degrees(shared_data: Callable[[str], Path], keep: str) -> None:
    brain = wg.Connectome.load(shared_data("flywire783"))
    null = brain.rewire(1, keep, sign="sign")
    for axis in (0, 1):
        ours, theirs = ((c.counts != 0).sum(axis=axis) for c in (null, brain))
        np.testing.assert_array_equal(ours, theirs)
    assert null.n_edges == brain.n_edges
    assert null.provenance["rewired_moved"] > (0.75 if keep == "type-pairs" else 0.99)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": "degrees"}, "did you mean 'degree'"),
        ({"keep": "type-pairs", "column": "cell_typ"}, "did you mean 'cell_type'"),
        ({"keep": "degree+sign", "sign": "x"}, "no column 'x' to take signs from"),
        ({"seed": -1}, "seed is a whole number, at least 0"),
        ({"rounds": 0}, "rounds is a whole number, at least 1"),
    ],
)
def test_what_cannot_be_kept_is_told(
    worm: wg.Connectome, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        worm.rewire(**options)

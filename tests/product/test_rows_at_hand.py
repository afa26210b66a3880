"""In-edges of a few neurons of a large matrix: fetched once they were lacking, for any blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import sparse

import wiregrad as wg
from wiregrad.network import Slopes, Watch
from wiregrad.product import SparseMatrix, _sparse_matrix
from wiregrad.product._rows_at_hand import RowsAtHand, SomeRows

pytestmark = pytest.mark.kernel

N = 60


@pytest.fixture
def weights() -> sparse.csc_array:
    rng = np.random.default_rng(0)
    return sparse.csc_array(rng.normal(size=(N, N)) * (rng.random((N, N)) < 0.2))


def get(
    rows: RowsAtHand, weights: sparse.csc_array, bounds: tuple[int, ...] = (0, N)
) -> SomeRows | None:
    by_pre = weights.indptr.astype(np.uint32), weights.indices.astype(np.uint32), weights.data
    in_edges = weights.tocsr().indptr.astype(np.uint32)
    return rows.get(by_pre, in_edges, np.array(bounds))


def lack(rows: RowsAtHand, *which: int, times: int = 3) -> None:
    for _ in range(times):
        rows.lack(np.array(which, np.int64), N)


def dense(some: SomeRows, n_blocks: int) -> np.ndarray:
    """Put together what the blocks hold."""
    found = np.zeros((N, N))
    for p in range(n_blocks):
        for row in range(N):
            own = slice(some.split[p, row], some.split[p + 1, row])
            pre = some.indices[own]
            assert (np.diff(pre.astype(int)) > 0).all()
            assert ((some.bounds[p] <= pre) & (pre < some.bounds[p + 1])).all()
            found[row, pre] += some.values[own]
    return found


@pytest.mark.parametrize("bounds", [(0, N), (0, 20, N), (0, 7, 7, N)])
def test_are_the_rows_that_were_lacking(weights: sparse.csc_array, bounds: tuple[int, ...]) -> None:
    rows = RowsAtHand()
    lack(rows, 3, 41)
    some = get(rows, weights, bounds)
    expected = np.zeros((N, N))
    expected[[3, 41]] = weights.toarray()[[3, 41]]
    np.testing.assert_array_equal(dense(some, len(bounds) - 1), expected)
    assert np.flatnonzero(some.there).tolist() == [3, 41]


def test_fit_other_blocks_when_these_change(weights: sparse.csc_array) -> None:
    rows = RowsAtHand()
    lack(rows, 3, 41)
    for bounds in ((0, 20, N), (0, 30, N), (0, N), (0, 20, N)):
        some = get(rows, weights, bounds)
        assert some.bounds.tolist() == list(bounds)
        assert dense(some, len(bounds) - 1)[3].tolist() == weights.toarray()[3].tolist()


def test_are_not_fetched_before_they_were_lacking_some_times(weights: sparse.csc_array) -> None:
    rows = RowsAtHand()
    lack(rows, 3, times=2)
    assert get(rows, weights) is None
    lack(rows, times=9)  # nothing was
    assert get(rows, weights) is None
    lack(rows, 5, times=1)
    assert np.flatnonzero(get(rows, weights).there).tolist() == [3, 5]


def test_stay_while_they_are_few(
    weights: sparse.csc_array, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most, expected in ((1.0, [3, 5]), (0.0, [5])):
        monkeypatch.setattr("wiregrad.product._rows_at_hand._MOST", most)
        rows = RowsAtHand()
        lack(rows, 3)
        get(rows, weights)
        lack(rows, 5)
        assert np.flatnonzero(get(rows, weights).there).tolist() == expected


@pytest.mark.parametrize("leak", [0.0, 0.1])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_gradients_are_the_same_bits_whatever_is_at_hand(
    monkeypatch: pytest.MonkeyPatch,
    use_threads: Callable[[int], None],
    n_threads: int,
    leak: float,
) -> None:
    n, rng = 3000, np.random.default_rng(1)
    matrix = sparse.random_array((n, n), density=0.01, rng=rng, format="csr", dtype=np.float32)
    matrix *= np.float32(0.02)  # so that few neurons are saturated
    use_threads(n_threads)
    found = {}
    for few_edges in (10**9, 0):  # a layout by post; at most single rows
        monkeypatch.setattr(_sparse_matrix, "FEW_EDGES", few_edges)
        network = wg.MultilayeredNetwork(matrix, list(range(200)), 3, device="cpu")
        watches = {
            batch: Watch(
                network, torch.arange(batch), torch.full((batch,), 2999), torch.full((batch,), 2),
                leak=leak, also="sums",
            )
            for batch in (1, 13, 16)
        }  # fmt: skip
        for _ in range(6):
            for batch, watch in watches.items():
                stimulus = torch.rand(
                    (batch, 200, 3), generator=torch.Generator().manual_seed(batch)
                )
                _, gradient = watch.run(stimulus)
                slope = gradient(Slopes(torch.ones(batch)))
                assert slope.any()
                assert torch.equal(slope, found.setdefault(batch, slope))
        by = network.weights.arrays(n_threads, 16)
        assert (by.some is not None) == (few_edges == 0)


def test_a_change_of_values_lets_them_go(weights: sparse.csc_array) -> None:
    matrix = SparseMatrix(weights.tocsr())
    for _ in range(3):
        matrix.ask_for(rows=np.array([3]))
    assert matrix.arrays(1, 1).some is not None
    with torch.no_grad():
        matrix.values.mul_(2)
    assert matrix.arrays(1, 1).some is None

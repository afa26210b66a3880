"""Null models: the same neurons with the same degrees, connected at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from .._messages import did_you_mean, few
from ._normalise import SHARE_UNIT
from ._signs import EdgeSigns, SignRule
from ._weights import signed_counts

if TYPE_CHECKING:
    from ._connectome import Connectome

__all__ = ["rewire_connectome", "swap_ends"]

IntArray: TypeAlias = npt.NDArray[np.int64]

_KEEPS = ("degree", "degree+sign", "type-pairs")

# Slots of the table that finds edges by a hash, for each edge.
_ROOM = 8
# Networks with fewer edges than this take a round in parts, up to 32.
_FEW = 3_000_000
# The share of the pairs that are offered a swap in a round.
_TAKING_PART = 0.75


def rewire_connectome(
    connectome: Connectome,
    seed: int,
    keep: str,
    rounds: int,
    column: str,
    sign: SignRule,
    transmitter_signs: Mapping[str, float],
) -> Connectome:
    """Rewire a connectome; see `Connectome.rewire`."""
    from ._connectome import Connectome

    _check(keep, seed, rounds)
    counts = connectome.counts
    pre = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    post, data = counts.indices.astype(np.int64), counts.data
    sign_of = np.zeros(len(post), dtype=np.int64)
    if keep != "degree":
        net, _, _ = signed_counts(connectome, sign, transmitter_signs=transmitter_signs)
        sign_of = np.sign(net).astype(np.int64) + 1
    types = np.zeros(counts.shape[0], dtype=np.int64)
    if keep == "type-pairs":
        types = pd.factorize(connectome.group_labels(column))[0].astype(np.int64)

    def kinds(number: int, post: IntArray) -> IntArray:
        """Sort edges into kinds, in turn by the type of either end: those of a kind may swap."""
        return types[post if number % 2 else pre] * 3 + sign_of

    slot = swap_ends(
        pre,
        post,
        counts.shape[0],
        np.random.default_rng(seed),
        rounds,
        kinds if keep != "degree" else None,
    )
    new_post = post[slot]
    # A count stays with the presynaptic neuron; a share of the postsynaptic one's input with that.
    new_data = data[slot] if connectome.unit == SHARE_UNIT else data
    order = np.lexsort((new_post, pre))
    rewired = sparse.csr_array(
        (new_data[order], new_post[order].astype(counts.indices.dtype), counts.indptr.copy()),
        shape=counts.shape,
    )
    signs = connectome.edge_signs
    if signs is not None:
        scale = np.divide(new_data, data, out=np.ones_like(data), where=data != 0)
        signs = EdgeSigns((signs.net * scale)[order], (signs.unknown * scale)[order])
    n = counts.shape[0]
    moved = ~np.isin(pre * n + new_post, pre * n + post)
    return Connectome(
        neurons=connectome.neurons,
        counts=rewired,
        edge_signs=signs,
        unit=connectome.unit,
        name=f"{connectome.name}, rewired ({keep}, seed {seed})",
        provenance={
            **connectome.provenance,
            "rewired_from": connectome.checksum,
            "rewired_keep": keep,
            "rewired_seed": seed,
            "rewired_rounds": rounds,
            "rewired_moved": float(moved.mean()) if len(moved) else 0.0,
        },
    )


def _check(keep: str, seed: int, rounds: int) -> None:
    if keep not in _KEEPS:
        raise ValueError(
            f"keep={keep!r} is no way to rewire{did_you_mean(str(keep), _KEEPS)}; there are "
            f"{few(_KEEPS)}"
        )
    for name, value, least in (("seed", seed, 0), ("rounds", rounds, 1)):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < least:
            raise ValueError(f"{name} is a whole number, at least {least}, not {value!r}")


def swap_ends(
    pre: IntArray,
    post: IntArray,
    n_neurons: int,
    rng: np.random.Generator,
    rounds: int,
    kinds: Callable[[int, IntArray], IntArray] | None = None,
) -> IntArray:
    """Let edges swap their postsynaptic ends, pair by pair, many pairs at a time.

    Parameters
    ----------
    pre, post : ndarray of int64, shape (n_edges,)
        No pair of neurons comes twice.
    n_neurons : int
    rng : Generator
    rounds : int
        In each, three quarters of the edges are offered a swap.
    kinds : callable, optional
        From the number of the round and the ends as they are to a kind of each edge: only edges of
        a kind swap.

    Returns
    -------
    ndarray of int64, shape (n_edges,)
        Whose end each edge has now: `post[...]` are the new ends.

    Notes
    -----
    A swap that would make a connection twice, or one of a neuron with itself, is not made; a
    neuron's connection with itself stays. Edges are looked up in a hash table with new random
    numbers for each round: where two fall on one place, a swap is refused that need not be, at
    random. Cost: some ten passes over the edges a round, and 16 bytes an edge.

    Examples
    --------
    >>> pre, post = np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0])
    >>> moved = post[swap_ends(pre, post, 4, np.random.default_rng(0), rounds=5)]
    >>> sorted(moved.tolist()), bool((moved == pre).any())
    ([0, 1, 2, 3], False)
    """
    slot = np.arange(len(post))
    places = _Places(len(post), n_neurons)
    # Swaps made at once stand in each other's way, which small networks would show.
    n_parts = int(np.clip(_FEW // max(len(post), 1), 1, 32))
    free = np.flatnonzero(pre != post)
    for number in range(rounds if len(free) > 1 else 0):
        order = free[rng.permutation(len(free))]
        if kinds is not None:
            kind = kinds(number, post[slot])[order]
            narrow = kind.astype(np.uint16) if kind.max() < 2**16 else kind  # sorts in one pass
            by_kind = np.argsort(narrow, kind="stable")
            order, kind = order[by_kind], kind[by_kind]
        first, second = order[:-1:2], order[1::2]
        if kinds is not None:
            same = kind[:-1:2] == kind[1::2]
            first, second = first[same], second[same]
        for part in range(n_parts):
            one, other = first[part::n_parts], second[part::n_parts]
            if not len(one):
                break
            accepted = places.accepted(pre, post[slot], one, other, rng)
            one, other = one[accepted], other[accepted]
            slot[one], slot[other] = slot[other], slot[one]
    return slot


class _Places:
    """A hash table of connections, with new random numbers for each round.

    Where two connections fall on one place, a swap is refused that need not be.
    """

    def __init__(self, n_edges: int, n_neurons: int) -> None:
        self._n_neurons = n_neurons
        self._bits = max(16, int(_ROOM * n_edges - 1).bit_length())
        self._there = np.empty(2**self._bits, dtype=bool)
        self._last = np.empty(2**self._bits // 4 + 1, dtype=np.int32)

    def accepted(
        self,
        pre: IntArray,
        post: IntArray,
        first: IntArray,
        second: IntArray,
        rng: np.random.Generator,
    ) -> npt.NDArray[np.bool_]:
        """Say which pairs of edges may swap ends, all at once."""
        multiplier = np.uint64(int(rng.integers(2**63)) * 2 + 1)
        self._there[:] = False
        self._there[self._place(pre, post, multiplier)] = True
        one = self._place(pre[first], post[second], multiplier)
        other = self._place(pre[second], post[first], multiplier)
        # Some pairs sit a round out: all swaps at once would leave wirings out of small networks.
        allowed = rng.random(len(first)) < _TAKING_PART
        allowed &= ~(self._there[one] | self._there[other])
        allowed &= (pre[first] != post[second]) & (pre[second] != post[first])
        # Of pairs that would make the same connection, the last one written may.
        candidates = np.flatnonzero(allowed)
        one, other = one[candidates] >> np.uint64(2), other[candidates] >> np.uint64(2)
        self._last[one] = candidates
        self._last[other] = candidates
        allowed[candidates] = (self._last[one] == candidates) & (self._last[other] == candidates)
        return allowed

    def _place(
        self, pre: IntArray, post: IntArray, multiplier: np.uint64
    ) -> npt.NDArray[np.uint64]:
        key = (pre * self._n_neurons + post).astype(np.uint64)
        place: npt.NDArray[np.uint64] = (key * multiplier) >> np.uint64(64 - self._bits)
        return place

"""Smaller brains with the degrees of the whole one, for the growth series."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from ._whole_brain import Brain

__all__ = ["shrink"]


def shrink(brain: Brain, n_neurons: int, keep: npt.NDArray[np.integer], seed: int) -> Brain:
    """Keep some neurons of every class (super_class, side) with all that they send out.

    A subgraph of a tenth of the neurons would hold a hundredth of the edges. Here the neurons that
    are kept keep their out-edges, and what these reached before is replaced by a neuron of the same
    class that is kept. Edges that come to lie on one another are merged.

    Parameters
    ----------
    brain : Brain
    n_neurons : int
        At least the number of classes.
    keep : ndarray
        Neurons to keep in any case, in this order at the start of the smaller brain.
    seed : int

    Returns
    -------
    Brain
        The same one if it is not to be smaller.
    """
    n = len(brain.neurons)
    if n_neurons >= n:
        return brain
    rng = np.random.default_rng(seed)
    class_of = pd.factorize(brain.neurons["super_class"] + brain.neurons["side"])[0]
    quota = _quota(np.bincount(class_of), n_neurons)
    rank = rng.permutation(n)
    rank[keep] = -1 - np.arange(len(keep))[::-1]  # these come first, whatever the draw
    kept = _first_of_each(class_of, rank, quota)
    others = kept[~np.isin(kept, keep)]
    kept = np.concatenate([keep, others])

    stands_for = _stand_ins(class_of, kept, rng)
    inside = np.full(n, -1)
    inside[kept] = np.arange(len(kept))
    ours = inside[brain.pre] >= 0
    pre, post = inside[brain.pre[ours]], stands_for[brain.post[ours]]
    apart = pre != post
    graph = sparse.coo_array(
        (brain.count[ours][apart].astype(np.int64), (pre[apart], post[apart])),
        shape=(len(kept), len(kept)),
    ).tocsr()
    graph.sum_duplicates()
    pre, post = graph.nonzero()
    count = np.minimum(graph.data, np.iinfo(np.int16).max)
    neurons = brain.neurons.iloc[kept].reset_index(drop=True)
    return Brain(neurons, pre.astype(np.int32), post.astype(np.int32), count.astype(np.int16))


def _quota(size: npt.NDArray[np.integer], wanted: int) -> npt.NDArray[np.integer]:
    """Share out `wanted` places among classes by their size, at least one each."""
    quota = np.maximum(1, np.floor(size * wanted / size.sum()).astype(int))
    quota[np.argmax(quota)] += wanted - quota.sum()
    return quota


def _first_of_each(
    class_of: npt.NDArray[np.integer],
    rank: npt.NDArray[np.integer],
    quota: npt.NDArray[np.integer],
) -> npt.NDArray[np.integer]:
    """Take the lowest ranks of every class; return the neurons, ascending."""
    order = np.lexsort((rank, class_of))
    start = np.concatenate([[0], np.cumsum(np.bincount(class_of))[:-1]])
    place = np.arange(len(order)) - start[class_of[order]]
    return np.sort(order[place < quota[class_of[order]]])


def _stand_ins(
    class_of: npt.NDArray[np.integer], kept: npt.NDArray[np.integer], rng: np.random.Generator
) -> npt.NDArray[np.integer]:
    """Say for every neuron which of the kept ones of its class stands for it; itself if kept."""
    stands_for = np.empty(len(class_of), dtype=np.int64)
    for one in np.unique(class_of):
        places = np.flatnonzero(class_of[kept] == one)
        members = class_of == one
        stands_for[members] = rng.choice(places, members.sum())
    stands_for[kept] = np.arange(len(kept))
    return stands_for

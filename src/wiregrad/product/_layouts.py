"""The layouts of a sparse matrix, and the blocks that threads share it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

__all__ = [
    "Arrays",
    "Blocks",
    "Layout",
    "as_arrays",
    "count_in_edges",
    "divide",
    "even_bounds",
    "make_layout",
]

#: A compressed matrix, by row or by column: where each begins, the other index, and the value.
Layout: TypeAlias = tuple[Tensor, Tensor, Tensor]
Arrays: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Neurons in blocks, one for each thread, with about as many edges each.

    Attributes
    ----------
    post, pre : ndarray of int64, shape (n_blocks + 1,)
        The first neuron of each block, and the number of neurons: by in-edges and by out-edges.
        Bounds of tiles, all of them.
    split, split_back : ndarray, shape (n_blocks + 1, n_neurons)
        Where the out-edges of each neuron enter each block of postsynaptic neurons, and its
        in-edges each block of presynaptic ones; without columns where there is no layout by post.
    """

    post: npt.NDArray[np.int64]
    pre: npt.NDArray[np.int64]
    split: npt.NDArray[np.integer]
    split_back: npt.NDArray[np.integer]


def make_layout(matrix: sparse.csr_array | sparse.csc_array, device: torch.device) -> Layout:
    """Take a compressed matrix apart, with ascending indices, of 32 bits where they fit."""
    matrix.sort_indices()
    width = np.int32 if max(matrix.nnz, *matrix.shape) < 2**31 else np.int64
    indptr, indices = (part.astype(width, copy=False) for part in (matrix.indptr, matrix.indices))
    starts, index, values = (
        torch.from_numpy(array).to(device) for array in (indptr, indices, matrix.data)
    )
    return starts, index, values


def as_arrays(layout: Layout) -> Arrays:
    """View a layout as the kernels take it.

    Indices are unsigned: numba then leaves out the check for negative ones, a third of the time.
    """
    starts, index, values = (part.detach().cpu().numpy() for part in layout)
    unsigned = np.dtype(f"u{starts.dtype.itemsize}")
    return starts.view(unsigned), index.view(unsigned), values


def even_bounds(starts: npt.NDArray[Any], n: int, width: int = 0) -> npt.NDArray[np.int64]:
    """Divide the rows of a CSR matrix into `n` blocks of about as many entries each.

    Every block but the last ends at a multiple of 2 to the power of `width`.

    Examples
    --------
    >>> even_bounds(np.array([0, 4, 5, 6, 8]), 2).tolist()
    [0, 1, 4]
    >>> even_bounds(np.array([0, 4, 5, 6, 8]), 2, width=1).tolist()
    [0, 2, 4]
    """
    ends = np.append(np.arange(0, len(starts) - 1, 1 << width), len(starts) - 1)
    entries = starts[ends].astype(np.float64)
    shares = entries[-1] * np.arange(n + 1) / n
    after = np.searchsorted(entries, shares)
    before = np.maximum(after - 1, 0)
    nearer = shares - entries[before] < entries[after] - shares
    bounds: npt.NDArray[np.int64] = ends[np.where(nearer, before, after)].astype(np.int64)
    bounds[0], bounds[-1] = 0, len(starts) - 1
    return bounds


def count_in_edges(by_pre: Arrays) -> npt.NDArray[Any]:
    """Return where the in-edges of each neuron would begin if edges were sorted by post."""
    from ._kernels import count_entries  # numba is loaded when it is first needed

    starts, post, _ = by_pre
    counts = np.zeros_like(starts)
    count_entries(post, counts[1:])
    in_edges: npt.NDArray[Any] = np.cumsum(counts, dtype=starts.dtype)
    return in_edges


def divide(by_pre: Arrays, by_post: Arrays, n: int, width: int) -> Blocks:
    """Divide neurons into `n` blocks that end where tiles of that width do.

    The layout by post may consist of its starts alone.
    """
    from ._kernels import split_rows

    post, pre = (even_bounds(layout[0], n, width) for layout in (by_post, by_pre))
    n_neurons = len(by_pre[0]) - 1
    split = np.empty((n + 1, n_neurons), by_pre[0].dtype)
    split_rows(by_pre[0], by_pre[1], post, split)
    split_back = np.empty((n + 1, n_neurons if len(by_post[1]) else 0), by_post[0].dtype)
    split_rows(by_post[0], by_post[1], pre, split_back)
    return Blocks(post, pre, split, split_back)

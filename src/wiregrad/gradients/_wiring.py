"""The weights as a run uses them: whole, with some connections scaled, or without some."""

from __future__ import annotations

from typing import Protocol

import torch
from scipy import sparse
from torch import Tensor

from ..product import SparseMatrix

__all__ = ["CutWiring", "ScaledWiring", "WholeWiring", "Wiring", "split_matrix", "with_values"]


class Wiring(Protocol):
    """Two products with W[post, pre], each (n_neurons, n_columns) to the same."""

    def forward(self, h: Tensor) -> Tensor:
        """Multiply by W."""

    def back(self, d: Tensor) -> Tensor:
        """Multiply by its transpose."""


class WholeWiring:
    """The weights as they are."""

    def __init__(self, weights: SparseMatrix) -> None:
        self._weights = weights

    def forward(self, h: Tensor) -> Tensor:
        """Multiply by W."""
        return self._weights.multiply(h, False)

    def back(self, d: Tensor) -> Tensor:
        """Multiply by its transpose."""
        return self._weights.multiply(d, True)


class ScaledWiring:
    """Some connections scaled, in every column by a factor of its own.

    Parameters
    ----------
    part, rest : SparseMatrix
        The connections that are scaled, and the others, or None if there are none.
    factor : Tensor, shape (n_columns,)
    """

    def __init__(self, part: SparseMatrix, rest: SparseMatrix | None, factor: Tensor) -> None:
        self.part, self._rest, self._factor = part, rest, factor

    def forward(self, h: Tensor) -> Tensor:
        """Multiply by W."""
        scaled = self._factor * self.part.multiply(h, False)
        return scaled if self._rest is None else self._rest.multiply(h, False) + scaled

    def back(self, d: Tensor) -> Tensor:
        """Multiply by its transpose."""
        scaled = self._factor * self.part.multiply(d, True)
        return scaled if self._rest is None else self._rest.multiply(d, True) + scaled


class CutWiring:
    """Some connections cut, in every column others.

    Parameters
    ----------
    weights : SparseMatrix
    post, pre, value, column : Tensor, shape (n_cut,)
        Each connection that is cut, its weight, and the column in which it is.
    """

    def __init__(
        self, weights: SparseMatrix, post: Tensor, pre: Tensor, value: Tensor, column: Tensor
    ) -> None:
        self._weights, self._value = weights, value
        self._post, self._pre = (post, column), (pre, column)

    def forward(self, h: Tensor) -> Tensor:
        """Multiply by W."""
        product = self._weights.multiply(h, False)
        return product.index_put_(self._post, -self._value * h[self._pre], accumulate=True)

    def back(self, d: Tensor) -> Tensor:
        """Multiply by its transpose."""
        product = self._weights.multiply(d, True)
        return product.index_put_(self._pre, -self._value * d[self._post], accumulate=True)


def split_matrix(weights: SparseMatrix, entries: Tensor) -> tuple[SparseMatrix, SparseMatrix]:
    """Split a matrix into some of its entries, given in CSC order, and the others.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> W = SparseMatrix(sparse.csr_array(np.array([[0, 2.0], [3.0, 0]], dtype=np.float32)))
    >>> part, rest = split_matrix(W, torch.tensor([1]))
    >>> part.to_scipy().toarray().tolist(), rest.to_scipy().toarray().tolist()
    ([[0.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [3.0, 0.0]])
    """
    chosen = torch.zeros(len(weights.values), dtype=torch.bool)
    chosen[entries.cpu()] = True
    return _with_entries(weights, chosen), _with_entries(weights, ~chosen)


def _with_entries(weights: SparseMatrix, chosen: Tensor) -> SparseMatrix:
    parts = (weights.values, weights.row, weights.ccol)
    values, row, ccol = (part.detach().cpu().numpy() for part in parts)
    keep = chosen.numpy()
    column = torch.repeat_interleave(torch.from_numpy(ccol).long().diff()).numpy()[keep]
    matrix = sparse.csr_array((values[keep], (row[keep], column)), shape=(weights.n_neurons,) * 2)
    return SparseMatrix(matrix).to(weights.values.device)


def with_values(weights: SparseMatrix, values: Tensor) -> SparseMatrix:
    """Give the pattern of a matrix other values, in CSC order."""
    row, ccol = (part.cpu().numpy() for part in (weights.row, weights.ccol))
    matrix = sparse.csc_array((values.cpu().numpy(), row, ccol), shape=(weights.n_neurons,) * 2)
    return SparseMatrix(matrix.tocsr()).to(weights.values.device)

"""The product as it is promised to be, for the tests of this room."""

from __future__ import annotations

import numpy as np
from scipy import sparse

__all__ = ["multiply_in_order"]


def multiply_in_order(matrix: sparse.csr_array, h: np.ndarray) -> np.ndarray:
    """Add each row's inputs by ascending index, every operation rounded: the promised order."""
    y = np.zeros((matrix.shape[0], h.shape[1]), dtype=h.dtype)
    for row in range(len(y)):
        for k in range(matrix.indptr[row], matrix.indptr[row + 1]):
            y[row] += matrix.data[k] * h[matrix.indices[k]]
    return y

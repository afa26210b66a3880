"""The sparse product y = W h: layouts, kernels, gradients and threads."""

from ._layouts import even_bounds
from ._sparse_matrix import PUSH_BELOW, SparseMatrix
from ._threads import PARALLEL_FROM, n_threads, run_on, set_threads

__all__ = [
    "PARALLEL_FROM",
    "PUSH_BELOW",
    "SparseMatrix",
    "even_bounds",
    "n_threads",
    "run_on",
    "set_threads",
]

"""The sparse product y = W h: layouts, kernels, gradients and threads."""

from ._aligned import aligned, row_width, widened
from ._changes import Stamp, same_stamp, stamp_of
from ._rows_at_hand import FEW_AT_HAND
from ._sparse_matrix import SparseMatrix
from ._threads import PARALLEL_FROM, n_threads, run_on, set_threads, threads_for

__all__ = [
    "FEW_AT_HAND",
    "PARALLEL_FROM",
    "SparseMatrix",
    "Stamp",
    "aligned",
    "n_threads",
    "row_width",
    "run_on",
    "same_stamp",
    "set_threads",
    "stamp_of",
    "threads_for",
    "widened",
]

"""What the kernels of other rooms are built on. Importing it loads numba."""

from ._compile import kernel, parallel_kernel
from ._rows import pull_rows, push_rows
from ._tiles import mark_tiles, pull_tiles

__all__ = [
    "kernel",
    "mark_tiles",
    "parallel_kernel",
    "pull_rows",
    "pull_tiles",
    "push_rows",
]

"""What the kernels of other rooms are built on. Importing it loads numba."""

from ._compile import kernel, parallel_kernel
from ._lanes import (
    add,
    any_from,
    any_set,
    fill,
    load,
    multiply,
    store,
    where_positive,
    zeros,
)
from ._rows import pull_rows, push_rows
from ._tiles import Tiles, mark_tiles, pull_tiles

__all__ = [
    "Tiles",
    "add",
    "any_from",
    "any_set",
    "fill",
    "kernel",
    "load",
    "mark_tiles",
    "multiply",
    "parallel_kernel",
    "pull_rows",
    "pull_tiles",
    "push_rows",
    "store",
    "where_positive",
    "zeros",
]

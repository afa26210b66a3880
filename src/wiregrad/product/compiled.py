"""What the kernels of other rooms are built on. Importing it loads numba."""

from ._aligned import row_width as _row_width
from ._compile import is_on_disk, kernel, parallel_kernel
from ._lanes import (
    add,
    any_from,
    any_set,
    fill,
    load,
    multiply,
    store,
    total,
    where_from,
    where_positive,
    zeros,
)
from ._row_lists import (
    all_marked,
    any_in_row,
    close_up,
    count_edges,
    list_active,
    list_active_of,
    merge_rows,
    within,
    without,
)
from ._rows import pull_rows, push_block, push_rows
from ._tile_sums import pull_tiles
from ._tiles import Tiles, mark_tiles, marks_for

#: `row_width` for kernels.
row_width = kernel(_row_width)

__all__ = [
    "Tiles",
    "add",
    "all_marked",
    "any_from",
    "any_in_row",
    "any_set",
    "close_up",
    "count_edges",
    "fill",
    "is_on_disk",
    "kernel",
    "list_active",
    "list_active_of",
    "load",
    "mark_tiles",
    "marks_for",
    "merge_rows",
    "multiply",
    "parallel_kernel",
    "pull_rows",
    "pull_tiles",
    "push_block",
    "push_rows",
    "row_width",
    "store",
    "total",
    "where_from",
    "where_positive",
    "within",
    "without",
    "zeros",
]

"""How kernels are compiled: on first use, cached on disk, and anew when what they share changes."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

__all__ = ["is_on_disk", "kernel", "parallel_kernel"]

# With Python's own division, which may raise an error, no loop would use vector instructions.
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Files whose functions are compiled into kernels of other files.
_SHARED = (
    *("_aligned.py", "_lanes.py", "_row_lists.py", "_rows.py", "_tile_shape.py", "_tile_sums.py"),
    "_tiles.py",
)


@functools.cache
def _stamp(folder: Path) -> str:
    """Sum up the shared files, and the kernels that stand beside a kernel."""
    shared = [Path(__file__).parent / name for name in _SHARED]
    beside = sorted(folder.glob("_*_kernels.py"))
    content = b"".join(file.read_bytes() for file in [*shared, *beside])
    return hashlib.sha256(content).hexdigest()


def kernel(function: _Function) -> _Function:
    """Compile a function that runs on one thread."""
    compiled: _Function = _stamped(numba.njit(**_OPTIONS)(_named(function)))
    return compiled


def parallel_kernel(function: _Function) -> _Function:
    """Compile a function whose `numba.prange` loops are shared among threads."""
    compiled: _Function = _stamped(numba.njit(**_OPTIONS, parallel=True)(_named(function)))
    return compiled


def _named(function: _Function) -> _Function:
    """Tell functions made by one factory apart by their names.

    numba numbers what it compiles, anew in every process, and a symbol is called by name and
    number. Read from the cache, where several processes have left theirs, two functions of one name
    could share a number, and the linker would take one for the other.
    """
    cells = getattr(function, "__closure__", None) or ()
    made_with = "_".join(str(getattr(x, "__name__", x)) for x in (c.cell_contents for c in cells))
    if made_with:
        function.__qualname__ += "_" + re.sub(r"\W", "_", made_with)
    return function


def _stamped(compiled: Any) -> Any:
    """Tie what is on disk to the shared files too: numba looks only at a function's own file."""
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if file is not None:
        folder = Path(compiled.py_func.__code__.co_filename).parent
        file._source_stamp = (file._source_stamp, _stamp(folder))
    return compiled


def is_on_disk(compiled: Any) -> bool:
    """Whether a kernel was compiled before, of its source as it is; if not, that takes a while."""
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    return file is None or bool(file._load_index())

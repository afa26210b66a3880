"""How kernels are compiled: on first use, cached on disk, and anew when what they share changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

__all__ = ["kernel", "parallel_kernel"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Files whose functions are compiled into kernels of other files.
_SHARED = ("_lanes.py", "_rows.py")


def _stamp() -> str:
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in _SHARED)).hexdigest()


_STAMP = _stamp()


def kernel(function: _Function) -> _Function:
    """Compile a function that runs on one thread."""
    return _stamped(numba.njit(cache=True, nogil=True)(function))


def parallel_kernel(function: _Function) -> _Function:
    """Compile a function whose `numba.prange` loops are shared among threads."""
    return _stamped(numba.njit(cache=True, nogil=True, parallel=True)(function))


def _stamped(compiled: Any) -> Any:
    """Tie what is on disk to the shared files too: numba looks only at a function's own file."""
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if file is not None:
        file._source_stamp = (file._source_stamp, _STAMP)
    return compiled

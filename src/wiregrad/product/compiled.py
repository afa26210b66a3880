"""What the kernels of other rooms are built on. Importing it loads numba."""

from ._compile import kernel, parallel_kernel
from ._rows import pull_rows, push_rows

__all__ = ["kernel", "parallel_kernel", "pull_rows", "push_rows"]

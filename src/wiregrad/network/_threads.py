"""How many threads the library uses."""

from __future__ import annotations

import torch

__all__ = ["set_threads"]


def set_threads(n: int) -> None:
    """Set the number of threads of the sparse kernels and of PyTorch.

    Results do not depend on it.

    Parameters
    ----------
    n : int
        At least 1, and at most the number numba was started with (the machine's cores, or
        `NUMBA_NUM_THREADS`).

    Raises
    ------
    ValueError
        If `n` is out of range.

    Examples
    --------
    >>> import wiregrad as wg
    >>> wg.set_threads(1)
    """
    import numba

    largest = numba.config.NUMBA_NUM_THREADS
    if not 1 <= n <= largest:
        raise ValueError(f"the number of threads is 1 to {largest} here, not {n}")
    numba.set_num_threads(n)
    torch.set_num_threads(n)

"""How many threads tests of small problems run on: a fixture of several folders."""

from __future__ import annotations

from collections.abc import Iterator

import numba
import pytest
import torch

__all__ = ["one_thread"]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Problems as small as these are quicker on one thread, by far where other programs run too."""
    numba.get_num_threads()  # starts numba's threads, which sets PyTorch's number too
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)

"""The data files that come with the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Arrays", "load_bundled"]

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]


def load_bundled(name: str) -> Arrays:
    """Read all arrays of one of the package's own npz files."""
    with (
        (files("wiregrad.connectome") / "data" / name).open("rb") as stream,
        np.load(stream, allow_pickle=False) as archive,
    ):
        return dict(archive)

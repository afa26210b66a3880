"""The connectomes that the command knows by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from .. import datasets
from .._messages import did_you_mean, few
from ..connectome import Connectome

__all__ = ["CONNECTOMES", "open_connectome"]

CONNECTOMES: Mapping[str, Callable[[], Connectome]] = {
    "celegans": datasets.celegans,
    "celegans+gap": partial(datasets.celegans, gap_junctions=True),
    "flyvis_column": datasets.flyvis_column,
}


def open_connectome(name: str) -> Connectome:
    """Load a connectome by its name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in CONNECTOMES:
        raise ValueError(
            f"there is no connectome {name!r}: the bundled ones are {few(CONNECTOMES)}"
            f"{did_you_mean(name, CONNECTOMES)}"
        )
    return CONNECTOMES[name]()

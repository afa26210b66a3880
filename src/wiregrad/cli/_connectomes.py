"""The connectomes that the command knows by name, and those it is given as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .. import datasets
from .._messages import did_you_mean, few
from ..connectome import Connectome

__all__ = ["CONNECTOMES", "open_connectome"]

CONNECTOMES: Mapping[str, Callable[[], Connectome]] = {
    "celegans": datasets.celegans,
    "celegans+gap": partial(datasets.celegans, gap_junctions=True),
    "flyvis_column": datasets.flyvis_column,
}


def open_connectome(source: str, **options: Any) -> Connectome:
    """Load a connectome by its name, or from a file or folder.

    Parameters
    ----------
    source : str
        One of the bundled connectomes, or a path.
    **options
        As for `Connectome.load`; what is None is as if it were not given.

    Raises
    ------
    ValueError
        If it is neither, or options are given for a bundled connectome.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if Path(source).exists():
        return Connectome.load(source, **given)
    if source not in CONNECTOMES:
        raise ValueError(
            f"there is no connectome {source!r}: it is no file or folder, and the bundled ones are "
            f"{few(CONNECTOMES)}{did_you_mean(source, CONNECTOMES)}"
        )
    if given:
        raise ValueError(f"the bundled {source} takes no {few(given)}: these are for files")
    return CONNECTOMES[source]()

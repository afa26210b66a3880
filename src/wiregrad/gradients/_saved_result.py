"""What of a result of activation maximisation is saved in a folder, and under which names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .._saved_folder import SavedKind

if TYPE_CHECKING:
    from ._result import MaximisationResult

__all__ = ["SAVED", "read_result", "write_result"]

_LOSSES = ("activation_losses", "out_regularisation_losses", "in_regularisation_losses")

#: What a page holds of a result, as it is called there.
SAVED = ("seed", "arguments", "provenance", "n_passes", "seconds", "stage_seconds", "interrupted")

KIND = SavedKind(
    "maximisation",
    1,
    ("targets", "target_neurons", "members", "neurons"),
    SAVED,
    ("input", "output", "snapshots", *_LOSSES),
)


def write_result(result: MaximisationResult, folder: Path) -> None:
    """Write a result; what the folder held before is intact until all is written.

    Raises
    ------
    ValueError
        If the folder is a file, or holds other files.
    FileNotFoundError
        If there is no folder to make it in.
    OSError
        If it cannot be written.
    """
    snapshots = np.stack(result.snapshots) if result.snapshots else result.input[np.newaxis][:0]
    arrays = {"input": result.input, "output": result.output, "snapshots": snapshots}
    losses = {name: np.array(getattr(result, name), dtype=np.float64) for name in _LOSSES}
    KIND.write(
        folder,
        result.version,
        {name: getattr(result, name) for name in SAVED},
        {name: getattr(result, name) for name in KIND.tables},
        {**arrays, **losses},
    )


def read_result(folder: Path) -> tuple[dict[str, Any], dict[str, pd.DataFrame], list[Any]]:
    """Read what `write_result` wrote.

    Returns
    -------
    page : dict
    tables : dict
    fields : list
        The six fields of a result.

    Raises
    ------
    ValueError
        If no result is in the folder, or one of a newer version, or a file is damaged.
    """
    page, tables, arrays = KIND.read(folder)
    losses = [arrays[name].tolist() for name in _LOSSES]
    fields = [arrays["input"], arrays["output"], *losses, list(arrays["snapshots"])]
    return page, tables, fields

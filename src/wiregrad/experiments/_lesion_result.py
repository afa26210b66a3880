"""What a lesion screen found, and what is needed to repeat it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._version import __version__
from ._saved_screen import read_screen, write_screen

__all__ = ["LesionScreen"]


@dataclass(frozen=True, eq=False)
class LesionScreen:
    """The change of a response with each group of neurons silenced, the largest first.

    Attributes
    ----------
    table : DataFrame
        A row a group: `group`; `neurons`, their number; `peak`, the largest activation among them
        when nothing is silenced; `response`, the mean activation of the targets without them;
        `effect`, that minus the intact response; `relative`, the effect as a share of the intact
        response (NaN where there is none); `holds_target`, whether a target is among them. With
        nulls also `null_mean` and `null_sd` of the effect in the null networks, and `null_share`,
        the share of null networks in which the effect has the same sign and is at least as large.
    intact : float
        The response with nothing silenced.
    null_intact : ndarray, shape (n_nulls,)
        That of the null networks.
    null_effects : ndarray, shape (n_nulls, n_groups)
        Effects in the null networks, groups in the order of the table.
    arguments : dict
        What was asked.
    provenance : dict
        Where the weights come from.
    version : str
    seconds : float
    stimulus : ndarray, shape (sensory, step), or None
        What the targets responded to.

    Notes
    -----
    With n nulls no share says more than "under 1 / n". Where the null networks hardly respond at
    all (`null_intact`), there is nothing to lose in them, and shares are small whatever the group.
    """

    table: pd.DataFrame
    intact: float
    null_intact: npt.NDArray[np.float64]
    null_effects: npt.NDArray[np.float64]
    arguments: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    version: str = __version__
    seconds: float = 0.0
    stimulus: npt.NDArray[np.floating] | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the table."""
        return self.table.copy()

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Save the screen.

        Parameters
        ----------
        folder : str or Path
            A new folder, or one that holds a saved screen, which is replaced. It then holds
            `result.json`, the table in parquet and arrays in npz.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        ValueError
            If the folder holds other files.
        FileNotFoundError
            If there is no folder to make it in.
        OSError
            If it cannot be written; what was saved there before is then as it was.

        Examples
        --------
        >>> import tempfile
        >>> table = pd.DataFrame({"group": ["FLP"], "neurons": 2, "peak": 1.0, "response": 0.2,
        ...                       "effect": -0.4, "relative": -0.7, "holds_target": False})
        >>> screen = LesionScreen(table, 0.6, np.zeros(0), np.zeros((0, 1)))
        >>> folder = screen.save(tempfile.mkdtemp())
        >>> LesionScreen.load(folder).table["effect"].tolist()  # another day
        [-0.4]
        """
        path = Path(folder)
        write_screen(self, path)
        return path

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> LesionScreen:
        """Load what `save` saved.

        Raises
        ------
        ValueError
            If no lesion screen is in the folder, or one of a newer version, or a file is damaged.
        """
        return cls(**read_screen(Path(folder)))

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        felt = int((self.table["effect"] != 0).sum())
        nulls = len(self.null_intact)
        beside = f", beside {nulls:,} null networks" if nulls else ""
        return (
            f"LesionScreen: {len(self):,} groups silenced ({self.arguments.get('mode')}), "
            f"{felt:,} of them change the response of {self.intact:.3g}{beside}"
        )

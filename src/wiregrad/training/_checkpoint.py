"""Checkpoints: a run that was killed goes on to the same result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .._messages import few
from .._whole_files import write_file

__all__ = ["Checkpoint", "digest"]


def digest(*arrays: Any) -> str:
    """Return a checksum of arrays: their shapes, types and numbers.

    Examples
    --------
    >>> digest(np.zeros(2)) == digest(np.zeros(2)), digest(np.zeros(2)) == digest(np.zeros(3))
    (True, False)
    """
    checksum = hashlib.sha256()
    for array in arrays:
        numbers = np.ascontiguousarray(array)
        checksum.update(f"{numbers.dtype}{numbers.shape}".encode())
        checksum.update(numbers.tobytes())
    return checksum.hexdigest()[:16]


class Checkpoint:
    """One file with the state of a run, written in one stroke.

    Parameters
    ----------
    path : path
    identity : dict of str
        What the run is of. A file of another is refused.
    """

    def __init__(self, path: Path, identity: Mapping[str, str]) -> None:
        self._path, self._identity = path, dict(identity)

    def load(self) -> dict[str, Any] | None:
        """Return the state that was saved, or None if there is none.

        Raises
        ------
        ValueError
            If the file is no checkpoint, or one of another run: what differs is named.
        """
        for left in self._path.parent.glob(f".{self._path.name}-*.part"):
            left.unlink(missing_ok=True)  # by a process that was killed while it wrote
        if not self._path.exists():
            return None
        try:
            saved = torch.load(self._path, weights_only=True)
            identity, state = saved["identity"], saved["state"]
        except Exception as error:
            raise ValueError(
                f"{self._path} is no checkpoint of a training: delete it, or name another"
            ) from error
        names = [*self._identity, *(set(identity) - set(self._identity))]
        differ = [name for name in names if identity.get(name) != self._identity.get(name)]
        if differ:
            shown = [
                f"{name} ({identity.get(name)} there, {self._identity.get(name)} now)"
                for name in differ
            ]
            raise ValueError(
                f"{self._path} is the checkpoint of another training: it differs in {few(shown)}; "
                "delete it, name another, or ask as before"
            )
        found: dict[str, Any] = state
        return found

    def save(self, state: Mapping[str, Any]) -> None:
        """Write the state; a process that is killed meanwhile leaves the last one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        saved = {"identity": self._identity, "state": dict(state)}
        write_file(self._path, lambda part: torch.save(saved, part))

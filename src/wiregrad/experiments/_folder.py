"""The folder that a sweep streams to: what is in it, and what of it counts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from .._messages import few
from .._version import __version__
from ._identity import FORMAT, differences
from ._lock import LOCK
from ._parts import (
    UNFINISHED,
    part_files,
    read_column,
    read_note,
    read_parts,
    write_part,
    write_text,
)
from ._problems import Problems
from ._solve import Outcome

__all__ = ["SweepFolder", "prepare_folder"]

_PAGE, _PROBLEMS = "sweep.json", "problems.parquet"

#: The tables of a batch; it counts once it has all of them, so the last is written last.
_OF_A_BATCH = ("targets", "stimuli", "members")
_FAILED = "failed"
_TABLES = (*_OF_A_BATCH, _FAILED)
_SECONDS = "wiregrad.seconds"

#: Columns of tables without rows; others come with the results.
_EMPTY = {
    "targets": {
        **{"problem": "str", "layer": "int64", "neuron": "int64", "value": "float64"},
        **{"attained": "float64", "resting": "float64", "status": "str", "shortest_walk": "Int64"},
    },
    "members": {
        **{"problem": "str", "status": "str", "active_inputs": "int64"},
        **{"active_neurons": "int64", "best_pass": "int64", "passes": "int64", "seed": "int64"},
    },
    "failed": {"problem": "str", "error": "str"},
    "stimuli": {"problem": "str", "neuron": "int64", "step": "int64", "value": "float64"},
}


def prepare_folder(path: Path) -> None:
    """Make the folder, or see that it is one to write a sweep to.

    Raises
    ------
    ValueError
        If it is a file, or holds other files.
    FileNotFoundError
        If there is no folder to make it in.
    """
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is a file: a sweep is written to a folder")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to make {path.name} in")
    path.mkdir(exist_ok=True)
    if (path / _PAGE).is_file():
        return
    others = [entry.name for entry in path.iterdir() if not _may_precede_the_page(entry)]
    if others:
        raise ValueError(
            f"the folder {path} holds other files ({few(sorted(others))}): sweep to a new folder, "
            "or to one that holds the same sweep"
        )


def _may_precede_the_page(entry: Path) -> bool:
    return entry.name in (LOCK, _PROBLEMS) or bool(UNFINISHED.fullmatch(entry.name))


class SweepFolder:
    """A folder with a sweep, as it is when first looked at.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError
        If no sweep is in it, or one of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = _read_page(path / _PAGE)

    @classmethod
    def for_writing(
        cls, path: Path, manifest: Mapping[str, Any], problems: Problems
    ) -> SweepFolder:
        """Begin a sweep in a folder, or go on with it; the caller holds the folder's lock.

        What a killed run left half-written is removed.

        Raises
        ------
        ValueError
            If the folder is that of another sweep: what differs.
        """
        if not (path / _PAGE).is_file():
            write_part(problems.record(), path / _PROBLEMS)
            write_text(json.dumps(manifest, indent=1) + "\n", path / _PAGE)
        folder = cls(path)
        differs = differences(folder.manifest, json.loads(json.dumps(manifest)))
        if differs:
            raise ValueError(
                f"{path} holds another sweep; what differs: {'; '.join(differs)}. Sweep to another "
                "folder, or ask as before to go on with this one"
            )
        for name in _TABLES:
            (path / name).mkdir(exist_ok=True)
        folder._clear()
        return folder

    def write(self, outcome: Outcome) -> None:
        """Add what was found; a batch counts only when its last file is in place."""
        share = outcome.seconds / max(len(outcome.found) + bool(len(outcome.failed)), 1)
        notes = {_SECONDS: repr(share)}
        for found in outcome.found:
            name = _new_name(outcome.first)
            tables = {"targets": found.targets, "stimuli": found.stimuli, "members": found.members}
            for table in _OF_A_BATCH:
                write_part(tables[table], self.path / table / name, notes)
        if len(outcome.failed):
            write_part(outcome.failed, self.path / _FAILED / _new_name(outcome.first), notes)

    def forget_failed(self) -> None:
        """Let problems that failed be asked again."""
        for path in part_files(self.path / _FAILED).values():
            path.unlink()
        self.__dict__.pop("failed_by", None)

    @cached_property
    def parts(self) -> list[str]:
        """The names of the batches that count, in order."""
        files = [part_files(self.path / table) for table in _OF_A_BATCH]
        return [name for name in files[-1] if all(name in others for others in files)]

    @cached_property
    def done_by(self) -> dict[Any, str]:
        """The part that holds each problem that is done."""
        return self._owners("members", self.parts)

    @cached_property
    def failed_by(self) -> dict[Any, str]:
        """The part that holds each problem that failed, and was not done since."""
        owners = self._owners(_FAILED, list(part_files(self.path / _FAILED)))
        return {label: name for label, name in owners.items() if label not in self.done_by}

    @cached_property
    def labels(self) -> list[Any]:
        """What all problems are called, in order."""
        return list(dict.fromkeys(read_column(self.path / _PROBLEMS, "problem")))

    @property
    def seconds(self) -> float:
        """How long the batches took, added up over all runs and workers."""
        paths = [self.path / "members" / name for name in self.parts]
        paths += part_files(self.path / _FAILED).values()
        return sum(float(read_note(path, _SECONDS) or 0) for path in paths)

    def read(self, table: str, problem: Any = None) -> pd.DataFrame:
        """Read a table, in the order of the problems; or the rows of one problem."""
        owners = self.failed_by if table == _FAILED else self.done_by
        names = sorted(set(owners.values())) if problem is None else [owners[problem]]
        mine: dict[str, list[Any]] = {name: [] for name in names}
        for label, name in owners.items() if problem is None else [(problem, owners[problem])]:
            mine[name].append(label)
        found = read_parts(
            [self.path / table / name for name in names],
            keep=lambda name: pa.array(mine[name]),
        )
        if found is None:
            kinds = dict(_EMPTY[table])
            if self.labels and isinstance(self.labels[0], int):
                kinds["problem"] = "int64"
            return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
        frame: pd.DataFrame = found.to_pandas()
        place = {label: number for number, label in enumerate(self.labels)}
        order = frame["problem"].map(place).argsort(kind="stable")
        return frame.iloc[order].reset_index(drop=True)

    def _owners(self, table: str, names: list[str]) -> dict[Any, str]:
        owners: dict[Any, str] = {}
        for name in names:
            for label in read_column(self.path / table / name, "problem"):
                owners.setdefault(label, name)
        return owners

    def _clear(self) -> None:
        """Remove what does not count: files half-written, and batches that lack a table."""
        whole = set(self.parts)
        for folder in (self.path, *(self.path / name for name in _TABLES)):
            for path in folder.iterdir():
                if UNFINISHED.fullmatch(path.name):
                    path.unlink(missing_ok=True)
        for table in _OF_A_BATCH:
            for name, path in part_files(self.path / table).items():
                if name not in whole:
                    path.unlink(missing_ok=True)


def _new_name(first: int) -> str:
    return f"part-{first:06d}-{uuid.uuid4().hex[:12]}.parquet"


def _read_page(path: Path) -> dict[str, Any]:
    try:
        page: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        newer = page["format"] > FORMAT
    except FileNotFoundError:
        raise ValueError(
            f"{path.parent} holds no sweep: there is no {path.name} in it; wiregrad.sweep makes one"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}): sweep to a new folder") from None
    if newer:
        raise ValueError(
            f"{path} was written by wiregrad {page.get('version')}, which is newer than this one "
            f"({__version__}): upgrade wiregrad"
        )
    return page

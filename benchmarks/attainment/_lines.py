"""What has been found so far, kept on disk: a file for each question and method, a line a target.

A line is written as soon as its target is done, so that an interrupted run loses no more than the
call that it was in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Record", "add_lines", "pack", "read_lines", "unpack"]

Record = dict[str, Any]


def read_lines(path: Path) -> dict[int, Record]:
    """Return what is known, by target; of two lines for a target the later counts."""
    if not path.exists():
        return {}
    records = [_whole(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {record["target"]: record for record in records if record}


def add_lines(path: Path, records: Sequence[Record]) -> None:
    """Append records; a line that was cut off ends where the next begins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join("\n" + json.dumps(record) for record in records))


def pack(stimulus: npt.NDArray[np.floating]) -> dict[str, list[Any]]:
    """Return the entries of a stimulus that are not 0: their places, and float32 in full."""
    flat = np.asarray(stimulus, dtype=np.float32).ravel()
    places = np.flatnonzero(flat)
    return {"places": places.tolist(), "values": [float(str(value)) for value in flat[places]]}


def unpack(packed: dict[str, list[Any]], shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return the stimulus of this shape, (sensory, step), that was packed."""
    flat = np.zeros(shape[0] * shape[1], dtype=np.float32)
    flat[packed["places"]] = packed["values"]
    return flat.reshape(shape)


def _whole(line: str) -> Record | None:
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None

"""Results on disk: kept line by line while they come, one file when all are there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["MismatchError", "Record", "Records", "key_of"]

Record = dict[str, Any]


class MismatchError(Exception):
    """What is on disk was measured on another machine, another version or with other settings."""


def key_of(record: Record) -> tuple[Any, ...]:
    """Return what a record is of: it is measured once."""
    return tuple(record[name] for name in ("kind", "problem", "batch", "package", "round"))


@dataclass
class Records:
    """All that has been measured, and the machine it was measured on.

    Attributes
    ----------
    path : Path
        The file of results, JSON: `{"about": {...}, "records": [...]}`. New records are appended
        to a file of lines beside it, so that nothing is lost if the run is interrupted.
    about : dict
        Machine, versions and settings.
    """

    path: Path
    about: Record
    records: list[Record] = field(default_factory=list)

    @property
    def lines(self) -> Path:
        """The file of lines."""
        return self.path.with_suffix(self.path.suffix + "l")

    @classmethod
    def resume(cls, path: Path, about: Record, fresh: bool) -> Records:
        """Read what there is; with `fresh`, begin anew.

        Raises
        ------
        MismatchError
            If it cannot be mixed with what is to be measured now.
        """
        kept = cls(path, about)
        if fresh:
            path.unlink(missing_ok=True)
            kept.lines.unlink(missing_ok=True)
            return kept
        kept.records = _merge(_read_both(path, kept.lines, about))
        return kept

    @classmethod
    def read(cls, path: Path) -> Records:
        """Read results, finished or not, whatever machine they are from."""
        lines = cls(path, {}).lines
        source = lines if lines.exists() else path
        about = _read(source)[0]
        return cls(path, about, _merge(_read_both(path, lines, about)))

    def add(self, record: Record) -> None:
        """Keep a record, on disk at once."""
        new = not self.lines.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.lines.open("a", encoding="utf-8") as file:
            if new:
                file.write(json.dumps(self.about) + "\n")
            file.write(json.dumps(_rounded(record)) + "\n")
        self.records.append(record)

    def finish(self) -> None:
        """Write the file of results, one record a line, and drop the file of lines."""
        rows = ",\n".join(json.dumps(_rounded(record)) for record in self.records)
        text = f'{{"about": {json.dumps(self.about)},\n"records": [\n{rows}\n]}}\n'
        partial = self.path.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(self.path)
        self.lines.unlink(missing_ok=True)

    def has(self, record: Record) -> bool:
        """Say whether this has been measured."""
        return key_of(record) in {key_of(kept) for kept in self.records}


def _read_both(path: Path, lines: Path, about: Record) -> list[Record]:
    found: list[Record] = []
    for source in (path, lines):
        if not source.exists():
            continue
        theirs, records = _read(source)
        different = [name for name in about if theirs.get(name) != about[name]]
        if different:
            name = different[0]
            raise MismatchError(
                f"{source.name} was measured with {name} {theirs.get(name)!r}, and now it is "
                f"{about[name]!r}: pass --fresh to begin anew, or another file with --json"
            )
        found += records
    return found


def _read(source: Path) -> tuple[Record, list[Record]]:
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".json":
        whole = json.loads(text)
        return whole["about"], whole["records"]
    about, *records = text.splitlines()
    return json.loads(about), [record for line in records if (record := _whole(line))]


def _whole(line: str) -> Record | None:
    """Read a line, unless the run was stopped while it was written."""
    try:
        record: Record = json.loads(line)
    except json.JSONDecodeError:
        return None
    return record


def _merge(records: list[Record]) -> list[Record]:
    return list({key_of(record): record for record in records}.values())


def _rounded(value: Any) -> Any:
    """Round to six digits, however deep the number lies."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list) else value

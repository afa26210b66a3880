"""One writer a folder: a file that says who writes."""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["LOCK", "FolderInUseError", "Hold", "hold"]

LOCK = ".lock"

_STAT = Path("/proc")


class FolderInUseError(OSError):
    """Another process writes to the folder."""


class Hold:
    """The right to write to a folder.

    Parameters
    ----------
    path : Path
        The file that says so.
    words : str
        What it must hold.
    """

    def __init__(self, path: Path, words: str) -> None:
        self._path, self._words = path, words

    def check(self) -> None:
        """Make sure that nobody has taken the folder over.

        Raises
        ------
        FolderInUseError
            If somebody has.
        """
        if _read(self._path) != self._words:
            raise FolderInUseError(
                f"{self._path} is gone or another process's, which may write to the folder now: "
                "nothing more is written; run again once it is done"
            )

    def release(self) -> None:
        """Let others write."""
        if _read(self._path) == self._words:
            self._path.unlink(missing_ok=True)


@contextmanager
def hold(folder: Path) -> Iterator[Hold]:
    """Be the only writer of a folder.

    The file names the process and its host. That of a process which has ended on this host is taken
    over (not on Windows); that of another host cannot be judged from here.

    Raises
    ------
    FolderInUseError
        If another process holds it: which, and what to delete if that one is gone.
    """
    path = folder / LOCK
    words = json.dumps(
        {
            "pid": os.getpid(),
            "host": platform.node(),
            "began": _began(os.getpid()),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
            "key": uuid.uuid4().hex,
        }
    )
    while not _place(path, words):
        _make_way(path)
    taken = Hold(path, words)
    try:
        yield taken
    finally:
        taken.release()


def _place(path: Path, words: str) -> bool:
    """Create the file with its content in one stroke; False if there is one."""
    part = path.parent / f"{LOCK}-{uuid.uuid4().hex}.part"
    part.write_text(words, encoding="utf-8")
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        try:
            with path.open("x", encoding="utf-8") as stream:
                stream.write(words)
        except FileExistsError:
            return False
    finally:
        part.unlink(missing_ok=True)
    return True


def _make_way(path: Path) -> None:
    """Take away the file of a process that has ended.

    Raises
    ------
    FolderInUseError
        If it has not, or nobody can say.
    """
    words = _read(path)
    if words is None:  # released meanwhile
        return
    holder = _parse(words)
    if not _has_ended(holder):
        raise FolderInUseError(
            f"{path.parent} is being written by process {holder.get('pid', '?')} on "
            f"{holder.get('host', '?')}, since {holder.get('since', '?')}: wait for it, or choose "
            f"another folder; if that process is gone, delete {path}"
        )
    aside = path.parent / f"{LOCK}-{uuid.uuid4().hex}.part"
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    theirs = _read(aside)
    if theirs is not None and theirs != words:  # somebody was quicker: give it back
        _place(path, theirs)
    aside.unlink(missing_ok=True)


def _has_ended(holder: dict[str, Any]) -> bool:
    pid = holder.get("pid")
    if os.name == "nt" or holder.get("host") != platform.node() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)  # asks whether it is there
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(holder.get("began") != _began(pid))  # the number may have been given again


def _began(pid: int) -> str | None:
    """Return when a process began, in the system's own count; None where that is not told."""
    try:
        stat = (_STAT / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _parse(words: str) -> dict[str, Any]:
    try:
        holder = json.loads(words)
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}

"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wiregrad.show._write import check_writable, write_text


def test_a_file_is_written_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a.html", "é\n")
    assert (tmp_path / "a.html").read_bytes() == "é\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]


def test_an_existing_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("old")
    write_text(path, "new")
    assert path.read_text() == "new"


def test_when_writing_fails_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.html"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"cannot write a.html: the folder .*no does not"):
        check_writable(tmp_path / "no" / "a.html")


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder: name a file in it"):
        check_writable(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(PermissionError, match="is not writable; name another folder"):
        check_writable(tmp_path / "a.html")

"""Runs the command in this process, and gives back what it said."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from wiregrad.cli import main


class Said(NamedTuple):
    """What the command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run `wiregrad` with some arguments."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(arguments)
        return Said(left.value.code, *capsys.readouterr())

    return run

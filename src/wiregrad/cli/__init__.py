"""The command `wiregrad`."""

from ._main import main

__all__ = ["main"]

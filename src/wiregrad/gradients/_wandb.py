"""Logging to Weights & Biases, where the caller asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

__all__ = ["WandbLog", "import_wandb"]


def import_wandb() -> ModuleType:
    """Import wandb.

    Raises
    ------
    ImportError
        If it is not installed, with the line that installs it.
    """
    try:
        import wandb
    except ImportError:
        raise ImportError(
            "wandb is not installed. Please install it using 'pip install wandb' or set "
            "wandb=False."
        ) from None
    module: ModuleType = wandb
    return module


class WandbLog:
    """One run in the project `connectome_interpreter`, or nothing at all.

    Parameters
    ----------
    wanted : bool
        Whether to log; if not, nothing is done and wandb is not imported.

    Raises
    ------
    ImportError
        If it is wanted and not installed.
    """

    PROJECT = "connectome_interpreter"

    def __init__(self, wanted: bool) -> None:
        self._wandb = import_wandb() if wanted else None

    @contextmanager
    def run(self, config: Mapping[str, Any]) -> Iterator[None]:
        """Open the run, and close it whatever happens."""
        if self._wandb is None:
            yield
            return
        self._wandb.init(project=self.PROJECT, config=dict(config))
        try:
            yield
        finally:
            self._wandb.finish()

    def log(self, **numbers: float) -> None:
        """Log the numbers of one pass."""
        if self._wandb is not None:
            self._wandb.log(numbers)

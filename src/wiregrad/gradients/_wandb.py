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
    """One run in a project, or nothing at all.

    Parameters
    ----------
    wanted : bool
        Whether to log; if not, nothing is done and wandb is not imported.
    project : str
        By default that of the reference.

    Raises
    ------
    ImportError
        If it is wanted and not installed.
    """

    PROJECT = "connectome_interpreter"

    def __init__(self, wanted: bool, project: str = PROJECT) -> None:
        self._wandb = import_wandb() if wanted else None
        self._project = project

    @contextmanager
    def run(self, config: Mapping[str, Any]) -> Iterator[None]:
        """Open the run, and close it whatever happens."""
        if self._wandb is None:
            yield
            return
        self._wandb.init(project=self._project, config=dict(config))
        try:
            yield
        finally:
            self._wandb.finish()

    def log(self, **numbers: float) -> None:
        """Log the numbers of one pass."""
        if self._wandb is not None:
            self._wandb.log(numbers)

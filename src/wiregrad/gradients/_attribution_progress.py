"""Telling of an attribution while it runs: a progress bar, and a function of the caller's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tqdm.auto import tqdm

__all__ = ["AttributionProgress", "RunsBar"]


@dataclass(frozen=True)
class AttributionProgress:
    """How far an attribution is.

    Attributes
    ----------
    runs : int
        Runs of the network made.
    expected : int
        Runs that are known to be needed by now: more are added as blocks of sources begin, and
        where jumps are located.
    """

    runs: int = 0
    expected: int = 0


class RunsBar(tqdm):  # type: ignore[type-arg]
    """A progress bar over runs that tells a function of them too, shown or not."""

    def __init__(
        self,
        *,
        disable: bool,
        on_progress: Callable[[AttributionProgress], object] | None = None,
    ) -> None:
        super().__init__(desc="attribution", unit=" runs", disable=disable, delay=1)
        self._on_progress, self._runs = on_progress, 0

    def update(self, n: float | None = 1) -> Any:
        """Count runs that are about to be made.

        Raises
        ------
        KeyboardInterrupt
            If the function returns True, as control-C would.
        """
        shown = super().update(n)
        self._runs += int(n or 0)
        if self._on_progress is not None:
            expected = max(int(self.total or 0), self._runs)
            if self._on_progress(AttributionProgress(self._runs, expected)) is True:
                raise KeyboardInterrupt
        return shown

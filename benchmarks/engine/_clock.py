"""A stop-watch in the shape of a progress bar.

Both packages show a tqdm bar and tell it of every iteration. Put in tqdm's place before a package
is imported, `Clock` notes the time at each of these moments and shows nothing: no line of the
package is changed, both are timed at the same point, and a mark costs well under a microsecond.

A bar that wraps the loop (`for i in tqdm(range(n))`) is asked for the next iteration when one ends.
A bar that is updated by hand is told so at the end of each; the optimiser's step that follows then
counts in the next one. Where one update tells of several iterations, they share the time equally.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

__all__ = ["Clock"]


class Clock:
    """Keeps the time of each iteration of a loop.

    Parameters
    ----------
    iterable : iterable, optional
        What the bar is wrapped around.
    *args, **options
        Whatever else tqdm takes; not used.

    Attributes
    ----------
    seconds : list of float
        One entry an iteration.
    made : list of Clock
        All clocks since `forget`.
    patience : float
        A loop that a clock is wrapped around ends after so many seconds, though not before its
        first iteration is done.
    """

    made: ClassVar[list[Clock]] = []
    patience: ClassVar[float] = float("inf")

    def __init__(self, iterable: Iterable[Any] | None = None, *args: Any, **options: Any) -> None:
        self._iterable = iterable
        self.seconds: list[float] = []
        Clock.made.append(self)
        self._last = time.perf_counter()

    def __iter__(self) -> Iterator[Any]:
        began = self._last = time.perf_counter()
        for item in self._iterable or ():
            yield item
            self.update()
            if self._last - began > Clock.patience:
                return

    def update(self, n: int = 1) -> None:
        """Note that n more iterations are done."""
        now = time.perf_counter()
        self.seconds += [(now - self._last) / n] * n
        self._last = now

    def __enter__(self) -> Clock:
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return _nothing  # set_postfix_str, close, refresh and so on

    @classmethod
    def forget(cls) -> None:
        """Begin anew."""
        cls.made.clear()

    @classmethod
    def longest(cls) -> list[float]:
        """Return the times of the clock that saw most iterations; none if there is none."""
        return max((clock.seconds for clock in cls.made), key=len, default=[])

    @classmethod
    def replace_tqdm(cls) -> None:
        """Take tqdm's place; before the package that is timed is imported."""
        import tqdm
        import tqdm.auto

        tqdm.tqdm = tqdm.auto.tqdm = cls


def _nothing(*args: object, **options: object) -> None:
    pass

"""Handing out batches and taking in what comes back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait

from ._crew import Crew
from ._problems import Batch
from ._solve import Outcome, failed_table

__all__ = ["run_batches"]

# How often a batch may lose its worker before it is halved, or fails.
_LOSSES = 3

# Seconds between two looks at whether the crew has grown.
_PATIENCE = 5.0


def run_batches(crew: Crew, batches: Iterable[Batch], settle: Callable[[Outcome], None]) -> None:
    """Have all batches solved, a bounded number of them in flight.

    Parameters
    ----------
    crew : Crew
    batches : iterable of Batch
    settle : callable
        What to do with each outcome as it comes.

    Raises
    ------
    KeyboardInterrupt
        On control-C here or in a worker. Batches in flight are given up.
    """
    waiting = deque((batch, 0) for batch in batches)
    flying: dict[Future[Outcome], tuple[Batch, int]] = {}
    try:
        while waiting or flying:
            room = crew.most_in_flight() - len(flying)
            for _ in range(min(room, len(waiting))):
                batch, losses = waiting.popleft()
                flying[crew.submit(batch)] = batch, losses
            done, _ = wait(flying, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
            for future in done:
                batch, losses = flying.pop(future)
                came = _outcome(crew, future)
                outcome = (
                    _once_more(batch, losses + 1, came, waiting)
                    if isinstance(came, Exception)
                    else came
                )
                if outcome is not None:
                    settle(outcome)
                    if outcome.interrupted:
                        raise KeyboardInterrupt
    except BaseException:
        for future in flying:
            future.cancel()
        raise


def _outcome(crew: Crew, future: Future[Outcome]) -> Outcome | Exception:
    """Return what a batch came to, or the error that says its worker was lost."""
    try:
        return future.result()
    except Exception as error:
        if crew.was_lost(error):
            return error
        raise


def _once_more(
    batch: Batch, losses: int, error: Exception, waiting: deque[tuple[Batch, int]]
) -> Outcome | None:
    """Hand a lost batch out again; if it was lost too often, in halves; at last it has failed."""
    if losses < _LOSSES:
        waiting.append((batch, losses))
        return None
    if len(batch) > 1:
        waiting.extend((half, 0) for half in batch.halves())
        return None
    words = f"its worker was lost {losses} times; the last time: {error}"
    return Outcome(batch.numbers[0], failed=failed_table(batch.labels, [words]))

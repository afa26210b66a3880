"""Work that goes on while the page is looked at, or closed: one piece at a time."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ._answer import Answer
from ._question import Question

__all__ = ["Job", "Jobs"]

logger = logging.getLogger("wiregrad")

_EXPECTED = (ValueError, TypeError, MemoryError, OSError, ImportError)
_MOST_WAITING, _MOST_KEPT = 8, 20


@dataclass(eq=False)
class Job:
    """A question that is worked on, or was.

    Attributes
    ----------
    number : int
        Counted from 1; the page's address names it.
    question : Question
    state : {"waiting", "running", "done", "stopped", "failed"}
        Stopped: by hand, with `answer` as far as it was, or without one.
    words : str
        How far it is.
    passes : int
        Passes, or runs, made.
    most : int or None
        As many as there will be, where that is known.
    answer : Answer or None
    error : str
        Why it failed.
    """

    number: int
    question: Question
    state: str = "waiting"
    words: str = ""
    passes: int = 0
    most: int | None = None
    answer: Answer | None = None
    error: str = ""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "stopped", "failed")

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop and has not yet."""
        return self._stop.is_set() and not self.over

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (time.monotonic() if self.ended is None else self.ended) - self.began

    def tell(self, words: str, passes: int = 0, most: int | None = None) -> bool:
        """Say how far the work is; returns whether it shall stop."""
        self.words, self.passes, self.most = words, passes, most
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the work to stop."""
        self._stop.set()


class Jobs:
    """Works on one question after the other, on a thread of its own.

    Parameters
    ----------
    work : callable
        Given a job, it returns the answer; it asks the job whether to stop.
    """

    def __init__(self, work: Callable[[Job], Answer]) -> None:
        self._work = work
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, question: Question) -> Job:
        """Take a question on.

        Raises
        ------
        ValueError
            If too many are waiting.
        """
        with self._lock:
            if sum(job.state == "waiting" for job in self._jobs.values()) >= _MOST_WAITING:
                raise ValueError(f"{_MOST_WAITING} questions are waiting already: stop one first")
            job = Job(next(self._numbers), question)
            self._jobs[job.number] = job
            self._forget()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="explorer", daemon=True)
                self._thread.start()
        self._waiting.put(job)
        return job

    def find(self, number: int | None) -> Job | None:
        """Return the job of a number; None if there is none, or it was forgotten."""
        return None if number is None else self._jobs.get(number)

    def all(self) -> list[Job]:
        """List the jobs that are kept, the newest first."""
        with self._lock:
            return list(self._jobs.values())[::-1]

    def current(self) -> Job | None:
        """Return the job that is worked on or waits to be, the oldest first."""
        return next((job for job in self.all()[::-1] if not job.over), None)

    def stop_all(self) -> None:
        """Ask all work to stop."""
        for job in self.all():
            job.stop()

    def _forget(self) -> None:
        """Let old answers go: each holds a network's activations."""
        over = [number for number, job in self._jobs.items() if job.over]
        for number in over[: max(len(self._jobs) - _MOST_KEPT, 0)]:
            del self._jobs[number]

    def _run(self) -> None:
        while True:
            self._do(self._waiting.get())

    def _do(self, job: Job) -> None:
        state = "stopped"
        if not job.stopping:
            job.state, job.began = "running", time.monotonic()
            try:
                job.answer = self._work(job)
                result = job.answer.result
                state = "stopped" if result is not None and result.interrupted else "done"
            except KeyboardInterrupt:  # how the library's work ends when it is told to
                state = "stopped"
            except _EXPECTED as error:
                job.error, state = str(error), "failed"
            except Exception as error:
                logger.exception("run %d of the explorer failed", job.number)
                job.error = f"{type(error).__name__}: the program's log says more"
                state = "failed"
        job.ended = time.monotonic()
        job.state = state  # last: whoever sees it sees all the rest

"""Who solves the batches: this process, its threads, other processes, or a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import torch

from ..network import MultilayeredNetwork
from ..product import n_threads, set_threads
from ._carried_network import digest_of, pack, solve_elsewhere
from ._problems import Batch
from ._solve import Outcome, solve

__all__ = [
    "Crew",
    "Here",
    "InProcesses",
    "InThreads",
    "Work",
    "kernel_threads",
    "refuse_fork",
    "spawned_pool",
]


@dataclass(frozen=True, eq=False)
class Work:
    """What all batches have in common."""

    network: MultilayeredNetwork
    arguments: Mapping[str, Any]
    seed: int
    threads: int | None


class Crew:
    """Those who solve batches.

    Attributes
    ----------
    sharing : int
        Batches that are solved at the same time.
    memory : int or None
        Bytes that each of them may take, if it is not this machine's memory.
    """

    memory: int | None = None

    def __init__(self, work: Work, sharing: int) -> None:
        self.work, self.sharing = work, sharing

    def most_in_flight(self) -> int:
        """Batches to hand out before the first of them is back: some wait, so that none idles."""
        return 2 * self.sharing

    def submit(self, batch: Batch) -> Future[Outcome]:
        """Hand out a batch."""
        raise NotImplementedError

    def was_lost(self, error: BaseException) -> bool:
        """Whether an error means that a worker was lost, and not that there is something wrong.

        Raises
        ------
        OSError
            If all are lost.
        """
        if isinstance(error, BrokenExecutor):
            raise ChildProcessError(
                f"a worker process ended ({error}): it may have been short of memory, or a script "
                "started it without 'if __name__ == \"__main__\":'. What is done is kept; run "
                "again to go on, perhaps with fewer workers or a smaller batch_size"
            ) from error
        return False


class Here(Crew):
    """One's own process, one batch at a time."""

    def __init__(self, work: Work) -> None:
        super().__init__(work, sharing=1)

    def most_in_flight(self) -> int:
        """Batches are solved as they are handed out."""
        return 1

    def submit(self, batch: Batch) -> Future[Outcome]:
        """Solve a batch."""
        future: Future[Outcome] = Future()
        future.set_result(solve(self.work.network, batch, self.work.arguments, self.work.seed))
        return future


class InThreads(Crew):
    """The threads of an executor, which all use the same network."""

    def __init__(self, work: Work, executor: ThreadPoolExecutor) -> None:
        super().__init__(work, _n_workers(executor))
        self._executor = executor

    def submit(self, batch: Batch) -> Future[Outcome]:
        """Hand out a batch."""
        work = self.work
        return self._executor.submit(solve, work.network, batch, work.arguments, work.seed)


class InProcesses(Crew):
    """The processes of an executor: each reads the network from a file, once."""

    def __init__(self, work: Work, executor: Executor, folder: Path) -> None:
        super().__init__(work, _n_workers(executor))
        packed = pack(work.network)
        self._executor, self._digest = executor, digest_of(packed)
        # What is left of it by a killed run is removed with all that is half-written.
        self._file = folder / f".network-{uuid.uuid4().hex}.part"
        self._file.write_bytes(packed)

    def submit(self, batch: Batch) -> Future[Outcome]:
        """Hand out a batch."""
        work = self.work
        return self._executor.submit(
            solve_elsewhere,
            self._digest,
            str(self._file.resolve()),
            batch,
            work.arguments,
            work.seed,
            self.sharing,
            work.threads,
        )

    def close(self) -> None:
        """Remove the file."""
        self._file.unlink(missing_ok=True)


def refuse_fork(executor: Executor) -> None:
    """Refuse processes that are forked: a parallel kernel in them ends them without a word.

    Raises
    ------
    ValueError
        With the remedy.
    """
    context: BaseContext | None = getattr(executor, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork":
        raise ValueError(
            "the executor forks its processes, and compiled kernels end forked processes: make it "
            'with ProcessPoolExecutor(n, mp_context=multiprocessing.get_context("spawn")), or pass '
            "workers=n"
        )


@contextmanager
def spawned_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Start processes of one's own; where an error or control-C ends the work, they are stopped.

    They leave control-C to this process, and end when this process does, even if it is killed.
    """
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_worker
    )
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    finally:
        pool.shutdown()


@contextmanager
def kernel_threads(n: int | None) -> Iterator[None]:
    """Set the threads of this process, and put things back after; None leaves them."""
    if n is None:
        yield
        return
    before, torch_before = n_threads(), torch.get_num_threads()
    set_threads(n)
    try:
        yield
    finally:
        set_threads(before)
        torch.set_num_threads(torch_before)


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _n_workers(executor: Executor) -> int:
    n = getattr(executor, "_max_workers", None)
    return n if isinstance(n, int) and n > 0 else os.cpu_count() or 1

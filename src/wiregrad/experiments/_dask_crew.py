"""The workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import Any

from ._carried_network import digest_of, pack, solve_elsewhere
from ._crew import Crew, Work
from ._problems import Batch
from ._solve import Outcome

__all__ = ["DaskCrew", "connected", "is_client"]

# Batches that wait at the scheduler even where there are few workers: a cluster that grows with its
# work must see some.
_QUEUE = 64

# How often Dask tries a task again by itself that ended with an error.
_RETRIES = 2


def is_client(executor: object) -> bool:
    """Whether something is a `dask.distributed.Client`; asking loads nothing."""
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(executor, distributed.Client)


@contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """Connect to a scheduler by its address.

    Raises
    ------
    ImportError
        If Dask is not installed.
    OSError
        If the scheduler does not answer.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ImportError(
            'a scheduler needs dask.distributed: pip install "wiregrad[cluster]"'
        ) from None
    with Client(scheduler, set_as_default=False) as client:
        yield client


class LostError(Exception):
    """A batch will not come back from the worker that had it."""


class DaskCrew(Crew):
    """The workers of a Dask cluster: each gets the network once, from the others if it joins late.

    The network is a task of its own, which Dask repeats where all who had it are lost. (What is
    scattered is then lost for good.)
    """

    def __init__(self, work: Work, client: Any) -> None:
        self._client = client
        super().__init__(work, self._slots())
        self.memory = self._memory_of_a_slot()
        packed = pack(work.network)
        self._digest = digest_of(packed)
        with warnings.catch_warnings():  # that it is large: it is sent only once
            warnings.simplefilter("ignore")
            self._carried = client.submit(_itself, packed, pure=False)

    def most_in_flight(self) -> int:
        """Batches to hand out: more as the cluster grows."""
        self._require_connection()
        self.sharing = self._slots()
        return max(2 * self.sharing, _QUEUE)

    def submit(self, batch: Batch) -> Future[Outcome]:
        """Hand out a batch."""
        work = self.work
        theirs = self._client.submit(
            solve_elsewhere,
            self._digest,
            self._carried,
            batch,
            work.arguments,
            work.seed,
            self._most_on_a_host(),
            work.threads,
            pure=False,
            retries=_RETRIES,
        )
        # Not the client's own executor: a result that is lost after it was announced leaves its
        # futures waiting for ever.
        ours: Future[Outcome] = Future()
        ours.add_done_callback(lambda _: theirs.cancel() if ours.cancelled() else None)
        theirs.add_done_callback(lambda _: _pass_on(theirs, ours))
        return ours

    def was_lost(self, error: BaseException) -> bool:
        """Whether a worker was lost too often for Dask to repeat its work."""
        self._require_connection(error)
        return isinstance(error, LostError)

    def _require_connection(self, error: BaseException | None = None) -> None:
        if self._client.status != "running":
            raise ConnectionError(
                "the connection to the Dask scheduler was lost: what is done is kept; run again to "
                "go on"
            ) from error

    def _slots(self) -> int:
        slots: int = sum(self._client.nthreads().values())
        return max(slots, 1)

    def _most_on_a_host(self) -> int:
        by_host: Counter[str] = Counter()
        for address, n in self._client.nthreads().items():
            by_host[address.rpartition(":")[0]] += n
        return max(by_host.values(), default=1)

    def _memory_of_a_slot(self) -> int | None:
        workers = self._client.scheduler_info()["workers"].values()
        known = [w["memory_limit"] // w["nthreads"] for w in workers if w.get("memory_limit")]
        return min(known, default=None)


def _itself(packed: bytes) -> bytes:
    """Let a worker have what was sent, to give to the others."""
    return packed


def _pass_on(theirs: Any, ours: Future[Outcome]) -> None:
    """Give a future of Dask's what came of it to one of Python's."""
    from distributed import KilledWorker

    if not ours.set_running_or_notify_cancel():
        return
    try:
        ours.set_result(theirs.result())
    except (KilledWorker, CancelledError, asyncio.CancelledError, OSError) as error:
        ours.set_exception(LostError(f"{type(error).__name__}: {error}"))
    except BaseException as error:
        ours.set_exception(error)

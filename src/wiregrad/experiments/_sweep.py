"""A sweep: thousands of activation-maximisation problems, streamed to a folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from ..network import Manipulations, MultilayeredNetwork, manipulated
from ..product import n_threads
from ._batch_size import choose_batch_size
from ._crew import (
    Crew,
    Here,
    InProcesses,
    InThreads,
    Work,
    kernel_threads,
    refuse_fork,
    spawned_pool,
)
from ._dask_crew import DaskCrew, connected, is_client
from ._folder import SweepFolder, prepare_folder
from ._identity import check_arguments, make_manifest
from ._lock import hold
from ._problems import Problems, read_problems
from ._run import run_batches
from ._solve import Outcome
from ._sweep_result import SweepResult

__all__ = ["sweep"]

logger = logging.getLogger("wiregrad")


def sweep(
    network: MultilayeredNetwork,
    problems: pd.DataFrame,
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    batch_size: int | None = None,
    workers: int | None = None,
    executor: Executor | Any = None,
    scheduler: str | None = None,
    threads: int | None = None,
    retry_failed: bool = False,
    progress: bool = True,
    manipulations: Manipulations | None = None,
    **arguments: Any,
) -> SweepResult:
    """Solve many activation-maximisation problems, and write what is found to a folder.

    Each problem is solved as `activation_maximisation` would solve it alone, bit for bit: batches
    and workers change how long it takes, and no result. Results are written as they come. A run
    that was killed, called again with the same arguments, goes on where it stopped; of a finished
    one nothing is done again.

    Parameters
    ----------
    network : MultilayeredNetwork
    problems : DataFrame
        A row a target: `layer`, `neuron` (an index, or the name of a group for all its members),
        `value` (activation asked, 0 to 1; by default 1), and `problem`, any label: rows with the
        same label are one problem. Without that column a row's neuron is its label. With columns
        `target` and `weight`, targets are means or differences: see `TargetActivation`.
        `wiregrad.problems_for` makes one of groups.
    folder : str or Path
        A new folder, or that of the same sweep.
    seed : int
        What start stimuli are drawn with, as in `activation_maximisation`.
    batch_size : int, optional
        Problems that are solved side by side. By default as many as there is memory for, at most
        64.
    workers : int, optional
        Processes to start on this machine. By default all is done in this one. In a script this
        needs ``if __name__ == "__main__":``.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Others who are to do the work: threads, spawned processes (forked ones are refused), or a
        Dask cluster.
    scheduler : str, optional
        Address of a Dask scheduler, in place of a client.
    threads : int, optional
        Threads of each worker's kernels. By default the cores of its machine are shared evenly.
    retry_failed : bool
        Whether problems that raised an error in an earlier run are asked again.
    progress : bool
        Whether to show a progress bar, over problems.
    manipulations : Manipulations, optional
        Neurons to clamp or silence and synapses to scale, in every problem.
    **arguments
        Any other argument of `activation_maximisation`, such as `learning_rate`.

    Returns
    -------
    SweepResult
        Reads the tables of targets, members and failed problems from the folder, and stimuli.

    Raises
    ------
    ValueError
        If the problems have no rows or lack a column, an argument is out of its range, or the
        folder holds another sweep (what differs) or other files.
    TypeError
        If there is no such argument, or the sweep sees to it itself.
    ImportError
        If a scheduler is asked for and Dask is not installed.
    OSError
        If another process writes to the folder, the folder cannot be written, or a worker process
        or the scheduler is lost. What is done is kept.

    Notes
    -----
    A problem that raises an error does not stop the others: it is listed in `failed` with the
    error's text. So are neurons, layers and values that the network does not know.

    Control-C ends the run and returns what is done, with `interrupted` set.

    The folder holds `sweep.json` (all that results depend on), `problems.parquet`, and in parts the
    tables `targets`, `members`, `failed`, and `stimuli`: `problem`, `neuron` (index of a sensory
    neuron), `step`, `value`, for entries above 0. A part counts once its file in `members`, the
    last, is in place.

    Cost: as `activation_maximisation`, for each batch. Every process holds the network once.

    Examples
    --------
    >>> import tempfile, wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
    >>> problems = wg.problems_for(network, ["AVA", "AVB"], value=0.9)
    >>> swept = wg.sweep(network, problems, tempfile.mkdtemp(), progress=False)
    >>> swept.members[["problem", "status"]]
      problem   status
    0     AVA  reached
    1     AVB  reached
    """
    network = manipulated(network, manipulations)
    _for_all_members(network)
    path = Path(folder)
    seed = _whole_seed(seed)
    _one_at_most(workers=workers, executor=executor, scheduler=scheduler)
    for name, number in (("workers", workers), ("threads", threads)):
        _positive_or_none(name, number)
    wanted = read_problems(problems)
    complete = check_arguments(network, arguments, seed)
    manifest = make_manifest(network, complete, seed, wanted)
    prepare_folder(path)
    interrupted = False
    with hold(path) as held:
        files = SweepFolder.for_writing(path, manifest, wanted)
        if retry_failed:
            files.forget_failed()
        left = _left(files, wanted)
        work = Work(network, arguments, seed, threads)
        bar = tqdm(
            total=len(wanted),
            initial=len(wanted) - len(left),
            desc="sweeping",
            unit=" problems",
            disable=not progress or not left,
        )

        def settle(outcome: Outcome) -> None:
            held.check()
            files.write(outcome)
            bar.update(outcome.n_settled)

        with bar:
            try:
                if left:
                    with _crew(work, path, workers, executor, scheduler) as crew:
                        size = choose_batch_size(
                            network,
                            len(left),
                            complete,
                            sharing=crew.sharing,
                            memory=crew.memory,
                            batch_size=batch_size,
                        )
                        run_batches(crew, wanted.batches(left, size), settle)
            except KeyboardInterrupt:
                interrupted = True
    result = SweepResult(path)
    result.interrupted = interrupted
    if interrupted:
        logger.warning(
            "interrupted after %d of %d problems: what is done is in %s; ask again with the same "
            "arguments to go on",
            result.n_done + result.n_failed,
            len(wanted),
            path,
        )
    return result


def _left(files: SweepFolder, problems: Problems) -> list[int]:
    """List the problems, by number, that are neither done nor have failed."""
    settled = files.done_by.keys() | files.failed_by.keys()
    return [number for number, label in enumerate(problems.labels) if label not in settled]


@contextmanager
def _crew(
    work: Work, folder: Path, workers: int | None, executor: Any, scheduler: str | None
) -> Iterator[Crew]:
    """Gather those who do the work, and let them go after."""
    with ExitStack() as stack:
        if scheduler is not None:
            executor = stack.enter_context(connected(scheduler))
        elif workers is not None:
            executor = stack.enter_context(spawned_pool(workers))
        if executor is None:
            stack.enter_context(kernel_threads(work.threads))
            yield Here(work)
        elif is_client(executor):
            yield DaskCrew(work, executor)
        elif isinstance(executor, ThreadPoolExecutor):
            crew = InThreads(work, executor)
            share = max(1, n_threads() // crew.sharing)
            stack.enter_context(kernel_threads(work.threads or share))
            yield crew
        elif isinstance(executor, Executor):
            refuse_fork(executor)
            processes = InProcesses(work, executor, folder)
            stack.callback(processes.close)
            yield processes
        else:
            raise TypeError(
                "executor is a concurrent.futures.Executor or a dask.distributed.Client, not "
                f"{type(executor).__name__}"
            )


def _for_all_members(network: MultilayeredNetwork) -> None:
    if network.manipulations.of_single_members:
        raise ValueError(
            "a sweep has no batch members to tell apart, since problems are packed as they fit: "
            f"{network.manipulations}; leave members= out, and make a sweep for each manipulation"
        )


def _one_at_most(**given: Any) -> None:
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise ValueError(
            f"{' and '.join(named)} each say who does the work: give one of them at most"
        )


def _positive_or_none(name: str, number: Any) -> None:
    if number is None:
        return
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
        raise ValueError(f"{name} is a whole number from 1 on, not {number!r}")


def _whole_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(
            f"seed is an integer, not {seed!r}: a sweep that goes on must start as it did before"
        )
    return int(seed)

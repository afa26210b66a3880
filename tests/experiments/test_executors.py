"""Threads and processes: the same results as in one process."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from sweep_cases import QUICK, assert_same, left_behind, parts, problems_of_types

import wiregrad as wg
from wiregrad.experiments import _carried_network, _crew
from wiregrad.experiments._carried_network import digest_of, pack, solve_elsewhere
from wiregrad.experiments._crew import Crew, Here, Work
from wiregrad.experiments._problems import Batch, read_problems
from wiregrad.experiments._run import run_batches
from wiregrad.experiments._solve import Outcome


def test_threads_give_the_same(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path
) -> None:
    before = torch.get_num_threads()
    with ThreadPoolExecutor(3) as executor:
        found = wg.sweep(
            network,
            problems_of_types(network),
            tmp_path / "out",
            executor=executor,
            batch_size=2,
            **QUICK,
        )
    assert_same(swept, found)
    assert torch.get_num_threads() == before


def test_processes_give_the_same(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path
) -> None:
    found = wg.sweep(
        network, problems_of_types(network), tmp_path / "out", workers=2, batch_size=2, **QUICK
    )
    assert_same(swept, found)
    assert not left_behind(tmp_path / "out"), "nor the network's file"
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_processes_of_an_executor_give_the_same(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        found = wg.sweep(
            network, problems_of_types(network), tmp_path / "out", executor=executor, **QUICK
        )
    assert len(parts(tmp_path / "out", "members")) == 2, "a batch for each"
    assert_same(swept, found)


def test_forked_processes_are_refused_with_the_remedy(
    network: wg.MultilayeredNetwork, tmp_path: Path
) -> None:
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("the system does not fork")
    context = multiprocessing.get_context("fork")
    with (
        ProcessPoolExecutor(1, mp_context=context) as executor,
        pytest.raises(ValueError, match=r'mp_context=multiprocessing.get_context\("spawn"\)'),
    ):
        wg.sweep(network, problems_of_types(network), tmp_path / "out", executor=executor)
    assert not left_behind(tmp_path)


class OwnExecutor(Executor):
    """Any other executor: it says nothing of its workers."""

    def submit(self, fn: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*arguments, **options))
        return future


def test_an_executor_of_ones_own(
    network: wg.MultilayeredNetwork, swept: wg.SweepResult, tmp_path: Path, use_threads: Any
) -> None:
    use_threads(1)
    problems = problems_of_types(network)
    found = wg.sweep(network, problems, tmp_path / "out", executor=OwnExecutor(), **QUICK)
    assert_same(swept, found)


def test_a_network_that_cannot_be_sent_is_refused(worm: wg.Connectome, tmp_path: Path) -> None:
    odd = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", steps=3, activation_function=lambda x: torch.tanh(x), device="cpu"
    )
    with pytest.raises(ValueError, match=r"cannot be sent to other processes .*or use threads"):
        wg.sweep(odd, problems_of_types(odd, 1), tmp_path / "out", workers=1, **QUICK)


# The network, carried.


def some_batch() -> Batch:
    return next(read_problems(pd.DataFrame({"layer": [2], "neuron": ["AVA"]})).batches([0], 1))


def test_the_network_is_unpacked_once_and_only_if_it_is_the_right_one(
    network: wg.MultilayeredNetwork,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    use_threads: Any,
) -> None:
    use_threads(1)
    monkeypatch.setattr(_carried_network, "_kept", None)
    packed = pack(network)
    file = tmp_path / "network"
    file.write_bytes(packed)
    once = {"num_iterations": 1}
    solve_elsewhere(digest_of(packed), str(file), some_batch(), once, 0, 1, None)
    file.unlink()
    outcome = solve_elsewhere(digest_of(packed), str(file), some_batch(), once, 0, 2, None)
    assert outcome.n_settled == 1
    with pytest.raises(ValueError, match="not the one that was sent"):
        solve_elsewhere("another digest", packed, some_batch(), once, 0, 1, None)


# What may go wrong.


class Forgetful(Here):
    """A crew that loses every batch with certain problems."""

    def __init__(self, work: Work, cursed: str, forever: bool) -> None:
        super().__init__(work)
        self.cursed, self.forever, self.lost = cursed, forever, 0

    def submit(self, batch: Batch) -> Future[Outcome]:
        if self.cursed in batch.labels and (self.forever or not self.lost):
            self.lost += 1
            future: Future[Outcome] = Future()
            future.set_exception(InterruptedError("the worker is gone"))
            return future
        return super().submit(batch)

    def was_lost(self, error: BaseException) -> bool:
        return isinstance(error, InterruptedError)


def run_with(crew: Crew, network: wg.MultilayeredNetwork, size: int) -> list[Outcome]:
    problems = read_problems(problems_of_types(network, 4))
    outcomes: list[Outcome] = []
    run_batches(crew, problems.batches(range(4), size), outcomes.append)
    return outcomes


@pytest.mark.parametrize("forever", [False, True])
def test_lost_batches_are_handed_out_again_and_in_the_end_fail_alone(
    network: wg.MultilayeredNetwork, forever: bool
) -> None:
    crew = Forgetful(Work(network, {"num_iterations": 2}, 0, None), "AVB", forever)
    outcomes = run_with(crew, network, size=4)
    done = {label for o in outcomes for found in o.found for label in found.members["problem"]}
    failed = {label for o in outcomes for label in o.failed["problem"]}
    assert done | failed == {"AVA", "AVB", "AVD", "PVC"}
    assert failed == ({"AVB"} if forever else set())
    assert crew.lost == (9 if forever else 1), "three times whole, in halves, and alone"
    if forever:
        (words,) = [text for o in outcomes for text in o.failed["error"]]
        assert words == ("its worker was lost 3 times; the last time: the worker is gone")


class Bounded(Here):
    """A crew of three that counts what is in its hands."""

    def __init__(self, work: Work, executor: Executor) -> None:
        super().__init__(work)
        self.executor, self.flying, self.most = executor, [], 0

    def most_in_flight(self) -> int:
        return 3

    def submit(self, batch: Batch) -> Future[Outcome]:
        future = self.executor.submit(lambda: super(Bounded, self).submit(batch).result())
        self.flying = [other for other in self.flying if not other.done()] + [future]
        self.most = max(self.most, len(self.flying))
        return future


def test_a_bounded_number_of_batches_is_in_flight(network: wg.MultilayeredNetwork) -> None:
    with ThreadPoolExecutor(1) as executor:
        crew = Bounded(Work(network, {"num_iterations": 2}, 0, None), executor)
        outcomes = run_with(crew, network, size=1)
    assert len(outcomes) == 4
    assert 1 < crew.most <= 3


WITH_WORKERS = textwrap.dedent(
    """
    import sys
    from sweep_cases import network_of_the_worm, problems_of_types
    import wiregrad as wg

    if __name__ == "__main__":
        network = network_of_the_worm(steps=30)
        print("ready", flush=True)
        found = wg.sweep(
            network, problems_of_types(network), sys.argv[1], workers=2, batch_size=1,
            early_stopping=False, num_iterations=int(sys.argv[2]), progress=False
        )
        print("interrupted" if found.interrupted else "done", flush=True)
    """
)


def start_with_workers(tmp_path: Path, iterations: int) -> subprocess.Popen[str]:
    script = tmp_path / "script.py"
    script.write_text(WITH_WORKERS)
    return subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "out"), str(iterations)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(what: Any, run: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 120
    while not what():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def processes_of(group: int) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it has ended meanwhile
            continue
        if int(its_group) == group and state != "Z":
            found.append(path.parent.name)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes as on Linux")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_processes_end_with_the_run(tmp_path: Path, how: signal.Signals) -> None:
    run = start_with_workers(tmp_path, iterations=1_000)
    wait_for(lambda: parts(tmp_path / "out", "members"), run)
    assert len(processes_of(run.pid)) >= 3, "itself and two workers"
    if how == signal.SIGINT:
        os.killpg(run.pid, how)  # as a terminal does: to all of them
    else:
        run.send_signal(how)
    out, err = run.communicate(timeout=60)
    if how == signal.SIGINT:
        assert run.returncode == 0, err
        assert out.endswith("interrupted\n")
        assert "ask again with the same arguments" in err
        assert "Traceback" not in err
        assert not left_behind(tmp_path / "out")
    end = time.monotonic() + 30
    while processes_of(run.pid):
        assert time.monotonic() < end, "a worker lives on"
        time.sleep(0.1)
    assert 0 < wg.SweepResult(tmp_path / "out").n_done < 12


class Fatal:
    """Ends the process that unpickles it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (3,)


def test_a_worker_process_that_ends_is_told(
    network: wg.MultilayeredNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_crew, "pack", lambda network: pickle.dumps(Fatal()))
    with pytest.raises(ChildProcessError, match=r"a worker process ended .*run again to go on"):
        wg.sweep(network, problems_of_types(network), tmp_path / "out", workers=1, **QUICK)
    assert not left_behind(tmp_path / "out")

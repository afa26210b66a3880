"""Run cases: every package in a process of its own, in turn."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..measure import QUIET, measure
from ._cases import Case
from ._packages import Package
from ._problems import AbsentError, Store
from ._records import Record, Records
from ._work import Job

__all__ = ["Settings", "run"]

# What a fresh process does; it starts in the repository's root.
_PROGRAM = """
from benchmarks.engine._work import work
work({job!r})
"""

# Warm-up iterations: wiregrad's kernels are loaded and its layouts made; the reference has none.
_WARM, _WARM_REFERENCE = 2, 1

_FIRST = """
import time
began = time.perf_counter()
import wiregrad as wg
imported = time.perf_counter() - began
worm = wg.datasets.celegans()
network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", steps=3)
asked = wg.TargetActivation({2: {"AVA": 0.9}})
options = dict(num_iterations=1, in_reg_lambda=0.01, use_tqdm=False, print_output=False, seed=0)
began = time.perf_counter()
result = wg.activation_maximisation(network, asked, **options)
called = time.perf_counter() - began
[imported, called]
"""


@dataclass(frozen=True)
class Settings:
    """How much is measured.

    Attributes
    ----------
    rounds : int
        Processes of each package, in turn.
    iterations, reference_iterations : int
        Timed iterations in a process.
    reference_patience : float
        No iteration of the reference is begun after so many seconds.
    limit : float
        Seconds after which a process is ended.
    seed : int
    """

    rounds: int
    iterations: int
    reference_iterations: int
    reference_patience: float
    limit: float
    seed: int


def run(
    cases: Iterable[Case],
    packages: list[Package],
    store: Store,
    settings: Settings,
    records: Records,
) -> Iterator[Record]:
    """Measure what has not been measured; yield each new record as it comes.

    In round r the packages run in turn beginning with the r-th. One that failed in a case is not
    tried again in it.
    """
    for case in cases:
        able = [package for package in packages if package.is_wiregrad or not case.alone]
        failed: set[str] = set()
        for round_ in range(1 if case.kind in ("first", "graph") else settings.rounds):
            first = round_ % len(able) if able else 0
            for package in able[first:] + able[:first]:
                record: Record = {
                    "kind": case.kind,
                    "problem": case.problem,
                    "batch": case.batch,
                    "package": package.name,
                    "round": round_,
                }
                if records.has(record) or package.name in failed:
                    continue
                record |= _measure(case, package, store, settings)
                if "error" in record or "skipped" in record:
                    failed.add(package.name)
                if "error" not in record:  # else it is tried again next time
                    records.add(record)
                yield record


def _measure(case: Case, package: Package, store: Store, settings: Settings) -> Record:
    """Measure one case once, whatever comes of it."""
    if package.missing:
        return {"skipped": package.missing}
    try:
        if case.kind == "first":
            return _first_calls(settings.limit)
        if case.kind == "graph":
            return {"statistics": store.brain_statistics()}
        job = _job(case, package, store, settings)
        code = _PROGRAM.format(job=job.to_dict())
        answer: Record = _answer(code, QUIET, settings.limit)
    except AbsentError as absent:
        return {"skipped": str(absent)}
    except subprocess.TimeoutExpired:
        return {"skipped": f"not done after {settings.limit:,.0f} s"}
    except subprocess.CalledProcessError as error:
        killed = error.returncode < 0
        return {"error": "it was killed" if killed else f"status {error.returncode}"}
    return answer


def _job(case: Case, package: Package, store: Store, settings: Settings) -> Job:
    ours = package.is_wiregrad
    return Job(
        kind=case.kind,
        package=package.name,
        folder=package.folder,
        problem=str(store.path(case.problem)),
        batch=case.batch,
        iterations=settings.iterations if ours else settings.reference_iterations,
        warm=_WARM if ours else _WARM_REFERENCE,
        patience=settings.limit if ours else settings.reference_patience,
        seed=settings.seed,
    )


def _first_calls(limit: float) -> Record:
    """Time the first call where no kernel is compiled, and that of the next process."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {**QUIET, "NUMBA_CACHE_DIR": empty}
        cold, warm = (_answer(_FIRST, environment, limit) for _ in range(2))
    names = ("import_s", "call_s")
    return {
        "cold": dict(zip(names, cold, strict=True)),
        "warm": dict(zip(names, warm, strict=True)),
    }


def _answer(code: str, environment: dict[str, str], limit: float) -> Any:
    return measure(code, 1, environment=environment, timeout=limit).answer

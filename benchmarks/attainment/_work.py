"""What is done in a process of its own: one method on some targets, answers kept as they come.

wiregrad is not imported where the reference runs. Seconds are those of the calls alone: the network
is built, and a first call made that is not counted, before.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..engine._problem import Problem
from ..engine._work import load_package
from ._lines import Record, add_lines, pack, read_lines, unpack

__all__ = ["BATCH", "Job", "work"]

#: Most targets that wiregrad searches for side by side.
BATCH = 128

Stimulus = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Job:
    """What to do.

    Attributes
    ----------
    kind : str
        reference, check, search, default or alone.
    problem, lines : str
        The file of the problem, and that of the answers.
    targets : list of int
    steps, seed : int
    options : dict
        What else the kind needs: `folder` and `lambda`; `of`, the file of other answers; `starts`
        and `iterations`.
    """

    kind: str
    problem: str
    lines: str
    targets: list[int]
    steps: int
    seed: int
    options: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


def work(job: dict[str, Any]) -> int:
    """Do a job; return how many answers were added."""
    logging.disable()
    job_ = Job(**job)
    problem, path, added = Problem.load(Path(job_.problem)), Path(job_.lines), 0
    for records in KINDS[job_.kind](problem, job_):
        add_lines(path, records)
        added += len(records)
        print(f"{path.stem}: {added} of {len(job_.targets)}", file=sys.stderr, flush=True)
    return added


def _reference(problem: Problem, job: Job) -> Iterator[list[Record]]:
    """Call the reference for each target; what it reports itself is what it attained."""
    package = load_package(job.options["folder"])
    import torch

    network = _network(package, problem, job)

    def call(target: int, **options: int) -> Any:
        torch.manual_seed(int(np.random.SeedSequence([job.seed, target]).generate_state(1)[0]))
        return package.activation_maximisation(
            network,
            package.TargetActivation({job.steps - 1: {target: 1.0}}),
            in_reg_lambda=job.options["lambda"],
            out_reg_lambda=job.options["lambda"],
            use_tqdm=False,
            print_output=False,
            **options,
        )

    call(job.targets[0], num_iterations=1)
    for target in job.targets:
        load, began = os.getloadavg()[0], time.perf_counter()
        result = call(target)
        seconds = time.perf_counter() - began
        yield [
            {
                "target": target,
                "attained": float(result[1][target, job.steps - 1]),
                "active": int((result[0] >= network.threshold).sum()),
                "seconds": seconds,
                "passes": len(result[2]),
                "load": load,
                "stimulus": pack(result[0]),
            }
        ]


def _check(problem: Problem, job: Job) -> Iterator[list[Record]]:
    """Run wiregrad's network on the stimuli that another method returned."""
    import torch

    import wiregrad as wg

    network = _network(wg, problem, job)
    answers = read_lines(Path(job.options["of"]))
    records = []
    for target in job.targets:
        stimulus = unpack(answers[target]["stimulus"], (len(problem.sensory), job.steps))
        with torch.no_grad():
            attained = float(network(stimulus)[target, job.steps - 1])
        records.append({"target": target, "attained": attained})
    yield records


def _search(problem: Problem, job: Job) -> Iterator[list[Record]]:
    """Search from many random starts side by side, without a penalty; the best counts."""
    import wiregrad as wg

    network = _network(wg, problem, job)
    starts = job.options["starts"]
    for target in job.targets:
        rng = np.random.default_rng([job.seed, target])
        began = time.perf_counter()
        result = wg.activation_maximisation(
            network,
            _asked(wg, [target] * starts, job.steps),
            input_tensor=rng.random((starts, len(problem.sensory), job.steps), dtype=np.float32),
            in_reg_lambda=0,
            out_reg_lambda=0,
            num_iterations=job.options["iterations"],
            early_stopping=False,
            learning_rate=0.1,
            seed=job.seed,
            use_tqdm=False,
            print_output=False,
        )
        seconds = time.perf_counter() - began
        _refuse_interrupted(result)
        attained = result.targets["attained"].to_numpy()
        best = float(attained.max())
        near = int((attained >= best - 0.02).sum())
        yield [{"target": target, "attained": best, "near": near, "seconds": seconds}]


def _default(problem: Problem, job: Job) -> Iterator[list[Record]]:
    """Run wiregrad as it comes, the targets packed into batches."""
    import wiregrad as wg

    network = _network(wg, problem, job)
    _maximise(wg, network, job.targets[:2], job)
    for first in range(0, len(job.targets), BATCH):
        members = job.targets[first : first + BATCH]
        load, began = os.getloadavg()[0], time.perf_counter()
        result = _maximise(wg, network, members, job)
        seconds = time.perf_counter() - began
        stages = getattr(result, "stage_seconds", None) or {}
        shared = {
            "seconds": seconds / len(members),
            "batch": len(members),
            "load": load,
            "stages": {str(name): float(s) / len(members) for name, s in stages.items()},
        }
        yield [_answer(result, place, target) | shared for place, target in enumerate(members)]


def _alone(problem: Problem, job: Job) -> Iterator[list[Record]]:
    """Put some targets to wiregrad alone, and compare with what came of them in a batch."""
    import wiregrad as wg

    network = _network(wg, problem, job)
    answers = read_lines(Path(job.options["of"]))
    for target in job.targets:
        alone = _answer(_maximise(wg, network, [target], job), 0, target)
        there = answers[target]
        shape = (len(problem.sensory), job.steps)
        pair = [unpack(answer["stimulus"], shape) for answer in (alone, there)]
        yield [
            {
                "target": target,
                "attained": alone["attained"],
                "attained_difference": abs(alone["attained"] - there["attained"]),
                "stimulus_difference": float(abs(pair[0] - pair[1]).max()),
            }
        ]


KINDS: dict[str, Callable[[Problem, Job], Iterator[list[Record]]]] = {
    "reference": _reference,
    "check": _check,
    "search": _search,
    "default": _default,
    "alone": _alone,
}


def _network(package: ModuleType, problem: Problem, job: Job) -> Any:
    return package.MultilayeredNetwork(
        problem.matrix(),
        problem.sensory.tolist(),
        num_layers=job.steps,
        default_bias=problem.bias,
    )


def _maximise(wg: ModuleType, network: Any, members: list[int], job: Job) -> Any:
    result = wg.activation_maximisation(
        network,
        _asked(wg, members, job.steps),
        seed=job.seed,
        use_tqdm=False,
        print_output=False,
    )
    _refuse_interrupted(result)
    return result


def _asked(wg: ModuleType, members: Iterable[int], steps: int) -> Any:
    """Ask for 1.0 at the last step, one target a member."""
    import pandas as pd

    neurons = list(members)
    columns = {"batch": range(len(neurons)), "layer": steps - 1, "neuron": neurons, "value": 1.0}
    return wg.TargetActivation(pd.DataFrame(columns))


def _answer(result: Any, place: int, target: int) -> Record:
    """Return what came of one member."""
    member = result.members.iloc[place]
    answer = {
        "target": target,
        "attained": float(result.targets["attained"].iloc[place]),
        "active": int(member["active_inputs"]),
        "status": str(member["status"]),
        "passes": int(member["passes"]),
        "stimulus": pack(result.batch_input[place]),
    }
    if "minimal" in result.members:
        answer["minimal"] = bool(member["minimal"])
    return answer


def _refuse_interrupted(result: Any) -> None:
    """Keep no answer of a search that control-C cut short: it returns all the same."""
    if result.interrupted:
        raise KeyboardInterrupt

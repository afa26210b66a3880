"""A question: which neurons of one connectome are to be switched on, and where answers are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..engine._problem import Problem
from ..engine._problems import Store
from ._lines import Record, read_lines
from ._sizes import SIZES, Size
from ._targets import choose_targets, choose_tenth, within_reach

__all__ = ["Question", "ask"]


@dataclass(frozen=True)
class Question:
    """The targets of one connectome.

    Attributes
    ----------
    name : str
        As in `SIZES`.
    problem : Path
        The engine's problem; only its weights, inputs and bias are used.
    targets, tenth : list of int
        All, and a tenth of them.
    lines : Path
        The folder where answers are kept.
    digest : str
        Changes with the weights, the inputs, the bias, the steps and the seed.
    seed : int
    facts : dict
        Neurons, edges, inputs and steps.
    """

    name: str
    problem: Path
    targets: list[int]
    tenth: list[int]
    lines: Path
    digest: str
    seed: int
    facts: dict[str, int]

    @property
    def size(self) -> Size:
        """What is asked."""
        return SIZES[self.name]

    def path(self, method: str) -> Path:
        """Return the file of a method's answers."""
        return self.lines / f"{self.name}-{self.digest}-{method}.jsonl"

    def answers(self, method: str) -> dict[int, Record]:
        """Return a method's answers by target, so far as they are known."""
        return read_lines(self.path(method))


def ask(name: str, store: Store, number: int, seed: int) -> Question:
    """Choose the targets; an `AbsentError` says that the data are not there."""
    path = store.path(name)
    problem, steps = Problem.load(path), SIZES[name].steps
    possible = within_reach(problem.matrix(), problem.sensory, steps)
    targets = choose_targets(possible, problem.groups, number, seed)
    return Question(
        name=name,
        problem=path,
        targets=targets,
        tenth=choose_tenth(targets, seed),
        lines=store.cache / "attainment",
        digest=_digest(problem, steps, seed),
        seed=seed,
        facts={
            "neurons": problem.n_neurons,
            "edges": len(problem.values),
            "inputs": len(problem.sensory),
            "steps": steps,
            "possible": int(possible.sum()),
        },
    )


def _digest(problem: Problem, steps: int, seed: int) -> str:
    whole = hashlib.sha256(f"{steps} {seed} {problem.bias}".encode())
    for array in (problem.values, problem.indices, problem.indptr, problem.sensory):
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()[:8]

"""Which jobs a method needs, and running those that are not done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..engine._packages import Package
from ..measure import QUIET, measure
from ._question import Question
from ._sizes import LAMBDAS, SEEDS
from ._work import Job

__all__ = ["METHODS", "Plan", "method_names", "plans_of", "run", "timing_plans"]

METHODS = {
    "reference": "the reference at its defaults",
    "best-lambda": "the reference at four lambdas",
    "ceiling": "a long search from many starts, for the ceiling",
    "wiregrad": "wiregrad as it comes, two seeds",
}

#: Targets that wiregrad is asked for alone, beside the same in a batch.
_ALONE = 5

# What a fresh process does; it starts in the repository's root.
_PROGRAM = """
from benchmarks.attainment._work import work
work({job!r})
"""


@dataclass(frozen=True)
class Plan:
    """A job, but for what is already done.

    Attributes
    ----------
    question : Question
    method : str
        Names the file of answers.
    job : Job
        For all targets.
    again : bool
        Whether what is already done is done again.
    """

    question: Question
    method: str
    job: Job
    again: bool = False

    def pending(self) -> list[int]:
        """Return the targets without an answer."""
        done = {} if self.again else self.question.answers(self.method)
        return [target for target in self.job.targets if target not in done]


def method_names(source: str) -> dict[str, dict[str, str]]:
    """Return the names of files of answers: by what they hold, and by lambda or seed."""
    return {
        "reference": {f"{number:g}": f"reference-{number:g}" for number in LAMBDAS},
        "timed": {f"{number:g}": f"timed-{number:g}" for number in LAMBDAS},
        "check": {f"{number:g}": f"check-{number:g}" for number in LAMBDAS},
        "wiregrad": {str(seed): f"wiregrad-{source}-{seed}" for seed in SEEDS},
        "alone": {str(SEEDS[0]): f"alone-{source}"},
    }


def plans_of(method: str, question: Question, package: Package, source: str) -> Iterator[Plan]:
    """List the jobs of a method in their order.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    question : Question
    package : Package
        The reference.
    source : str
        Digest of wiregrad's source: what wiregrad itself finds is found anew where it changes.
    """
    names = method_names(source)
    if method == "ceiling":
        for search in question.size.searches:
            options = {"starts": search.starts, "iterations": search.iterations}
            targets = question.tenth if search.on_tenth else question.targets
            yield _plan(question, f"search-{search.name}", "search", targets, options)
    elif method == "wiregrad":
        for seed, name in names["wiregrad"].items():
            targets = question.targets
            yield _plan(question, name, "default", targets, {}, int(seed))
        for seed, name in names["alone"].items():
            of = str(question.path(names["wiregrad"][seed]))
            targets = question.targets[:_ALONE]
            yield _plan(question, name, "alone", targets, {"of": of}, int(seed))
    else:
        for number in LAMBDAS[:1] if method == "reference" else LAMBDAS:
            yield _reference(question, package, "reference", number)
            of = str(question.path(names["reference"][f"{number:g}"]))
            targets = _for_reference(question)
            yield _plan(question, names["check"][f"{number:g}"], "check", targets, {"of": of})


def timing_plans(question: Question, package: Package, number: int) -> Iterator[Plan]:
    """List the jobs that time the reference again, on the first so many of its targets."""
    for value in LAMBDAS:
        yield _reference(question, package, "timed", value, number)


def run(plan: Plan) -> str:
    """Do what is not done of a plan; say how it went, and "" if there was nothing to do.

    Raises
    ------
    CalledProcessError
        If the process ended with an error, which it has written to stderr.
    """
    pending = plan.pending()
    if not pending:
        return ""
    job = replace(plan.job, targets=pending)
    done = measure(_PROGRAM.format(job=job.to_dict()), 1, environment=QUIET)
    return f"{plan.question.name}, {plan.method}: {len(pending)} in {done.seconds[0]:,.0f} s"


def _reference(
    question: Question, package: Package, prefix: str, value: float, number: int | None = None
) -> Plan:
    targets = _for_reference(question)[:number]
    options = {"folder": package.folder, "lambda": value}
    plan = _plan(question, f"{prefix}-{value:g}", "reference", targets, options)
    return replace(plan, again=prefix == "timed")


def _for_reference(question: Question) -> list[int]:
    return question.tenth if question.size.reference_on_tenth else question.targets


def _plan(
    question: Question,
    method: str,
    kind: str,
    targets: list[int],
    options: dict[str, Any],
    seed: int = 0,
) -> Plan:
    job = Job(
        kind=kind,
        problem=str(question.problem),
        lines=str(question.path(method)),
        targets=targets,
        steps=question.size.steps,
        seed=question.seed + seed,
        options=options,
    )
    return Plan(question, method, job)

"""The command: ask what has not been asked, then write the results and the page."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..engine._packages import ROOT, Package, describe_machine, find_packages
from ..engine._problems import AbsentError, Store
from ._page import write_page
from ._question import Question, ask
from ._results import Results, gather
from ._run import METHODS, Plan, plans_of, run, timing_plans
from ._sizes import REFERENCE, SIZES


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    for name, known in (("sizes", SIZES), ("methods", METHODS)):
        unknown = set(getattr(options, name)) - set(known)
        if unknown:
            parser.error(f"--{name}: {min(unknown)!r} is none of {', '.join(known)}")
    if options.page_only:
        write_page(Results.read(options.json), options.page)
        return 0
    questions = _questions(options)
    about = {
        **describe_machine(),
        "reference": REFERENCE,
        "number": options.targets,
        "seed": options.seed,
    }
    errors = 0
    try:
        for plan in _plans(options, questions, about["source"]):
            errors += _ran(plan)
    except KeyboardInterrupt:
        print("stopped: the same command goes on from here", file=sys.stderr)
        return 130
    results = gather(about, questions)
    results.write(options.json)
    write_page(results, options.page)
    if errors:
        print(f"{errors} errors: the same command tries these again", file=sys.stderr)
    return int(errors > 0)


def _questions(options: argparse.Namespace) -> list[Question]:
    store = Store(options.data, options.cache, seed=0)
    questions = []
    for name in (name for name in SIZES if name in options.sizes):
        try:
            questions.append(ask(name, store, options.targets, options.seed))
        except AbsentError as absent:
            print(f"{name}: skipped: {absent}")
    return questions


def _plans(options: argparse.Namespace, questions: list[Question], source: str) -> Iterator[Plan]:
    """List the jobs, method by method; the reference is installed if it is needed."""
    wanted = [method for method in METHODS if method in options.methods]
    package = Package(REFERENCE)
    if options.time_reference or {"reference", "best-lambda"} & set(wanted):
        package = find_packages([REFERENCE])[0]
        if package.missing:
            print(f"{REFERENCE}: skipped: {package.missing}")
            wanted = [name for name in wanted if name in ("ceiling", "wiregrad")]
            options.time_reference = 0
    for method in wanted:
        for question in questions:
            yield from plans_of(method, question, package, source)
    if options.time_reference:
        for question in questions:
            yield from timing_plans(question, package, options.time_reference)


def _ran(plan: Plan) -> bool:
    """Run a plan, say what came of it, and return whether it failed."""
    try:
        said = run(plan)
    except subprocess.CalledProcessError as error:
        print(f"{plan.question.name}, {plan.method}: status {error.returncode}", flush=True)
        return True
    if said:
        print(said, flush=True)
    return False


def _parser() -> argparse.ArgumentParser:
    methods = "; ".join(f"{name}: {meaning}" for name, meaning in METHODS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.attainment",
        description="What activation maximisation attains, beside connectome_interpreter.",
        epilog=f"Methods: {methods}. An interrupted run goes on where it was stopped.",
    )
    parser.add_argument("--sizes", type=_names, default=list(SIZES), help=", ".join(SIZES))
    parser.add_argument("--methods", type=_names, default=list(METHODS), help=", ".join(METHODS))
    parser.add_argument("--targets", type=int, default=100, help="targets of each size")
    parser.add_argument(
        "--data",
        type=Path,
        default=ROOT.parent / "shared" / "data",
        help="folder with flywire783 and larva; what needs it is skipped where it is absent",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "wiregrad-benchmarks",
        help="folder where problems and answers are kept",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--time-reference",
        type=int,
        default=0,
        metavar="N",
        help="time the reference again on N targets of each size; for a quiet machine",
    )
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "attainment.json")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "attainment.md")
    parser.add_argument("--page-only", action="store_true", help="ask nothing")
    return parser


def _names(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    sys.exit(main())

"""The command: measure, then write the results, the page and its figures."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from ._cases import SUITES, cases_of
from ._packages import NAMES, ROOT, describe_machine, find_packages
from ._page import write_page
from ._problems import SIZES, Store
from ._records import MismatchError, Record, Records
from ._run import Settings, run


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its status."""
    options = _parser().parse_args(arguments)
    if options.page_only:
        write_page(Records.read(options.json), options.page)
        return 0
    cases = cases_of(options.suite, options.sizes, options.batches)
    if options.list:
        print("\n".join(map(str, cases)))
        return 0
    settings = Settings(
        rounds=options.rounds,
        iterations=options.iterations,
        reference_iterations=options.reference_iterations,
        reference_patience=options.reference_seconds,
        limit=options.limit,
        seed=options.seed,
    )
    about = {**describe_machine(), **_kept(settings)}
    try:
        records = Records.resume(options.json, about, options.fresh)
    except MismatchError as mismatch:
        print(mismatch, file=sys.stderr)
        return 2
    packages = find_packages(options.packages)
    store = Store(options.data, options.cache, options.seed)
    errors = 0
    try:
        for record in run(cases, packages, store, settings, records):
            print(_line(record), flush=True)
            errors += "error" in record
    except KeyboardInterrupt:
        print("stopped: the same command goes on from here", file=sys.stderr)
        return 130
    records.finish()
    write_page(records, options.page)
    if errors:
        print(f"{errors} errors: the same command tries these again", file=sys.stderr)
    return int(errors > 0)


def _parser() -> argparse.ArgumentParser:
    suites = "; ".join(f"{name}: {meaning}" for name, meaning in SUITES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.engine",
        description="Time wiregrad beside connectome_interpreter on the same problems.",
        epilog=f"Suites: {suites}. An interrupted run goes on where it was stopped.",
    )
    some = _some_of
    parser.add_argument("--suite", type=some(SUITES), default=list(SUITES), help="suites, or all")
    parser.add_argument("--sizes", type=some(SIZES), default=list(SIZES), help="problems, or all")
    parser.add_argument("--batches", type=_numbers, default=[1, 4, 16, 64])
    parser.add_argument("--packages", type=some(NAMES), default=list(NAMES))
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
        help="folder where the problems are kept (about 1 GB)",
    )
    parser.add_argument("--rounds", type=int, default=3, help="processes of each package")
    parser.add_argument("--iterations", type=int, default=50)
    parser.add_argument("--reference-iterations", type=int, default=3)
    parser.add_argument(
        "--reference-seconds", type=float, default=60, help="begin no iteration after so many"
    )
    parser.add_argument("--limit", type=float, default=1800, help="most seconds of a process")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results.json")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument("--page-only", action="store_true", help="measure nothing")
    parser.add_argument("--list", action="store_true", help="list the cases, measure nothing")
    return parser


def _some_of(names: object) -> object:
    known = list(names)  # type: ignore[call-overload]

    def read(text: str) -> list[str]:
        chosen = known if text == "all" else text.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}, all")
        return [name for name in known if name in chosen]

    return read


def _numbers(text: str) -> list[int]:
    return sorted({int(number) for number in text.split(",")})


def _kept(settings: Settings) -> Record:
    """Return the settings that must be equal throughout."""
    names = ("iterations", "reference_iterations", "reference_patience", "seed")
    return {name: getattr(settings, name) for name in names}


def _line(record: Record) -> str:
    what = f"{record['kind']}, {record['problem']}, batch {record['batch']}, {record['package']}"
    return f"{what}, round {record['round']}: {_found(record)}"


def _found(record: Record) -> str:
    for name in ("error", "skipped"):
        if name in record:
            return f"{name}: {record[name]}"
    seconds = sorted(record.get("seconds", []))
    if not seconds:
        return "done"
    middle = seconds[len(seconds) // 2]
    extra = record["peak_mb"] - record["held_mb"]
    return f"{1e3 * middle:,.2f} ms, {len(seconds)} iterations, {extra:,.0f} MB above the matrix"


if __name__ == "__main__":
    sys.exit(main())

"""The figures, as SVG without a date, so that equal results give equal files."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ._packages import NAMES, ROOT
from ._problems import SIZES
from ._records import Record
from ._summary import fit_slope, growth_points, select, timing

__all__ = ["draw_figures"]

# wiregrad's own environment need not hold matplotlib; the reference's does.
REFERENCE = str(ROOT / ".reference")


def draw_figures(records: Sequence[Record], folder: Path) -> list[str]:
    """Draw what there are records for; return the names of the figures.

    matplotlib is taken from this environment or from the reference's; without it there are none.
    """
    sys.path.append(REFERENCE)
    try:
        return _draw(records, folder, _matplotlib())
    except ModuleNotFoundError:
        print("no figures: matplotlib is neither here nor in .reference", file=sys.stderr)
        return []
    finally:
        sys.path.remove(REFERENCE)


def _draw(records: Sequence[Record], folder: Path, plots: Any) -> list[str]:
    drawn = []
    for name, draw in FIGURES.items():
        figure, axes = plots.subplots(figsize=(6.4, 4.0), layout="constrained")
        if draw(axes, records):
            _write_plainly(axes.yaxis)
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            drawn.append(name)
        plots.close(figure)
    return drawn


def _matplotlib() -> Any:
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "wiregrad", "svg.fonttype": "none"})
    return importlib.import_module("matplotlib.pyplot")


def _ratios(axes: Any, records: Sequence[Record]) -> bool:
    drawn = False
    for problem in SIZES:
        points = []
        for batch in sorted({r["batch"] for r in records}):
            case = {"kind": "maximise", "problem": problem, "batch": batch}
            ours, theirs = (timing(select(records, **case, package=name)) for name in NAMES[:2])
            if ours and theirs:
                points.append((batch, theirs.seconds / ours.seconds))
        if points:
            axes.loglog(*zip(*points, strict=True), marker="o", label=problem)
            drawn = True
    _ticks(axes.xaxis, sorted({r["batch"] for r in records}))
    axes.set(xlabel="batch", ylabel=f"times faster than {NAMES[1]}")
    return drawn


def _iterations(axes: Any, records: Sequence[Record]) -> bool:
    drawn = False
    for problem in SIZES:
        for batch in (1, 16):
            runs = select(records, kind="maximise", problem=problem, batch=batch, package=NAMES[0])
            if problem in SIZES[-2:] and runs:
                columns = zip(*(run["seconds"] for run in runs), strict=False)
                milliseconds = [1e3 * median(column) for column in columns]
                axes.semilogy(milliseconds, label=f"{problem}, batch {batch}")
                drawn = True
    axes.set(xlabel="iteration", ylabel="ms")
    return drawn


def _active(axes: Any, records: Sequence[Record]) -> bool:
    runs = select(records, kind="active")
    for batch in sorted({run["batch"] for run in runs}):
        ours = [run for run in runs if run["batch"] == batch]
        fractions = list(ours[0]["seconds_by"])
        times = [
            1e3 * median(second for run in ours for second in run["seconds_by"][fraction])
            for fraction in fractions
        ]
        axes.loglog([100 * float(f) for f in fractions], times, marker="o", label=f"batch {batch}")
    reads = [
        second for run in select(records, kind="stream") for second in run["seconds_by"]["read"]
    ]
    if runs and reads:
        axes.axhline(1e3 * median(reads), color="grey", ls="--", label="one read of the matrix")
    _ticks(axes.xaxis, [1, 5, 10, 20, 30, 50, 100])
    axes.set(xlabel="active neurons, %", ylabel="ms a product")
    return bool(runs)


def _growth(axes: Any, records: Sequence[Record]) -> bool:
    series = [r for r in records if r["problem"].startswith("growth-")]
    points = []
    for problem in dict.fromkeys(r["problem"] for r in series):
        here = growth_points(select(series, problem=problem, package=NAMES[0]))
        points += here
        if here:
            neurons = int(problem.removeprefix("growth-"))
            edges, seconds = zip(*here, strict=True)
            axes.loglog(edges, [1e3 * s for s in seconds], "o", ms=4, label=f"{neurons:,} neurons")
    if len({edges for edges, _ in points}) < 2:
        return False
    slope, height = fit_slope(points)
    ends = [min(points)[0], max(points)[0]]
    line = [1e3 * height * end**slope for end in ends]
    axes.loglog(ends, line, color="grey", lw=1, label=f"slope {slope:.2f}")
    axes.set(xlabel="active edges in an iteration", ylabel="ms an iteration")
    return True


def _write_plainly(axis: Any) -> None:
    """Write 20 and 50, not powers of ten."""
    ticker = importlib.import_module("matplotlib.ticker")
    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(ticker.NullFormatter())


def _ticks(axis: Any, places: Sequence[float]) -> None:
    axis.set_ticks(places, labels=[str(place) for place in places])
    axis.set_ticks([], minor=True)


FIGURES: dict[str, Callable[[Any, Sequence[Record]], bool]] = {
    "ratios": _ratios,
    "iterations": _iterations,
    "active": _active,
    "growth": _growth,
}

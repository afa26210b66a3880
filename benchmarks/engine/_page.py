"""The page: tables of what was measured, with the figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from ._figures import draw_figures
from ._graph_statistics import PUBLISHED
from ._markdown import (
    figure,
    how_many_times,
    in_full,
    milliseconds,
    seconds_of,
    section,
    three_digits,
)
from ._packages import NAMES
from ._problems import SIZES, TITLES
from ._product_tables import active_section, stream_section
from ._records import Record, Records
from ._summary import Timing, fit_slope, growth_points, ratio, select, timing

__all__ = ["write_page"]

_KINDS = {
    "maximise": (
        "Activation maximisation",
        "Seconds an iteration: a forward and a backward pass of all members, and one step of Adam. "
        "Both penalties at 0.01, learning rate 0.1, no early stopping, from one seeded start that "
        "is the same for all packages; each member aims at another neuron where there are enough. "
        "`first 5` are wiregrad's first five iterations, when activity is highest; the "
        "ratio beside it is to the reference's median. In a batch the reference minimises one sum "
        "for all members and wiregrad one for each; a pass of the reference costs the same "
        "whatever the activity.",
    ),
    "grouped": (
        "Activation maximisation with groups",
        "The same with a slope and a bias for each cell type.",
    ),
    "saliency": ("Saliency", "A call of `saliency`, ten neurons of interest at the last step."),
    "train": (
        "Training",
        "One epoch of `train_model`: slopes and biases by cell type, ten targets a member, four "
        "fifths of the members for training and the others for validation.",
    ),
    "forward": ("Forward pass", "A call of the network on a random stimulus, no gradient."),
    "dense": (
        "Dense forward pass",
        "The same with a bias that keeps every neuron active at every step.",
    ),
}


def write_page(records: Records, path: Path) -> None:
    """Write the page, and its figures into the folder `figures` beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figures = draw_figures(records.records, path.parent / "figures")
    found = records.records
    parts = [
        _head(records),
        _problem_table(found),
        *(_kind_section(found, kind) for kind in _KINDS),
        figure(figures, "ratios", "Times faster than connectome_interpreter 2.9.1, by batch."),
        figure(figures, "iterations", "Each iteration of activation maximisation."),
        _agreement(found),
        _memory(found),
        stream_section(found),
        active_section(found),
        figure(figures, "active", "One product against the fraction of neurons that are active."),
        _growth(found),
        figure(figures, "growth", "An iteration against its active edges."),
        _first(found),
        _brain(found),
    ]
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def _head(records: Records) -> str:
    about = records.about
    return (
        "# Benchmarks\n\n"
        "wiregrad beside connectome_interpreter 2.9.1 and 2.9.5, on the same problems. Written by "
        "`make benchmarks` (`python -m benchmarks.engine --help`).\n\n"
        f"Machine: {about['machine']} ({about['processor']}); torch {about['torch']}, numba "
        f"{about['numba']}, Python {about['python']}. wiregrad {about['wiregrad']}, source "
        f"{about['source']}.\n\n"
        "Every package runs in processes of its own, in turn, as its user would start it: wiregrad "
        "has OpenMP's threads sleep while they wait, the others leave that to the runtime, which "
        "suits them best where the machine is idle. wiregrad is timed over "
        f"{about['iterations']} iterations a process after two "
        f"to warm up, the reference over at most {about['reference_iterations']} after one, none "
        f"begun after {about['reference_patience']:.0f} s. A time is the median over processes of "
        "the median over iterations; in brackets, the smallest and the largest process. A ratio is "
        "between medians of the same run."
    )


def _problem_table(records: Sequence[Record]) -> str:
    rows = []
    for name in SIZES:
        sized = [r for r in records if r["problem"] == name and "edges" in r]
        if sized:
            r = sized[0]
            rows.append([name, TITLES[name], f"{r['neurons']:,}", f"{r['edges']:,}", r["steps"]])
    return section(
        "Problems", "", ["name", "what is asked", "neurons", "connections", "steps"], rows
    )


def _kind_section(records: Sequence[Record], kind: str) -> str:
    title, text = _KINDS[kind]
    first = kind in ("maximise", "grouped")
    header = ["problem", "batch", "wiregrad, ms", *(["first 5, ms"] if first else [])]
    for name in NAMES[1:]:
        header += [f"{name}, ms", "ratio", *(["ratio, first 5"] if first else [])]
    rows = []
    for problem, batch in _cases(records, kind):
        ours, *others = (_timing(records, kind, problem, batch, name) for name in NAMES)
        row = [problem, batch, milliseconds(ours)]
        row += [three_digits(ours.first * 1e3 if ours else None)] if first else []
        for theirs in others:
            row += [
                milliseconds(theirs),
                how_many_times(ratio(seconds_of(ours), seconds_of(theirs))),
            ]
            row += (
                [how_many_times(ratio(ours.first if ours else None, seconds_of(theirs)))]
                if first
                else []
            )
        rows.append(row)
    return section(title, text, header, rows)


def _cases(records: Sequence[Record], kind: str) -> list[tuple[str, int]]:
    """List the problems and batches of a kind of work, without the growth series."""
    found = {(r["problem"], r["batch"]) for r in records if r["kind"] == kind}
    named = [case for case in found if case[0] in SIZES]
    return sorted(named, key=lambda case: (SIZES.index(case[0]), case[1]))


def _timing(
    records: Sequence[Record], kind: str, problem: str, batch: int, package: str
) -> Timing | None:
    return timing(select(records, kind=kind, problem=problem, batch=batch, package=package))


def _agreement(records: Sequence[Record]) -> str:
    """Say how far the packages' losses of the first iteration are apart, at batch 1."""
    largest: dict[str, float] = {}
    for record in select(records, kind="maximise", batch=1):
        ours = select(
            records, kind="maximise", batch=1, problem=record["problem"], package=NAMES[0]
        )
        if record["package"] == NAMES[0] or not ours:
            continue
        pairs = zip(ours[0]["first_losses"], record["first_losses"], strict=True)
        apart = max(abs(a - b) / max(abs(b), 1e-12) for a, b in pairs)
        name = record["package"]
        largest[name] = max(largest.get(name, 0.0), apart)
    if not largest:
        return ""
    said = ", ".join(f"{apart:.1e} from {name}" for name, apart in largest.items())
    return (
        "The packages do the same work: at batch 1, wiregrad's three losses of the first iteration "
        f"differ at most by a fraction of {said}."
    )


def _memory(records: Sequence[Record]) -> str:
    header = ["problem", "batch", "wiregrad, MB"]
    for name in NAMES[1:]:
        header += [f"{name}, MB", "wiregrad's part of it"]
    rows = []
    for problem, batch in _cases(records, "maximise"):
        ours, *others = (_timing(records, "maximise", problem, batch, name) for name in NAMES)
        row = [problem, batch, three_digits(ours.extra_mb if ours else None)]
        for theirs in others:
            part = ours.extra_mb / theirs.extra_mb if ours and theirs else None
            row += [three_digits(theirs.extra_mb if theirs else None), three_digits(part)]
        rows.append(row)
    text = (
        "Peak memory of activation maximisation above what the process holds when the package is "
        "imported and the matrix loaded: the network, its layouts, the compiled kernels, the "
        "search and its result."
    )
    return section("Memory", text, header, rows)


def _growth(records: Sequence[Record]) -> str:
    names = {r["problem"] for r in records if r["problem"].startswith("growth-")}
    rows, points = [], []
    for name in sorted(names, key=lambda name: int(name.removeprefix("growth-"))):
        ours = select(records, kind="maximise", problem=name, package=NAMES[0])
        if not ours:
            continue
        here = growth_points(ours)
        points += here
        mine = _timing(records, "maximise", name, 1, NAMES[0])
        row = [f"{ours[0]['neurons']:,}", f"{ours[0]['edges']:,}"]
        row += [f"{median(edges for edges, _ in here):,.0f}" if here else "", milliseconds(mine)]
        for other in NAMES[1:]:
            theirs = _timing(records, "maximise", name, 1, other)
            row += [
                milliseconds(theirs),
                how_many_times(ratio(seconds_of(mine), seconds_of(theirs))),
            ]
        rows.append(row)
    if len({edges for edges, _ in points}) < 2:
        return ""
    slope, _ = fit_slope(points)
    large = [point for point in points if point[0] >= 1e5]
    text = (
        "Smaller brains keep the degrees of the whole one: some neurons of every class, with all "
        "that they send out. Active edges are the out-edges of active neurons, summed over the "
        f"steps of a forward pass. Slope of the logarithms over all iterations: {slope:.2f}"
    )
    if len({edges for edges, _ in large}) > 1:
        text += f"; from 100,000 active edges on: {fit_slope(large)[0]:.2f}"
    header = ["neurons", "connections", "active edges, median", "wiregrad, ms"]
    for other in NAMES[1:]:
        header += [f"{other}, ms", "ratio"]
    return section("Growth", f"{text}.", header, rows)


def _first(records: Sequence[Record]) -> str:
    rows = [
        [words, f"{run[name]['import_s']:.2f}", f"{run[name]['call_s']:.2f}"]
        for run in select(records, kind="first")
        for name, words in (("cold", "no kernel compiled yet"), ("warm", "the next process"))
    ]
    text = (
        "Activation maximisation of the worm, one iteration, where numba's cache is empty: the "
        "kernels are compiled once, and later processes load them."
    )
    return section("First call", text, ["", "import, s", "first call, s"], rows)


def _brain(records: Sequence[Record]) -> str:
    runs = select(records, kind="graph")
    if not runs:
        return ""
    found = runs[-1]["statistics"]
    rows = [
        [part, name.replace("_", " "), in_full(found[part][name]), in_full(number), source]
        for part, name, number, source in PUBLISHED
    ]
    pairs = found["all"]
    text = (
        "The 15.1M-connection brain is made: FlyWire's connections of at least five synapses "
        "within a hemisphere are real; crossing ones and those below five synapses are drawn "
        "(benchmarks/engine/_whole_brain.py), seeded. All pairs, those of at least five synapses "
        "(strong), those below (weak), and the degrees of central neurons among all pairs, beside "
        f"what is published. Reciprocity of all pairs is {pairs['reciprocity']:.3f}: not "
        "published, 0.14 from five synapses on and 0.26 in the larva."
    )
    return section(
        "The whole brain", text, ["pairs", "statistic", "made", "published", "source"], rows
    )

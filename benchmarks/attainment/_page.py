"""The page: tables of what was attained, and of how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from ..engine._markdown import section, three_digits
from ._lines import Record
from ._results import Results
from ._score import (
    NEAR,
    REACHED,
    Pick,
    Score,
    best_lambda,
    ceiling,
    default_lambda,
    of_seed,
    reaches,
    score,
)
from ._sizes import LAMBDAS, REFERENCE, SEEDS, SIZES
from ._wiregrad_tables import stage_section, wiregrad_section
from ._work import BATCH

__all__ = ["write_page"]

_NAMES = {
    "worm": "worm: all sensory neurons",
    "larva": "fly larva: all sensory neurons; all connections excite",
    "flywire": "FlyWire: right-side sensory neurons; neurons of unknown transmitter are left out",
}


def write_page(results: Results, path: Path) -> None:
    """Write the page of these results."""
    by_problem = {
        name: [record for record in results.records if record["problem"] == name]
        for name in SIZES
        if name in results.problems
    }
    scored = {
        name: [record for record in records if ceiling(record)]
        for name, records in by_problem.items()
    }
    parts = [
        _head(results),
        _problem_section(results, by_problem),
        _attained_section(scored),
        wiregrad_section(scored),
        stage_section(scored),
        _ceiling_section(scored),
        _check(results.records),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")


def _percent(part: int, whole: int) -> str:
    """Write a share, and what it is a share of."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _head(results: Results) -> str:
    about = results.about
    lambdas = ", ".join(f"{number:g}" for number in LAMBDAS)
    return (
        "# Attainment\n\n"
        "How much activation maximisation attains, with how few inputs and in what time: wiregrad "
        f"beside connectome_interpreter {REFERENCE}, on {about['number']} neurons of each "
        f"connectome. Written by `python -m benchmarks.attainment` (seed {about['seed']}; `--help` "
        "says the rest).\n\n"
        f"Machine: {about['machine']} ({about['processor']}); torch {about['torch']}, numba "
        f"{about['numba']}, Python {about['python']}. wiregrad {about['wiregrad']}, source "
        f"{about['source']}.\n\n"
        "- **Targets.** Cell types are drawn, and of each a neuron that is not sensory and lies "
        "within reach of the inputs in the steps given; where types run out, neurons at large. "
        "Each is asked for an activation of 1.0 at the last step.\n"
        f"- **{REFERENCE} at its defaults.** One call a target: 50 iterations, both lambdas 0.01.\n"
        f"- **{REFERENCE}, best lambda.** A call a target with each of {lambdas} for both lambdas, "
        "and the one that attains most; of those that attain as much, the one with fewest active "
        "entries.\n"
        "- **wiregrad.** `wg.activation_maximisation(network, targets, seed=...)` and nothing "
        f"else, targets packed into batches of up to {BATCH}.\n"
        "- **Attained.** The target's activation at the last step, as the network reports it for "
        "the stimulus that is returned. Active entries are those of that stimulus, (sensory, "
        "step), at or above the network's threshold, 0.01.\n"
        "- **Ceiling.** The most that any of these attains, or a long search from random starts "
        "without a penalty, or wiregrad with any seed. Targets that nothing switches on are left "
        f"out. A target is reached at {100 * REACHED:.0f} % of its ceiling."
    )


def _problem_section(results: Results, by_problem: dict[str, list[Record]]) -> str:
    rows = []
    for name, records in by_problem.items():
        facts = results.problems[name]
        ceilings = [most for record in records if (most := ceiling(record)) is not None]
        rows.append(
            [
                name,
                _NAMES[name],
                *(f"{facts[fact]:,}" for fact in ("neurons", "edges", "inputs", "possible")),
                facts["steps"],
                len(records),
                sum(most == 0 for most in ceilings),
                three_digits(median(ceilings)) if ceilings else "-",
            ]
        )
    header = [
        "name",
        "inputs from",
        "neurons",
        "connections",
        "inputs",
        "neurons within reach",
        "steps",
        "targets",
        "of them nothing switches on",
        "median ceiling",
    ]
    return section("Problems", "", header, rows)


def _attained_section(scored: dict[str, list[Record]]) -> str:
    theirs: dict[str, Pick] = {
        f"{REFERENCE} at its defaults": default_lambda,
        f"{REFERENCE}, best lambda": best_lambda,
    }
    ours = {f"wiregrad, seed {seed}": of_seed(str(seed)) for seed in SEEDS}
    rows, again, loads = [], [], []
    for name, records in scored.items():
        tenth = [record for record in records if record["tenth"]]
        on_tenth = SIZES[name].reference_on_tenth
        groups = [(records, {**({} if on_tenth else theirs), **ours}, "")]
        if on_tenth:
            groups.insert(0, (tenth, {**theirs, **ours}, ", a tenth"))
        for some, methods, words in groups:
            for method, pick in methods.items():
                found = score(some, pick)
                if found:
                    rows.append([f"{name}{words}", method, *_cells(found)])
                    again += [f"{found.timed} of {name}"] if found.timed else []
        loads += [
            answer["load"] for record in records for answer in record.get("reference", {}).values()
        ]
    header = [
        "problem",
        "method",
        "targets",
        "reach 95 % of the ceiling",
        "mean attained",
        "active entries, median",
        "seconds a target",
    ]
    text = (
        "Seconds are those of the calls, a first one not counted; of the best lambda, of all four "
        "calls together; of wiregrad, of a batch divided by its targets."
    )
    if any(SIZES[name].reference_on_tenth for name in scored):
        text += " On FlyWire the reference gets a tenth of the targets, drawn at random."
    if again:
        timed = ", ".join(dict.fromkeys(again))
        text += f" The reference was timed on a quiet machine, with targets: {timed}."
    elif loads:
        text += (
            f" While the reference ran, {median(loads):.1f} threads wanted a core (median load, "
            "its own included)."
        )
    return section("What is attained", text, header, rows)


def _cells(found: Score) -> list[object]:
    return [
        found.targets,
        _percent(found.reached, found.targets),
        f"{found.attained:.3f}",
        three_digits(found.active),
        three_digits(found.seconds),
    ]


def _ceiling_section(scored: dict[str, list[Record]]) -> str:
    """Say how far the long searches agree among themselves and with all else."""
    rows = []
    for name, records in scored.items():
        for search in SIZES[name].searches:
            found = [
                (record["searches"][search.name], record)
                for record in records
                if search.name in record["searches"]
            ]
            if not found:
                continue
            short = [(ceiling(record) or 0) - answer["attained"] for answer, record in found]
            reached = sum(reaches(answer["attained"], record) for answer, record in found)
            rows.append(
                [
                    name,
                    f"{search.starts} starts, {search.iterations:,} iterations",
                    len(found),
                    _percent(reached, len(found)),
                    f"{sum(lack <= NEAR for lack in short)} of {len(short)}",
                    f"{max(short):.3f}",
                    f"{median(answer['near'] for answer, _ in found) / search.starts:.2f}",
                    three_digits(median(answer["seconds"] for answer, _ in found)),
                ]
            )
    header = [
        "problem",
        "search",
        "targets",
        "reach 95 % of the ceiling",
        f"within {NEAR} of it",
        "farthest below it",
        "share of starts as good as the best",
        "seconds a target",
    ]
    text = (
        "The long searches are wiregrad's own, with `in_reg_lambda=0`, `out_reg_lambda=0` and "
        "`early_stopping=False`; every start is a batch member that asks for the same target. "
        "Where one lies below the ceiling, another method or a longer search attained more. "
        f"Starts within {NEAR} of the best count as good; median over targets."
    )
    return section("The ceiling", text, header, rows)


def _check(records: Sequence[Record]) -> str:
    """Say how far the reference's activations are from wiregrad's for the same stimuli."""
    apart = [
        abs(answer["attained"] - record["reference"][key]["attained"])
        for record in records
        for key, answer in record.get("check", {}).items()
        if key in record.get("reference", {})
    ]
    if not apart:
        return ""
    return (
        f"wiregrad's network, run on the {len(apart):,} stimuli that the reference returned, gives "
        f"the targets the activations that the reference reports, within {max(apart):.1e}."
    )

"""The page of a sweep over many problems."""

from __future__ import annotations

from collections.abc import Iterable

from ..experiments import SweepResult
from ._html import Page, code, csv_links, definitions, footer_of, paragraph, table, tiles
from ._sweep_figure import plot_sweep

__all__ = ["sweep_page"]

_MOST_ROWS = 500


def sweep_page(swept: SweepResult, title: str | None) -> tuple[Page, str]:
    """Make the page of a sweep's folder, finished or not, and what to call its file."""
    manifest = swept.manifest
    origin = str(manifest["network"].get("connectome") or "bare weights")
    reached = int((swept.members["status"] == "reached").sum())
    numbers = {
        "problems": f"{swept.n_problems:,}",
        "done": f"{swept.n_done:,}",
        "with all targets reached": f"{reached:,}",
        "failed": f"{swept.n_failed:,}",
        "seconds of work": f"{swept.seconds:,.1f}",
    }
    unfinished = "The sweep is not finished: the same command goes on with it."
    open_ = swept.n_done + swept.n_failed < swept.n_problems
    note = paragraph(unfinished, "note") if open_ else ""
    heading = title or f"What input drives each of {swept.n_problems:,} targets? {origin}"
    page = Page(heading, note + tiles(numbers), footer_of(str(manifest["version"]), origin))
    page.add("What was asked", _asked(swept))
    figure = page.figure(
        plot_sweep(swept),
        "What the problems attain, and with how many inputs",
        "A mark is a problem, the best first. Above: the mean activation that its targets attain, "
        "from 0 to 1; the grey line is what was asked. Below: how many inputs (neuron and step) "
        "the stimulus found has, on a logarithmic scale.",
        min_width=500,
    )
    page.add("What is attained", figure)
    page.add("Problem by problem", _problems(swept))
    if swept.n_failed:
        failed = swept.failed.head(_MOST_ROWS)
        page.add("What failed", table({"Problem": failed["problem"], "Error": failed["error"]}))
    lines = (
        f"import wiregrad as wg  # wiregrad {manifest['version']}\n\n"
        f"swept = wg.SweepResult({str(swept.folder)!r})\nswept.members\nswept.targets\n"
    )
    page.add("How to look further", paragraph("All of it, in Python:") + code(lines))
    tables = {"problems": swept.members, "targets": swept.targets, "failed": swept.failed}
    page.add("Tables", csv_links(tables))
    return page, f"sweep {origin} {swept.folder.name}"


def _asked(swept: SweepResult) -> str:
    network, manifest = swept.manifest["network"], swept.manifest
    question = (
        "For each problem by itself: which input to the sensory neurons brings the target neurons "
        "to the activation asked of them, with as few active inputs as the search finds?"
    )
    pairs = [
        ("Connectome", str(network.get("connectome") or "not known: bare weights")),
        ("Checksum", str(network.get("checksum") or "none")),
        ("Size", f"{network['neurons']:,} neurons, {network['connections']:,} connections"),
        ("Inputs", f"{len(manifest['sensory_indices']):,} sensory neurons"),
        ("Steps", str(network["steps"])),
        ("Targets", f"{manifest['problems']['targets']:,} in {swept.n_problems:,} problems"),
        ("Seed", str(manifest["seed"])),
    ]
    given = {name: value for name, value in manifest["arguments"].items() if value is not None}
    pairs.append(("Search", ", ".join(f"{name}={value}" for name, value in given.items())))
    return paragraph(question) + definitions(pairs)


def _problems(swept: SweepResult) -> str:
    members = swept.members
    means = swept.targets.groupby("problem", sort=False)[["attained", "value"]].mean()
    attained, asked = (means[name].reindex(members["problem"]) for name in ("attained", "value"))
    order = attained.reset_index(drop=True).sort_values(ascending=False, kind="stable").index
    shown = order[:_MOST_ROWS]
    rows = members.reset_index(drop=True).loc[shown]
    columns: dict[str, Iterable[object]] = {
        "Problem": rows["problem"],
        "Mean attained": [f"{value:.3f}" for value in attained.to_numpy()[shown]],
        "Mean asked": [f"{value:.3g}" for value in asked.to_numpy()[shown]],
        "Outcome": rows["status"],
        "Neurons driven": [f"{n:,}" for n in rows["active_neurons"]],
        "Active inputs": [f"{n:,}" for n in rows["active_inputs"]],
    }
    left = len(members) - len(rows)
    said = f"{left:,} more problems are not in this table; see swept.members." if left else ""
    return table(columns, numbers=set(columns) - {"Problem", "Outcome"}) + (
        paragraph(said) if said else ""
    )

"""The page of a result of activation maximisation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from ..circuits import network_of
from ..network import MultilayeredNetwork
from ..tables import active_inputs
from ._asked import asked_html, target_names
from ._command import command_line
from ._html import Page, code, csv_links, footer_of, heading, paragraph, table, tiles
from ._losses import plot_losses
from ._member import Member
from ._repeat import python_lines
from ._words import counted

if TYPE_CHECKING:
    from ..gradients import MaximisationResult

__all__ = ["maximisation_page"]

_MOST_MEMBERS = 6  # that get sections of their own
_MOST_MEMBER_ROWS = 500


def maximisation_page(
    result: MaximisationResult,
    network: MultilayeredNetwork | None,
    title: str | None,
) -> tuple[Page, str]:
    """Make the page of a result of activation maximisation, and what to call its file.

    Raises
    ------
    ValueError
        If the network is not there, or is not the one that was asked.
    """
    network = network_of(result, network)
    names = target_names(network, result.target_neurons)
    members = [
        Member(network, stimulus, activations, *_of_member(result, batch))
        for batch, (stimulus, activations) in enumerate(
            zip(result.batch_input[:_MOST_MEMBERS], result.batch_output, strict=False)
        )
    ]
    page = _page(result, network, members, title or f"Which input drives {names}?")
    return page, f"{result.provenance.get('connectome', 'network')} {names} seed{result.seed}"


def _of_member(result: MaximisationResult, batch: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the neurons of a member's targets, and the targets that are of several neurons."""
    parts, targets = result.target_neurons, result.targets
    sums = targets[targets["neuron"].isna()]
    return parts[parts["batch"] == batch], sums[sums["batch"] == batch]


def _page(
    result: MaximisationResult, network: MultilayeredNetwork, members: list[Member], title: str
) -> Page:
    origin = result.provenance.get("connectome", "bare weights")
    page = Page(title, _header_html(result, members), footer_of(result.version, origin))
    page.add("What was asked", asked_html(network, result.target_neurons, result.provenance))
    if len(result.members) > 1:
        page.add("All questions of the batch", _batch_html(result, network))
    for batch, member in enumerate(members):
        parts = member.parts(page)
        if len(result.members) == 1:
            for name, html in parts.items():
                page.add(name, html)
        else:
            body = "".join(heading(name) + html for name, html in parts.items())
            page.add(f"Question {batch}", paragraph(member.answer(), "lead") + body)
    page.add("How the search went", _search_html(result, page))
    page.add("How to repeat this", _repeat_html(result, network))
    tables = {"targets": result.targets, "target-neurons": result.target_neurons}
    tables |= {"questions": result.members} | _inputs(result, network)
    page.add("Tables", csv_links(tables))
    return page


def _inputs(result: MaximisationResult, network: MultilayeredNetwork) -> dict[str, pd.DataFrame]:
    """Return the active inputs of every question of the batch."""
    parts = [
        active_inputs(network, stimulus).assign(batch=batch)
        for batch, stimulus in enumerate(result.batch_input)
    ]
    return {"stimulus": pd.concat(parts, ignore_index=True)}


def _header_html(result: MaximisationResult, members: list[Member]) -> str:
    table_ = result.members
    if len(table_) == 1:
        first = members[0]
        lead = paragraph(first.answer(), "lead")
        numbers = {
            "targets reached (within 0.02)": f"{first.reached:,} of {len(first.targets):,}",
            "sensory neurons driven": f"{table_['active_neurons'].iloc[0]:,}",
            "active inputs (neuron and step)": f"{table_['active_inputs'].iloc[0]:,}",
        }
    else:
        lead = ""
        numbers = {
            "questions in this batch": f"{len(table_):,}",
            "with all targets reached": f"{int((table_['status'] == 'reached').sum()):,}",
        }
    numbers["steps"] = f"{result.batch_input.shape[2]}"
    stopped = "The search was stopped by hand: more passes might have found a better stimulus."
    note = paragraph(stopped, "note") if result.interrupted else ""
    return lead + note + tiles(numbers)


def _batch_html(result: MaximisationResult, network: MultilayeredNetwork) -> str:
    rows = result.members.head(_MOST_MEMBER_ROWS)
    targets, parts = (
        table[table["batch"].isin(rows["batch"])].groupby("batch")
        for table in (result.targets, result.target_neurons)
    )
    left = len(result.members) - len(rows)
    columns: dict[str, Iterable[object]] = {
        "Question": rows["batch"],
        "Targets": [target_names(network, own) for _, own in parts],
        "Mean attained": [f"{value:.3f}" for value in targets["attained"].mean()],
        "Mean asked": [f"{value:.3f}" for value in targets["value"].mean()],
        "Nearest": [f"{value:.3f}" for value in targets["nearest"].mean()],
        "Outcome": rows["status"],
        "Neurons driven": [f"{n:,}" for n in rows["active_neurons"]],
        "Active inputs": [f"{n:,}" for n in rows["active_inputs"]],
        "Minimal": ["yes" if proved else "no" for proved in rows["minimal"]],
        "Starts that agree": [f"{share:.0%}" for share in rows["agreement"]],
        "Passes": [f"{n:,}" for n in rows["passes"]],
    }
    said = "Every question is answered on its own. "
    if len(result.members) > _MOST_MEMBERS:
        said += f"The first {_MOST_MEMBERS} are shown one by one below. "
    said += f"{left:,} more are not in this table; see result.members." if left else ""
    return paragraph(said) + table(
        columns, numbers=set(columns) - {"Targets", "Outcome", "Minimal"}
    )


def _search_html(result: MaximisationResult, page: Page) -> str:
    passes = counted(result.n_passes, "pass", "passes")
    said = f"{passes} forward and backward through the network, in {result.seconds:.1f} s."
    stages = [f"{stage} {seconds:.2f} s" for stage, seconds in result.stage_seconds.items()]
    said += f" Stages: {', '.join(stages)}." if stages else ""
    said += _certainty(result) if len(result.members) == 1 else ""
    figure = page.figure(
        plot_losses(result),
        "Losses over the passes of the search",
        "Distance from the targets: mean squared difference between attained and asked activation. "
        "Costs: what the search adds to keep stimulus and activity small; how much that weighs may "
        "change in the course of the search. "
        + ("Means over the questions of the batch. " if len(result.members) > 1 else "")
        + "The last point is the stimulus shown here.",
        min_width=340,
    )
    return paragraph(said) + figure


def _certainty(result: MaximisationResult) -> str:
    """Say how sure the answer of a single question is."""
    member = result.members.iloc[0]
    if member["status"] == "unreachable" or not result.stage_seconds:
        return ""
    near = abs(result.targets["nearest"] - result.targets["value"]).mean()
    said = (
        f" At the nearest approach the targets were off by {near:.3f} in the mean; "
        f"{member['agreement']:.0%} of the starts came as near as the best."
    )
    if member["minimal"]:
        said += (
            " No active input can be left out without losing the targets: the network was run "
            "without each."
        )
    return said


def _repeat_html(result: MaximisationResult, network: MultilayeredNetwork) -> str:
    checksum = result.provenance.get("checksum")
    said = (
        f"With wiregrad {result.version} and seed {result.seed} these lines give the same result"
        + (" on the connectome with this checksum." if checksum else " on the same weights.")
    )
    command = command_line(result, network)
    in_shell = paragraph("The same from the command line:") + code(command) if command else ""
    return paragraph(said) + code(python_lines(result, network)) + in_shell

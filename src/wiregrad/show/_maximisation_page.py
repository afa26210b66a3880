"""The page of a result of activation maximisation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..circuits import network_of
from ..network import MultilayeredNetwork
from ._asked import asked_html, target_names
from ._command import command_line
from ._html import Page, code, footer_of, heading, paragraph, table, tiles
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
    names = target_names(network, result.targets)
    members = [
        Member(network, stimulus, activations, result.targets[result.targets["batch"] == batch])
        for batch, (stimulus, activations) in enumerate(
            zip(result.batch_input[:_MOST_MEMBERS], result.batch_output, strict=False)
        )
    ]
    page = _page(result, network, members, title or f"Which input drives {names}?")
    return page, f"{result.provenance.get('connectome', 'network')} {names} seed{result.seed}"


def _page(
    result: MaximisationResult, network: MultilayeredNetwork, members: list[Member], title: str
) -> Page:
    origin = result.provenance.get("connectome", "bare weights")
    page = Page(title, _header_html(result, members), footer_of(result.version, origin))
    page.add("What was asked", asked_html(network, result.targets, result.provenance))
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
    return page


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
    shown = result.targets[result.targets["batch"].isin(rows["batch"])].groupby("batch")
    left = len(result.members) - len(rows)
    columns: dict[str, Iterable[object]] = {
        "Question": rows["batch"],
        "Targets": [target_names(network, targets) for _, targets in shown],
        "Mean attained": [f"{value:.3f}" for value in shown["attained"].mean()],
        "Mean asked": [f"{value:.3f}" for value in shown["value"].mean()],
        "Outcome": rows["status"],
        "Neurons driven": [f"{n:,}" for n in rows["active_neurons"]],
        "Active inputs": [f"{n:,}" for n in rows["active_inputs"]],
        "Passes": [f"{n:,}" for n in rows["passes"]],
    }
    said = "Every question is answered on its own. "
    if len(result.members) > _MOST_MEMBERS:
        said += f"The first {_MOST_MEMBERS} are shown one by one below. "
    said += f"{left:,} more are not in this table; see result.members." if left else ""
    return paragraph(said) + table(columns, numbers=set(columns) - {"Targets", "Outcome"})


def _search_html(result: MaximisationResult, page: Page) -> str:
    passes = counted(result.n_passes, "pass", "passes")
    said = f"{passes} forward and backward through the network, in {result.seconds:.1f} s."
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


def _repeat_html(result: MaximisationResult, network: MultilayeredNetwork) -> str:
    checksum = result.provenance.get("checksum")
    said = (
        f"With wiregrad {result.version} and seed {result.seed} these lines give the same result"
        + (" on the connectome with this checksum." if checksum else " on the same weights.")
    )
    command = command_line(result, network)
    in_shell = paragraph("The same from the command line:") + code(command) if command else ""
    return paragraph(said) + code(python_lines(result, network)) + in_shell

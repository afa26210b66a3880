"""The report: a result as a page that can be read without Python."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..circuits import network_of
from ..network import MultilayeredNetwork
from ._asked import asked_html, target_names
from ._command import command_line
from ._html import Page, code, heading, paragraph, table, tiles
from ._losses import plot_losses
from ._member import Member
from ._plotly import graph_objects
from ._repeat import python_lines
from ._words import counted
from ._write import check_writable, write_text

if TYPE_CHECKING:
    from ..gradients import MaximisationResult

__all__ = ["report"]

_MOST_MEMBERS = 6  # that get sections of their own
_MOST_MEMBER_ROWS = 500


def report(
    result: MaximisationResult,
    path: str | Path | None = None,
    *,
    network: MultilayeredNetwork | None = None,
    title: str | None = None,
) -> Path:
    """Write a result as a self-contained HTML page, which opens without a network connection.

    It says what was asked and of which connectome, what the targets attain, what the stimulus is,
    how the cell types are active, what circuit carries the activity, how the search went, and how
    to repeat it. Of a batch, the first 6 members get sections of their own; all are in a table.

    Parameters
    ----------
    result : MaximisationResult
    path : str or Path, optional
        Where to write it; an existing file is replaced. By default a name made from connectome,
        targets and seed, such as `wiregrad-c-elegans-aval-and-avar-seed0.html`, in the current
        folder.
    network : MultilayeredNetwork, optional
        The network that was asked; needed for a result that was pickled or copied, which does not
        hold it.
    title : str, optional
        Heading of the page.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed: pip install "wiregrad[plot]".
    ValueError
        If the network is not there, or is not the one that was asked.
    OSError
        If the file cannot be written: FileNotFoundError if its folder does not exist,
        PermissionError if it is not writable.

    Notes
    -----
    Cost: about three passes over the edges for each step and member shown; the page takes 5 MB,
    nearly all of it plotly's JavaScript.

    Examples
    --------
    >>> import tempfile
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
    >>> asked = wg.TargetActivation({2: {"AVA": 0.9}})
    >>> result = wg.activation_maximisation(network, asked, seed=0, use_tqdm=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report(result, Path(folder) / "worm.html").name
    'worm.html'
    """
    graph_objects()  # if plotly is missing, say so before any work
    network = network_of(result, network)
    names = target_names(network, result.targets)
    path = Path(_default_name(result, names) if path is None else path)
    check_writable(path)
    members = [
        Member(network, stimulus, activations, result.targets[result.targets["batch"] == batch])
        for batch, (stimulus, activations) in enumerate(
            zip(result.batch_input[:_MOST_MEMBERS], result.batch_output, strict=False)
        )
    ]
    page = _page(result, network, members, title or f"Which input drives {names}?")
    write_text(path, page.html())
    return path


def _default_name(result: MaximisationResult, names: str) -> str:
    words = f"{result.provenance.get('connectome', 'network')} {names}"
    slug = re.sub(r"[^a-z0-9]+", "-", words.casefold())[:60].strip("-")
    return f"wiregrad-{slug}-seed{result.seed}.html"


def _page(
    result: MaximisationResult, network: MultilayeredNetwork, members: list[Member], title: str
) -> Page:
    origin = result.provenance.get("connectome", "bare weights")
    footer = (
        f"Written by wiregrad {result.version} on {origin}. This page loads nothing from the web."
    )
    page = Page(title, _header_html(result, members), footer)
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

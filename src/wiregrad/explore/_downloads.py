"""What can be taken away of an answer, by name: nothing else can be had."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .._version import __version__
from ..show import has_report, report
from ..show.drawing import Page
from ._answer import Answer
from ._figures import figure_of, figures_of
from ._lines import lines_of
from ._question import title_of

__all__ = ["Download", "download", "downloads_of"]


@dataclass(frozen=True)
class Download:
    """A file: its name, what it holds, and its kind."""

    name: str
    text: str
    kind: str


_TABLES: dict[str, tuple[str, Callable[[Answer], pd.DataFrame]]] = {
    "targets.csv": ("Targets", lambda answer: answer.named_targets),
    "stimulus.csv": ("Stimulus", lambda answer: answer.inputs),
    "activations.csv": ("Activations", lambda answer: answer.activation_table),
    "change.csv": ("Change by the lesion", lambda answer: answer.change_table),
    "attribution.csv": ("Attribution", lambda answer: answer.attribution_table),
    "circuit-nodes.csv": ("Circuit: cell types", lambda answer: answer.whole_circuit.nodes),
    "circuit-edges.csv": ("Circuit: edges", lambda answer: answer.whole_circuit.edges),
}

_NEEDS: dict[str, Callable[[Answer], bool]] = {
    "targets.csv": lambda answer: len(answer.targets) > 0,
    "change.csv": lambda answer: answer.intact is not None,
    "attribution.csv": lambda answer: answer.attribution is not None,
    "circuit-nodes.csv": lambda answer: len(answer.targets) > 0,
    "circuit-edges.csv": lambda answer: len(answer.targets) > 0,
    "report.html": lambda answer: has_report(answer.reportable),
}


def downloads_of(answer: Answer) -> dict[str, str]:
    """Return the files that an answer has, and what they are called on the page."""
    figures = {f"figure-{name}.html": f"Figure: {name}" for name in figures_of(answer)}
    files = {
        "report.html": "The report",
        "repeat.py": "Python",
        **{name: title for name, (title, _) in _TABLES.items()},
        **figures,
    }
    return {name: title for name, title in files.items() if _NEEDS.get(name, bool)(answer)}


def download(answer: Answer, name: str, earlier: Answer | None = None) -> Download | None:
    """Make one of the files; None where there is none of that name.

    Parameters
    ----------
    answer : Answer
    name : str
        As of `downloads_of`.
    earlier : Answer, optional
        The search whose stimulus the answer uses.
    """
    if name not in downloads_of(answer):
        return None
    if name in _TABLES:
        return Download(name, _TABLES[name][1](answer).to_csv(index=False), "text/csv")
    if name == "repeat.py":
        return Download(name, lines_of(answer, earlier), "text/x-python")
    if name == "report.html":
        return Download(name, _report(answer), "text/html")
    return Download(
        name, _figure(answer, name.removeprefix("figure-").removesuffix(".html")), "text/html"
    )


def _figure(answer: Answer, name: str) -> str:
    """Write a page of one figure, from whose corner it can be saved as a picture."""
    question = answer.question
    title = f"{name.capitalize()}: {', '.join(question.targets) or ', '.join(question.inputs)}"
    page = Page(title, "", f"Written by wiregrad {__version__}. Nothing is loaded from the web.")
    page.add(name.capitalize(), page.figure(figure_of(answer, name), title, ""))
    return page.html()


def _report(answer: Answer) -> str:
    title = None if answer.result is not None else title_of(answer.question)
    found: Any = answer.reportable
    with tempfile.TemporaryDirectory() as folder:
        path = report(found, Path(folder) / "report.html", network=answer.network, title=title)
        return path.read_text(encoding="utf-8")

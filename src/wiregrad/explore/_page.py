"""The page as it is when it opens: the question to the left, the answer to the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..show.drawing import counted
from ._dash import load_dash
from ._parts import choice, finder, number_field
from ._question import KINDS, METHODS, SOURCES
from ._session import Session
from ._shelf import Reach, Wiring

__all__ = ["CHOICES", "FINDERS", "options_of", "page", "reach_part", "wiring_line"]

#: Fields in which neurons are chosen.
FINDERS = ("inputs", "targets", "silenced")

_CHOICES: Mapping[str, Mapping[Any, str]] = {
    "kind": KINDS,
    "when": {"start": "at the start", "all": "at every step"},
    "method": METHODS,
    "sources": SOURCES,
    "unknown_sign": {0: "do nothing", 1: "excite", -1: "inhibit"},
}
#: Of each of these one is chosen.
CHOICES = ("connectome", "stimulus_of", *_CHOICES)


def options_of(choice: str, session: Session, connectome: object) -> Mapping[Any, str]:
    """Return what can be chosen, and what it is called."""
    if choice == "connectome":
        return {name: name for name in session.shelf.names}
    if choice == "stimulus_of":
        runs = session.earlier(str(connectome))
        found = {str(job.number): f"found by run {job.number}" for job in runs}
        return {"even": "the same for all inputs", **found}
    return _CHOICES[choice]


def page(session: Session) -> Any:
    """Return the whole page; callbacks fill it."""
    _, html, dcc, _ = load_dash()
    return html.Div(
        [
            dcc.Location(id="place", refresh=False),
            dcc.Interval(id="tick", interval=400, disabled=False),
            *(dcc.Store(id=name) for name in ("shown", "node", "cancelled", "heard")),
            html.Div(id="said", className="skip", role="status"),
            html.A("Go to the answer", href="#answer", className="skip"),
            html.Header(
                [html.H1("wiregrad explorer"), html.P(id="wiring")],
                className="top",
            ),
            html.Main(
                [
                    html.Section(
                        _question(session), className="question", **{"aria-label": "Question"}
                    ),
                    html.Section(
                        [
                            html.Div(id="progress"),
                            html.Div(_welcome(), id="answer", tabIndex="-1"),
                        ],
                        className="answer",
                        **{"aria-label": "Answer"},
                    ),
                ],
                className="columns",
            ),
        ]
    )


def _question(session: Session) -> list[Any]:
    _, html, _, _ = load_dash()
    names = session.shelf.names
    return [
        html.H2("Ask"),
        choice("connectome", "Connectome", names[0]),
        choice("kind", "Question", "maximise"),
        finder("inputs", "Inputs: neurons to drive", "type a cell type, an id, role=..."),
        finder("targets", "Targets: neurons to look at", "type a cell type or an id"),
        finder("silenced", "Neurons to silence", "type a cell type or an id"),
        html.Div(
            [
                number_field("steps", "Steps (hops)", 3),
                number_field("at_step", "Targets at step", None, "the last"),
                number_field("value", "Activation asked", 0.95),
                number_field("strength", "Input to each (0 to 1)", 1),
            ],
            className="row",
        ),
        choice("stimulus_of", "Stimulus", "even"),
        choice("when", "Given", "start"),
        choice("sources", "Attributed to", "stimulus"),
        html.Div(
            number_field("source_step", "Neurons at step", None, "every step before the targets"),
            id="in-between",
        ),
        choice("method", "Method", "input_x_gradient"),
        html.Div(id="reach", className="reach", **{"aria-live": "polite"}),
        html.Details(
            [
                html.Summary("More options"),
                html.Div(
                    [
                        number_field("passes", "Most passes", None, "until done"),
                        number_field("seed", "Seed", 0),
                    ],
                    className="row",
                    id="search-options",
                ),
                choice("unknown_sign", "Connections of unknown sign", 0),
            ]
        ),
        html.Button("Run", id="run", className="go", type="button"),
        html.Div(id="refused", className="error", role="alert"),
        html.Nav(id="runs", className="runs", **{"aria-label": "Runs"}),
    ]


def _welcome() -> list[Any]:
    _, html, _, _ = load_dash()
    return [
        html.H2("What can be asked"),
        html.P(
            "Choose the neurons to drive and the targets, then run. Type a cell type, the id of a "
            "neuron, or a column and its value; arrow keys and Enter choose."
        ),
        html.Dl(
            [
                part
                for kind, words in {
                    "maximise": "Which input switches the targets on, with as few inputs as can "
                    "be found?",
                    "stimulus": "What happens when these neurons are driven?",
                    "lesion": "What is lost when some neurons are silent?",
                    "attribution": "Which inputs, or which neurons in between, carry the targets' "
                    "response, and when?",
                }.items()
                for part in (html.Dt(html.B(KINDS[kind])), html.Dd(words))
            ]
        ),
        html.P(
            "Runs go on when this page is closed or loaded again; nothing leaves this machine.",
            className="soft",
        ),
    ]


def wiring_line(wiring: Wiring) -> str:
    """Say in a line what a connectome holds."""
    connectome = wiring.connectome
    n_types = connectome.neurons["cell_type"].nunique()
    return (
        f"{connectome.name}: {counted(connectome.n_neurons, 'neuron')} of {n_types:,} cell types, "
        f"{counted(connectome.n_edges, 'connection')}"
    )


def reach_part(reach: Reach, steps: int, at_step: int) -> list[Any]:
    """Show how many neurons are reached at each hop, and when the targets are."""
    _, html, _, _ = load_dash()
    most = max([*reach.new, 1])
    bars = [
        html.Li(
            [html.Span(f"{n:,}"), html.I(style={"height": f"{32 * n / most:.0f}px"}), f"{hop}"],
            className="now" if hop <= steps else "",
        )
        for hop, n in enumerate(reach.new, start=1)
    ]
    within = sum(reach.new[:steps])
    said = [
        html.P(
            f"The inputs reach {within:,} of {counted(reach.n_neurons, 'neuron')} within "
            f"{counted(steps, 'step')}. New neurons at each hop:"
        )
    ]
    said.append(html.Ul(bars, className="bars"))
    return [*said, *(html.P(line) for line in _target_lines(reach, at_step))]


def _target_lines(reach: Reach, at_step: int, limit: int = 5) -> list[str]:
    rows = reach.targets.head(limit)
    columns = (rows[name].tolist() for name in ("group", "n", "first", "all"))
    lines = [_target_line(at_step, *row) for row in zip(*columns, strict=True)]
    left = len(reach.targets) - limit
    return [*lines, f"And {left:,} more types of targets."] if left > 0 else lines


def _target_line(at_step: int, group: str, n: int, first: Any, last: Any) -> str:
    if pd.isna(first):
        return f"{group} cannot be reached by any walk."
    if first > at_step:
        return f"{group} is first reached at step {first}: too late for step {at_step}."
    whole = group if n == 1 else f"{group} ({n:,} neurons)"
    later = "" if pd.isna(last) or last == first else f", all of it by step {last}"
    return f"{whole} can be reached from step {first} on{later}."

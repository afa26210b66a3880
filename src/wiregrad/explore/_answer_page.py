"""The answer as it is shown: targets, stimulus, activations, circuit, and what to take away."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..show.drawing import amount, counted, placed_nodes
from ._answer import Answer
from ._attribution import attribution_words, completeness_rows, strongest_rows
from ._dash import load_dash
from ._details import Details
from ._downloads import downloads_of
from ._elements import STYLESHEET, elements_of, graph_height, node_id
from ._figures import figure_of
from ._jobs import Job
from ._lines import lines_of
from ._parts import key_value_tiles, setter, table
from ._question import title_of

__all__ = ["answer_part", "details_part", "progress_part", "runs_part"]

_MOST_ROWS = 20
_STATES = {
    "waiting": "waiting",
    "running": "running",
    "done": "done",
    "stopped": "stopped",
    "failed": "failed",
}


def runs_part(jobs: list[Job], shown: int | None) -> list[Any]:
    """List the runs that are kept, the newest first."""
    _, html, dcc, _ = load_dash()
    if not jobs:
        return []
    rows = []
    for job in jobs:
        current = {"aria-current": "page"} if job.number == shown else {}
        where = f"({job.question.connectome}, {_STATES[job.state]})"
        words = f"{job.number}. {title_of(job.question)} {where}"
        rows.append(html.Li(dcc.Link(words, href=f"?run={job.number}"), **current))
    return [html.H2("Runs"), html.Ol(rows)]


def progress_part(job: Job) -> list[Any]:
    """Show how far a run is, with the button that stops it."""
    _, html, _, _ = load_dash()
    label = title_of(job.question)
    most = job.most or job.question.passes
    done = {} if not most else {"value": str(min(job.passes, most)), "max": str(most)}
    words = "stopping after this pass" if job.stopping else job.words or "waiting for its turn"
    said = f"{job.seconds:.0f} s · {words}"
    button = setter("Cancel", "cancelled", {"run": job.number}, disabled=job.stopping)
    return [
        html.Div(
            [
                html.P([html.B(label), html.Br(), html.Span(said, id="words")]),
                html.Progress(**{"aria-label": f"Progress of run {job.number}", **done}),
                button,
            ],
            className="progress",
        )
    ]


def answer_part(job: Job, earlier: Answer | None) -> list[Any]:
    """Show what came of a run that is over."""
    _, html, _, _ = load_dash()
    head = [html.H2(title_of(job.question), id="title")]
    if job.state == "failed":
        return [*head, html.Div(job.error, className="error", role="alert")]
    answer = job.answer
    if answer is None:
        return [*head, html.P("It was stopped before there was an answer.", className="note")]
    return [
        *head,
        *_lead(job, answer),
        *_targets(answer),
        *_attribution(answer),
        *_figure(answer, "change"),
        *_figure(answer, "stimulus"),
        *_figure(answer, "activations"),
        *_circuit(answer),
        *_figure(answer, "losses"),
        *_files(job, answer, earlier),
    ]


def _lead(job: Job, answer: Answer) -> list[Any]:
    _, html, _, _ = load_dash()
    numbers = {}
    if answer.result is not None:
        n = int((answer.targets["status"] == "reached").sum())
        numbers["targets reached (within 0.02)"] = f"{n:,} of {len(answer.targets):,}"
    if len(answer.targets):
        mean = float(answer.targets["attained"].mean())
        numbers[f"mean activation of the targets at step {answer.question.at_step}"] = amount(mean)
    if answer.intact is not None:
        numbers["before neurons were silenced"] = amount(float(answer.targets["intact"].mean()))
    n_inputs = len(answer.network.sensory_indices)
    numbers["input neurons driven"] = f"{answer.inputs['neuron'].nunique():,} of {n_inputs:,}"
    n_active = int((answer.activations[:, -1] > 0).sum())
    numbers["neurons active at the last step"] = f"{n_active:,}"
    passes = ""
    if answer.result is not None:
        passes = f", {counted(answer.result.n_passes, 'pass', 'passes')}"
    parts = [key_value_tiles(numbers), html.P(f"{job.seconds:.1f} s{passes}.", className="soft")]
    if job.state == "stopped":
        said = "The search was stopped: this is the best it had found. More passes may find better."
        parts.insert(0, html.Div(said, className="note"))
    return parts


def _targets(answer: Answer) -> list[Any]:
    _, html, _, _ = load_dash()
    if not len(answer.targets):
        return []
    rows = answer.named_targets
    several = len(rows) > _MOST_ROWS
    if several:
        means = [c for c in ("value", "attained", "resting", "intact") if c in rows]
        rows = rows.groupby(["cell_type", "step"], sort=False)[means].mean().reset_index()
    columns: dict[str, Any] = {
        **({} if several else {"Neuron": rows["id"]}),
        "Cell type": rows["cell_type"],
        "Step": rows["step"].map(str),
    }
    for name, column in {
        "Asked": "value",
        "Attained": "attained",
        "Intact": "intact",
        "Without stimulus": "resting",
    }.items():
        if column in rows:
            columns[name] = [amount(value, 3) for value in rows[column]]
    if "status" in rows:
        columns["Outcome"] = rows["status"]
    shown = pd.DataFrame(columns).head(_MOST_ROWS)
    left = len(rows) - len(shown)
    caption = "Activation of the targets" + (", means of cell types" if several else "")
    said = [html.P(f"{left:,} more are in the table to download.")] if left else []
    picture = _figure(answer, "targets", heading=False) if answer.result is not None else []
    return [html.H3("What the targets attain"), table(shown, caption), *said, *picture]


def _attribution(answer: Answer) -> list[Any]:
    _, html, _, _ = load_dash()
    if answer.attribution is None:
        return []
    rows = answer.attribution_table
    parts = _figure(answer, "attribution")
    if len(rows):
        left = len(rows) - _MOST_ROWS
        parts.append(table(strongest_rows(rows, _MOST_ROWS), "The strongest, one by one"))
        parts += [html.P(f"{left:,} more are in the table to download.")] if left > 0 else []
    complete = completeness_rows(answer.attribution)
    if len(complete):
        parts += [
            html.H4("Is it all of it?"),
            table(
                complete, "Change of the targets' summed activation, from silent sources to these"
            ),
            html.P(
                "Where a neuron passes its threshold the response jumps, and gradients see nothing "
                "of that: what jumps carry belongs to no single source.",
                className="soft",
            ),
        ]
    return parts


_HEADINGS = {
    "targets": ("What the targets attain", "Dots: attained. Diamonds: asked. Ticks: at rest."),
    "attribution": (
        "What carries the response",
        "",
    ),
    "change": (
        "What the lesion changes",
        "Mean activation of each cell type with neurons silenced, less what it was before. Cell "
        "types that change most are on top; those that are silenced altogether are left out.",
    ),
    "stimulus": (
        "The stimulus",
        "A row is a type of input neurons (behind the dot: how many), a column the step at which "
        "input is given. A number is the mean input of the neurons that receive any; how many "
        "these are stands in brackets where it is not all.",
    ),
    "activations": (
        "Activations through the steps",
        "A row is a cell type, a column a step. A number is the mean activation of the active "
        "neurons; how many these are stands in brackets where it is not all. Targets are in bold.",
    ),
    "losses": (
        "How the search went",
        "Distance from the targets, and what the stimulus costs, pass by pass.",
    ),
}


def _figure(answer: Answer, name: str, *, heading: bool = True) -> list[Any]:
    _, html, dcc, _ = load_dash()
    needed = {
        "attribution": answer.attribution,
        "change": answer.intact,
        "losses": answer.result,
    }
    if name in needed and needed[name] is None:
        return []
    title, caption = _HEADINGS[name]
    if name == "attribution":
        caption = attribution_words(answer.question)[1]
    figure = figure_of(answer, name)
    graph = dcc.Graph(
        figure=figure,
        config={"displayModeBar": False, "responsive": True},
        style={"height": f"{int(figure.layout.height)}px", "minWidth": "420px"},
    )
    picture = _scrolling(graph, title, id=f"picture-{name}", className="scroll")
    return [
        *([html.H3(title)] if heading else []),
        picture,
        html.P(caption, className="soft"),
        html.Button(
            "Save as SVG",
            type="button",
            className="save",
            **{
                "data-picture": f"picture-{name}",
                "data-name": f"wiregrad-{name}",
                "aria-label": f"Save as SVG: {title}",
            },
        ),
    ]


def _scrolling(part: Any, label: str, **properties: Any) -> Any:
    """Return what may be wider than the page: the keyboard must reach it to scroll it."""
    _, html, _, _ = load_dash()
    return html.Div(part, tabIndex="0", role="group", **_label(label), **properties)


def _label(text: str) -> dict[str, str]:
    return {"aria-label": text}


def _circuit(answer: Answer) -> list[Any]:
    _, html, _, cytoscape = load_dash()
    heading = html.H3("The circuit", id="circuit")
    if not len(answer.targets):
        return [heading, html.P("Choose targets to see what leads to them.")]
    if not len(answer.whole_circuit.edges):
        none = "No connection leads from an active input to a target in these steps."
        return [heading, html.P(none)]
    shown = answer.circuit
    graph = cytoscape.Cytoscape(
        id="graph",
        elements=elements_of(shown),
        stylesheet=STYLESHEET,
        layout={"name": "preset", "fit": True, "padding": 18},
        style={"width": "100%", "height": f"{graph_height(shown)}px"},
        userZoomingEnabled=False,
        autoungrabify=True,
        boxSelectionEnabled=False,
        responsive=True,
    )
    key = html.Ul(
        [
            html.Li([html.I(className="excites"), "excites"]),
            html.Li([html.I(className="inhibits"), "inhibits"]),
            html.Li([html.I(className="target"), "target"]),
            html.Li("▸ receives stimulus"),
            html.Li("the darker a box, the more active"),
        ],
        className="key",
    )
    return [
        heading,
        html.P(
            "Activity runs from left to right, a step a column; a line is as wide as its flow. "
            "Click a cell type, or choose it from the list below, for its neurons, partners and "
            f"numbers. {_left_out(answer)}",
            className="soft",
        ),
        html.Div(graph, className="graph", role="img", **_label("Circuit; the list below has it")),
        key,
        html.Div(id="details", className="details", tabIndex="-1", **{"aria-live": "polite"}),
        html.Details([html.Summary("The cell types of the circuit as a list"), _nodes(answer)]),
    ]


def _left_out(answer: Answer) -> str:
    whole, shown = answer.whole_circuit, answer.circuit
    said = f"There are {counted(len(whole.edges), 'edge')} between cell types in all"
    if not shown.edges_left_out:
        return f"{said}."
    share = shown.share_left_out
    part = "less than 0.1%" if share < 0.001 else f"{share:.1%}"
    return f"{said}; the weakest {shown.edges_left_out:,} are left out, with {part} of the flow."


def _nodes(answer: Answer) -> Any:
    nodes = placed_nodes(answer.circuit)
    rows = pd.DataFrame(
        {
            "Step": [f"{layer}" if layer else "start" for layer in nodes["layer"]],
            "Neurons": [f"{n:,}" for n in nodes["n"]],
            "Activation": [amount(value, 3) for value in nodes["activation"]],
            "Share": [f"{share:.1%}" for share in nodes["share"]],
        }
    )
    buttons = [
        setter(str(group), "node", {"id": node_id(place)})
        for place, group in enumerate(nodes["group"])
    ]
    return table(rows, "From the stimulus to the targets", {"Node": buttons})


def details_part(details: Details) -> list[Any]:
    """Show what there is to say of a cell type of the circuit."""
    _, html, _, _ = load_dash()
    where = f"at step {details.layer}" if details.layer else "at the start"
    listed = len(details.neurons)
    of = (
        ""
        if listed == details.n_neurons
        else f"; the {listed} most active of {details.n_neurons:,}"
    )
    parts = [
        html.H4(f"{details.group} {where}"),
        html.Ul([html.Li(f"{word}: {text}") for word, text in details.numbers.items()]),
    ]
    tables = [
        (details.incoming, "Receives, in this circuit"),
        (details.outgoing, "Hands on, in this circuit"),
        (details.partners, "Strongest partners by wiring (mean weight)"),
    ]
    side = [table(rows, caption) for rows, caption in tables if len(rows)]
    # A column a step: as wide as there is room.
    neurons = table(details.neurons, f"Neurons, with their activations{of}")
    return [*parts, html.Div(side, className="side"), neurons]


def _files(job: Job, answer: Answer, earlier: Answer | None) -> list[Any]:
    _, html, _, _ = load_dash()
    files = downloads_of(answer)
    report = "The report is one page to hand on. " if "report.html" in files else ""
    links = [
        html.Li(
            html.A(
                title,
                href=f"/download/{job.number}/{name}",
                download=f"wiregrad-run{job.number}-{name}",
                className="button",
            )
        )
        for name, title in files.items()
    ]
    return [
        html.H3("To take away"),
        html.Ul(links, className="files"),
        html.P(
            f"{report}Tables are CSV; figures open by themselves. The same in Python:",
            className="soft",
        ),
        html.Pre(
            html.Code(lines_of(answer, earlier)),
            tabIndex="0",
            role="group",
            **_label("Python that repeats this"),
        ),
    ]

"""What happens on the page: each callback reads what the browser sent and asks the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from ._answer import Answer
from ._answer_page import answer_part, details_part, progress_part, runs_part
from ._dash import load_dash
from ._details import details_of
from ._jobs import Job
from ._page import CHOICES, FINDERS, options_of, reach_part, wiring_line
from ._parts import choice_buttons, setter
from ._question import Question, read_question
from ._selections import Found
from ._session import Session

__all__ = ["add_callbacks", "run_of"]

#: Fields that hold a number.
_NUMBERS = ("steps", "at_step", "value", "strength", "source_step", "passes", "seed")
#: What is sent when a question is asked: each part, and the property that holds it.
_FIELDS = {
    **dict.fromkeys(_NUMBERS, "value"),
    **dict.fromkeys(CHOICES, "data"),
    **{f"{name}-chosen": "data" for name in FINDERS},
}
#: Parts of the question that some kinds do without.
_ONLY_FOR = {
    "silenced-field": ("lesion",),
    "value-field": ("maximise",),
    "search-options": ("maximise",),
    "strength-field": ("stimulus", "lesion", "attribution"),
    "when-field": ("stimulus", "lesion", "attribution"),
    "stimulus_of-field": ("lesion", "attribution"),
    "sources-field": ("attribution",),
    "in-between": ("attribution",),
    "method-field": ("attribution",),
}


def run_of(search: object) -> int | None:
    """Read the number of a run from the page's address; None if it names none.

    Examples
    --------
    >>> run_of("?run=12"), run_of("?run=../../x"), run_of(None)
    (12, None, None)
    """
    if not isinstance(search, str):
        return None
    number = (parse_qs(search.removeprefix("?")).get("run") or [""])[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None


def add_callbacks(app: Any, session: Session) -> None:
    """Give the page its life."""
    for name in CHOICES:
        _add_choice(app, session, name)
    for name in FINDERS:
        _add_finder(app, session, name)
    _add_form(app, session)
    _add_runs(app, session)


def _short(part: str) -> str:
    return part.removesuffix("-chosen")


def _add_choice(app: Any, session: Session, name: str) -> None:
    """Show which of several buttons is pressed."""
    dash = load_dash().dash

    @app.callback(
        dash.Output(f"{name}-buttons", "children"),
        dash.Input(name, "data"),
        *(
            [dash.Input("connectome", "data"), dash.Input("shown", "data")]
            if name == "stimulus_of"
            else []
        ),
    )
    def _draw(chosen: object, connectome: object = None, _shown: object = None) -> list[Any]:
        return choice_buttons(name, options_of(name, session, connectome), chosen)


def _add_finder(app: Any, session: Session, name: str) -> None:
    """Look names up while they are typed; choose them, and let them go."""
    dash = load_dash().dash
    html = load_dash().html

    @app.callback(
        dash.Output(f"{name}-found", "children"),
        dash.Input(f"{name}-search", "value"),
        dash.Input(f"{name}-chosen", "data"),
        dash.Input("connectome", "data"),
    )
    def _search(text: object, chosen: object, connectome: object) -> list[Any]:
        typed = text if isinstance(text, str) else ""
        if texts(chosen) and not typed.strip():
            return []  # what is offered at once would only be in the way
        try:
            found = session.wiring(connectome).names.search(typed)
        except ValueError:
            return []
        if not found:
            return [html.P("Nothing is called like that.", className="soft")]
        return [_offer(html, name, one) for one in found]

    @app.callback(
        dash.Output(f"{name}-chosen", "data"),
        dash.Output(f"{name}-search", "value"),
        dash.Input(f"{name}-pressed", "data"),
        dash.Input(f"{name}-search", "n_submit"),
        dash.State(f"{name}-search", "value"),
        dash.State(f"{name}-chosen", "data"),
        dash.State("connectome", "data"),
        prevent_initial_call=True,
    )
    def _choose(
        pressed: object, _submits: Any, text: object, data: object, connectome: object
    ) -> tuple[Any, Any]:
        chosen = texts(data)
        if dash.ctx.triggered_id == f"{name}-pressed":
            pressed = pressed if isinstance(pressed, Mapping) else {}
            if "drop" in pressed:
                return [one for one in chosen if one != pressed["drop"]], dash.no_update
            picked = texts([pressed.get("pick")])
        else:
            picked = _first_found(session, connectome, text)
        if not picked:
            return dash.no_update, dash.no_update
        return list(dict.fromkeys([*chosen, *picked])), ""

    @app.callback(
        dash.Output(f"{name}-chips", "children"),
        dash.Input(f"{name}-chosen", "data"),
        dash.Input("connectome", "data"),
    )
    def _chips(data: object, connectome: object) -> list[Any]:
        chosen = texts(data)
        if not chosen:
            return []
        chips = [
            setter(
                f"{selection} \N{MULTIPLICATION SIGN}",
                f"{name}-pressed",
                {"drop": selection},
                **{"aria-label": f"Remove {selection}"},
            )
            for selection in chosen
        ]
        try:
            n = len(session.wiring(connectome).names.find(chosen))
            said = html.Span(f"{n:,} neuron{'' if n == 1 else 's'}", className="soft")
        except ValueError as error:
            said = html.Span(str(error), className="soft")
        return [*chips, said]


def _first_found(session: Session, connectome: object, text: object) -> list[str]:
    """Return the selection that a typed text means first; none where it means nothing."""
    if not isinstance(text, str) or not text.strip():
        return []
    try:
        found = session.wiring(connectome).names.search(text)
    except ValueError:
        return []
    return [one.selection for one in found[:1]]


def _offer(html: Any, name: str, found: Found) -> Any:
    n = "" if found.kind == "neuron" else f" · {found.n:,}"
    words = [html.Span(found.name), html.Span(f"{found.kind}{n}".removeprefix(" · "))]
    return setter(words, f"{name}-pressed", {"pick": found.selection})


def _add_form(app: Any, session: Session) -> None:
    """Show the parts that a question needs, what can be reached, and take the question on."""
    dash = load_dash().dash
    state = {_short(part): dash.State(part, held) for part, held in _FIELDS.items()}

    @app.callback(dash.Output("wiring", "children"), dash.Input("connectome", "data"))
    def _say_wiring(connectome: object) -> str:
        try:
            return wiring_line(session.wiring(connectome))
        except ValueError as error:
            return str(error)

    @app.callback(
        {part: dash.Output(part, "className") for part in _ONLY_FOR},
        dash.Input("kind", "data"),
        dash.Input("stimulus_of", "data"),
        dash.Input("sources", "data"),
    )
    def _show_parts(kind: object, stimulus_of: object, sources: object) -> dict[str, str]:
        shown = {part: kind in kinds for part, kinds in _ONLY_FOR.items()}
        even = kind == "stimulus" or stimulus_of in (None, "even")
        for part in ("strength-field", "when-field"):
            shown[part] = shown[part] and even
        shown["in-between"] = shown["in-between"] and sources == "neurons"
        usual = {
            part: "field" if part.endswith(("value-field", "strength-field")) else ""
            for part in shown
        }
        usual |= {"silenced-field": "finder", "search-options": "row"}
        return {
            part: f"{usual[part]} {'' if on else 'hidden'}".strip() for part, on in shown.items()
        }

    @app.callback(
        dash.Output("reach", "children"),
        dash.Input("connectome", "data"),
        dash.Input("inputs-chosen", "data"),
        dash.Input("targets-chosen", "data"),
        dash.Input("steps", "value"),
        dash.Input("at_step", "value"),
        dash.Input("unknown_sign", "data"),
    )
    def _show_reach(
        connectome: object, inputs: object, targets: object, steps: object, at: object, sign: object
    ) -> Any:
        if not texts(inputs):
            return "Choose inputs to see what they reach, and when."
        asked = {"kind": "stimulus", "connectome": connectome, "inputs": inputs, "steps": steps}
        try:
            question = read_question(
                {**asked, "targets": targets, "at_step": at, "unknown_sign": sign}
            )
            wiring = session.wiring(question.connectome)
            reach = wiring.reach(
                question.inputs, question.targets, question.steps, question.unknown_sign
            )
        except ValueError as error:
            return str(error)
        return reach_part(reach, question.steps, question.at_step)

    @app.callback(
        dash.Output("place", "search"),
        dash.Output("refused", "children"),
        dash.Input("run", "n_clicks"),
        state,
        prevent_initial_call=True,
    )
    def _ask(clicks: object, given: dict[str, Any]) -> tuple[Any, str]:
        if not clicks:
            return dash.no_update, ""
        try:
            job = session.ask({**given, "throughout": given["when"] == "all"})
        except ValueError as error:
            return dash.no_update, str(error)
        return f"?run={job.number}", ""

    @app.callback(
        {
            _short(part): dash.Output(part, held, allow_duplicate=True)
            for part, held in _FIELDS.items()
        },
        dash.Input("place", "search"),
        prevent_initial_call="initial_duplicate",
    )
    def _restore(search: object) -> dict[str, Any]:
        """Fill the question in that the page's address, or what is worked on, names."""
        job = session.jobs.find(run_of(search)) or session.jobs.current()
        if job is None:
            return dict.fromkeys(map(_short, _FIELDS), dash.no_update)
        return fields_of(job.question)


def fields_of(question: Question) -> dict[str, Any]:
    """Return what the fields of the page hold where a question is asked."""
    return {
        **{name: getattr(question, name) for name in ("connectome", "kind", "method", "sources")},
        **{name: _number_text(getattr(question, name)) for name in _NUMBERS},
        "unknown_sign": question.unknown_sign,
        "stimulus_of": "even" if question.stimulus_of is None else str(question.stimulus_of),
        "when": "all" if question.throughout else "start",
        **{name: list(getattr(question, name)) for name in FINDERS},
    }


def _number_text(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _add_runs(app: Any, session: Session) -> None:
    """Follow the run that the page's address names; show what came of it."""
    dash = load_dash().dash

    @app.callback(
        dash.Output("progress", "children"),
        dash.Output("tick", "disabled"),
        dash.Output("shown", "data"),
        dash.Output("runs", "children"),
        dash.Output("said", "children"),
        dash.Input("tick", "n_intervals"),
        dash.Input("place", "search"),
        dash.Input("heard", "data"),
        dash.State("shown", "data"),
    )
    def _follow(_ticks: Any, search: object, _heard: Any, shown: object) -> tuple[Any, ...]:
        job = session.jobs.find(run_of(search)) or session.jobs.current()
        now = None if job is None or not job.over else job.number
        working = session.jobs.current() is not None
        return (
            progress_part(job) if job is not None and not job.over else [],
            not working,
            now if now != shown else dash.no_update,
            runs_part(session.jobs.all(), None if job is None else job.number),
            "" if job is None else f"Run {job.number} is {job.state}.",  # for those who listen
        )

    @app.callback(
        dash.Output("heard", "data"), dash.Input("cancelled", "data"), prevent_initial_call=True
    )
    def _cancel(cancelled: object) -> Any:
        number = cancelled.get("run") if isinstance(cancelled, Mapping) else None
        job = session.jobs.find(as_number(number))
        if job is None:
            return dash.no_update
        job.stop()
        return cancelled

    @app.callback(dash.Output("answer", "children"), dash.Input("shown", "data"))
    def _show(shown: object) -> Any:
        job = session.jobs.find(as_number(shown))
        if job is None or not job.over:
            return dash.no_update
        return answer_part(job, _earlier(session, job))

    @app.callback(
        dash.Output("details", "children"),
        dash.Input("node", "data"),
        dash.State("shown", "data"),
        prevent_initial_call=True,
    )
    def _show_node(node: object, shown: object) -> Any:
        job = session.jobs.find(as_number(shown))
        if job is None or job.answer is None or not len(job.answer.targets):
            return dash.no_update
        name = node.get("id") if isinstance(node, Mapping) else None
        details = details_of(job.answer, name)
        return dash.no_update if details is None else details_part(details)

    @app.callback(
        dash.Output("node", "data"),
        dash.Input("graph", "tapNodeData"),
        prevent_initial_call=True,
    )
    def _tap(tapped: object) -> Any:
        return tapped if isinstance(tapped, Mapping) else dash.no_update


def texts(data: object) -> list[str]:
    """Return the texts of a list that a browser sent; of anything else, none."""
    return [one for one in data if isinstance(one, str)] if isinstance(data, list) else []


def as_number(data: object) -> int | None:
    """Return a whole number that a browser sent; None if it is none."""
    return data if isinstance(data, int) and not isinstance(data, bool) else None


def _earlier(session: Session, job: Job) -> Answer | None:
    found = session.jobs.find(job.question.stimulus_of)
    return None if found is None else found.answer

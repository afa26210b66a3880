"""What the page shows of answers, and of names that try to be code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from explore_cases import component_texts, wait_for

import wiregrad as wg
from wiregrad.explore import Session, Shelf, serve
from wiregrad.explore._answer import Answer
from wiregrad.explore._answer_page import answer_part, details_part, progress_part, runs_part
from wiregrad.explore._details import details_of
from wiregrad.explore._downloads import download
from wiregrad.explore._jobs import Job
from wiregrad.explore._page import reach_part, wiring_line
from wiregrad.explore._question import Question
from wiregrad.explore._shelf import Reach

HOSTILE = "</script><script>alert(1)</script>"

pytestmark = pytest.mark.usefixtures("app")


def job_of(answer: Answer, state: str = "done") -> Job:
    return Job(7, answer.question, state=state, answer=answer)


def test_an_answer_says_what_is_attained(answers: Callable[..., Answer]) -> None:
    text = component_texts(answer_part(job_of(answers(kind="maximise")), None))
    assert "2 of 2" in text
    assert "AVAL" in text
    assert "import wiregrad as wg" in text
    assert "Choose targets" in component_texts(
        answer_part(job_of(answers(kind="stimulus", targets=[])), None)
    )


def test_many_targets_are_summed_up(answers: Callable[..., Answer]) -> None:
    text = component_texts(
        answer_part(job_of(answers(kind="stimulus", targets=["role=motor"], throughout=True)), None)
    )
    assert "means of cell types" in text
    assert "more are in the table to download" in text


def test_how_a_run_ended_is_said(answers: Callable[..., Answer]) -> None:
    question = Question("maximise", "celegans", ("ASH",), ("AVA",))
    failed = Job(1, question, state="failed", error=f"no {HOSTILE}")
    assert f"no {HOSTILE}" in component_texts(answer_part(failed, None))  # a text: React escapes it
    stopped = Job(2, question, state="stopped")
    assert "before there was an answer" in component_texts(answer_part(stopped, None))
    found = job_of(answers(kind="maximise"), "stopped")
    assert "the best it had found" in component_texts(answer_part(found, None))


def test_progress_is_told_and_known_where_the_passes_are(answers: Callable[..., Answer]) -> None:
    question = Question("maximise", "celegans", ("ASH",), ("AVA",), passes=50)
    job = Job(3, question, state="running")
    job.tell("pass 10: off by 0.5", 10)
    assert "pass 10: off by 0.5" in component_texts(progress_part(job))
    assert bar(progress_part(job)) == ("10", "50")
    job.stop()
    assert "stopping" in component_texts(progress_part(job))
    waiting = Job(4, Question("maximise", "celegans", ("ASH",), ("AVA",)))
    assert "waiting for its turn" in component_texts(progress_part(waiting))
    assert bar(progress_part(waiting)) == (None, None)
    listed = component_texts(runs_part([waiting, job], 4))
    assert "4. Find a stimulus: AVA (celegans, waiting)" in listed
    assert runs_part([], None) == []


def bar(parts: list[Any]) -> tuple[Any, Any]:
    (found,) = [one for one in parts[0].children if type(one).__name__ == "Progress"]
    return getattr(found, "value", None), getattr(found, "max", None)


def test_reach_is_said_in_words() -> None:
    rows = pd.DataFrame(
        {
            "group": list("abcdefg"),
            "n": [1, 2, 2, 1, 1, 1, 1],
            "first": pd.array([1, 2, 5, pd.NA, 1, 1, 1], dtype="Int64"),
            "all": pd.array([1, 3, 5, pd.NA, 1, 1, 1], dtype="Int64"),
        }
    )
    text = component_texts(reach_part(Reach([5, 3], 20, rows), 2, 3))
    for said in (
        "reach 8 of 20 neurons within 2 steps",
        "a can be reached from step 1 on.",
        "b (2 neurons) can be reached from step 2 on, all of it by step 3.",
        "c is first reached at step 5: too late for step 3.",
        "d cannot be reached by any walk.",
        "And 2 more types of targets.",
    ):
        assert said in text


@pytest.fixture(scope="module")
def hostile() -> Session:
    """A chain whose names are no harmless texts."""
    types = [f"{HOSTILE}{i}" for i in range(3)]
    neurons = pd.DataFrame({"id": [f"<img src=x onerror=alert({i})>" for i in range(3)]})
    neurons = neurons.assign(cell_type=types, sign=1)
    edges = pd.DataFrame({"pre": neurons["id"][:2], "post": neurons["id"][1:].array, "count": 3})
    wiring = wg.Connectome.from_edges(edges, neurons, name=HOSTILE)
    return Session(Shelf({HOSTILE: lambda: wiring}))


def test_names_reach_the_page_as_texts_alone(hostile: Session) -> None:
    names = hostile.wiring(HOSTILE).names
    first, last = (names.search(f"{HOSTILE}{i}")[0].selection for i in (0, 2))
    job = hostile.ask(
        {
            "kind": "stimulus",
            "connectome": HOSTILE,
            "inputs": [first],
            "targets": [last],
            "steps": 2,
        }
    )
    wait_for(lambda: job.over)
    assert job.answer is not None, job.error
    assert HOSTILE in wiring_line(hostile.wiring(HOSTILE))
    parts = [*answer_part(job, None), *runs_part([job], 1)]
    place = "n2"
    details = details_of(job.answer, place)
    assert details is not None
    parts += details_part(details)
    kinds = {type(one).__name__ for one in components(parts)}
    assert not kinds & {"Script", "Iframe", "Markdown", "DangerouslySetInnerHTML"}
    figure = download(job.answer, "figure-activations.html")
    assert figure is not None
    assert HOSTILE not in figure.text
    assert "onerror=alert" not in figure.text.replace("\\u003c", "<").split("<body>")[0]
    code = download(job.answer, "repeat.py")
    assert code is not None
    compile(code.text, "repeat.py", "exec")


def components(part: Any) -> list[Any]:
    if isinstance(part, (list, tuple)):
        return [one for each in part for one in components(each)]
    children = getattr(part, "children", None)
    return [] if isinstance(part, (str, int, float)) else [part, *components(children or [])]


def test_the_page_is_plain_json(session: Session) -> None:
    from plotly.utils import PlotlyJSONEncoder

    from wiregrad.explore._page import page

    assert "What can be asked" in json.dumps(page(session), cls=PlotlyJSONEncoder)


# Without what it needs.


def test_without_dash_the_extra_is_named(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dash", "dash.html", "dash_cytoscape"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "wiregrad\[explore\]"'):
        serve(session.shelf)


def test_a_port_that_is_taken_is_an_error(session: Session) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on port {port} of 127.0.0.1: .* in use"):
            serve(session.shelf, port=port)


def test_serving_says_where_and_ends_by_control_c(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wiregrad.explore import _serve

    said, opened, real = [], [], _serve.make_server

    def make(*arguments: Any) -> Any:
        server = real(*arguments)

        def interrupted() -> None:
            raise KeyboardInterrupt

        server.serve_forever = interrupted
        return server

    monkeypatch.setattr(_serve, "make_server", make)
    monkeypatch.setattr(_serve.webbrowser, "open", opened.append)
    serve(session.shelf, port=0, open_browser=True, say=said.append)
    assert said[0].startswith("the explorer is at http://127.0.0.1:")
    assert said[-1] == "the explorer ends"
    assert opened[0] in said[0]

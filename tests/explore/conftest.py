"""What the tests of the explorer share: sessions, a server, and a browser that looks at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from explore_cases import Client, chromium, wait_for

import wiregrad as wg
from wiregrad.explore import Session, Shelf
from wiregrad.explore._answer import Answer


@pytest.fixture(scope="session")
def session(worm: wg.Connectome, fly_column: wg.Connectome) -> Session:
    return Session(Shelf({"celegans": lambda: worm, "flyvis_column": lambda: fly_column}))


@pytest.fixture(scope="session")
def answers(session: Session) -> Callable[..., Answer]:
    """Ask the worm, and wait for the answer; the same question is asked once."""
    known: dict[str, Answer] = {}

    def ask(**given: Any) -> Answer:
        asked = {"connectome": "celegans", "inputs": ["role=sensory"], "targets": ["AVA"], **given}
        key = repr(sorted(asked.items()))
        if key not in known:
            job = session.ask(asked)
            wait_for(lambda: job.over)
            assert job.state == "done", job.error
            assert job.answer is not None
            known[key] = job.answer
        return known[key]

    return ask


@pytest.fixture(scope="session")
def app(session: Session) -> Any:
    pytest.importorskip("dash", reason='the explorer needs dash: pip install "wiregrad[explore]"')
    pytest.importorskip("dash_cytoscape", reason="the explorer needs dash-cytoscape")
    from wiregrad.explore._app import make_app

    return make_app(session)


@pytest.fixture(scope="session")
def client(app: Any) -> Client:
    """Send requests to the application without a server."""
    return Client(app)


@pytest.fixture(scope="session")
def address(session: Session, app: Any) -> Iterator[str]:
    """Serve the explorer on a thread; the address of its page."""
    from wiregrad.explore._serve import make_server

    server = make_server(session)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    session.jobs.stop_all()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start Chromium, or skip, saying what is missing."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright is installed (pip install playwright)"
    )
    path = chromium()
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """Open the explorer in a new window; at the end nothing may have gone wrong in it."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, accept_downloads=True)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.set_default_timeout(20_000)
    opened.goto(address)
    opened.wait_for_selector("#kind-buttons button")
    yield opened
    context.close()
    assert not wrong
    elsewhere = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert not elsewhere

"""Requests that no page sends: refused in a line, none of it repeated, no file read."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from explore_cases import Client

from wiregrad.explore import Session
from wiregrad.explore._callbacks import as_number, run_of, texts

SCRIPT = "<script>alert(1)</script>"


def still_there(client: Client) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/_dash-layout").status_code == 200


def shown(response: Any) -> str:
    return response.get_data(as_text=True)


# Whose requests.


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8050", "127.0.0.1.evil.example"])
@pytest.mark.parametrize("path", ["/", "/_dash-layout", "/download/1/report.html"])
def test_other_hosts_names_are_refused(client: Client, host: str, path: str) -> None:
    refused = client.get(path, Host=host)
    assert refused.status_code == 403
    assert "evil" not in shown(refused)
    still_there(client)


@pytest.mark.parametrize("host", ["192.168.0.7", "0.0.0.0", "", "[::1", "a" * 5000])
def test_addresses_of_others_and_nonsense_are_refused(client: Client, host: str) -> None:
    assert client.get("/", Host=host).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost:9000", "LOCALHOST", "[::1]:8050"])
def test_own_names_are_answered(client: Client, host: str) -> None:
    assert client.get("/", Host=host).status_code == 200


def test_other_origins_are_refused(client: Client) -> None:
    refused = client.post({}, Origin="http://evil.example")
    assert refused.status_code == 403
    asked = {"connectome.data": "celegans"}
    assert client.call("wiring.children", asked).status_code == 200


# What is sent to the callbacks.


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "null",
        json.dumps({"output": SCRIPT, "inputs": []}),
        json.dumps({"output": {"a": 1}, "inputs": []}),
        json.dumps({"output": "wiring.children", "inputs": "x"}),
        json.dumps({"output": "../../etc/passwd", "inputs": []}),
    ],
)
def test_what_is_no_callback_is_refused(client: Client, body: str) -> None:
    refused = client.post(body)
    assert refused.status_code == 400
    assert shown(refused) == "This is no request of the explorer's page.\n"
    still_there(client)


@pytest.mark.parametrize(
    "inputs",
    [[], [None], [{"id": "connectome"}], [{"id": 3, "property": [], "value": {}}], [1, 2, 3]],
)
def test_callbacks_with_broken_inputs_do_no_harm(
    client: Client, inputs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    body = {
        "output": "wiring.children",
        "outputs": {"id": "wiring", "property": "children"},
        "inputs": inputs,
        "changedPropIds": [SCRIPT],
    }
    response = client.post(body)
    assert response.status_code in (200, 204, 400, 500)
    assert "script" not in shown(response)
    still_there(client)


HARMFUL: list[tuple[str, dict[str, Any]]] = [
    ("an unknown type", {"targets-chosen.data": ["NOSUCH"]}),
    ("huge steps", {"steps.value": "1" + "0" * 300}),
    ("steps that are no number", {"steps.value": {"a": [1]}}),
    ("a script in a name", {"inputs-chosen.data": [SCRIPT]}),
    ("a path in a connectome's name", {"connectome.data": "../../../etc/passwd"}),
    ("a file of this machine", {"connectome.data": "/etc/passwd"}),
    ("an address in a connectome's name", {"connectome.data": "file:///etc/passwd"}),
    ("a query", {"inputs-chosen.data": ["query: id.to_csv('written.csv')"]}),
    ("a slow regular expression", {"inputs-chosen.data": ["cell_type=/(a+)+$/"]}),
    ("a thousand selections", {"inputs-chosen.data": [f"x{i}" for i in range(1000)]}),
    ("a question of no kind", {"kind.data": "__import__('os').system('true')"}),
    ("a run that is not there", {"kind.data": "attribution", "stimulus_of.data": "999999"}),
    ("a sign of no kind", {"unknown_sign.data": [SCRIPT]}),
    ("numbers for names", {"inputs-chosen.data": [1, None, {}]}),
]


@pytest.mark.parametrize(("what", "sent"), HARMFUL, ids=[what for what, _ in HARMFUL])
def test_harmful_questions_are_refused_in_a_line(
    client: Client,
    session: Session,
    what: str,
    sent: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = [job.number for job in session.jobs.all()]
    asked = {
        "run.n_clicks": 1,
        "connectome.data": "celegans",
        "kind.data": "maximise",
        "steps.value": "3",
        "inputs-chosen.data": ["ASH"],
        "targets-chosen.data": ["AVA"],
        **sent,
    }
    response = client.call("..place.search...refused.children", asked, "run.n_clicks")
    assert response.status_code == 200
    # The answer is JSON, of which the page makes text.
    assert response.mimetype == "application/json"
    said = response.json["response"]["refused"]["children"]
    assert 10 < len(said) < 500
    assert "root:" not in said
    assert "place" not in response.json["response"]
    assert [job.number for job in session.jobs.all()] == before
    assert not list(tmp_path.iterdir())
    still_there(client)


@pytest.mark.parametrize(("what", "sent"), HARMFUL, ids=[what for what, _ in HARMFUL])
def test_no_callback_fails_at_what_is_harmful(
    client: Client, what: str, sent: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Every callback that reads these parts is called with them."""
    caplog.set_level(logging.ERROR)
    for output, told in client.outputs.items():
        if "refused" in output:
            continue
        read = {f"{one['id']}.{one['property']}" for one in [*told["inputs"], *told["state"]]}
        if read & set(sent):
            response = client.call(output, {"connectome.data": "celegans", **sent})
            assert response.status_code in (200, 204), output
            assert response.mimetype in ("application/json", "text/html")
    assert not caplog.records


@pytest.mark.parametrize(
    "odd", [None, 7, True, [], {}, {"run": "x"}, {"id": SCRIPT}, SCRIPT, [SCRIPT], {"pick": 3}]
)
def test_no_callback_fails_at_values_of_other_kinds(
    client: Client, odd: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    for output, told in client.outputs.items():
        for one in [*told["inputs"], *told["state"]]:
            place = f"{one['id']}.{one['property']}"
            response = client.call(output, {place: odd}, place)
            assert response.status_code in (200, 204), (output, place)
    assert not caplog.records


def test_a_request_that_is_too_large_is_refused(client: Client) -> None:
    refused = client.post('{"output": "' + "x" * 2_000_000 + '"}')
    assert refused.status_code in (400, 413)
    still_there(client)


# Files.


@pytest.mark.parametrize(
    "path",
    [
        "/download/1/../../../etc/passwd",
        "/download/1/..%2f..%2f..%2fetc%2fpasswd",
        "/download/1/report.html%00",
        "/download/-1/report.html",
        "/download/999999/report.html",
        f"/download/1/{SCRIPT}",
        "/assets/_app.py",
        "/assets/../_app.py",
        "/static/_app.py",
        "/_dash-component-suites/dash/../../../../etc/passwd",
        "/_dash-component-suites/os/__init__.py",
        "/nosuch.css",
    ],
)
def test_no_other_file_can_be_had(client: Client, path: str) -> None:
    refused = client.get(path)
    text = shown(refused)
    assert "root:" not in text
    assert "import " not in text
    assert SCRIPT not in text
    assert refused.status_code == 404
    assert text == "There is nothing here by this name.\n"


def test_a_file_is_sent_to_be_kept_not_shown(client: Client, session: Session) -> None:
    job = session.ask({"kind": "stimulus", "connectome": "celegans", "inputs": ["ASH"]})
    from explore_cases import wait_for

    wait_for(lambda: job.over)
    sent = client.get(f"/download/{job.number}/repeat.py")
    assert sent.status_code == 200
    name = f"wiregrad-run{job.number}-repeat.py"
    assert sent.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "import wiregrad as wg" in shown(sent)


def test_every_answer_has_the_policy_and_asks_nobody_else(client: Client) -> None:
    page = client.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    for word in ('src="http', 'href="http', "cdn."):
        assert word not in shown(page)
    for path in ("/explorer.css", "/explorer.js"):
        assert "http" not in shown(client.get(path))


# What is read of a request.


def test_runs_lists_and_numbers_are_read_with_care() -> None:
    assert [run_of(one) for one in ("?run=2", "?run=", "?run=-1", "?run=٣", 5)] == [
        *(2, None, None, None, None)
    ]
    assert texts(["a", 1, None]) == ["a"]
    assert texts("abc") == []
    assert (as_number(3), as_number(True), as_number("3")) == (3, None, None)

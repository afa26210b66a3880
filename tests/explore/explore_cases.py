"""Requests as a page sends them, and what a browser is to do."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest

__all__ = ["Client", "choose", "chromium", "component_texts", "finished", "wait_for"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str:
    """Find the system's Chromium, or skip."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium is installed (on Debian: apt install chromium)")
    return found


def wait_for(true: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


class Client:
    """Sends requests to the explorer's application."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.flask = app.server.test_client()

    def get(self, path: str, **headers: str) -> Any:
        return self.flask.get(path, headers={"Host": "127.0.0.1:8050", **headers})

    def post(self, body: Any, **headers: str) -> Any:
        given = {"Host": "127.0.0.1:8050", **headers}
        text = body if isinstance(body, str) else json.dumps(body)
        return self.flask.post(
            "/_dash-update-component", data=text, content_type="application/json", headers=given
        )

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The callbacks there are: output to what it takes, as the browser is told."""
        return {one["output"]: one for one in self.get("/_dash-dependencies").json}

    def call(self, output: str, values: dict[str, Any], triggered: str = "") -> Any:
        """Call the callback whose output begins with a text, as the page does."""
        (name,) = [one for one in self.outputs if one.startswith(output)]
        told = self.outputs[name]

        def part(each: dict[str, Any]) -> Any:
            if each["id"].startswith("{"):
                return []
            place = f"{each['id']}.{each['property']}"
            return {"id": each["id"], "property": each["property"], "value": values.get(place)}

        return self.post(
            {
                "output": name,
                "outputs": _outputs(name),
                "inputs": [part(each) for each in told["inputs"]],
                "state": [part(each) for each in told["state"]],
                "changedPropIds": [triggered] if triggered else [],
            }
        )


def _outputs(name: str) -> Any:
    def one(text: str) -> dict[str, str]:
        part, _, held = text.rpartition(".")
        return {"id": part, "property": held}

    if name.startswith(".."):
        return [one(text) for text in name.strip(".").split("...")]
    return one(name)


def component_texts(part: Any) -> str:
    """All texts in a component and those within it."""
    if isinstance(part, (list, tuple)):
        return " ".join(map(component_texts, part))
    if isinstance(part, (str, int, float)):
        return str(part)
    children = getattr(part, "children", None)
    return "" if children is None else component_texts(children)


def choose(page: Any, name: str, text: str, selection: str = "") -> None:
    """Type into a finder and take what is offered first."""
    page.fill(f"#{name}-search", text)
    page.wait_for_selector(f"#{name}-found button")
    wanted = selection or text
    page.wait_for_function(
        """([name, wanted]) => {
          const first = document.querySelector(`#${name}-found button span`);
          return first && first.textContent === wanted;
        }""",
        arg=[name, wanted],
    )
    page.press(f"#{name}-search", "Enter")
    page.wait_for_function(
        """([name, wanted]) => [...document.querySelectorAll(`#${name}-chips button`)]
             .some((chip) => chip.getAttribute("aria-label") === `Remove ${wanted}`)""",
        arg=[name, wanted],
    )


def finished(page: Any) -> None:
    """Wait until the answer of the run that was asked last is shown."""
    page.wait_for_selector("#answer #title", timeout=90_000)

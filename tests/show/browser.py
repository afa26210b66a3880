"""Headless Chromium, asked what it makes of a page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Seen", "open_page"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

#: As root and without a network: Chromium's own look-ups would otherwise fail one after the other.
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--v=0", "--hide-scrollbars"),
)

#: Runs before all else in the page: an alert would stop a headless browser for good.
_EARS = """<script>
window.heard = {alerts: [], errors: [], loaded: []};
for (const name of ["alert", "confirm", "prompt"])
  window[name] = (text) => { window.heard.alerts.push(String(text)); };
window.addEventListener("error", (event) => {
  const address = event.target.src || event.target.href;  // an element's, not a script's error
  (address ? window.heard.loaded : window.heard.errors).push(address || String(event.message));
}, true);
window.addEventListener("unhandledrejection", (e) => window.heard.errors.push(String(e.reason)));
document.addEventListener("securitypolicyviolation",
  (event) => window.heard.errors.push("policy: " + event.violatedDirective + event.blockedURI));
for (const name of ["error", "warn"])
  console[name] = (...words) => { window.heard.errors.push(words.join(" ")); };
</script>"""

#: Runs last: what is to be seen, once the figures had their time.
_EYES = """<script>
setTimeout(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const figures = all("[data-figure]").map((place) => ({
    drawn: all(".main-svg", place).length,
    marks: all(
      ".scatterlayer path, .barlayer path, .heatmaplayer image, .shapelayer path", place
    ).length,
    texts: all("text", place).map((text) => text.textContent),
    boxes: all(".annotation-text-g", place).map((g) => {
      const box = g.getBoundingClientRect();
      return [box.left, box.top, box.right, box.bottom];
    }),
    links: all("a", place).filter((a) => !a.matches(".modebar-btn")).length,
  }));
  const seen = {
    ...window.heard,
    figures,
    loaded: [
      ...window.heard.loaded, ...performance.getEntriesByType("resource").map((e) => e.name),
    ],
    cells: all("td").map((cell) => cell.textContent),
    injected: all("section img, section script:not([type]), section style").length,
    visible: getComputedStyle(document.body).display !== "none",
    width: document.documentElement.clientWidth,
    needed: document.documentElement.scrollWidth,
  };
  const place = document.createElement("template-seen");
  place.textContent = JSON.stringify(seen);
  document.body.append(place);
}, 2500);
</script>"""


@dataclass(frozen=True)
class Seen:
    """What a browser saw of a page.

    `console` holds what it wrote to its own log; `errors` what scripts threw, what the page's
    policy blocked, and what was written to the console as an error or a warning.
    """

    console: list[str]
    alerts: list[str]
    errors: list[str]
    figures: list[dict[str, Any]]
    loaded: list[str]
    cells: list[str]
    injected: int
    visible: bool
    width: int
    needed: int


def open_page(page: Path, width: int = 1200) -> Seen:
    """Open a page, with ears and eyes added to a copy of it; skip without a browser."""
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser is None:
        pytest.skip("no Chromium is installed (on Debian: apt install chromium)")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "page.html"
        html = page.read_text(encoding="utf-8")
        html = html.replace("<head>", f"<head>{_EARS}", 1)
        head, end, tail = html.rpartition("</body>")
        copy.write_text(head + _EYES + end + tail, encoding="utf-8")
        command = [browser, *_FLAGS, f"--user-data-dir={folder}/profile"]
        command += [f"--window-size={width},2000", "--virtual-time-budget=6000", "--dump-dom"]
        done = subprocess.run(
            [*command, copy.as_uri()], capture_output=True, text=True, timeout=120, check=True
        )
    found = re.search(r"<template-seen>(.*?)</template-seen>", done.stdout, re.DOTALL)
    assert found is not None, done.stdout[-2000:]
    console = [line for line in done.stderr.splitlines() if ":CONSOLE:" in line]
    return Seen(console=console, **json.loads(unescape(found[1])))

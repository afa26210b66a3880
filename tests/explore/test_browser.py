"""The explorer in a browser: asked by mouse and keyboard, cancelled, loaded again, taken away."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from explore_cases import choose, finished, wait_for

from wiregrad.explore import Session

pytestmark = pytest.mark.browser


def ask_for_ava(page: Any) -> None:
    page.click("text=celegans >> nth=0")
    choose(page, "inputs", "role=sensory")
    choose(page, "targets", "AVA")


def test_ava_is_switched_on_its_circuit_clicked_and_the_report_taken_away(
    page: Any, tmp_path: Path
) -> None:
    ask_for_ava(page)
    page.wait_for_selector("#reach >> text=AVA (2 neurons) can be reached from step 1 on.")
    page.click("#run")
    finished(page)
    tiles = page.inner_text("#answer .tiles")
    assert "2 of 2" in tiles
    assert float(re.search(r"(0\.\d+)\s*mean activation", tiles)[1]) >= 0.93
    # The picture of the circuit, and a click on its target: the box furthest to the right.
    page.wait_for_selector("#graph canvas")
    page.locator("#graph").scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # Cytoscape looks where it is a moment after scrolling
    place = page.evaluate(
        """() => {
          const graph = document.querySelector("#graph")._cyreg.cy;
          const box = graph.nodes().filter((node) => node.data("label") === "AVA")[0];
          return {...box.renderedPosition(), n: graph.nodes(":selectable").length};
        }"""
    )
    assert place["n"] >= 5
    page.click("#graph", position={"x": place["x"], "y": place["y"]})
    page.wait_for_selector("#details >> text=AVA at step 3")
    details = page.inner_text("#details")
    assert "AVAL" in details
    assert "AVAR" in details
    assert "Receives, in this circuit" in details
    with page.expect_download() as taken:
        page.click("text=The report")
    report = tmp_path / "report.html"
    taken.value.save_as(report)
    assert "AVAL and AVAR" in report.read_text(encoding="utf-8")
    assert taken.value.suggested_filename.endswith("report.html")
    with page.expect_download() as taken:
        page.click("text=Save as SVG >> nth=0")
    taken.value.save_as(tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.slow
def test_a_long_run_is_found_again_after_a_reload_and_cancelled(
    page: Any, session: Session
) -> None:
    ask_long(page)
    page.wait_for_selector("#words >> text=/pass \\d+/", timeout=60_000)
    number = int(re.search(r"run=(\d+)", page.url)[1])
    job = session.jobs.find(number)
    page.reload()
    page.wait_for_selector("#words >> text=/pass \\d+/", timeout=60_000)
    assert job.state == "running"
    page.wait_for_selector("#targets-chips >> text=u=0 and v=0")
    assert page.input_value("#steps") == "6"
    assert page.get_attribute("#kind-buttons button >> nth=0", "aria-pressed") == "true"
    page.click("text=Cancel")
    finished(page)
    assert job.state == "stopped"
    assert "this is the best it had found" in page.inner_text("#answer")
    assert "mean activation of the targets at step 6" in page.inner_text("#answer .tiles")


def ask_long(page: Any) -> None:
    """Ask what takes half a minute: the fly's whole central column at once."""
    page.click("#connectome-buttons >> text=flyvis_column")
    page.wait_for_selector("#wiring >> text=45,669 neurons")
    choose(page, "inputs", "role=input")
    choose(page, "targets", "u=0 and v=0")
    page.fill("#steps", "6")
    page.press("#steps", "Tab")
    page.click("#run")


@pytest.mark.slow
def test_the_keyboard_alone_asks_and_reads(page: Any) -> None:
    def tab_to(selector: str, most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"{selector} cannot be reached by Tab")

    tab_to("#inputs-search")
    page.keyboard.type("role=sens")
    # What was found for "role" alone must be gone.
    page.wait_for_selector("#inputs-found button:first-child >> text=role=sensory")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent").startswith("role=sensory")
    page.keyboard.press("Enter")
    page.wait_for_selector("#inputs-chips >> text=role=sensory")
    page.wait_for_function("document.activeElement.id === 'inputs-search'")
    tab_to("#targets-search")
    page.keyboard.type("AVA")
    page.wait_for_selector("#targets-found >> text=cell type")
    page.keyboard.press("Enter")
    page.wait_for_selector("#targets-chips >> text=AVA")
    tab_to("#run")
    page.keyboard.press("Enter")
    finished(page)
    assert "2 of 2" in page.inner_text("#answer .tiles")
    tab_to("#answer summary")
    page.keyboard.press("Enter")
    tab_to("#answer td button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#details h4")


@pytest.mark.slow
def test_lesions_and_attributions_take_the_stimulus_that_was_found(page: Any) -> None:
    ask_for_ava(page)
    page.click("#run")
    finished(page)
    number = re.search(r"run=(\d+)", page.url)[1]
    page.click("text=Silence neurons")
    page.click(f"#stimulus_of-buttons >> text=found by run {number}")
    choose(page, "silenced", "AVD")
    page.click("#run")
    page.wait_for_selector("#title >> text=without AVD")
    assert "What the lesion changes" in page.inner_text("#answer")
    page.click("text=Attribute a response")
    page.click("#run")
    page.wait_for_selector("#title >> text=Attribute a response")
    assert "What carries the response" in page.inner_text("#answer")
    assert "wg.attribution" in page.inner_text("#answer pre")
    page.click("#sources-buttons >> text=neurons in between")
    page.fill("#source_step", "2")
    page.click("#method-buttons >> text=integrated gradients")
    page.click("#run")
    page.wait_for_selector("#answer >> text=Is it all of it?")
    assert "neurons at step 2" in page.inner_text("#answer")


@pytest.mark.slow
def test_two_pages_see_the_same_runs(page: Any, address: str, session: Session) -> None:
    page.click("text=Give a stimulus")
    ask_for_ava(page)
    page.click("#run")
    finished(page)
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#answer #title")
    assert other.inner_text("#title") == page.inner_text("#title")
    wait_for(lambda: session.jobs.current() is None)
    other.close()


@pytest.mark.slow
def test_axe_finds_no_serious_violation(page: Any, tmp_path: Path) -> None:
    axe = axe_core(tmp_path)
    assert not serious(page, axe)
    ask_for_ava(page)
    page.click("#run")
    finished(page)
    page.click("text=The cell types of the circuit as a list")
    page.click("#answer td button >> nth=0")
    page.wait_for_selector("#details h4")
    assert not serious(page, axe)
    page.set_viewport_size({"width": 400, "height": 800})  # a telephone
    page.wait_for_timeout(500)
    assert not serious(page, axe)


def axe_core(folder: Path) -> str:
    """Return axe-core: npm's, or else the older one that a Python package brings, or skip."""
    npm = shutil.which("npm")
    if npm is not None:
        command = [npm, "pack", "axe-core@4.14.1", "--silent"]
        packed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if packed.returncode == 0:
            with tarfile.open(folder / packed.stdout.strip()) as archive:
                script = archive.extractfile("package/axe.min.js")
                assert script is not None
                return script.read().decode("utf-8")
    package = pytest.importorskip(
        "axe_core_python",
        reason="axe-core is not to be had: npm does not reach it, and axe-core-python is absent",
    )
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def serious(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in page.evaluate("axe.run()")["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]

"""The page on differences: every decision is on it, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")

NUMBERS = range(1, 33)
DECISION = re.compile(r"test_decision_(\d\d)_\w+")


def defined_in(path: Path) -> set[str]:
    """List the test functions that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def lines_of_the_page() -> dict[int, str]:
    """Split the page into its numbered lines, each with the tests below it."""
    parts = re.split(r"^(\d+)\. (?=\*\*)", PAGE.split("## Otherwise", 1)[1], flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def named_in(text: str) -> list[tuple[str, str]]:
    """List the tests that a line names, each with its file."""
    named, file = [], ""
    for word in re.findall(r"`(tests/\S+\.py|test_\w+)`", text.split("Tests:", 1)[1]):
        if word.endswith(".py"):
            file = word
        else:
            named.append((file, word))
    return named


LINES = lines_of_the_page()


def test_every_number_is_there_once_and_in_order() -> None:
    assert list(LINES) == list(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_line_names_tests_of_its_number_that_exist(number: int) -> None:
    named = named_in(LINES[number])
    assert named
    assert len(named) == len(set(named))
    for file, test in named:
        assert test in defined_in(ROOT / file), f"{file} has no {test}"
        assert test.startswith(f"test_decision_{number:02d}_")


def test_every_test_of_a_decision_has_its_number_on_the_page() -> None:
    tests = {
        test: path
        for path in (ROOT / "tests").rglob("test_*.py")
        for test in defined_in(path)
        if test.startswith("test_decision")
    }
    assert len(tests) > 100
    for test, path in tests.items():
        found = DECISION.fullmatch(test)
        assert found is not None, f"{path}: {test} has no number of two digits"
        assert int(found[1]) in LINES, f"{path}: {test}"


def test_what_the_page_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", PAGE) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / "docs" / link).exists()]

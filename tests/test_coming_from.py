"""The page for those who come from connectome_interpreter: its code runs and shows what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wiregrad as wg
from wiregrad._elsewhere import ELSEWHERE

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = (DOCS / "coming-from-connectome-interpreter.md").read_text(encoding="utf-8")

#: Code, and what is shown below it, if anything.
BLOCKS = re.findall(
    r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", PAGE, re.MULTILINE | re.DOTALL
)


def run(code: str, names: dict[str, Any]) -> str:
    """Run a block; return the value of its last line, if that is an expression, as text."""
    *statements, last = ast.parse(code).body
    if not isinstance(last, ast.Expr):
        statements.append(last)
    exec(compile(ast.Module(statements, []), str(DOCS), "exec"), names)
    shown = isinstance(last, ast.Expr)
    return str(eval(compile(ast.Expression(last.value), str(DOCS), "eval"), names)) if shown else ""


@pytest.fixture(scope="module")
def answers() -> list[str]:
    names: dict[str, Any] = {}
    return [run(code, names) for code, _ in BLOCKS]


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_code_shows_what_the_page_says(answers: list[str], number: int) -> None:
    said = [line.rstrip() for line in BLOCKS[number][1].splitlines()]
    assert [line.rstrip() for line in answers[number].splitlines()] == said


@pytest.mark.parametrize(
    "name",
    [
        *("add_sign", "MultilayeredNetwork", "input_from_df", "get_neuron_activation"),
        *("activations_to_df", "get_activations_for_path", "activated_path_for_ngl"),
        *("get_input_activation", "activity_by_column", "result_summary"),
        *("TargetActivation", "activation_maximisation", "saliency"),
        *("training_mode", "train_model"),
    ],
)
def test_the_example_uses_what_notebooks_use(name: str) -> None:
    assert any(f"coin.{name}(" in code for code, _ in BLOCKS)


def test_every_name_that_stays_in_the_reference_is_on_the_page() -> None:
    where = PAGE.split("## Where the other names are")[1]
    assert {name for name in ELSEWHERE if f"`{name}`" not in where} == set()
    table, rest = where.split("The others have no counterpart")
    for name, own in ELSEWHERE.items():
        assert f"`{name}`" in (table if own else rest), name
    for own in re.findall(r"wiregrad\.([\w.]+)", where):
        value: Any = wg
        for part in own.split("."):
            value = getattr(value, part)


def test_what_the_page_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", PAGE) if "://" not in link]
    assert len(set(links)) > 2
    assert not [link for link in links if not (DOCS / link).exists()]
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors


def test_numbers_on_the_page_do_not_hang_on_the_global_random_state(answers: list[str]) -> None:
    np.random.seed(1)  # noqa: NPY002
    names: dict[str, Any] = {}
    assert [run(code, names) for code, _ in BLOCKS] == answers


def test_decision_01_all_weights_reads_as_a_copy_and_is_assigned() -> None:
    network = wg.MultilayeredNetwork(np.array([[0, 0], [0.5, 0]]), [0], device="cpu")
    stimulus = np.ones((1, 2))
    before = network(stimulus)
    changed = network.all_weights
    changed._values().mul_(0.1)
    assert (network(stimulus) == before).all()
    network.all_weights = changed
    assert (network(stimulus)[1] < before[1]).any()


def test_the_example_imports_wiregrad_before_torch() -> None:
    (first,) = (code for code, _ in BLOCKS if "import torch" in code)
    assert first.index("import wiregrad") < first.index("import torch")

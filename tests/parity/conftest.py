"""Runs the reference package beside wiregrad, from a folder of its own (`make parity`)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / ".reference"

TOLERANCE = 1e-5

Differences = dict[str, list[float]]
DIFFERENCES = pytest.StashKey[Differences]()


@pytest.hookimpl(tryfirst=True)  # before pytest reads the marks to choose by them
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = pytest.mark.skip(reason=f"{REFERENCE.name} is not installed: run `make parity`")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.parity)
            if not (REFERENCE / "connectome_interpreter").is_dir():
                item.add_marker(absent)


@pytest.fixture(scope="session")
def reference() -> Iterator[ModuleType]:
    """The module of the reference that is compared with; its folder comes last on the path."""
    sys.path.append(str(REFERENCE))
    package = importlib.import_module("connectome_interpreter")
    assert package.__version__ == "2.9.1"
    # The package has a function of the same name, so the module is not its attribute.
    yield sys.modules["connectome_interpreter.activation_maximisation"]
    sys.path.remove(str(REFERENCE))


@pytest.fixture(scope="session")
def compare(pytestconfig: pytest.Config) -> Callable[[str, torch.Tensor, torch.Tensor], None]:
    """Compare activations and keep the largest difference for the summary."""
    differences = pytestconfig.stash.setdefault(DIFFERENCES, {})

    def check(kind: str, ours: torch.Tensor, theirs: torch.Tensor) -> None:
        assert ours.shape == theirs.shape
        difference = float((ours - theirs).abs().max())
        differences.setdefault(kind, []).append(difference)
        assert difference < TOLERANCE

    return check


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    differences = config.stash.get(DIFFERENCES, {})
    if not differences:
        return
    terminalreporter.section("parity with connectome_interpreter 2.9.1")
    for kind, values in {**differences, "all": np.concatenate([*differences.values()])}.items():
        terminalreporter.line(
            f"{kind}: {len(values):,} cases, largest difference {max(values):.2g} "
            f"(allowed: {TOLERANCE:.0e})"
        )

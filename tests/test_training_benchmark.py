"""The benchmark of training: its page is that of its results, and its parts do what they say."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    not (ROOT / "benchmarks" / "training").is_dir(), reason="the benchmarks are not shipped"
)


@pytest.fixture(scope="module")
def benchmark() -> Iterator[Callable[[str], ModuleType]]:
    """Modules of the benchmark by name, without the underscore."""
    sys.path.append(str(ROOT))
    yield lambda name: importlib.import_module(f"benchmarks.training._{name}")
    sys.path.remove(str(ROOT))


def test_the_page_is_that_of_the_results(benchmark: Any) -> None:
    results = json.loads((ROOT / "benchmarks" / "training.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert benchmark("page").page(results) == page


def test_names_of_odours_are_written_in_one_way(benchmark: Any) -> None:
    normal = benchmark("odours")._normal
    assert normal("g-butyrolactone ") == normal("gamma-Butyrolactone")
    assert normal("Methyl Salicilate") == "methyl salicylate"


def test_lines_are_drawn_without_what_they_predict(benchmark: Any) -> None:
    odours = benchmark("odours")
    rng = np.random.default_rng(0)
    own = rng.random((12, 3))
    values = 0.2 + 0.5 * own
    np.testing.assert_allclose(odours._affine(own, values), values)
    np.testing.assert_allclose(odours._affine_each(own, values), values)
    part = odours._left_out(12)[0]
    changed = values.copy()
    changed[part] += 1
    assert odours._affine(own, changed)[part] == pytest.approx(values[part])
    scores = odours._scores(values, values)
    assert (scores["all"], scores["explained"]) == (pytest.approx(1), 1)


def recovered(correlation: float, error: float) -> dict[str, Any]:
    """Make results of a recovery: the lowest of two starts, and the error of the best."""
    slopes = {"correlation": 0.99, "correlations": [0.99, correlation]}
    return {"worm": {"parameters": {"slope": slopes}, "held_out": error, "floor": 1.0}}


def test_the_page_says_what_falls_short_of_what_was_asked(benchmark: Any) -> None:
    def short(correlation: float, error: float) -> str:
        return " ".join(benchmark("page")._short(recovered(correlation, error)).split())

    assert short(0.96, 1.05).endswith("and every best one to that error.")
    lower = "slope of worm (0.990 in the best start, 0.900 in the lowest)."
    assert short(0.9, 1.05).endswith(lower)
    assert short(0.96, 1.2).endswith("The error is larger in worm (1.200).")
    assert lower in short(0.9, 1.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "starts", "judged"), [("worm", 3, 100), ("larva", 1, 17), ("worm-tau", 1, 100)]
)
def test_known_parameters_come_back_from_every_start(
    benchmark: Any, shared_data: Any, name: str, starts: int, judged: int
) -> None:
    recovery = benchmark("recovery")
    experiment = recovery.EXPERIMENTS[name]
    experiment = replace(experiment, starts=starts, epochs=min(experiment.epochs, 300))
    folder = shared_data("larva").parent if experiment.connectome == "larva" else ROOT
    found = recovery.recover(experiment, folder)
    assert found["held_out"] < 1.1 * found["floor"]
    assert found["judged"] > judged
    for parameter in experiment.parameters:
        assert min(found["parameters"][parameter]["correlations"]) > 0.95

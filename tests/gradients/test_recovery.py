"""Slopes and biases are recovered from responses: the experiment of docs/recovery.md, one seed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def experiment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the benchmark, which is not part of the package."""
    path = BENCHMARKS / "recovery.py"
    if not path.exists():
        pytest.skip("the benchmarks are not here: they are kept in the repository only")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("recovery_experiment", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "recovery_experiment", module)  # dataclasses look it up
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"leak": 0.1}, {"leak": 0.0, "default_bias": 0.02}])
def test_slopes_and_biases_are_recovered_from_responses(
    experiment: ModuleType, options: dict[str, float]
) -> None:
    found = experiment.recover(seed=0, num_epochs=400, **options)
    assert found.loss_before / found.loss_after > 20
    assert found.slope_correlation > 0.95
    assert found.bias_correlation > 0.95
    assert found.judged.sum() > 100


@pytest.mark.slow
def test_silent_classes_keep_the_loss_up_without_a_leak(experiment: ModuleType) -> None:
    stuck = experiment.recover(seed=0, num_epochs=400, leak=0.0)
    assert stuck.loss_before / stuck.loss_after < 20
    silent = np.isin(stuck.network.groups.names, experiment.silent_classes())
    assert silent.sum() == 14
    assert (stuck.bias[silent] == 0).all()
    assert (stuck.slope[silent] == 5).all()

"""Logging to Weights & Biases, with a module that stands in for it."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from gradient_cases import make_chain, maximise

TARGETS = {1: {2: 0.9}}
INSTALL = r"wandb is not installed\. Please install it using 'pip install wandb' or set wandb=False"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What is asked of the stand-in, in order."""
    made: list[tuple[str, Any]] = []
    fake: Any = ModuleType("wandb")
    fake.init = lambda **options: made.append(("init", options))
    fake.log = lambda numbers: made.append(("log", numbers))
    fake.finish = lambda: made.append(("finish", None))
    monkeypatch.setitem(sys.modules, "wandb", fake)
    return made


def test_decision_30_every_pass_is_logged_under_the_keys_of_the_reference(
    calls: list[tuple[str, Any]],
) -> None:
    result = maximise(
        make_chain(), TARGETS, num_iterations=7, in_reg_lambda=0.1, wandb=True, seed=3
    )
    assert [name for name, _ in calls] == ["init", *["log"] * 7, "finish"]
    assert calls[0][1]["project"] == "connectome_interpreter"
    config = calls[0][1]["config"]
    assert (config["num_iterations"], config["in_reg_lambda"], config["seed"]) == (7, 0.1, 3)
    for i, (_, numbers) in enumerate(calls[1:-1]):
        assert numbers == {
            "activation_loss": result.activation_losses[i],
            "in_regularisation_loss": result.in_regularisation_losses[i],
            "out_regularisation_loss": result.out_regularisation_losses[i],
            "loss": pytest.approx(sum(losses[i] for losses in result[2:5])),
        }


def test_the_run_is_closed_when_the_search_fails(calls: list[tuple[str, Any]]) -> None:
    def fail(_: Any) -> Any:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        maximise(make_chain(), TARGETS, custom_reg_functions={"in": fail}, wandb=True)
    assert [name for name, _ in calls] == ["init", "finish"]


def test_nothing_is_logged_unless_asked(calls: list[tuple[str, Any]]) -> None:
    maximise(make_chain(), TARGETS, num_iterations=3)
    assert calls == []


def test_decision_30_without_wandb_it_is_said_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    network = make_chain()
    monkeypatch.setattr(network.weights, "multiply", None)  # any work would fail otherwise
    with pytest.raises(ImportError, match=INSTALL):
        maximise(network, TARGETS, wandb=True)


def test_wandb_is_not_imported_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    maximise(make_chain(), TARGETS, num_iterations=2)

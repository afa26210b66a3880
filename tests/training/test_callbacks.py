"""Logging to TensorBoard and to Weights & Biases, with modules that stand in for them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from training_cases import make_problem

import wiregrad as wg


def fit(callback: Any) -> wg.FitResult:
    network, stimuli, targets = make_problem()
    trainer = wg.Trainer(epochs=2)
    return trainer.fit(network, stimuli, targets, callbacks=[callback], progress=False)


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **parts: Any) -> None:
    fake: Any = ModuleType(name)
    for part, value in parts.items():
        setattr(fake, part, value)
    monkeypatch.setitem(sys.modules, name, fake)


def test_every_epoch_goes_to_tensorboard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[Any] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            calls.append(("open", folder))

        def add_text(self, name: str, text: str) -> None:
            calls.append((name, "epochs: 2" in text))

        def add_scalar(self, name: str, value: float, epoch: int) -> None:
            calls.append((name, value, epoch))

        def close(self) -> None:
            calls.append("close")

    stand_in(monkeypatch, "torch.utils.tensorboard", SummaryWriter=Writer)
    result = fit(wg.TensorBoardLog(tmp_path))
    assert calls[:2] == [("open", str(tmp_path)), ("settings", True)]
    assert calls[-1] == "close"
    held_out = [value for name, value, *_ in calls[2:-1] if name == "held_out"]
    assert held_out == pytest.approx(result.history["held_out"].tolist())


def test_every_epoch_goes_to_weights_and_biases(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    stand_in(
        monkeypatch,
        "wandb",
        init=lambda **options: calls.append(("init", options["project"])),
        log=lambda numbers: calls.append(numbers),
        finish=lambda: calls.append("finish"),
    )
    result = fit(wg.WeightsAndBiasesLog("mine"))
    assert calls[0] == ("init", "mine")
    assert calls[-1] == "finish"
    assert [numbers["epoch"] for numbers in calls[1:-1]] == [0, 1]
    assert calls[1]["loss"] == pytest.approx(result.history["loss"][0])


def test_what_is_not_installed_is_said_before_any_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ImportError, match="wandb is not installed"):
        wg.WeightsAndBiasesLog()
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match="tensorboard is not installed: pip install tensorboard"):
        fit(wg.TensorBoardLog(tmp_path))

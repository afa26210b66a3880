"""A training that is killed goes on to the same result; another one's checkpoint is refused."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from train_and_be_killed import train, train_and_tell
from training_cases import make_problem

import wiregrad as wg
from wiregrad.training._checkpoint import Checkpoint, digest


def run_and_kill(processes: Any, folder: Path, epoch: int) -> int | None:
    """Start a training in another process, and kill it once it has come to an epoch."""
    hears, tells = processes.Pipe(duplex=False)
    process = processes.Process(target=train_and_tell, args=(str(folder), tells))
    process.start()
    while hears.recv() < epoch:
        pass
    process.kill()
    process.join()
    code: int | None = process.exitcode
    return code


def test_a_killed_training_goes_on_to_the_same_parameters(tmp_path: Path, processes: Any) -> None:
    whole = train(None)
    for epoch in (10, 23):
        assert run_and_kill(processes, tmp_path, epoch) == -signal.SIGKILL
    saved = torch.load(tmp_path / "starts-0.pt", weights_only=True)["state"]["epoch"]
    assert 20 <= saved < 30  # it was in the middle, the second time from where the first had come
    epochs: list[int] = []
    result = train(str(tmp_path), callbacks=[lambda epoch, _: epochs.append(epoch)])
    assert epochs[0] == saved
    for name, values in whole.ensemble.items():
        np.testing.assert_allclose(result.ensemble[name], values, atol=1e-6, err_msg=name)
    assert result.held_out_loss == pytest.approx(whole.held_out_loss, rel=1e-6)
    assert len(result.history) == len(whole.history)
    np.testing.assert_allclose(result.history["loss"], whole.history["loss"], rtol=1e-6)
    assert result.starts.equals(whole.starts)


def fit(folder: Path, stimuli: Any = None, **options: Any) -> wg.FitResult:
    network, given, targets = make_problem()
    trainer = wg.Trainer(**{"epochs": 5, **options})
    stimuli = given if stimuli is None else stimuli
    return trainer.fit(network, stimuli, targets, checkpoint=folder, progress=False)


def test_a_finished_training_is_read_from_its_checkpoint(tmp_path: Path) -> None:
    first = fit(tmp_path)
    again = fit(tmp_path)
    assert again.parameters.equals(first.parameters)
    assert again.history.equals(first.history)
    assert again.predictions.equals(first.predictions)


def test_the_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    fit(tmp_path)
    with pytest.raises(ValueError, match=r"another training: it differs in epochs \(5 there, 6 "):
        fit(tmp_path, epochs=6)
    _, stimuli, _ = make_problem()
    with pytest.raises(ValueError, match=r"differs in stimuli .* delete it"):
        fit(tmp_path, stimuli=stimuli * 0.9)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "starts-0.pt").write_text("x")
    with pytest.raises(ValueError, match=r"starts-0\.pt is no checkpoint of a training"):
        fit(tmp_path)


def test_a_save_that_is_interrupted_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint(tmp_path / "a.pt", {"what": "a"})
    checkpoint.save({"epoch": 1})

    def fail(*_: Any) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", fail)
        with pytest.raises(OSError, match="no room"):
            checkpoint.save({"epoch": 2})
    assert checkpoint.load() == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_what_a_killed_save_left_is_cleared_away(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "a.pt", {})
    (tmp_path / ".a.pt-0123.part").write_text("half")
    assert checkpoint.load() is None
    assert not list(tmp_path.iterdir())


def test_a_digest_tells_shapes_types_and_numbers_apart() -> None:
    arrays = [np.zeros(4), np.zeros(4, np.float32), np.zeros((2, 2)), np.ones(4)]
    assert len({digest(array) for array in arrays}) == 4

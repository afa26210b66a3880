"""An epoch on FlyWire: seconds and peak memory, beside the reference on a batch that it can do."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..engine._memory import peak_mb, reset_peak
from ..engine._problem import Problem
from ..measure import QUIET, measure

__all__ = ["epochs", "ours", "theirs"]

N_STIMULI, STEPS, ROWS, INPUTS = 64, 5, 500, "super_class=sensory and side=right"

_PROGRAM = """
from benchmarks.training._epoch import {function}
{function}({path!r}, {batch}, {folder!r})
"""


def epochs(data: Path, reference: Path | None, reference_batch: int = 2) -> dict[str, Any]:
    """Measure both, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flywire.npz"
        _problem(data).save(path)
        found: dict[str, Any] = {"wiregrad": _measure("ours", path, N_STIMULI, None)}
        if reference is None or not reference.is_dir():
            return found | {"reference": {"skipped": "the reference is not installed"}}
        found["reference"] = _measure("theirs", path, reference_batch, reference)
    return found


def _measure(function: str, path: Path, batch: int, folder: Path | None) -> dict[str, Any]:
    text = None if folder is None else str(folder)
    code = _PROGRAM.format(function=function, path=str(path), batch=batch, folder=text)
    try:
        answer: dict[str, Any] = measure(code, 1, environment=QUIET, timeout=300).answer
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        return {"batch": batch, "skipped": type(error).__name__}
    return {"batch": batch, **answer}


def _problem(data: Path) -> Problem:
    """Take FlyWire as a network sees it, as plain arrays for both."""
    import wiregrad as wg

    brain = wg.Connectome.load(data / "flywire783")
    network = wg.MultilayeredNetwork.from_connectome(
        brain, INPUTS, STEPS, sign="sign", device="cpu"
    )
    matrix = network.weights.to_scipy()
    sensory = network.sensory_indices.numpy()
    side = np.flatnonzero(brain.neurons["side"] == "right")
    return Problem(
        matrix.data,
        matrix.indices.astype(np.int32),
        matrix.indptr.astype(np.int32),
        sensory,
        np.setdiff1d(side, sensory),
        network.groups.of_neuron.astype(np.int32),
        STEPS,
    )


def _asked(problem: Problem, batch: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Draw stimuli, and 500 responses of right-side neurons to each, at any step."""
    rng = np.random.default_rng(0)
    shape = (batch, len(problem.sensory), STEPS)
    stimuli = (rng.random(shape) * (rng.random(shape) < 0.5)).astype(np.float32)
    n = batch * ROWS
    columns = {
        "batch": np.repeat(np.arange(batch), ROWS),
        "neuron_idx": rng.choice(problem.targets, n),
        "layer": rng.integers(STEPS, size=n),
        "value": rng.random(n),
    }
    return stimuli, pd.DataFrame(columns)


def ours(path: str, batch: int, _: str | None) -> dict[str, Any]:
    """Time epochs of the trainer, the slopes and biases of all groups."""
    import wiregrad as wg

    problem = Problem.load(Path(path))
    network = wg.MultilayeredNetwork(
        problem.matrix(),
        problem.sensory.tolist(),
        STEPS,
        idx_to_group=dict(enumerate(problem.groups.tolist())),
        device="cpu",
    )
    stimuli, targets = _asked(problem, batch)
    reset_peak()
    moments: list[float] = []
    wg.Trainer(epochs=7).fit(
        network,
        stimuli,
        targets,
        held_out=0,
        callbacks=[lambda *_: moments.append(time.perf_counter())],
        stability=False,
        progress=False,
    )
    seconds = np.diff(moments)[2:].tolist()
    return {"seconds": statistics.median(seconds), "all": seconds, "peak_mb": peak_mb()}


def theirs(path: str, batch: int, folder: str) -> dict[str, Any]:
    """Time epochs of the reference's training; a step of it runs its validation too."""
    import importlib

    sys.path.append(folder)
    importlib.import_module("connectome_interpreter")
    package = sys.modules["connectome_interpreter.activation_maximisation"]
    import torch

    problem = Problem.load(Path(path))
    network = package.MultilayeredNetwork(
        problem.matrix(),
        problem.sensory.tolist(),
        num_layers=STEPS,
        idx_to_group=dict(enumerate(problem.groups.tolist())),
    )
    stimuli, targets = _asked(problem, batch)
    reset_peak()
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        package.train_model(
            network, torch.from_numpy(stimuli), targets, num_epochs=1, train_fraction=1.0
        )
        seconds.append(time.perf_counter() - began)
    return {"seconds": min(seconds), "all": seconds, "peak_mb": peak_mb()}

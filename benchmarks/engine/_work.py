"""What is timed, in a process of its own: one kind of work of one package on one problem.

The packages answer to the same names, so the same lines run on all. wiregrad is not imported where
another package is timed.

The number of iterations, and how many warm-up iterations come before, are the job's; so is the
number of seconds after which no further iteration is begun. Memory is watched from the moment at
which the package is imported and the matrix loaded.
"""

from __future__ import annotations

import importlib
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ._clock import Clock
from ._memory import peak_mb, reset_peak, resident_mb
from ._problem import Problem

__all__ = ["Job", "load_package", "work"]

#: A bias that keeps every neuron active, whatever its input: the drive is at least 6 - 5.
DENSE_BIAS = 6.0

#: Neurons of interest of a saliency, and neurons with a target in training.
FEW = 10


@dataclass(frozen=True)
class Job:
    """What to do.

    Attributes
    ----------
    kind : str
        maximise, grouped, saliency, train, forward, dense, stream or active.
    package : str
        Its name as in the results.
    folder : str or None
        Where connectome_interpreter is installed; None for wiregrad.
    problem : str
        The file.
    batch, iterations, warm : int
    patience : float
        Seconds.
    seed : int
        Of the start.
    """

    kind: str
    package: str
    folder: str | None
    problem: str
    batch: int
    iterations: int
    warm: int
    patience: float
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Do a job; return what was measured, or the error."""
    logging.disable()
    try:
        return _work(Job(**job))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error)[:300]}"}


def _work(job: Job) -> dict[str, Any]:
    problem = Problem.load(Path(job.problem))
    size = {"neurons": problem.n_neurons, "edges": len(problem.values), "steps": problem.steps}
    if job.kind in ("stream", "active"):
        from . import _products

        return size | getattr(_products, job.kind)(problem, job)
    package = load_package(job.folder)
    import torch

    matrix = problem.matrix()
    held = resident_mb()
    reset_peak()
    began = time.perf_counter()
    network = _network(package, problem, matrix, job.kind)
    built = time.perf_counter() - began
    generator = torch.Generator().manual_seed(job.seed)
    shape = (job.batch, len(problem.sensory), problem.steps)
    start = torch.rand(shape, generator=generator)
    measured = KINDS[job.kind](package, network, problem, start, job)
    measured |= size | {"build_s": built, "held_mb": held, "threads": torch.get_num_threads()}
    found = measured.pop("result", None)
    measured.setdefault("peak_mb", peak_mb())
    if job.folder is None and found is not None:
        measured["active_edges"] = _active_edges(network, problem, found)
    return measured


def load_package(folder: str | None) -> ModuleType:
    """Import wiregrad, or the module of connectome_interpreter that is compared with."""
    Clock.replace_tqdm()
    if folder is None:
        return importlib.import_module("wiregrad")
    sys.path.append(folder)
    importlib.import_module("connectome_interpreter")
    # The package has a function of the same name, so the module is not its attribute.
    return sys.modules["connectome_interpreter.activation_maximisation"]


def _network(package: ModuleType, problem: Problem, matrix: Any, kind: str) -> Any:
    with_groups = kind in ("grouped", "train")
    groups = dict(enumerate(problem.groups.tolist())) if with_groups else None
    return package.MultilayeredNetwork(
        matrix,
        problem.sensory.tolist(),
        num_layers=problem.steps,
        idx_to_group=groups,
        default_bias=DENSE_BIAS if kind == "dense" else problem.bias,
    )


def _maximise(
    package: ModuleType, network: Any, problem: Problem, start: Any, job: Job
) -> dict[str, Any]:
    """Activation maximisation with fixed lambdas, every batch member with a target of its own."""
    import pandas as pd

    asked = pd.DataFrame(
        {
            "batch": np.arange(job.batch),
            "layer": problem.steps - 1,
            "neuron": problem.member_targets(job.batch),
            "value": 1.0,
        }
    )

    def run(iterations: int) -> Any:
        return package.activation_maximisation(
            network,
            package.TargetActivation(asked),
            input_tensor=start,
            num_iterations=iterations,
            learning_rate=0.1,
            in_reg_lambda=0.01,
            out_reg_lambda=0.01,
            early_stopping=False,
            print_output=False,
        )

    run(job.warm)
    Clock.forget()
    Clock.patience = job.patience
    began = time.perf_counter()
    result = run(job.iterations)
    whole = time.perf_counter() - began
    # The result is activations, and three lists of losses by iteration, in the same order in both.
    first = [float(losses[0]) for losses in result[2:5]]
    peak = peak_mb()
    seconds = Clock.longest()
    if job.folder is None and len(seconds) != job.iterations:
        raise RuntimeError(f"{len(seconds)} iterations of {job.iterations} were timed")
    return {
        "seconds": seconds,
        "whole_s": whole,
        "first_losses": first,
        "peak_mb": peak,
        "result": result,
    }


def _saliency(
    package: ModuleType, network: Any, problem: Problem, start: Any, job: Job
) -> dict[str, Any]:
    """Saliency of ten neurons, one call an iteration."""
    asked = {problem.steps - 1: problem.targets[:FEW].tolist()}
    return {"seconds": _repeat(lambda: package.saliency(network, start, asked), job)}


def _train(
    package: ModuleType, network: Any, problem: Problem, start: Any, job: Job
) -> dict[str, Any]:
    """Training of slopes and biases on ten neurons a batch member, one epoch an iteration."""
    import pandas as pd

    chosen = problem.targets[:FEW]
    rng = np.random.default_rng(job.seed)
    targets = pd.DataFrame(
        {
            "batch": np.repeat(np.arange(job.batch), len(chosen)),
            "neuron_idx": np.tile(chosen, job.batch),
            "layer": problem.steps - 1,
            "value": rng.random(len(chosen) * job.batch),
        }
    )
    package.train_model(network, start, targets, num_epochs=job.warm)
    Clock.forget()
    Clock.patience = job.patience
    began = time.perf_counter()
    package.train_model(network, start, targets, num_epochs=job.iterations)
    whole = time.perf_counter() - began
    return {"seconds": Clock.longest() or [whole / job.iterations], "whole_s": whole}


def _forward(
    package: ModuleType, network: Any, problem: Problem, start: Any, job: Job
) -> dict[str, Any]:
    """Run the network forwards, without a gradient."""
    import torch

    with torch.no_grad():
        return {"seconds": _repeat(lambda: network(start), job)}


KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "maximise": _maximise,
    "grouped": _maximise,
    "saliency": _saliency,
    "train": _train,
    "forward": _forward,
    "dense": _forward,
}


def _repeat(call: Callable[[], object], job: Job) -> list[float]:
    for _ in range(job.warm):
        call()
    seconds: list[float] = []
    began = time.perf_counter()
    while len(seconds) < job.iterations:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
        if time.perf_counter() - began > job.patience:
            break
    return seconds


def _active_edges(network: Any, problem: Problem, result: Any) -> list[list[int]]:
    """Count the out-edges of active neurons that a forward pass meets, for kept stimuli.

    Returns
    -------
    list of [int, int]
        Iteration, and edges summed over steps; in a batch an edge counts once if any member uses
        it.
    """
    import torch

    out_degree = np.bincount(problem.indices, minlength=problem.n_neurons)
    counted = []
    for place, snapshot in enumerate(result[5]):
        stimulus = np.asarray(snapshot)
        if stimulus.ndim == 2:  # a batch of one comes without its axis
            stimulus = stimulus[None]
        with torch.no_grad():
            states = network(stimulus)
        driven = np.zeros(problem.n_neurons, dtype=bool)
        driven[problem.sensory[(stimulus[:, :, 0] > 0).any(axis=0)]] = True
        active = (states[:, :, :-1] > 0).any(dim=0).numpy()
        edges = _sum_where(out_degree, driven) + sum(
            _sum_where(out_degree, step) for step in active.T
        )
        counted.append([5 * place, edges])
    return counted


def _sum_where(degree: npt.NDArray[np.integer], active: npt.NDArray[np.bool_]) -> int:
    return int(degree[active].sum())

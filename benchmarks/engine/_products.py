"""The sparse product alone: beside one read of its bytes, and against the active fraction."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from ._problem import Problem

if TYPE_CHECKING:
    from ._work import Job

__all__ = ["FRACTIONS", "active", "stream"]

#: Active neurons, as a fraction of all.
FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def stream(problem: Problem, job: Job) -> dict[str, Any]:
    """Time, in turn, one read of the matrix and the dense products that have to read it.

    The read adds up the values (float32) and mixes the indices and the row starts (int32), compiled
    by numba to vector instructions, in parallel, one block a thread.

    Returns
    -------
    dict
        `seconds_by` of "read", "product" and "torch CSR" (of the same matrix and column), and the
        matrix's `bytes`.
    """
    import torch

    import wiregrad as wg

    network = wg.MultilayeredNetwork(problem.matrix(), problem.sensory, num_layers=1)
    read = _reader(problem)
    generator = torch.Generator().manual_seed(job.seed)
    h = torch.rand((problem.n_neurons, job.batch), generator=generator) + 0.01
    csr = torch.sparse_csr_tensor(
        *(torch.from_numpy(part) for part in (problem.indptr, problem.indices, problem.values)),
        (problem.n_neurons,) * 2,
    )
    calls = {
        "read": read,
        "product": lambda: network.weights(h),
        "torch CSR": lambda: csr @ h,
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    with torch.no_grad():
        for round_ in range(job.warm + job.iterations):
            for name, call in calls.items():
                began = time.perf_counter()
                call()
                if round_ >= job.warm:
                    seconds[name].append(time.perf_counter() - began)
    parts = (problem.indptr, problem.indices, problem.values)
    return {"seconds_by": seconds, "bytes": sum(part.nbytes for part in parts)}


def active(problem: Problem, job: Job) -> dict[str, Any]:
    """Time one product with a fraction of the neurons active, drawn at random.

    Gradients are asked for first, so that the network has all layouts of its matrix that it has in
    a search.

    Returns
    -------
    dict
        `seconds_by` fraction, and `edges_by` fraction: out-edges of the active neurons.
    """
    import torch

    import wiregrad as wg

    network = wg.MultilayeredNetwork(problem.matrix(), problem.sensory, num_layers=1)
    rng = np.random.default_rng(job.seed)
    column = torch.ones((problem.n_neurons, job.batch), requires_grad=True)
    for _ in range(2):  # a layout is made when a product has come that would be faster by it
        network.weights(column).sum().backward()
    degree = np.bincount(problem.indices, minlength=problem.n_neurons)
    order = rng.permutation(problem.n_neurons)
    seconds: dict[str, list[float]] = {}
    edges: dict[str, int] = {}
    for fraction in FRACTIONS:
        chosen = order[: max(1, round(fraction * problem.n_neurons))]
        h = torch.zeros((problem.n_neurons, job.batch))
        h[chosen] = torch.from_numpy(rng.random((len(chosen), job.batch), dtype=np.float32) + 0.01)
        edges[str(fraction)] = int(degree[chosen].sum())
        seconds[str(fraction)] = taken = []
        with torch.no_grad():
            for round_ in range(job.warm + job.iterations):
                began = time.perf_counter()
                network.weights(h)
                if round_ >= job.warm:
                    taken.append(time.perf_counter() - began)
    return {"seconds_by": seconds, "edges_by": edges}


def _reader(problem: Problem) -> Any:
    """Return a function that reads the matrix once from memory."""
    import numba
    import torch

    blocks = torch.get_num_threads()
    numba.set_num_threads(blocks)

    # Unsigned places, so that the loops are compiled to vector instructions.
    @numba.njit(fastmath=True)
    def add_up(values: Any) -> Any:
        total = np.float32(0)
        for k in range(len(values)):
            total += values[np.uint64(k)]
        return total

    @numba.njit
    def mix(indices: Any) -> Any:
        mixed = np.int32(0)
        for k in range(len(indices)):
            mixed ^= indices[np.uint64(k)]
        return mixed

    @numba.njit(parallel=True)
    def read(indptr: Any, indices: Any, values: Any, blocks: int) -> Any:
        weight = np.zeros(blocks, dtype=np.float32)
        place = np.zeros(blocks, dtype=np.int32)
        for block in numba.prange(blocks):
            first, last = len(values) * block // blocks, len(values) * (block + 1) // blocks
            weight[block] = add_up(values[first:last])
            place[block] = mix(indices[first:last])
        return weight.sum(), place.sum() + mix(indptr)

    return lambda: read(problem.indptr, problem.indices, problem.values, blocks)

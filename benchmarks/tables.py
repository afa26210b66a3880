"""Tables of activations: seconds and memory, on a whole brain and beside the reference.

    python benchmarks/tables.py DATA --out docs/tables.md

DATA is the folder `flywire783` of the shared data. The reference is read from `.reference`, where
`make parity` installs it. Each run is a process of its own; a case prepares what it needs, and only
its call is measured. `--only NAME` runs the cases whose name begins so.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import importlib
import io
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from measure import machine
from scipy import sparse

import wiregrad as wg

ROOT = Path(__file__).resolve().parents[1]
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Case:
    """What is measured: a call, and, where the reference can do it, the same call there.

    `prepare` makes what the calls get, from the folder of the data; `rows` counts what they gave.
    `warm_up`, if given, prepares the same in small: a call that is not measured, which loads what
    the libraries load late. It matters where the call takes milliseconds.
    """

    name: str
    prepare: Callable[[Path], SimpleNamespace]
    wiregrad: Callable[[SimpleNamespace], Any]
    reference: Callable[[ModuleType, SimpleNamespace], Any] | None = None
    rows: Callable[[Any], int] = len
    warm_up: Callable[[Path], SimpleNamespace] | None = None


# What the cases are about


def driven_brain(data: Path) -> SimpleNamespace:
    """Drive all right-side olfactory receptor neurons of FlyWire at the start, for five steps."""
    brain = wg.Connectome.load(data)
    inputs = "cell_class=olfactory and side=right"
    network = wg.MultilayeredNetwork.from_connectome(
        brain, inputs, steps=5, sign="sign", device="cpu"
    )
    stimulus = np.zeros((len(network.sensory_indices), 5), dtype=np.float32)
    stimulus[:, 0] = 1.0
    with torch.no_grad():
        out = network(stimulus).numpy()
    return SimpleNamespace(brain=brain, network=network, stimulus=stimulus, out=out)


def all_driven_brain(data: Path) -> SimpleNamespace:
    """Drive every neuron of FlyWire: the largest table that five steps can give."""
    given = driven_brain(data)
    n = given.brain.n_neurons
    rng = np.random.default_rng(0)
    given.stimulus = rng.random((n, 5), dtype=np.float32)
    given.sensory = range(n)
    return given


def whole_brain_activations(_: Path) -> SimpleNamespace:
    """Draw activations of as many neurons as FlyWire has, for six steps."""
    rng = np.random.default_rng(0)
    out = rng.random((133_436, 6), dtype=np.float32)
    groups = dict(enumerate(rng.integers(0, 8_000, len(out)).tolist()))
    return SimpleNamespace(out=out, indices=list(range(len(out))), groups=groups)


def whole_brain_batch(data: Path) -> SimpleNamespace:
    """Draw eight batch members of such activations, and for each neuron one of thirty columns."""
    given = whole_brain_activations(data)
    rng = np.random.default_rng(1)
    given.batch = rng.random((8, *given.out.shape), dtype=np.float32)
    given.columns = dict(enumerate(rng.integers(1, 31, len(given.out)).tolist()))
    return given


def random_network(n: int, steps: int = 5) -> Callable[[Path], SimpleNamespace]:
    """Draw a network with as many connections a neuron as FlyWire, and its counts of synapses.

    All excite: the reference leaves out inhibition. A tenth of the neurons is driven, and there is
    a group for each sixteen.
    """

    def prepare(data: Path) -> SimpleNamespace:
        rng = np.random.default_rng(n)
        edges = pd.read_parquet(data / "edges.parquet")
        n_edges = round(len(edges) / 133_436 * n)
        counts = rng.choice(edges["syn_count"].to_numpy(), n_edges).astype(np.float64)
        ends = rng.integers(0, n, (2, n_edges))
        matrix = sparse.coo_matrix((counts, ends), shape=(n, n)).tocsr()
        total = np.asarray(matrix.sum(axis=0)).ravel()
        inprop = sparse.csr_matrix(matrix @ sparse.diags(1 / np.maximum(total, 1)))
        sensory = np.sort(rng.permutation(n)[: n // 10]).tolist()
        network = wg.MultilayeredNetwork(inprop.T, sensory, steps, device="cpu")
        stimulus = rng.random((len(sensory), steps), dtype=np.float32)
        with torch.no_grad():
            out = network(stimulus).numpy()
        groups = {i: f"type {group}" for i, group in enumerate(rng.integers(0, n // 16, n))}
        return SimpleNamespace(
            inprop=inprop, stimulus=stimulus, out=out, sensory=sensory, groups=groups
        )

    return prepare


# The cases


def brain_table(given: SimpleNamespace, mapping: str | None) -> pd.DataFrame:
    """List the paths of the driven brain; None means a group for each index."""
    if mapping is not None:
        return wg.activations_to_df(given.network, given.stimulus, given.out, inidx_mapping=mapping)
    inprop = given.network.weights.to_scipy().T
    sensory = getattr(given, "sensory", given.network.sensory_indices)
    return wg.activations_to_df(inprop, given.stimulus, given.out, sensory)


def of_network(name: str, n: int, grouped: bool) -> Case:
    """Compare activations_to_df on a random network."""

    def arguments(given: SimpleNamespace) -> tuple[Any, ...]:
        mapping = given.groups if grouped else None
        return given.inprop, given.stimulus, given.out, given.sensory, mapping

    return Case(
        f"{name}, {n:,} neurons, {f'{n // 16:,} groups' if grouped else 'ungrouped'}",
        random_network(n),
        lambda given: wg.activations_to_df(*arguments(given)),
        lambda reference, given: reference.activations_to_df(*arguments(given)),
        warm_up=random_network(64),
    )


def total(found: dict[Any, dict[Any, Any]]) -> int:
    """Count the entries of a dict of dicts."""
    return sum(map(len, found.values()))


#: A case a row; those of the first table are run with wiregrad alone.
CASES = [
    Case(
        "activations_to_df, right ORNs, by cell type",
        driven_brain,
        lambda given: brain_table(given, "group"),
    ),
    Case(
        "activations_to_df, right ORNs, ungrouped, by index",
        driven_brain,
        lambda given: brain_table(given, None),
    ),
    Case(
        "activations_to_df, right ORNs, ungrouped, by root id",
        driven_brain,
        lambda given: brain_table(given, "id"),
    ),
    Case(
        "activations_to_df, all neurons driven, ungrouped, by index",
        all_driven_brain,
        lambda given: brain_table(given, None),
    ),
    *(of_network("activations_to_df", n, grouped) for n in (2_000, 8_000) for grouped in (0, 1)),
    Case(
        "get_activations, 133,436 neurons x 6 steps",
        whole_brain_activations,
        lambda given: wg.get_activations(given.out, given.indices, threshold=0.1),
        lambda reference, given: reference.get_activations(given.out, given.indices, threshold=0.1),
        total,
    ),
    Case(
        "get_activations, 133,436 neurons x 6 steps, 8,000 groups",
        whole_brain_activations,
        lambda given: wg.get_activations(given.out, given.indices, given.groups),
        None,
        total,
    ),
    Case(
        "get_neuron_activation, 8 batches x 133,436 neurons x 6 steps, ungrouped",
        whole_brain_batch,
        lambda given: wg.get_neuron_activation(given.batch, given.indices),
    ),
    Case(
        "get_neuron_activation, 8 batches x 133,436 neurons x 6 steps, 8,000 groups",
        whole_brain_batch,
        lambda given: wg.get_neuron_activation(given.batch, given.indices, None, given.groups),
        lambda reference, given: reference.get_neuron_activation(
            given.batch, given.indices, None, given.groups
        ),
    ),
    Case(
        "activity_by_column, 133,436 neurons x 6 steps, all 8,000 groups",
        whole_brain_batch,
        lambda given: wg.activity_by_column(given.out, given.groups, given.columns, range(8_000)),
    ),
    Case(
        "activity_by_column, 133,436 neurons x 6 steps, 50 of 8,000 groups",
        whole_brain_batch,
        lambda given: wg.activity_by_column(given.out, given.groups, given.columns, range(50)),
        lambda reference, given: reference.activity_by_column(
            given.out, given.groups, given.columns, range(50)
        ),
    ),
]


# Measuring, in a process of its own


def run_here(case: Case, side: str, data: Path) -> dict[str, float]:
    """Prepare a case, call it once, and tell what the call took."""
    given = case.prepare(data)
    if side == "wiregrad":
        call = case.wiregrad
    else:
        reference = load_reference()
        call = lambda given: case.reference(reference, given)  # noqa: E731
    with contextlib.redirect_stdout(io.StringIO()):  # the reference prints
        if case.warm_up is not None:
            call(case.warm_up(data))
        before = forget_the_peak()
        start = time.perf_counter()
        found = call(given)
        seconds = time.perf_counter() - start
    peak = memory_mb("VmHWM")
    return {
        "seconds": seconds,
        "extra_mb": peak - before,
        "peak_mb": peak,
        "rows": case.rows(found),
    }


def load_reference() -> ModuleType:
    """Import the reference's module from the folder that `make parity` installs it into."""
    sys.path.append(str(ROOT / ".reference"))
    importlib.import_module("connectome_interpreter")
    return sys.modules["connectome_interpreter.activation_maximisation"]


def forget_the_peak() -> float:
    """Give freed memory back, set the kernel's account of the peak to now, and return it, in MB."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    if STATUS.exists():
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return memory_mb("VmRSS")


def memory_mb(what: str) -> float:
    """Return the resident memory (VmRSS), or its peak (VmHWM); on macOS always the peak so far."""
    if STATUS.exists():
        return int(STATUS.read_text(encoding="ascii").split(f"{what}:")[1].split()[0]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


# The page


@dataclass(frozen=True)
class Runs:
    """What several runs of one case took."""

    runs: list[dict[str, float]]

    @classmethod
    def of(cls, case: Case, side: str, data: Path, repeats: int) -> Runs:
        """Run a case in fresh processes."""
        command = [sys.executable, __file__, str(data), "--run", case.name, "--side", side]
        runs = []
        for _ in range(repeats):
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
            print(side, case.name, runs[-1], file=sys.stderr)
        return cls(runs)

    def median(self, what: str) -> float:
        """Return the median over the runs."""
        return statistics.median(run[what] for run in self.runs)

    def cell(self, what: str, digits: int) -> str:
        """Return median and range."""
        values = [run[what] for run in self.runs]
        low, middle, high = (
            f"{value:,.{digits}f}"
            for value in (min(values), statistics.median(values), max(values))
        )
        return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def alone_rows(data: Path, repeats: int, cases: list[Case]) -> list[str]:
    """Measure what only wiregrad can do, a row a case."""
    lines = [
        "| table | rows | seconds | extra memory, MB | peak of the process, MB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for case in cases:
        ours = Runs.of(case, "wiregrad", data, repeats)
        lines.append(
            f"| {case.name} | {ours.median('rows'):,.0f} | {ours.cell('seconds', 2)} | "
            f"{ours.cell('extra_mb', 0)} | {ours.cell('peak_mb', 0)} |"
        )
    return lines


def beside_rows(data: Path, repeats: int, reference_repeats: int, cases: list[Case]) -> list[str]:
    """Measure both sides, a row a case; they must give equally many rows."""
    lines = [
        "| table | rows | wiregrad, s | reference, s | times faster | wiregrad, extra MB | "
        "reference, extra MB | part of its memory |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for case in cases:
        ours = Runs.of(case, "wiregrad", data, repeats)
        theirs = Runs.of(case, "reference", data, reference_repeats)
        if ours.median("rows") != theirs.median("rows"):
            raise SystemExit(f"{case.name}: the two sides give different numbers of rows")
        faster = theirs.median("seconds") / ours.median("seconds")
        part = ours.median("extra_mb") / theirs.median("extra_mb")
        lines.append(
            f"| {case.name} | {ours.median('rows'):,.0f} | {ours.cell('seconds', 3)} | "
            f"{theirs.cell('seconds', 2)} | {faster:,.0f} | {ours.cell('extra_mb', 1)} | "
            f"{theirs.cell('extra_mb', 0)} | 1/{1 / part:,.0f} |"
        )
    return lines


def main() -> None:
    """Write the page, or measure one case."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the folder flywire783")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--reference-repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="cases whose name begins so")
    parser.add_argument("--out", type=Path, help="write the tables to this file")
    parser.add_argument("--run", help="measure this case, in this process")
    parser.add_argument("--side", choices=["wiregrad", "reference"], default="wiregrad")
    options = parser.parse_args()
    if options.run:
        case = next(case for case in CASES if case.name == options.run)
        print(json.dumps(run_here(case, options.side, options.data)))
        return
    cases = [case for case in CASES if case.name.startswith(options.only)]
    alone = [case for case in cases if case.reference is None]
    beside = [case for case in cases if case.reference is not None]
    page = PAGE.format(
        machine=machine(),
        version=wg.__version__,
        pandas=pd.__version__,
        repeats=options.repeats,
        reference_repeats=options.reference_repeats,
        alone="\n".join(alone_rows(options.data, options.repeats, alone)),
        beside="\n".join(
            beside_rows(options.data, options.repeats, options.reference_repeats, beside)
        ),
    )
    if options.out:
        options.out.write_text(page, encoding="utf-8")
    else:
        print(page)


PAGE = """# Tables of activations

Written by `python benchmarks/tables.py DATA --out docs/tables.md` with wiregrad {version} and
pandas {pandas} on {machine}. Each run is a process of its own,
and only the call is measured: medians of {repeats} runs (of the reference {reference_repeats})
with their range. Extra memory is the peak of resident memory during the call above what was there
just before it.

## A whole brain

FlyWire v783, pairs with five synapses or more: 133,436 neurons, 2,309,630 connections, signs from
the transmitters, unknown ones at 0. The 1,010 olfactory receptor neurons of the right side are
driven at 1 at the start, the network takes five steps, and all groups count as active; "all
neurons driven" is the largest table that this brain can give. By cell type, a neuron without one is
a group of its own. Activations of 6 steps are random
ones of as many neurons. The peak of the process includes torch, the connectome and the network.

{alone}

## Beside connectome_interpreter 2.9.1

Random networks, seeded, with as many connections a neuron as FlyWire (17.3) and its numbers of
synapses a connection, a tenth of the neurons driven, five steps. All connections excite, since the
reference leaves out those that inhibit: so both give the same rows. On these networks each process
has made the same call on 64 neurons before.

{beside}
"""


if __name__ == "__main__":
    main()

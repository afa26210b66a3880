"""Circuits of a whole fly brain: seconds and memory from a run to its strongest paths.

    python benchmarks/circuits.py DATA

DATA is the folder `flywire783` of the shared data. Writes the table of docs/circuits.md.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from measure import machine, measure

import wiregrad as wg

#: The right olfactory receptor neurons are driven at 1 at the start; paths of 1 to 5 hops to the
#: descending neuron of the right side that is most active at the end.
RUN = """
import time
import numpy as np
import wiregrad as wg
brain = wg.Connectome.load({path!r})
network = wg.MultilayeredNetwork.from_connectome(brain, "/^ORN/ and side=right", 5, sign="sign")
stimulus = np.zeros((len(network.sensory_indices), 5))
stimulus[:, 0] = 1
activations = network(stimulus).numpy()
descending = network.find("super_class=descending and side=right")
target = descending[activations[descending, -1].argmax()] if {one} else descending
def peak():
    lines = open("/proc/self/status").read().split("VmHWM:")
    return int(lines[1].split()[0]) / 1e3 if len(lines) > 1 else float("nan")
before, began = peak(), time.perf_counter()
carried = wg.circuit(network, stimulus, activations, dict.fromkeys(range(5), target), by={by!r})
found = time.perf_counter()
best = wg.best_paths(carried, {k})
ended = time.perf_counter()
size = [len(carried.nodes), len(carried.edges), best.n_paths, len(best.paths)]
took = [found - began, ended - found, peak() - before]
[*size, float(best.paths["share"].sum()), *took]
"""


def row(path: Path, name: str, by: str, one: bool, k: int, repeats: int) -> str:
    """Measure one way of grouping, in fresh processes."""
    answers = []
    for _ in range(repeats):
        measured = measure(RUN.format(path=str(path), by=by, one=one, k=k), 1)
        answers.append([*measured.answer, *measured.peak_mb])
    nodes, edges, paths, listed, share = answers[0][:5]
    circuit, search, extra, peak = (
        statistics.median(numbers) for numbers in zip(*(a[5:] for a in answers), strict=True)
    )
    targets = "the most active one" if one else "all on the right"
    return (
        f"| {name} | {targets} | {nodes:,} | {edges:,} | {paths:,} | {listed:,} | {share:.1%} | "
        f"{circuit:.2f} | {search:.2f} | {extra:,.0f} | {peak:,.0f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the folder flywire783")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"wiregrad {wg.__version__} on {machine()}, medians of {options.repeats} runs\n")
    print(
        "| nodes are | descending neurons | nodes | edges | paths | listed | their share of all "
        "strength | circuit, s | paths, s | extra memory, MB | peak of the process, MB |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, by in (("cell types", "group"), ("neurons", "id")):
        for one, k in ((True, 1_000), (True, 100_000), (False, 1_000)):
            print(row(options.data, name, by, one, k, options.repeats), flush=True)


if __name__ == "__main__":
    main()

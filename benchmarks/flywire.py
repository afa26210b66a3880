"""FlyWire from its files: loading times by format, and from the file to an answer.

    python benchmarks/flywire.py DATA --out docs/flywire.md

DATA is the folder `flywire783` of the shared data.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measure import Measured, machine, measure

import wiregrad as wg

LOAD = """
import wiregrad as wg
brain = wg.Connectome.load({path!r})
[brain.n_neurons, brain.n_edges, brain.checksum]
"""

IMPORT = """
import wiregrad as wg
wg.__version__
"""

ASK = """
import wiregrad as wg
brain = wg.Connectome.load({path!r})
inputs = "super_class=sensory and side=right"
network = wg.MultilayeredNetwork.from_connectome(brain, inputs, steps=5, sign="sign")
asked = wg.TargetActivation({{4: {{"cell_type=MBON11 and side=right": 1.0}}}})
result = wg.activation_maximisation(network, asked, seed={seed}, use_tqdm=False)
[*result.targets["attained"], int(result.members["active_inputs"][0]), result.n_passes]
"""


def write_formats(source: Path, folder: Path) -> dict[str, Path]:
    """Write FlyWire in the formats people have it in; return where each is."""
    neurons = pd.read_parquet(source / "neurons.parquet").drop(columns="idx")
    edges = pd.read_parquet(source / "edges.parquet")
    ids = neurons["root_id"].to_numpy()
    edges = edges.assign(pre=ids[edges["pre"]], post=ids[edges["post"]])
    found = {"parquet (as it lies there)": source}
    for suffix, write in {
        "parquet": lambda table, path: table.to_parquet(path, index=False),
        "feather": lambda table, path: table.to_feather(path),
        "csv": lambda table, path: table.to_csv(path, index=False),
        "tsv.gz": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    }.items():
        there = folder / suffix
        there.mkdir()
        write(edges, there / f"edges.{suffix}")
        write(neurons, there / f"neurons.{suffix}")
        found[suffix] = there
    found["csv.gz as of Codex, two rows a pair"] = write_codex(neurons, edges, folder / "codex")
    found["wiregrad's own folder"] = folder / "saved"
    wg.Connectome.load(source).save(folder / "saved")
    return found


def write_codex(neurons: pd.DataFrame, edges: pd.DataFrame, folder: Path) -> Path:
    """Write the tables that Codex offers: a row for each pair and neuropil."""
    folder.mkdir()
    first = edges["syn_count"] - edges["syn_count"] // 2
    parts = [
        edges.assign(neuropil="A", syn_count=first),
        edges.assign(neuropil="B", syn_count=edges["syn_count"] // 2),
    ]
    rows = pd.concat(parts).sort_index(kind="stable")
    of_pre = pd.Series(neurons["nt_type"].to_numpy(), index=neurons["root_id"])
    rows = rows.assign(nt_type=of_pre.reindex(rows["pre"]).to_numpy())
    rows = rows.rename(columns={"pre": "pre_root_id", "post": "post_root_id"})
    columns = ["pre_root_id", "post_root_id", "neuropil", "syn_count", "nt_type"]
    rows[columns].to_csv(folder / "connections.csv.gz", index=False)
    own = ["root_id", "nt_type", "nt_type_score", "cell_type", "sign"]
    neurons[own].to_csv(folder / "neurons.csv.gz", index=False)
    classes = ["root_id", "flow", "super_class", "cell_class", "sub_class", "side", "nerve"]
    neurons[classes].to_csv(folder / "classification.csv.gz", index=False)
    return folder


def loading_table(formats: dict[str, Path], repeats: int) -> list[str]:
    """Measure loading from every format; all must give the same connectome."""
    base = measure(IMPORT, repeats)
    lines = [
        "| format | files, MB | seconds, median (range) | peak memory, MB |",
        "| --- | --- | --- | --- |",
        f"| none: `import wiregrad` | - | {base.row()} |",
    ]
    answers = set()
    for name, path in formats.items():
        measured = measure(LOAD.format(path=str(path)), repeats)
        answers.add(tuple(measured.answer))
        lines.append(f"| {name} | {size_mb(path):.1f} | {measured.row()} |")
    if len(answers) != 1:
        raise SystemExit(f"the formats do not give equal connectomes: {answers}")
    n_neurons, n_edges, checksum = answers.pop()
    equal = f"All give {n_neurons:,} neurons and {n_edges:,} connections, checksum {checksum[:16]}."
    return [*lines, "", equal]


def size_mb(path: Path) -> float:
    """Sum up the sizes of a folder's tables."""
    names = ("edges", "neurons", "connections", "classification")
    files = [file for file in path.iterdir() if file.name.startswith(names)]
    return sum(file.stat().st_size for file in files if "cross" not in file.name) / 1e6


def answer_table(path: Path, seeds: int) -> list[str]:
    """Measure the way from the file to an answer, one seed a row."""
    lines = [
        "| seed | attained | active inputs | passes | seconds, end to end | peak memory, MB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for seed in range(seeds):
        measured: Measured = measure(ASK.format(path=str(path), seed=seed), 1)
        attained, active, passes = measured.answer
        lines.append(
            f"| {seed} | {attained:.3f} | {active} | {passes} | {measured.seconds[0]:.1f} | "
            f"{measured.peak_mb[0]:,.0f} |"
        )
    return lines


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the folder flywire783")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="write the tables to this file")
    options = parser.parse_args()
    temporary = Path(tempfile.mkdtemp())
    try:
        loading = loading_table(write_formats(options.data, temporary), options.repeats)
    finally:
        shutil.rmtree(temporary)
    page = PAGE.format(
        machine=machine(),
        version=wg.__version__,
        numpy=np.__version__,
        loading="\n".join(loading),
        answer="\n".join(answer_table(options.data, options.seeds)),
    )
    if options.out:
        options.out.write_text(page, encoding="utf-8")
    else:
        print(page)


PAGE = """# FlyWire, from the file to an answer

The adult brain of FlyWire v783, pairs with five synapses or more: 133,436 neurons, 2,309,630
connections. Written by `python benchmarks/flywire.py DATA --out docs/flywire.md` with wiregrad
{version} on {machine}; each run is a process of its own, and its time counts from its start.

## Loading

{loading}

## Which right-side sensory neurons switch on the right MBON11?

Five steps, signs from the transmitters, unknown ones at 0, asked for an activation of 1:

{answer}
"""


if __name__ == "__main__":
    main()

"""A sweep over every cell type of FlyWire; and 300 types, killed half way in two ways.

    python benchmarks/sweep.py DATA WORK --out docs/sweep-flywire.md

DATA is the folder `flywire783` of the shared data. WORK keeps the sweeps: stopped at any moment,
the same command goes on. `--part kill` and `--part whole` do one of the two alone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from engine._memory import peak_mb
from measure import machine

import wiregrad as wg

STEPS = 5


def make_network(data: Path) -> wg.MultilayeredNetwork:
    """Make the brain, driven by its right-side sensory neurons."""
    brain = wg.Connectome.load(data)
    inputs = "super_class=sensory and side=right"
    return wg.MultilayeredNetwork.from_connectome(
        brain, inputs, steps=STEPS, sign="sign", device="cpu"
    )


def make_problems(network: wg.MultilayeredNetwork, n_types: int | None) -> pd.DataFrame:
    """Ask of every cell type that all its right-side neurons be active; or of some, drawn."""
    asked = wg.problems_for(network, "cell_type")
    right = network.neurons["side"].to_numpy() == "right"
    asked = asked[right[asked["neuron"]]]
    if n_types is None:
        return asked
    drawn = np.random.default_rng(0).choice(asked["problem"].unique(), n_types, replace=False)
    return asked[asked["problem"].isin(drawn)]


def work(data: Path, folder: Path, n_types: int | None) -> None:
    """Sweep, in this process; note seconds and peak memory, which add up over restarts."""
    network = make_network(data)
    problems = make_problems(network, n_types)
    began = time.perf_counter()
    swept = wg.sweep(network, problems, folder)
    seconds = time.perf_counter() - began
    with (folder.parent / f"{folder.name}.runs").open("a") as file:
        run = {"seconds": seconds, "peak_mb": peak_mb(), "members": len(swept.members)}
        file.write(json.dumps(run) + "\n")


def start(data: Path, folder: Path, n_types: int | None) -> subprocess.Popen[bytes]:
    """Sweep in a process of its own."""
    command = [sys.executable, __file__, str(data), str(folder), "--part", "work"]
    return subprocess.Popen(command + (["--types", str(n_types)] if n_types else []))


def n_done(folder: Path) -> int:
    """Count the problems in whole files."""
    files = folder.glob("members/*.parquet")
    return sum(len(pd.read_parquet(path, columns=["problem"])) for path in files)


def when_half_is_done(folder: Path, n: int, then: Callable[[], object]) -> threading.Thread:
    """Do something once half of the problems are done."""

    def wait() -> None:
        while n_done(folder) < n / 2:
            time.sleep(0.2)
        then()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def same(one: wg.SweepResult, other: wg.SweepResult) -> bool:
    """Whether two sweeps hold the same, bit for bit."""
    tables = all(
        getattr(one, name).equals(getattr(other, name)) for name in ("targets", "members", "failed")
    )
    return tables and all(
        np.array_equal(one.stimulus(problem), other.stimulus(problem))
        for problem in one.members["problem"]
    )


def done_twice(folder: Path) -> int:
    """Count problems that stand in more than one file."""
    problems = pd.concat(
        [pd.read_parquet(path, columns=["problem"]) for path in folder.glob("members/*.parquet")]
    )
    return int(problems["problem"].duplicated().sum())


def kill_process(data: Path, folder: Path, n_types: int) -> int:
    """Kill the process that sweeps, half way, and start it again; return what it had done."""
    process = start(data, folder, n_types)
    when_half_is_done(folder, n_types, lambda: os.kill(process.pid, signal.SIGKILL)).join()
    process.wait()
    before = {path: path.stat().st_mtime_ns for path in folder.glob("members/*.parquet")}
    done = n_done(folder)
    if start(data, folder, n_types).wait():
        raise RuntimeError("the second run failed")
    if any(path.stat().st_mtime_ns != then for path, then in before.items()):
        raise RuntimeError("what was done has been written again")
    return done


def kill_worker(data: Path, folder: Path, n_types: int) -> int:
    """Sweep on a Dask cluster of two workers and kill one half way; return what was done then."""
    from distributed import Client, LocalCluster

    network = make_network(data)
    problems, done = make_problems(network, n_types), []
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(2, timeout=60)
        victim = min(client.run(os.getpid).values())

        def kill() -> None:
            done.append(n_done(folder))
            os.kill(victim, signal.SIGKILL)

        killer = when_half_is_done(folder, n_types, kill)
        wg.sweep(network, problems, folder, executor=client, batch_size=16)
        killer.join()
    return int(done[0])


def try_kills(data: Path, where: Path, n_types: int) -> list[dict[str, Any]]:
    """Sweep some types undisturbed, and killed in two ways; keep what is known in a file."""
    plain, known = where / f"plain-{n_types}", where / f"kills-{n_types}.json"
    if n_done(plain) < n_types and start(data, plain, n_types).wait():
        raise RuntimeError("the undisturbed sweep failed")
    found: list[dict[str, Any]] = json.loads(known.read_text()) if known.exists() else []
    ways = {"the process, and started again": kill_process, "one of two Dask workers": kill_worker}
    for way, kill in ways.items():
        if any(row["killed"] == way for row in found):
            continue
        folder = where / f"{kill.__name__}-{n_types}"
        done = kill(data, folder, n_types)
        swept = wg.SweepResult(folder)
        found.append(
            {
                "killed": way,
                "done": done,
                "members": len(swept.members),
                "failed": len(swept.failed),
                "twice": done_twice(folder),
                "same": same(wg.SweepResult(plain), swept),
            }
        )
        known.write_text(json.dumps(found))
    return found


def describe_whole(folder: Path) -> list[str]:
    """Say what a sweep over all types found, and what it took."""
    runs = [json.loads(line) for line in Path(f"{folder}.runs").read_text().splitlines()]
    swept = wg.SweepResult(folder)
    members, targets = swept.members, swept.targets
    found = members[members["active_inputs"] > 0]
    status = ", ".join(f"{n:,} {name}" for name, n in members["status"].value_counts().items())
    seconds = sum(run["seconds"] for run in runs)
    return [
        f"- {len(members):,} problems with {len(targets):,} targets, {len(swept.failed)} failed.",
        f"- {seconds / 60:.0f} minutes in {len(runs)} run(s), {seconds / len(members):.2f} s a "
        f"problem; peak memory {max(run['peak_mb'] for run in runs):,.0f} MB.",
        f"- Status of the problems: {status}.",
        f"- Where inputs were found ({len(found):,} problems): "
        f"{found['active_inputs'].median():.0f} active inputs in the median; minimal: "
        f"{found['minimal'].mean():.1%}.",
    ]


def describe_kills(rows: list[dict[str, Any]], n_types: int) -> list[str]:
    """Make a table of what was killed, and what came of it."""
    lines = [
        f"{n_types} types, drawn at random. Killed with SIGKILL once half of the problems were in "
        "whole files.",
        "",
        "| killed | done by then | in the end | failed | done twice | beside the undisturbed |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {row['killed']} | {row['done']} | {row['members']} | {row['failed']} | {row['twice']} "
        f"| {'equal bit for bit' if row['same'] else 'NOT EQUAL'} |"
        for row in rows
    ]


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--part", choices=["all", "whole", "kill", "work"], default="all")
    parser.add_argument("--types", type=int, help="of the part that kills; by default 300")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.part == "work":
        work(args.data, args.work, args.types)
        return
    args.work.mkdir(parents=True, exist_ok=True)
    n_types, whole = args.types or 300, args.work / "whole"
    lines = [
        "# A sweep of FlyWire",
        "",
        "For every cell type of FlyWire with a right-side member: the fewest right-side sensory "
        f"inputs that switch all its right-side neurons on, {STEPS} steps. "
        "Written by `python benchmarks/sweep.py DATA WORK --out docs/sweep-flywire.md`.",
        "",
        f"Machine: {machine()}.",
    ]
    if args.part in ("all", "kill"):
        rows = try_kills(args.data, args.work, n_types)
        lines += ["", "## Killed", "", *describe_kills(rows, n_types)]
    if args.part in ("all", "whole"):
        if start(args.data, whole, None).wait():
            raise RuntimeError("the sweep over all types failed")
        lines += ["", "## Every type", "", *describe_whole(whole)]
    text = "\n".join(lines) + "\n"
    if args.out is not None:
        args.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()

"""A worm that is asked for many types, and how sweeps are compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import wiregrad as wg

#: Types of the worm's motor and command neurons; NSM is a sensory one that cannot be reached.
TYPES = ["AVA", "AVB", "AVD", "PVC", "RIM", "AIB", "SMB", "NSM", "DA", "VB", "RMD", "AIY"]

#: Enough passes to have an answer, few enough to be quick.
QUICK: dict[str, Any] = {"num_iterations": 30, "progress": False}


def network_of_the_worm(steps: int = 3) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(
        wg.datasets.celegans(), inputs="role=sensory", steps=steps, device="cpu"
    )


def problems_of_types(network: wg.MultilayeredNetwork, n: int = len(TYPES)) -> pd.DataFrame:
    return wg.problems_for(network, TYPES[:n], value=0.9)


def assert_same(one: wg.SweepResult, other: wg.SweepResult) -> None:
    """Both sweeps hold the same, bit for bit."""
    pd.testing.assert_frame_equal(one.targets, other.targets, check_exact=True)
    pd.testing.assert_frame_equal(one.members, other.members, check_exact=True)
    pd.testing.assert_frame_equal(one.failed, other.failed)
    for problem in one.members["problem"]:
        assert np.array_equal(one.stimulus(problem), other.stimulus(problem))


def parts(folder: Path, table: str) -> list[Path]:
    return sorted((folder / table).glob("*.parquet"))


def left_behind(folder: Path) -> list[str]:
    """List what a sweep that is over should not leave: half-written files, a lock."""
    return [path.name for path in folder.rglob(".*")]


def problems_in_files(folder: Path, table: str = "members") -> list[Any]:
    """List the problems in all files of a table, those that are in there twice too."""
    found: Iterable[pd.DataFrame] = (pd.read_parquet(path) for path in parts(folder, table))
    return [problem for frame in found for problem in frame["problem"]]


def sweep_one_by_one(folder: Path) -> None:
    """Sweep the types with a batch for each; a test runs it as a process."""
    network = network_of_the_worm()
    wg.sweep(network, problems_of_types(network), folder, batch_size=1, **QUICK)

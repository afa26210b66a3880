"""Saves two connectomes in turn to one folder until it is killed; a test runs it as a process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import wiregrad as wg


def wiring(seed: int) -> wg.Connectome:
    """Draw a connectome that takes some milliseconds to write."""
    rng = np.random.default_rng(seed)
    edges = pd.DataFrame(rng.integers(0, 500, (50_000, 2)), columns=["pre", "post"])
    neurons = pd.DataFrame({"id": range(500), "position": rng.random(500)})
    return wg.Connectome.from_edges(edges.assign(count=rng.random(50_000)), neurons)


if __name__ == "__main__":
    one, other = wiring(0), wiring(1)
    print("ready", flush=True)  # noqa: T201  the test waits for it
    sys.stdin.readline()
    while True:
        one.save(Path(sys.argv[1]))
        other.save(Path(sys.argv[1]))

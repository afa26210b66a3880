"""Saves two connectomes in turn to one folder until it is killed; a test runs it as a process."""

from __future__ import annotations

from multiprocessing.connection import Connection
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


def save_in_a_loop(folder: Path, told: Connection) -> None:
    """Say when it is ready, wait for a word, and save."""
    one, other = wiring(0), wiring(1)
    told.send("ready")
    told.recv()
    while True:
        one.save(folder)
        other.save(folder)

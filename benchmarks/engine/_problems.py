"""The problems: which connectome, which inputs, which targets, how many steps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

import wiregrad as wg

from ._graph_statistics import describe_brain
from ._problem import Problem
from ._shrink import shrink
from ._whole_brain import RECIPE, Brain, whole_brain

__all__ = ["GROWTH", "SIZES", "TITLES", "AbsentError", "Store"]

#: Neurons of the growth series; the last is the whole brain.
GROWTH = (1_000, 3_000, 10_000, 30_000, 100_000, 138_639)

TITLES = {
    "worm": "worm: sensory neurons to interneurons, the command neurons first",
    "larva": "fly larva: sensory neurons to output neurons; all connections excite",
    "column": "fly visual column: photoreceptors to T4a; bias 0.1, so that many neurons never rest",
    "flywire": "FlyWire: right-side sensory neurons to right MBONs, MBON11 first; "
    "neurons of unknown transmitter are left out",
    "brain": "whole fly brain, made: right-side sensory neurons to right MBONs, MBON11 first; "
    "neurons of unknown transmitter excite",
}
SIZES = tuple(TITLES)


class AbsentError(Exception):
    """A data set that is kept outside the repository is not where it was looked for."""


@dataclass(frozen=True)
class Store:
    """Makes problems and keeps them on disk.

    Attributes
    ----------
    data : Path
        The folder with `flywire783` and `larva`.
    cache : Path
        Where the problems, and the whole brain, are kept.
    seed : int
        Of the whole brain.
    """

    data: Path
    cache: Path
    seed: int

    def path(self, name: str) -> Path:
        """Make a problem if it is not there; return its file.

        Raises
        ------
        AbsentError
            If its data are not there.
        """
        made = name == "brain" or name.startswith("growth-")
        own = f"-{self.seed}-{RECIPE.digest()}" if made else ""
        path = self.cache / f"problem-{name}{own}-{_digest()}.npz"
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            self._make(name).save(path)
        return path

    def brain(self) -> Brain:
        """Return the whole brain."""
        path = self.cache / f"brain-{self.seed}-{RECIPE.digest()}.npz"
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            whole_brain(self.folder("flywire783"), self.seed).save(path)
        return Brain.load(path)

    def brain_statistics(self) -> dict[str, dict[str, float]]:
        """Describe the whole brain."""
        path = self.cache / f"brain-{self.seed}-{RECIPE.digest()}.json"
        if not path.exists():
            path.write_text(json.dumps(describe_brain(self.brain())), encoding="utf-8")
        described: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))
        return described

    def folder(self, name: str) -> Path:
        """Return the folder of a data set."""
        folder = self.data / name
        if not folder.is_dir():
            raise AbsentError(f"the data set {name!r} is not in the folder given with --data")
        return folder

    def _make(self, name: str) -> Problem:
        if name.startswith("growth-"):
            brain, n = self.brain(), int(name.removeprefix("growth-"))
            return _brain_problem(shrink(brain, n, _right_mbons(brain.neurons)[:1], self.seed))
        return MAKERS[name](self)


def _digest() -> str:
    """Return a few letters that change with the code that makes problems."""
    here = Path(__file__)
    sources = (here, here.with_name("_problem.py"), here.with_name("_shrink.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def _from_connectome(
    connectome: wg.Connectome,
    inputs: str,
    targets: npt.NDArray[np.integer],
    steps: int,
    *,
    bias: float = 0.0,
    **signs: Any,
) -> Problem:
    matrix = connectome.weights(**signs).matrix
    groups, _ = pd.factorize(connectome.group_labels("cell_type"))
    return _problem(matrix, connectome.select(inputs), targets, groups, steps, bias)


def _problem(
    matrix: sparse.csr_array,
    sensory: npt.NDArray[np.integer],
    targets: npt.NDArray[np.integer],
    groups: npt.NDArray[np.integer],
    steps: int,
    bias: float = 0.0,
) -> Problem:
    """Put a problem together; targets that no walk of so many steps reaches are left out."""
    targets = np.asarray(targets)
    targets = targets[_reached(matrix, sensory, steps)[targets]]
    return Problem(
        values=matrix.data.astype(np.float32),
        indices=matrix.indices.astype(np.int32),
        indptr=matrix.indptr.astype(np.int32),
        sensory=np.asarray(sensory, dtype=np.int64),
        targets=np.asarray(targets, dtype=np.int64),
        groups=np.asarray(groups, dtype=np.int32),
        steps=steps,
        bias=bias,
    )


def _reached(
    matrix: sparse.csr_array, sensory: npt.NDArray[np.integer], steps: int
) -> npt.NDArray[np.bool_]:
    """Say of each neuron whether a walk of 1 to `steps` steps leads to it from the inputs."""
    from_inputs = np.zeros(matrix.shape[0], dtype=np.float32)
    from_inputs[sensory] = 1
    size, arrived = abs(matrix), np.zeros_like(from_inputs)
    for _ in range(steps):
        arrived = np.sign(size @ np.maximum(arrived, from_inputs))
    return arrived > 0


def _worm(_: Store) -> Problem:
    worm = wg.datasets.celegans()
    command = worm.select(["AVA", "AVB", "AVD", "AVE", "PVC"])
    targets = np.concatenate([command, np.setdiff1d(worm.select("role=inter"), command)])
    return _from_connectome(worm, "role=sensory", targets, steps=4)


def _larva(store: Store) -> Problem:
    larva = wg.Connectome.load(store.folder("larva"))
    return _from_connectome(larva, "role=sensory", larva.select("role=output"), steps=4, sign=1)


def _column(_: Store) -> Problem:
    column = wg.datasets.flyvis_column()
    t4a = column.select("cell_type=T4a")
    place = column.neurons.iloc[t4a]
    distance = np.hypot(place["u"], place["v"]).to_numpy()
    nearest = t4a[np.argsort(distance, kind="stable")]  # from the middle of the eye outwards
    return _from_connectome(column, "role=input", nearest, steps=6, bias=0.1)


def _flywire(store: Store) -> Problem:
    brain = wg.Connectome.load(store.folder("flywire783"))
    inputs = "super_class=sensory and side=right"
    return _from_connectome(brain, inputs, _right_mbons(brain.neurons), steps=5, sign="sign")


def _whole(store: Store) -> Problem:
    return _brain_problem(store.brain())


MAKERS: dict[str, Callable[[Store], Problem]] = {
    "worm": _worm,
    "larva": _larva,
    "column": _column,
    "flywire": _flywire,
    "brain": _whole,
}


def _right_mbons(neurons: pd.DataFrame) -> npt.NDArray[np.integer]:
    """Return the right mushroom body output neurons, MBON11 first."""
    types = neurons["cell_type"].fillna("").astype(str)
    found = np.flatnonzero(types.str.startswith("MBON") & (neurons["side"] == "right"))
    return found[np.argsort(types.iloc[found] != "MBON11", kind="stable")]


def _brain_problem(brain: Brain) -> Problem:
    """Ask a made brain what FlyWire is asked, of 6 steps.

    Neurons whose transmitter is not known count as excitatory, so that every connection works.
    """
    neurons, n = brain.neurons, len(brain.neurons)
    count = brain.count.astype(np.float64)
    share = count / np.bincount(brain.post, weights=count, minlength=n)[brain.post]
    sign = np.where(neurons["sign"] < 0, -1.0, 1.0)
    matrix = sparse.csr_array(
        ((share * sign[brain.pre]).astype(np.float32), (brain.post, brain.pre)), shape=(n, n)
    )
    matrix.sort_indices()
    sensory = np.flatnonzero((neurons["super_class"] == "sensory") & (neurons["side"] == "right"))
    unnamed = pd.Series(np.arange(n)).astype(str)
    groups, _ = pd.factorize(neurons["cell_type"].where(neurons["cell_type"] != "", unnamed))
    return _problem(matrix, sensory, _right_mbons(neurons), groups, steps=6)

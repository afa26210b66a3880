"""One problem as plain arrays, the same for every package. Loads neither torch nor a package."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["Problem"]


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, its inputs, and the neurons to be switched on.

    Attributes
    ----------
    values, indices, indptr : ndarray of float32, int32, int32
        Signed weights W[post, pre] in CSR form.
    sensory : ndarray of int64
        The neurons that get the stimulus.
    targets : ndarray of int64
        Batch member b aims at target b, and begins again where there are no more.
    groups : ndarray of int32, shape (n_neurons,)
        Group of every neuron; training uses them, nothing else does.
    steps : int
    bias : float
        Of every neuron.
    """

    values: npt.NDArray[np.float32]
    indices: npt.NDArray[np.int32]
    indptr: npt.NDArray[np.int32]
    sensory: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int32]
    steps: int
    bias: float = 0.0

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return len(self.indptr) - 1

    def matrix(self) -> sparse.csr_matrix:
        """Return the weights in a form that all packages take."""
        return sparse.csr_matrix(
            (self.values, self.indices, self.indptr), shape=(self.n_neurons,) * 2
        )

    def member_targets(self, batch: int) -> npt.NDArray[np.int64]:
        """Return the neuron that each batch member aims at."""
        return np.resize(self.targets, batch)

    def save(self, path: Path) -> None:
        """Write an npz of plain arrays, through a temporary name."""
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **{item.name: getattr(self, item.name) for item in fields(self)})
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        steps, bias = int(arrays.pop("steps")), float(arrays.pop("bias"))
        return cls(**arrays, steps=steps, bias=bias)

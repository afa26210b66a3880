"""What a sweep returns: a look into its folder."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean
from ._folder import SweepFolder

__all__ = ["SweepResult"]


class SweepResult:
    """The results in a sweep's folder, as they are when first looked at.

    Parameters
    ----------
    folder : str or Path
        Of a sweep, finished or not; another process may be writing to it.

    Attributes
    ----------
    folder : Path
    manifest : dict
        What the results depend on: `seed`, `arguments`, `version`, and digests of `network` and
        `problems`.
    interrupted : bool
        Whether control-C ended the run that returned this, so that problems are left.

    Raises
    ------
    ValueError
        If no sweep is in the folder, or one of a newer version.

    Notes
    -----
    Cost: tables are read when they are asked for, and then kept; a stimulus reads one file.

    Examples
    --------
    >>> import tempfile, wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
    >>> folder = tempfile.mkdtemp()
    >>> problems = wg.problems_for(network, ["AVA", "AVB"], value=0.9)
    >>> swept = wg.sweep(network, problems, folder, progress=False)
    >>> again = wg.SweepResult(folder)  # another day
    >>> again.members["status"].tolist()
    ['reached', 'reached']
    >>> again.stimulus("AVA").shape
    (83, 3)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._files = SweepFolder(self.folder)
        self.manifest: dict[str, Any] = self._files.manifest
        self.interrupted = False

    @cached_property
    def targets(self) -> pd.DataFrame:
        """A row a target: `problem`, and the columns of `MaximisationResult.targets`."""
        return self._files.read("targets")

    @cached_property
    def members(self) -> pd.DataFrame:
        """A row a problem: `problem`, and the columns of `MaximisationResult.members`."""
        return self._files.read("members")

    @cached_property
    def failed(self) -> pd.DataFrame:
        """A row for each problem that raised an error: `problem`, `error`."""
        return self._files.read("failed")

    @property
    def n_problems(self) -> int:
        """Number of problems of the sweep."""
        return int(self.manifest["problems"]["problems"])

    @property
    def n_done(self) -> int:
        """Number of problems that have a result."""
        return len(self._files.done_by)

    @property
    def n_failed(self) -> int:
        """Number of problems that raised an error."""
        return len(self._files.failed_by)

    @cached_property
    def seconds(self) -> float:
        """How long the work took, added up over all runs and workers."""
        return self._files.seconds

    def stimulus(self, problem: Any) -> npt.NDArray[np.floating]:
        """Return the stimulus that was found for a problem.

        Returns
        -------
        ndarray, shape (sensory, step)
            In [0, 1]; rows in the order of the network's `sensory_indices`.

        Raises
        ------
        ValueError
            If there is no such problem, it failed, or it is not done yet.
        """
        label = self._done(problem)
        entries = self._files.read("stimuli", label)
        network = self.manifest["network"]
        sensory = pd.Index(self.manifest["sensory_indices"])
        stimulus = np.zeros((len(sensory), network["steps"]), dtype=network["dtype"])
        rows = sensory.get_indexer(entries["neuron"])
        stimulus[rows, entries["step"].to_numpy()] = entries["value"].to_numpy()
        return stimulus

    def _done(self, problem: Any) -> Any:
        """Find what a problem is called in the files."""
        done = self._files.done_by
        for label in (problem, str(problem)):
            if label in done:
                return label
            if label in self._files.failed_by:
                error = self.failed.set_index("problem")["error"][label]
                raise ValueError(f"the problem {problem!r} failed and has no stimulus: {error}")
        labels = self._files.labels
        if problem in labels or str(problem) in labels:
            raise ValueError(
                f"the problem {problem!r} is not done yet: run the sweep again to go on with it"
            )
        raise ValueError(
            f"there is no problem {problem!r} in {self.folder}{did_you_mean(str(problem), labels)}"
        )

    def __repr__(self) -> str:
        failed = f", {self.n_failed:,} failed" if self.n_failed else ""
        counts = self.members["status"].value_counts()
        how = ", ".join(f"{count:,} {status}" for status, count in counts.items())
        return (
            f"SweepResult({str(self.folder)!r}: {self.n_done:,} of {self.n_problems:,} problems "
            f"done{failed}, {self.seconds:.1f} s of work" + (f"; {how})" if how else ")")
        )

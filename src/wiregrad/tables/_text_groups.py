"""Groups of neurons whose names are text, in the order of the text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["MISSING", "TextGroups"]

#: What neurons without a group are called.
MISSING = "nan"


@dataclass(frozen=True, eq=False)
class TextGroups:
    """Which group each of some neurons belongs to.

    Attributes
    ----------
    names : ndarray of str (dtype object), shape (n_groups,)
        Sorted as text: "10" comes before "9".
    of_neuron : ndarray of int, shape (n,)
        Position in `names` of each neuron's group.
    """

    names: npt.NDArray[np.object_]
    of_neuron: npt.NDArray[np.intp]

    @classmethod
    def of(cls, labels: npt.NDArray[np.generic], missing: str = MISSING) -> TextGroups:
        """Sort neurons into groups by the text of their labels.

        Parameters
        ----------
        labels : ndarray, shape (n,)
            Of any kind. Labels whose text is equal (1 and "1") are one group.
        missing : str
            Name of the group of those whose label is missing.

        Notes
        -----
        Cost: one pass over the labels, and a sort of the different ones.

        Examples
        --------
        >>> groups = TextGroups.of(np.array(["b", None, 9, "b"], dtype=object))
        >>> groups.names.tolist(), groups.of_neuron.tolist()
        (['9', 'b', 'nan'], [1, 2, 0, 1])
        """
        code, different = _different(labels)
        text = np.empty(len(different) + 1, dtype=object)
        text[:-1] = list(map(str, different.tolist()))
        text[:-1][pd.isna(different)] = missing
        text[-1] = missing  # where the code of what is missing, -1, finds it
        names, name_of = np.unique(text if (code < 0).any() else text[:-1], return_inverse=True)
        return cls(np.asarray(names, dtype=object), np.asarray(name_of, dtype=np.intp)[code])

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.names)

    @property
    def sizes(self) -> npt.NDArray[np.intp]:
        """Number of neurons in each group."""
        return np.bincount(self.of_neuron, minlength=self.n_groups)


def _different(
    labels: npt.NDArray[np.generic],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.generic]]:
    """List labels, the different ones at least, and the place of each among them.

    The place of a missing one is -1, or one that holds it.
    """
    if pd.api.types.infer_dtype(labels, skipna=True) in {"string", "integer", "floating"}:
        code, different = pd.factorize(labels)
        return code, np.asarray(different)
    # Of mixed kinds, what is equal may differ as text: 1, 1.0 and True.
    return np.arange(len(labels)), labels

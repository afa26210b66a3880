"""A question asked of a network and of rewired ones: what degrees alone explain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm.auto import tqdm

from ..connectome import TRANSMITTER_SIGNS, Connectome, Selection, SignRule
from ..network import MultilayeredNetwork

__all__ = ["NullComparison", "ask_of_nulls", "rewired_networks"]

FloatArray = npt.NDArray[np.float64]


def rewired_networks(
    connectome: Connectome,
    n: int,
    inputs: Selection,
    steps: int = 2,
    *,
    keep: str = "degree+sign",
    seed: int = 0,
    rounds: int = 10,
    column: str = "cell_type",
    sign: SignRule = None,
    transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
    **options: Any,
) -> Iterator[MultilayeredNetwork]:
    """Make networks of rewired connectomes, one after another.

    Parameters
    ----------
    connectome : Connectome
    n : int
        Null models. A share of 0 among n says less than about 1 / (n + 1).
    inputs, steps, sign, transmitter_signs, **options
        As for `MultilayeredNetwork.from_connectome`.
    keep, rounds, column
        As for `Connectome.rewire`.
    seed : int
        That of the first; the others follow.

    Yields
    ------
    MultilayeredNetwork
        Only the one asked for last is in memory.

    Raises
    ------
    ValueError
        As `Connectome.rewire` and `MultilayeredNetwork.from_connectome`.

    Notes
    -----
    Cost of each: that of `Connectome.rewire` and of a network.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> nulls = wg.rewired_networks(worm, 2, "role=sensory", 3, device="cpu")
    >>> [network.n_neurons for network in nulls]
    [302, 302]
    """
    for number in range(seed, seed + n):
        null = connectome.rewire(
            number,
            keep,
            rounds=rounds,
            column=column,
            sign=sign,
            transmitter_signs=transmitter_signs,
        )
        yield MultilayeredNetwork.from_connectome(
            null, inputs, steps, sign=sign, transmitter_signs=transmitter_signs, **options
        )


@dataclass(frozen=True, eq=False)
class NullComparison:
    """What a network answers, and what null models do.

    Attributes
    ----------
    observed : ndarray of float64, shape (n_numbers,)
    nulls : ndarray of float64, shape (n_nulls, n_numbers)
    names : Index
        Of the numbers.
    """

    observed: FloatArray
    nulls: FloatArray
    names: pd.Index

    def to_frame(self) -> pd.DataFrame:
        """Return one row a number.

        Returns
        -------
        DataFrame
            `observed`; `null_mean` and `null_sd` over null models; and the shares of null models in
            which it is at least as large (`share_larger`), at most as large (`share_smaller`), and
            at least as far from the mean of the nulls (`share_as_far`).
        """
        mean = self.nulls.mean(axis=0)
        far = np.abs(self.nulls - mean) >= np.abs(self.observed - mean)
        return pd.DataFrame(
            {
                "observed": self.observed,
                "null_mean": mean,
                "null_sd": self.nulls.std(axis=0),
                "share_larger": (self.nulls >= self.observed).mean(axis=0),
                "share_smaller": (self.nulls <= self.observed).mean(axis=0),
                "share_as_far": far.mean(axis=0),
            },
            index=self.names,
        )


def ask_of_nulls(
    ask: Callable[[MultilayeredNetwork], Any],
    network: MultilayeredNetwork,
    nulls: Iterable[MultilayeredNetwork],
    *,
    progress: bool = True,
) -> NullComparison:
    """Ask the same of a network and of null models.

    Parameters
    ----------
    ask : callable
        From a network to numbers: one, a list, an array or a Series; always as many.
    network : MultilayeredNetwork
    nulls : iterable of MultilayeredNetwork
        Such as `rewired_networks` makes.
    progress : bool
        Whether to show a progress bar, over null models.

    Returns
    -------
    NullComparison

    Raises
    ------
    ValueError
        If there are no nulls, or they are answered with more or fewer numbers.

    Examples
    --------
    How near can AVA be come at all, and with how many inputs?

    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 2, device="cpu")
    >>> def ask(network):
    ...     asked = wg.TargetActivation({1: {"AVA": 0.9}})
    ...     found = wg.activation_maximisation(network, asked, seed=0, use_tqdm=False)
    ...     return found.targets.set_index("neuron")["attained"]
    >>> nulls = wg.rewired_networks(worm, 2, "role=sensory", 2, device="cpu")
    >>> wg.ask_of_nulls(ask, network, nulls, progress=False).to_frame().index.tolist()
    [53, 54]
    """
    first = ask(network)
    observed = _numbers(first)
    names = first.index if isinstance(first, pd.Series) else pd.RangeIndex(len(observed))
    rows = []
    for null in tqdm(nulls, desc="null models", disable=not progress):
        row = _numbers(ask(null))
        if row.shape != observed.shape:
            raise ValueError(
                f"a null model was answered with {len(row):,} numbers, the network with "
                f"{len(observed):,}: ask for as many of every network"
            )
        rows.append(row)
    if not rows:
        raise ValueError("there are no null models: give at least one")
    return NullComparison(observed, np.stack(rows), names)


def _numbers(answer: Any) -> FloatArray:
    return np.atleast_1d(np.asarray(answer, dtype=np.float64)).ravel()

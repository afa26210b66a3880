"""Solving a batch, wherever it is: the tables that are kept of a result, and what failed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..gradients import MaximisationResult, TargetActivation, activation_maximisation
from ..network import MultilayeredNetwork
from ._problems import Batch, plain_column

__all__ = ["Found", "Outcome", "failed_table", "solve"]


@dataclass(frozen=True, eq=False)
class Found:
    """What is kept of a result; every table begins with the column `problem`."""

    targets: pd.DataFrame
    members: pd.DataFrame
    stimuli: pd.DataFrame


@dataclass(eq=False)
class Outcome:
    """What became of a batch.

    Attributes
    ----------
    first : int
        Number of its first problem.
    found : list of Found
        One for the whole batch, or more where it had to be parted.
    failed : DataFrame
        `problem`, `error`.
    interrupted : bool
        Whether control-C ended it, so that some of its problems are in neither.
    seconds : float
    """

    first: int
    found: list[Found] = field(default_factory=list)
    failed: pd.DataFrame = field(default_factory=lambda: failed_table([], []))
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def n_settled(self) -> int:
        """Number of problems that are done or have failed."""
        return sum(len(found.members) for found in self.found) + len(self.failed)


def solve(
    network: MultilayeredNetwork, batch: Batch, arguments: Mapping[str, Any], seed: int
) -> Outcome:
    """Solve a batch. If that raises an error, it is halved until the culprits are alone."""
    began = time.perf_counter()
    outcome = Outcome(batch.numbers[0])
    labels: list[Any] = []
    errors: list[str] = []
    waiting = [batch]
    while waiting and not outcome.interrupted:
        part = waiting.pop(0)
        try:
            result = _ask(network, part, arguments, seed)
        except Exception as error:  # whatever it is, it is this problem's and told in `failed`
            if len(part) > 1:
                waiting[:0] = part.halves()
            else:
                labels += part.labels
                errors.append(f"{type(error).__name__}: {error}")
            continue
        outcome.interrupted = result.interrupted
        if not result.interrupted:
            outcome.found.append(_tables(network, part, result))
    outcome.failed = failed_table(labels, errors)
    outcome.seconds = time.perf_counter() - began
    return outcome


def failed_table(labels: list[Any], errors: list[str]) -> pd.DataFrame:
    """Make the table of problems that failed."""
    return pd.DataFrame({"problem": plain_column(labels), "error": pd.Series(errors, dtype="str")})


def _ask(
    network: MultilayeredNetwork, batch: Batch, arguments: Mapping[str, Any], seed: int
) -> MaximisationResult:
    return activation_maximisation(
        network,
        TargetActivation(batch.targets, batch_size=len(batch)),
        seed=seed,
        use_tqdm=False,
        print_output=False,
        **arguments,
    )


def _tables(network: MultilayeredNetwork, batch: Batch, result: MaximisationResult) -> Found:
    labels = plain_column(batch.labels)

    def named(table: pd.DataFrame) -> pd.DataFrame:
        table = table.reset_index(drop=True)
        problem = labels.iloc[table["batch"].to_numpy()].reset_index(drop=True)
        table = table.drop(columns="batch")
        table.insert(0, "problem", problem)
        return table

    stimulus = result.batch_input
    member, row, step = np.nonzero(stimulus > 0)
    sensory = network.sensory_indices.cpu().numpy()
    stimuli = pd.DataFrame(
        {
            "batch": member,
            "neuron": sensory[row],
            "step": step,
            "value": stimulus[member, row, step],
        }
    )
    return Found(named(result.targets), named(result.members), named(stimuli))

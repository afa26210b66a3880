"""Telling of a search while it runs: a progress bar, a function of the caller's, and W&B."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tqdm.auto import tqdm

from ._search import Outcome, Trial
from ._settings import SearchSettings
from ._wandb import WandbLog

__all__ = ["Progress", "SearchProgress"]

# Seconds between two counts of the active inputs beside the progress bar.
_SHOWN_EVERY = 0.1


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is.

    Attributes
    ----------
    passes : int
        Forward and backward passes made.
    runs : int
        Stimuli with inputs left out that were tried.
    miss : float
        Distance from the targets: the root of the mean squared difference between the activation
        attained and the one asked, over all targets. NaN before the first pass.
    active_inputs : int
        Entries of the stimulus that are not 0, over all stimuli that are tried side by side. This
        and `miss` are looked at ten times a second at most.
    """

    passes: int = 0
    runs: int = 0
    miss: float = math.nan
    active_inputs: int = 0


class Progress:
    """Tells of every pass: beside a progress bar, to a function, and to Weights & Biases."""

    def __init__(
        self,
        what: str,
        settings: SearchSettings,
        log: WandbLog,
        silent: bool,
        on_progress: Callable[[SearchProgress], object] | None = None,
    ) -> None:
        total = settings.limit if settings.limit_given else None  # else nobody knows how many
        self._bar = tqdm(total=total, desc=what, unit=" passes", disable=silent)
        self._log, self._silent, self._shown = log, silent, -math.inf
        self._on_progress, self._so_far = on_progress, SearchProgress()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def on_pass(self, trial: Trial, outcome: Outcome) -> None:
        """Tell of a pass."""
        error, out_cost, in_cost = (float(part) for part in outcome.losses[-1])
        self._bar.update()
        wanted = not self._silent or self._on_progress is not None
        if wanted and time.monotonic() - self._shown > _SHOWN_EVERY:
            self._shown = time.monotonic()  # counting the inputs takes as long as a small pass
            active = int((trial.stimulus != 0).sum())
            self._so_far = replace(self._so_far, miss=error**0.5, active_inputs=active)
            self._bar.set_postfix_str(
                f"off by {error**0.5:.3f}, {active:,} inputs active", refresh=False
            )
        self._log.log(
            activation_loss=error,
            in_regularisation_loss=in_cost,
            out_regularisation_loss=out_cost,
            loss=error + in_cost + out_cost,
        )
        self._tell(replace(self._so_far, passes=self._so_far.passes + 1))

    def on_runs(self, n: int) -> None:
        """Tell of stimuli that were tried with inputs left out."""
        self._tell(replace(self._so_far, runs=self._so_far.runs + n))

    def _tell(self, so_far: SearchProgress) -> None:
        """Tell the caller's function; where it says so, stop as control-C does.

        Raises
        ------
        KeyboardInterrupt
            If the function returns True.
        """
        self._so_far = so_far
        if self._on_progress is not None and self._on_progress(so_far) is True:
            raise KeyboardInterrupt

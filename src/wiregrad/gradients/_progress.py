"""Telling of a search while it runs: a progress bar, and Weights & Biases."""

from __future__ import annotations

import math
import time

from tqdm.auto import tqdm

from ._search import Outcome, Trial
from ._settings import SearchSettings
from ._wandb import WandbLog

__all__ = ["Progress"]

# Seconds between two counts of the active inputs beside the progress bar.
_SHOWN_EVERY = 0.1


class Progress:
    """Tells of every pass: beside a progress bar, and to Weights & Biases."""

    def __init__(self, what: str, settings: SearchSettings, log: WandbLog, silent: bool) -> None:
        total = settings.limit if settings.limit_given else None  # else nobody knows how many
        self._bar = tqdm(total=total, desc=what, unit=" passes", disable=silent)
        self._log, self._silent, self._shown = log, silent, -math.inf

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def on_pass(self, trial: Trial, outcome: Outcome) -> None:
        """Tell of a pass."""
        error, out_cost, in_cost = (float(part) for part in outcome.losses[-1])
        self._bar.update()
        if not self._silent and time.monotonic() - self._shown > _SHOWN_EVERY:
            self._shown = time.monotonic()  # counting the inputs takes as long as a small pass
            active = int((trial.stimulus > 0).sum())
            self._bar.set_postfix_str(
                f"off by {error**0.5:.3f}, {active:,} inputs active", refresh=False
            )
        self._log.log(
            activation_loss=error,
            in_regularisation_loss=in_cost,
            out_regularisation_loss=out_cost,
            loss=error + in_cost + out_cost,
        )

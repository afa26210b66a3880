"""What a training tells while it runs and when it ends."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from .._messages import few
from ..gradients import WandbLog
from ..network import MultilayeredNetwork
from ._loop import Course, TrainingSettings
from ._result import TrainingResult

__all__ = ["Reporter", "tell_of_interruption", "tell_of_unmoved_groups"]

logger = logging.getLogger("wiregrad")

#: Every so many epochs, one is logged.
LOG_EVERY = 10


class Reporter:
    """Shows and logs every epoch, between entering and leaving.

    Parameters
    ----------
    settings : TrainingSettings
    log : WandbLog
    use_tqdm, print_output : bool
        Whether to show a progress bar, and to log to the logger `wiregrad`.
    """

    def __init__(
        self, settings: TrainingSettings, log: WandbLog, use_tqdm: bool, print_output: bool
    ) -> None:
        self._settings, self._log, self._print = settings, log, print_output
        self._silent = not use_tqdm

    def __enter__(self) -> Reporter:
        total = self._settings.num_epochs
        self._bar = tqdm(total=total, desc="training", unit=" epochs", disable=self._silent)
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def on_epoch(self, course: Course) -> None:
        """Tell of the last epoch."""
        last = {name: values[-1] for name, values in course.history.items()}
        epoch = len(course.history["loss"]) - 1
        self._bar.update()
        self._bar.set_postfix_str(
            f"loss {last['loss']:.4g}, validation {last['val_loss']:.4g}", refresh=False
        )
        self._log.log(
            val_activation_loss=last["val_loss"],
            learning_rate=self._settings.rate,
            param_reg_lambda=self._settings.reg_lambda or 0.0,
            activation_loss=last["activation_loss"],
            param_reg_loss=last["param_reg_loss"],
        )
        if self._print and epoch % LOG_EVERY == 0:
            logger.info(
                "epoch %d: loss %.6g, of responses %.6g, penalty on change %.6g, validation %.6g",
                epoch,
                last["loss"],
                last["activation_loss"],
                last["param_reg_loss"],
                last["val_loss"],
            )


def tell_of_unmoved_groups(
    model: MultilayeredNetwork,
    parameters: Mapping[str, nn.Parameter],
    initial: Mapping[str, Tensor],
    steps: int,
) -> None:
    """Log which groups got no gradient at all: their parameters are where they were."""
    by_group = [name for name in ("slope", "raw_biases") if name in parameters]
    if not by_group or model.groups is None:
        return
    moved = torch.stack([parameters[name].detach() != initial[name] for name in by_group]).any(0)
    still = [model.groups.names[i] for i in (~moved).nonzero().flatten().tolist()]
    if still:
        logger.warning(
            "%d of %d groups got no gradient in %d steps and are as they were: their neurons were "
            "silent, or the targets do not depend on them (%s). Silent ones are trained with "
            "leak=0.1, or from a default_bias at the threshold or above.",
            len(still),
            len(model.groups.names),
            steps,
            few(still),
        )


def tell_of_interruption(result: TrainingResult, num_epochs: int) -> None:
    """Log when a training was interrupted, and what was kept."""
    logger.warning(
        "training was interrupted after %d of %d epochs; the parameters kept are those after %d "
        "steps",
        len(result.history["loss"]),
        num_epochs,
        result.kept_epoch,
    )

"""Train with checkpoints, for a test that kills the process that does it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from gradient_cases import make_random
from training_cases import GROUPS, draw_stimuli, responses_of

import wiregrad as wg


def train(folder: str | None, **options: Any) -> wg.FitResult:
    """Fit a small network: minibatches, two starts, a schedule, all of which must go on."""
    true = make_random(idx_to_group=GROUPS, slope_dict={"a": 3, "b": 6}, bias_dict={"c": 0.2})
    network = make_random(idx_to_group=GROUPS)
    stimuli = draw_stimuli(network, 20)
    trainer = wg.Trainer(
        epochs=40, batch_size=6, n_starts=2, schedule="cosine", clip=1.0, patience=30, seed=5
    )
    return trainer.fit(
        network,
        stimuli,
        responses_of(true, stimuli),
        checkpoint=folder,
        checkpoint_every=3,
        progress=False,
        **options,
    )


def train_and_tell(folder: str, tells: Connection) -> None:
    """Tell of each epoch, and give the other process time to act on it."""

    def tell(epoch: int, _: Mapping[str, float]) -> None:
        tells.send(epoch)
        time.sleep(0.02)

    train(folder, callbacks=[tell])

"""Train with checkpoints, for a test that kills this process: python train_and_be_killed.py FOLDER.

Prints a line once some epochs are done, and waits in each epoch so that it can be killed there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
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


def told(epoch: int, _: Mapping[str, float]) -> None:
    """Tell of the epoch, and give the other process time to act on it."""
    sys.stdout.write(f"{epoch}\n")
    sys.stdout.flush()
    time.sleep(0.02)


if __name__ == "__main__":
    train(sys.argv[1], callbacks=[told])

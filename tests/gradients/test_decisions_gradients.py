"""Decisions on training and devices as a user notices them: through public names only.

With the reference in wiregrad's place, every one of these tests fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import make_chain, maximise
from training_cases import make_problem, train

import wiregrad as wg


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_decision_05_nan_is_never_trained_on(bad: float) -> None:
    """The reference takes NaN in a stimulus for 0, and its loss becomes NaN for one in a target."""
    network, stimuli, targets = make_problem()
    with pytest.raises(ValueError, match=r"1 rows of the targets hold NaN.*\.fillna\(0\)"):
        train(
            network, stimuli, targets.assign(value=targets["value"].where(targets.index > 0, bad))
        )
    stimuli[3, 2, 1] = bad
    with pytest.raises(ValueError, match=r"NaN or infinite, first at \[\(3, 2, 1\)\]"):
        train(network, stimuli, targets)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_decision_05_nan_is_no_target_and_no_input_of_a_question(bad: float) -> None:
    network = make_chain()
    with pytest.raises(ValueError, match=r"a target value is an activation from 0 to 1:\n.*\n.* 2"):
        maximise(network, wg.TargetActivation({1: {2: bad}}))
    with pytest.raises(ValueError, match=r"first at \[\(0, 1\)\]: replace them"):
        wg.saliency(network, torch.tensor([[0.5, bad]]), {1: [2]})


def ask(network: wg.MultilayeredNetwork) -> Any:
    return maximise(network, wg.TargetActivation({1: {2: 0.5}}), num_iterations=2)


def differentiate(network: wg.MultilayeredNetwork) -> Any:
    return wg.saliency(network, torch.tensor([[0.5, 0.0]]), {1: [2]})


@pytest.mark.parametrize("work", [ask, differentiate])
def test_decision_30_work_is_done_where_the_network_is(
    monkeypatch: pytest.MonkeyPatch, work: Any
) -> None:
    """The reference moves the network to a GPU if there is one, whatever the user chose."""
    network = make_chain(idx_to_group=dict(enumerate("abc")))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    work(network)
    assert network.slope.device == torch.device("cpu")

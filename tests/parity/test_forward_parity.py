"""The forward pass against the reference: on the worm and on random signed networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from network_cases import NetworkCase, inhibitory_pairs, network_cases
from scipy import sparse

import wiregrad as wg

pytestmark = pytest.mark.filterwarnings(
    # The reference makes sparse tensors without saying whether they are to be checked.
    "ignore:Sparse invariant checks are implicitly disabled:UserWarning"
)

Compare = Callable[[str, torch.Tensor, torch.Tensor], None]
SharedData = Callable[[str], Path]
# The same cases each time: the largest difference is a number to quote, and float32 rounding alone
# comes near the limit in one of many thousand networks whose weights are not shares of the input.
MANY = settings(deadline=None, max_examples=300, derandomize=True)


def random_by_group(worm: wg.Connectome, low: float, high: float, seed: int) -> dict[str, float]:
    """Draw a value for two thirds of the worm's classes; the default serves for the others."""
    rng = np.random.default_rng(seed)
    names = worm.group_labels().unique()
    return {name: rng.uniform(low, high) for name in names if rng.random() < 2 / 3}


def worm_pair(
    reference: ModuleType,
    worm: wg.Connectome,
    steps: int,
    unknown_sign: int,
    options: dict[str, Any],
) -> tuple[wg.MultilayeredNetwork, Any]:
    """Make the same network of the worm with wiregrad and with the reference."""
    ours = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", steps, unknown_sign=unknown_sign, device="cpu", **options
    )
    theirs = reference.MultilayeredNetwork(
        sparse.coo_matrix(worm.weights(unknown_sign=unknown_sign).matrix),
        worm.select("role=sensory").tolist(),
        num_layers=steps,
        idx_to_group=dict(enumerate(worm.group_labels())),
        device="cpu",
        **options,
    )
    return ours, theirs


def random_stimulus(*shape: int, seed: int) -> torch.Tensor:
    """Draw a stimulus with values below the threshold and above 1 among it."""
    return torch.from_numpy(np.random.default_rng(seed).uniform(-0.2, 1.3, shape)).float()


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("batch", [None, 1, 4, 17])
@pytest.mark.parametrize("unknown_sign", [0, 1, -1])
def test_worm(
    reference: ModuleType,
    worm: wg.Connectome,
    compare: Compare,
    steps: int,
    batch: int | None,
    unknown_sign: int,
) -> None:
    ours, theirs = worm_pair(reference, worm, steps, unknown_sign, {})
    stimulus = random_stimulus(*([] if batch is None else [batch]), 83, steps, seed=steps)
    compare("worm", ours(stimulus), theirs(stimulus))


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("batch", [None, 4])
def test_worm_with_slopes_and_biases(
    reference: ModuleType, worm: wg.Connectome, compare: Compare, steps: int, batch: int | None
) -> None:
    options = {
        "slope_dict": random_by_group(worm, 0.5, 8, seed=1),
        "bias_dict": random_by_group(worm, 0, 0.3, seed=2),
        "tanh_steepness": 3.0,
        "default_bias": 0.02,
        "threshold": 0.05,
    }
    ours, theirs = worm_pair(reference, worm, steps, 1, options)
    stimulus = random_stimulus(*([] if batch is None else [batch]), 83, steps, seed=steps)
    compare("worm with slopes and biases", ours(stimulus), theirs(stimulus))


@pytest.mark.parametrize("steps", [2, 3, 5])
def test_worm_with_divisive_normalisation(
    reference: ModuleType, worm: wg.Connectome, compare: Compare, steps: int
) -> None:
    """One stimulus at a time: the reference divides no batch."""
    pairs = inhibitory_pairs(worm)
    strengths = dict(zip(pairs, np.linspace(0.5, 4, len(pairs)).tolist(), strict=True))
    options = {"divisive_normalization": pairs, "divisive_strength": strengths}
    ours, theirs = worm_pair(reference, worm, steps, -1, options)
    assert len(ours.divnorm_weights) > 500
    stimulus = random_stimulus(83, steps, seed=steps)
    compare("worm with divisive normalisation", ours(stimulus), theirs(stimulus))


def run_reference(reference: ModuleType, case: NetworkCase, stimulus: torch.Tensor) -> torch.Tensor:
    """Run the reference: on the whole batch, or member by member where it divides slopes."""
    options = {name: case.options[name] for name in case.options if name != "divisive_rule"}
    steps = stimulus.shape[-1]
    weights = torch.from_numpy(case.weights).float()
    network = reference.MultilayeredNetwork(weights, case.sensory, steps, device="cpu", **options)
    if options["divisive_normalization"] is None:
        return network(stimulus)
    return torch.stack([network(member) for member in stimulus])


def compare_case(reference: ModuleType, compare: Compare, kind: str, case: NetworkCase) -> None:
    # Where a drive lies on the threshold to within rounding, either answer is right. With
    # threshold 0 there is no jump.
    assume(case.options["threshold"] == 0 or case.clear_of_threshold(1e-5))
    stimulus = torch.from_numpy(case.stimulus).float()
    ours = case.network(torch.float32)(stimulus)
    compare(kind, ours, run_reference(reference, case, stimulus))


@MANY
@given(case=network_cases(rules=(None,)))
def test_random_networks(reference: ModuleType, compare: Compare, case: NetworkCase) -> None:
    compare_case(reference, compare, "random networks", case)


@MANY
@given(case=network_cases(rules=("product",)))
def test_random_networks_with_divisive_normalisation(
    reference: ModuleType, compare: Compare, case: NetworkCase
) -> None:
    # The reference cannot look for divisive connections where there are no connections.
    assume(case.options["divisive_normalization"] and case.weights.any())
    compare_case(reference, compare, "random networks with divisive normalisation", case)


# Whole brains, from the files they come in.


def compare_brain(
    reference: ModuleType,
    compare: Compare,
    brain: wg.Connectome,
    inputs: str,
    sign: Any,
    batch: int,
) -> None:
    """Drive all of some neurons at random for five steps, in both packages."""
    ours = wg.MultilayeredNetwork.from_connectome(brain, inputs, 5, sign=sign, device="cpu")
    theirs = reference.MultilayeredNetwork(
        sparse.coo_matrix(brain.weights(sign).matrix),
        brain.select(inputs).tolist(),
        num_layers=5,
        device="cpu",
    )
    stimulus = random_stimulus(batch, len(ours.sensory_indices), 5, seed=batch)
    with torch.no_grad():
        compare(brain.name, ours(stimulus), theirs(stimulus))


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("sign", [1, {"LN": -1, "LHN": -1, "*": 1}])
def test_larva(
    reference: ModuleType, compare: Compare, shared_data: SharedData, batch: int, sign: Any
) -> None:
    larva = wg.Connectome.load(shared_data("larva"))
    compare_brain(reference, compare, larva, "role=sensory", sign, batch)


@pytest.mark.parametrize("batch", [1, 3])
def test_flywire(
    reference: ModuleType, compare: Compare, shared_data: SharedData, batch: int
) -> None:
    flywire = wg.Connectome.load(shared_data("flywire783"))
    compare_brain(reference, compare, flywire, "super_class=sensory and side=right", "sign", batch)

"""Jumps given to the sources that drove the neuron which crossed its threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from attribution_cases import attribute
from gradient_cases import make_chain, make_random

import wiregrad as wg

NOTHING = wg.Manipulations()
SOURCES = ["stimulus", "neurons", "synapses"]


def two_to_one(threshold: float = 0.3, **options: Any) -> wg.MultilayeredNetwork:
    """Neurons 0 and 1, which receive the stimulus, excite 2, and that 3."""
    weights = np.zeros((4, 4))
    weights[2, 0], weights[2, 1], weights[3, 2] = 0.2, 0.1, 0.5
    steps = options.pop("num_layers", 2)
    network = wg.MultilayeredNetwork(weights, [0, 1], steps, device="cpu", **options).double()
    network.threshold = threshold
    return network


def test_an_input_that_crosses_by_itself_has_all_of_the_jump() -> None:
    network = two_to_one()
    x = np.array([[0.9, 0.0], [0.6, 0.0]])  # they come in from 1/3 and 1/2 of the way on
    found = attribute(network, x, {1: [3]}, share_jumps=True)
    assert found.jumps["at"].tolist() == pytest.approx([1 / 3, 1 / 2], abs=1e-3)
    # At 1/3 the first alone drives neuron 2 by 5 * 0.2 * 0.3, its threshold.
    assert found.jumps["crossed"].tolist() == [0, 1]
    assert found.jumps["crossed_layer"].tolist() == [-1, -1]
    assert found.jump_values is not None
    given = found.jump_values[0].reshape(2, 2)
    np.testing.assert_allclose(given[:, 0], found.jumps["jump"], rtol=0.03)
    assert not given[:, 1].any()


def test_a_neurons_jump_is_shared_by_the_parts_of_its_drive() -> None:
    """From a baseline above the threshold, so that no input crosses."""
    weights = np.zeros((3, 3))
    weights[2, 0], weights[2, 1] = 0.2, 0.1
    network = wg.MultilayeredNetwork(
        torch.from_numpy(weights), [0, 1], 1, threshold=0.1, default_bias=-0.5, device="cpu"
    )
    x, base = np.array([[0.9], [0.8]]), np.array([[0.2], [0.15]])
    found = attribute(network, x, {0: [2]}, baseline=base, share_jumps=True)
    # 5 * (0.2 x + 0.1 y) - 0.5 = 0.1: the drive rises by 0.7 and by 0.325 on the way.
    assert found.jumps["crossed"].tolist() == [2]
    assert found.jumps["crossed_layer"].tolist() == [0]
    assert found.jumps["jump"].tolist() == pytest.approx([np.tanh(0.1)], rel=5e-3)
    assert found.jump_values is not None
    share = found.jump_values[0] / found.jump_values.sum()
    np.testing.assert_allclose(share, np.array([0.7, 0.325]) / 1.025, rtol=1e-6)


@pytest.mark.slow
def test_it_is_what_integrated_gradients_come_to_as_a_slope_becomes_a_step() -> None:
    """Around each jump, beside neurons whose threshold is a steep slope."""
    threshold, steep = 0.05, 5e-5
    hard = make_random(3, 10, 4, 3, threshold=threshold, tanh_steepness=1.2).double()

    def soft(z: torch.Tensor) -> torch.Tensor:
        return torch.tanh(1.2 * z * torch.sigmoid((1.2 * z - threshold) / steep))

    smooth = make_random(3, 10, 4, 3, threshold=0.0, activation_function=soft).double()
    rng = np.random.default_rng(1)
    x, base = rng.uniform(0.4, 0.9, (4, 3)), rng.uniform(0.06, 0.1, (4, 3))  # all inputs come in
    targets = {2: [5, 6, 7, 8]}
    places = attribute(hard, x, targets, baseline=base).jumps["at"]
    compared = 0
    for at in places:
        ends = [base + (at + side * 0.004) * (x - base) for side in (-1, 1)]
        exact = attribute(hard, ends[1], targets, baseline=ends[0], share_jumps=True)
        alike = attribute(smooth, ends[1], targets, baseline=ends[0], n_steps=2000, tolerance=None)
        if alike.completeness["error"].abs().max() > 1e-6:
            continue  # too steep for so many steps, where a jump sets another off
        assert exact.jump_values is not None
        assert np.abs(exact.jump_values).max() > 1e-3
        both = exact.values + exact.jump_values
        # The steeper, the nearer: in proportion.
        allowed = 0.03 * np.abs(exact.jump_values).max()
        np.testing.assert_allclose(both, alike.values, atol=allowed)
        compared += 1
    assert compared > 3


@pytest.mark.parametrize(
    ("sources", "options"),
    [("stimulus", {}), ("synapses", {"tau": 2.0, "input_range": (-1.0, 1.0)})],
)
def test_on_the_worm_all_of_the_change_is_given(
    worm: wg.Connectome, sources: str, options: dict[str, Any]
) -> None:
    """But for 3 % of it, with a clamp, and AVD silenced in the second member."""
    network = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", 4, unknown_sign=1, device="cpu", **options
    )
    rng = np.random.default_rng(0)
    x = rng.random((2, 83, 4)) * (rng.random((2, 83, 4)) < 0.2)
    done = NOTHING.clamp("AVB", 0.3, steps=[1]).silence("AVD", members=1)
    asked: dict[str, Any] = {"sources": sources, "manipulations": done}
    targets = {-1: "AVA"}
    found = attribute(network, x, targets, share_jumps=True, **asked)
    plain = attribute(network, x, targets, **asked)
    np.testing.assert_array_equal(found.values, plain.values)
    assert plain.jump_values is None
    assert plain.jumps["crossed"].isna().all()
    assert found.jump_values is not None
    assert found.jump_values.shape == found.values.shape
    given = found.values.sum(axis=1) + found.jump_values.sum(axis=1)
    np.testing.assert_allclose(given, found.completeness["change"], rtol=0.03)
    assert found.completeness["jump"].abs().min() > 0.005
    assert found.jumps["crossed"].notna().mean() > 0.9


@pytest.mark.parametrize("sources", SOURCES)
def test_members_and_chunks_do_not_matter(sources: str) -> None:
    network = make_random(n_neurons=12, n_sensory=5).double()
    x = np.random.default_rng(0).uniform(0, 0.5, (2, 5, 3))
    options: dict[str, Any] = {"sources": sources, "n_steps": 30, "share_jumps": True}
    together = attribute(network, x, {2: [4, 5]}, **options)
    chunked = attribute(network, x, {2: [4, 5]}, runs_at_once=3, **options)
    assert together.jump_values is not None
    assert together.jump_values.any()
    assert chunked.jump_values is not None
    np.testing.assert_allclose(chunked.jump_values, together.jump_values, rtol=1e-7, atol=1e-10)
    for member in range(2):
        alone = attribute(network, x[member], {2: [4, 5]}, **options)
        assert alone.jump_values is not None
        np.testing.assert_allclose(
            alone.jump_values[0], together.jump_values[member], rtol=1e-7, atol=1e-10
        )


def test_groups_have_the_sums_of_their_members(worm: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    x = np.random.default_rng(0).random((1, 83, 3)) * 0.3
    single, grouped = (
        attribute(network, x, {2: "AVA"}, share_jumps=True, group_by=by) for by in (None, "group")
    )
    assert single.jump_values is not None
    assert grouped.jump_values is not None
    assert grouped.jump_values.shape == grouped.values.shape
    table = single.sources.assign(jump=single.jump_values[0])
    sums = table.groupby(["step", "group"])["jump"].sum()
    ours = grouped.sources.assign(jump=grouped.jump_values[0]).set_index(["step", "group"])["jump"]
    np.testing.assert_allclose(ours, sums.reindex(ours.index), atol=1e-12)
    assert ours.abs().sum() > 0


def test_of_two_that_cross_at_once_nobody_knows() -> None:
    """Neurons 1 and 2 are alike."""
    weights = np.zeros((3, 3))
    weights[1, 0] = weights[2, 0] = 0.3
    network = wg.MultilayeredNetwork(
        torch.from_numpy(weights), [0], 1, threshold=0.1, default_bias=-0.6, device="cpu"
    )
    found = attribute(network, np.array([[1.0]]), {0: [1, 2]}, share_jumps=True)
    # 5 * 0.3 * x - 0.6 = 0.1
    assert found.jumps["at"].tolist() == pytest.approx([0.7 / 1.5], abs=1e-3)
    assert found.jumps["jump"].tolist() == pytest.approx([2 * np.tanh(0.1)], rel=5e-3)
    assert found.jumps["crossed"].isna().all()
    assert found.jump_values is not None
    assert not found.jump_values.any()


def test_where_nothing_jumps_nothing_is_given() -> None:
    network = make_random(threshold=0.0)
    found = attribute(network, np.full((8, 3), 0.5), {2: [4]}, share_jumps=True)
    assert found.jump_values is not None
    assert not found.jump_values.any()
    assert found.jumps.dtypes["crossed"] == "Int64"


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        ({}, {"method": "gradient"}, "by method='integrated_gradients' alone, not 'gradient'"),
        ({}, {"tolerance": None}, "with tolerance=None no jump is located"),
        ({"dynamics": wg.Linear()}, {}, "of which no threshold is known"),
        ({"activation_function": torch.tanh}, {}, "of which no threshold is known"),
    ],
)
def test_what_cannot_be_shared_is_told(
    network: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        attribute(make_chain(**network), np.ones((1, 2)), {1: [2]}, share_jumps=True, **options)

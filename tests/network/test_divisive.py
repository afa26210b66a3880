"""Divisive normalisation: which connections it takes, what they do, and its gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from network_cases import QUICK, NetworkCase, make_case, network_cases
from torch.autograd import gradcheck

import wiregrad as wg
from wiregrad.network._divisive import divide_slopes

MakeChain = Callable[..., wg.MultilayeredNetwork]

# Neuron 0 has three divisive inputs, neuron 1 one, neuron 2 none. The strength of the strong ones
# puts 1 + w h s well below 0, where the factor is 0.
POST_PRE = torch.tensor([[0, 0, 0, 1], [1, 2, 0, 2]])
WEAK, STRONG = -0.4, -9.0
ZEROS = {
    "no factor is 0": [WEAK, WEAK, WEAK, WEAK],
    "one factor is 0": [WEAK, STRONG, WEAK, STRONG],
    "two factors are 0": [STRONG, STRONG, WEAK, WEAK],
}


def divisive_arguments(weights: list[float], batch: int = 2) -> tuple[torch.Tensor, ...]:
    """Return slopes, h_previous and strengths that record gradients, and the edges' weights."""
    slopes = torch.linspace(1, 2, 3 * batch, dtype=torch.float64).view(3, batch)
    h = torch.linspace(0.3, 0.9, 3 * batch, dtype=torch.float64).view(3, batch)
    strengths = torch.linspace(0.8, 1.2, len(weights), dtype=torch.float64)
    for leaf in (slopes, h, strengths):
        leaf.requires_grad_()
    return slopes, h, strengths, torch.tensor(weights, dtype=torch.float64)


@pytest.mark.parametrize("rule", ["product", "sum"])
@pytest.mark.parametrize("weights", ZEROS.values(), ids=ZEROS)
def test_decision_08_gradcheck_zeros_in_the_product_included(
    weights: list[float], rule: str
) -> None:
    *leaves, weights_ = divisive_arguments(weights)

    def scaled(slopes: torch.Tensor, h: torch.Tensor, strengths: torch.Tensor) -> torch.Tensor:
        return divide_slopes(slopes, h, POST_PRE, weights_, strengths, rule)

    assert gradcheck(scaled, leaves)


def test_decision_08_the_gradient_is_finite_where_a_factor_is_just_0() -> None:
    slopes, h = torch.ones(1, 1), torch.ones(1, 1, requires_grad=True)
    edges = torch.zeros(2, 2, dtype=torch.int64)
    scaled = divide_slopes(slopes, h, edges, torch.tensor([-1.0, -1.0]), torch.ones(2), "product")
    assert scaled.item() == 0
    scaled.backward()
    assert torch.isfinite(h.grad).all()


def test_decision_08_the_product_over_edges_of_the_reference(make_chain: MakeChain) -> None:
    """Two edges of -0.5 and -0.4 leave 0.5 * 0.6 of the slope; by the other rule 1 - 0.9."""
    weights = np.array([[0, 0, 0], [0, 0, 0], [-0.5, -0.4, 0]])
    expected = {"product": 0.3, "sum": 0.1}
    for rule, factor in expected.items():
        network = make_chain(
            all_weights=weights,
            idx_to_group={0: "a", 1: "a", 2: "b"},
            divisive_normalization={"a": ["b"]},
            divisive_rule=rule,
        )
        scaled = network.divnorm(network.slope[network.indices], torch.ones(3))
        np.testing.assert_allclose(scaled.detach(), [5, 5, 5 * factor], rtol=1e-6)


@QUICK
@given(case=network_cases(rules=("product", "sum")))
def test_decision_08_any_batch_equals_the_oracle(case: NetworkCase) -> None:
    output = case.network()(case.stimulus).detach().numpy()
    np.testing.assert_allclose(output, case.oracle(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("strength", [2, 2.0, np.float32(2), np.int64(2), {"c": np.float16(2)}])
def test_decision_08_the_same_for_numpy_and_python_numbers(
    make_chain: MakeChain, strength: Any
) -> None:
    network = make_chain(
        grouped=True, divisive_normalization={"c": ["b"]}, divisive_strength=strength
    )
    assert network.divisive_strength.tolist() == [2]
    assert network.type2div_strength == {"c": 2.0}


def test_decision_08_the_strength_can_be_trained(make_chain: MakeChain) -> None:
    """Stronger division of neuron 1, driven at step 3 while neuron 2 is active, lowers it."""
    network = make_chain(grouped=True, num_layers=3, divisive_normalization={"c": ["b"]})
    network.set_param_grads(divisive_strength=True)
    network(torch.ones(1, 3))[1, 2].backward()
    assert network.divisive_strength.grad.item() < 0


def test_decision_08_positive_weights_are_refused_by_name(make_chain: MakeChain) -> None:
    message = (
        r"takes inhibitory connections only, but 2 of the listed ones have positive weights: "
        r"0 \(a\) to 1 \(b\): 0\.5, 1 \(b\) to 2 \(c\): 0\.25; leave these groups out"
    )
    with pytest.raises(ValueError, match=message):
        make_chain(grouped=True, divisive_normalization={"a": ["b"], "b": ["c"], "c": ["b"]})


@pytest.mark.parametrize("pairs", [{"cc": ["b"]}, {"c": ["bb"]}, {"c": "bb"}])
def test_decision_07_divisive_normalization_with_an_unknown_name(
    make_chain: MakeChain, pairs: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"names '(cc|bb)', which is no group; did you mean '"):
        make_chain(grouped=True, divisive_normalization=pairs)


@pytest.mark.parametrize("pairs", [{"c": ["b"]}, None])
def test_decision_07_divisive_strength_with_an_unknown_name(
    make_chain: MakeChain, pairs: dict[str, list[str]] | None
) -> None:
    message = r"divisive_strength names cc, Z, which is no group; did you mean 'c'"
    with pytest.raises(ValueError, match=message):
        make_chain(
            grouped=True,
            divisive_normalization=pairs,
            divisive_strength={"cc": 1, "c": 1, "Z": 1},
        )


def test_divisive_strength_needs_every_presynaptic_group(make_chain: MakeChain) -> None:
    message = r"lacks c: it needs one entry for each presynaptic group of .* \(c\)"
    with pytest.raises(ValueError, match=message):
        make_chain(grouped=True, divisive_normalization={"c": ["b"]}, divisive_strength={"b": 1})


def test_divisive_strength_may_name_other_groups_as_in_the_reference(
    make_chain: MakeChain,
) -> None:
    network = make_chain(
        grouped=True, divisive_normalization={"c": ["b"]}, divisive_strength={"b": 3, "c": 2}
    )
    assert network.divisive_strength.tolist() == [2]


@pytest.mark.parametrize("strength", [np.nan, np.inf, {"c": np.nan}])
def test_decision_05_divisive_strength_is_finite(make_chain: MakeChain, strength: Any) -> None:
    with pytest.raises(ValueError, match=r"divisive_strength is not finite: \{'c': (nan|inf)\}"):
        make_chain(grouped=True, divisive_normalization={"c": ["b"]}, divisive_strength=strength)


def test_the_connections_leave_the_weights(make_chain: MakeChain) -> None:
    network = make_chain(grouped=True, divisive_normalization={"c": "b", "a": ["a"]})
    assert network.divnorm_indices.tolist() == [[1], [2]]
    assert network.divnorm_weights.tolist() == [-0.5]
    assert network.all_weights.to_dense()[1].tolist() == [0.5, 0, 0]
    assert network.divisive_strength.tolist() == [1, 1]


def test_strengths_belong_to_their_presynaptic_group(make_chain: MakeChain) -> None:
    weights = np.array([[0, 0, 0], [-0.5, 0, -0.25], [0, 0, 0]])
    network = make_chain(
        all_weights=weights,
        grouped=True,
        divisive_normalization={"c": ["b"], "a": ["b"]},
        divisive_strength={"a": 1.5, "c": 2.0},
    )
    scaled = network.divnorm(torch.ones(3), torch.ones(3))
    assert scaled[1].item() == pytest.approx((1 - 0.5 * 1.5) * (1 - 0.25 * 2))


@pytest.mark.parametrize("slopes", [5.0, torch.tensor([1.0, 2.0, 3.0])])
def test_divnorm_without_divisive_connections_returns_the_slopes(
    make_chain: MakeChain, slopes: Any
) -> None:
    assert make_chain(grouped=True).divnorm(slopes, torch.ones(3)) is slopes


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 4)])
def test_divnorm_takes_slopes_of_any_documented_shape(
    make_chain: MakeChain, shape: tuple[int, ...]
) -> None:
    network = make_chain(grouped=True, divisive_normalization={"c": ["b"]})
    h = torch.ones(shape)
    for slopes in (2.0, torch.full((3,), 2.0), torch.full((3, 1), 2.0)):
        scaled = network.divnorm(slopes, h)
        assert scaled.shape == shape
        assert scaled.view(3, -1)[:, 0].tolist() == [2, 1, 2]


@pytest.mark.parametrize("rule", ["product", "sum"])
def test_slopes_never_fall_below_0(rule: str) -> None:
    slopes, h, strengths, weights = divisive_arguments([STRONG] * 4)
    scaled = divide_slopes(slopes, h, POST_PRE, weights, strengths, rule)
    assert (scaled[:2] == 0).all()
    assert torch.equal(scaled[2], slopes[2])


@pytest.mark.parametrize("rule", ["product", "sum"])
def test_listed_groups_without_connections_change_nothing(rule: str) -> None:
    case = make_case(1, density=0.0, divisive_rule=rule)
    network = case.network()
    assert network.divnorm_indices.shape == (2, 0)
    np.testing.assert_allclose(network(case.stimulus).detach().numpy(), case.oracle(), atol=1e-12)

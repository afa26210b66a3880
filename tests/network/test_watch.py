"""Reading single states, pass after pass, on both paths."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from network_cases import QUICK, NetworkCase, make_case, network_cases

from wiregrad.network import Response, Slopes, Watch, unroll

pytestmark = pytest.mark.kernel

ALSO = ["nothing", "sums", "activations"]


@QUICK
@given(
    case=network_cases(batches=st.integers(1, 3)),
    also=st.sampled_from(ALSO),
    seed=st.integers(0, 1000),
)
def test_reads_what_unroll_gives_in_the_order_asked(
    case: NetworkCase, also: str, seed: int
) -> None:
    network = case.network()
    generator = torch.Generator().manual_seed(seed)
    shape = (len(case.stimulus), len(case.weights), case.stimulus.shape[-1])
    place = [torch.randint(size, (6,), generator=generator) for size in shape]
    watch = Watch(network, *place, leak=0.1, also=also)
    for scale in (1.0, 0.5):
        stimulus = (torch.from_numpy(case.stimulus) * scale).requires_grad_()
        response, dense = watch(stimulus), unroll(network, stimulus, 0.1)
        weighting = torch.arange(6.0, dtype=torch.float64)
        loss, expected = weighting @ response.read, weighting @ dense[tuple(place)]
        if also == "sums":
            loss = loss + (response.size + response.square).sum()
            expected = expected + dense.abs().sum() + dense.square().sum()
        if also == "activations":
            torch.testing.assert_close(response.activations, dense)
        torch.testing.assert_close(loss, expected)
        gradients = [torch.autograd.grad(total, stimulus)[0] for total in (loss, expected)]
        torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("also", ALSO)
@pytest.mark.parametrize("threshold", [0.01, 0.0])  # at 0 the plain path
@pytest.mark.parametrize("window", [None, 1])
def test_a_run_has_the_response_and_the_gradient_of_autograd(
    also: str, threshold: float, window: int | None
) -> None:
    case = make_case(3)
    network = case.network()
    network.threshold = threshold
    batch, neurons, steps = len(case.stimulus), len(case.weights), case.stimulus.shape[-1]
    place = [
        torch.tensor([batch - 1, 0]),
        torch.tensor([0, neurons - 1]),
        torch.tensor([steps - 1, 0]),
    ]
    watch = Watch(network, *place, leak=0.1, also=also, window=window)
    stimulus = torch.from_numpy(case.stimulus).requires_grad_()
    expected = watch(stimulus)
    parts = ("read", "size", "square", "activations")
    wanted = {name: getattr(expected, name) for name in parts}
    wanted = {name: part for name, part in wanted.items() if part is not None}
    slopes = {name: torch.randn_like(part) for name, part in wanted.items()}
    (gradient,) = torch.autograd.grad(list(wanted.values()), stimulus, list(slopes.values()))
    response, back = watch.run(stimulus)
    for name, part in wanted.items():
        assert torch.equal(getattr(response, name), part)
        assert not getattr(response, name).requires_grad
    torch.testing.assert_close(back(Slopes(**slopes)), gradient)


@pytest.mark.parametrize("also", ALSO)
def test_holds_what_is_wanted_and_no_more(also: str) -> None:
    case = make_case(2)
    network = case.network()
    place = [torch.tensor([0])] * 3
    fused = Watch(network, *place, leak=0.0, also=also)(torch.from_numpy(case.stimulus))
    dense = unroll(network, torch.from_numpy(case.stimulus))
    for response in (fused, Response.of(dense, dense[:1, 0, 0], also)):
        assert (response.size is not None) == (also == "sums")
        assert (response.square is not None) == (also == "sums")
        assert (response.activations is not None) == (also == "activations")

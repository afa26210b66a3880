"""How many rewired networks show as much as an attribution does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attribution_cases import attribute
from gradient_cases import make_chain

import wiregrad as wg


def nulls_of(worm: wg.Connectome, n: int = 3, **options: Any) -> list[wg.MultilayeredNetwork]:
    return list(
        wg.rewired_networks(worm, n, "role=sensory", 3, keep="degree", device="cpu", **options)
    )


@pytest.mark.parametrize(
    ("sources", "group_by"),
    [("stimulus", None), ("neurons", None), ("stimulus", "cell_type"), ("synapses", "cell_type")],
)
def test_the_share_is_that_of_nulls_with_as_large_an_attribution(
    worm: wg.Connectome, worm_network: wg.MultilayeredNetwork, sources: str, group_by: str | None
) -> None:
    x = np.random.default_rng(0).random((2, 83, 3))
    options: dict[str, Any] = {
        "sources": sources,
        "method": "input_x_gradient",
        "group_by": group_by,
    }
    nulls = nulls_of(worm)
    found = attribute(worm_network, x, {2: "AVA"}, nulls=iter(nulls), **options)
    names = [c for c in found.sources if c != "n_sources"]
    ours = found.to_frame().set_index(["batch", *names])
    count = 0
    for null in nulls:
        theirs = attribute(null, x, {2: "AVA"}, **options).to_frame().set_index(["batch", *names])
        there = theirs["attribution"].reindex(ours.index).fillna(0)
        count = count + (there.abs() >= ours["attribution"].abs())
    np.testing.assert_allclose(ours["null_share"], count / 3)
    assert found.null_share is not None
    assert found.null_share.shape == found.values.shape
    assert 0 < found.null_share.mean() < 1


def test_single_synapses_and_other_networks_cannot_be_compared(
    worm: wg.Connectome, worm_network: wg.MultilayeredNetwork
) -> None:
    x = np.ones((83, 3))
    options: dict[str, Any] = {"method": "gradient"}
    with pytest.raises(ValueError, match="rewired networks have other synapses"):
        attribute(worm_network, x, {2: "AVA"}, sources="synapses", nulls=[worm_network], **options)
    with pytest.raises(ValueError, match="other neurons, inputs or steps"):
        attribute(worm_network, x, {2: "AVA"}, nulls=[make_chain()], **options)
    with pytest.raises(TypeError, match=r"nulls are networks.*not int"):
        attribute(worm_network, x, {2: "AVA"}, nulls=[3], **options)

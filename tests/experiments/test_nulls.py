"""A question asked of rewired networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg


def inputs_of_ava(network: wg.MultilayeredNetwork) -> pd.Series:
    weights = network.weights.to_scipy()[network.find("AVA")]
    return pd.Series([weights.sum(), weights.nnz], index=["signed input", "inputs"])


def test_nulls_are_networks_of_rewired_connectomes(worm: wg.Connectome) -> None:
    nulls = list(
        wg.rewired_networks(
            worm, 2, "role=sensory", 3, keep="degree", seed=4, threshold=0.02, device="cpu"
        )
    )
    for seed, null in zip((4, 5), nulls, strict=True):
        assert null.threshold == 0.02
        assert null.provenance["checksum"] == worm.rewire(seed, "degree").checksum


def test_numbers_are_compared_one_by_one(worm: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    nulls = list(wg.rewired_networks(worm, 5, "role=sensory", 3, device="cpu"))
    found = wg.ask_of_nulls(inputs_of_ava, network, iter(nulls), progress=False)
    table = found.to_frame()
    ours, theirs = inputs_of_ava(network), np.stack([inputs_of_ava(null) for null in nulls])
    assert table.index.tolist() == ["signed input", "inputs"]
    np.testing.assert_allclose(table["observed"], ours)
    np.testing.assert_allclose(table["null_mean"], theirs.mean(axis=0))
    np.testing.assert_allclose(table["share_larger"], (theirs >= ours.to_numpy()).mean(axis=0))
    # The signs of inputs are kept, so their number is.
    assert (
        table.loc["inputs", ["share_larger", "share_smaller", "share_as_far"]].tolist() == [1] * 3
    )


def test_what_cannot_be_compared_is_refused(worm: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    with pytest.raises(ValueError, match="there are no null models"):
        wg.ask_of_nulls(inputs_of_ava, network, [], progress=False)
    answers = iter([[1.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="answered with 2 numbers, the network with 1"):
        wg.ask_of_nulls(lambda _: next(answers), network, [network], progress=False)

"""An attribution tells how far it is, and ends when it is told to."""

from __future__ import annotations

import numpy as np
import pytest

import wiregrad as wg


@pytest.fixture(scope="module")
def network() -> wg.MultilayeredNetwork:
    worm = wg.datasets.celegans()
    return wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "FLP"], 3, device="cpu")


STIMULUS = np.full((4, 3), 0.5)


@pytest.mark.parametrize("sources", ["stimulus", {0: "AVD", 1: "AVA"}])
def test_every_run_is_told(network: wg.MultilayeredNetwork, sources: object) -> None:
    told: list[wg.AttributionProgress] = []
    found = wg.attribution(
        *(network, STIMULUS, {2: "AVA"}),
        sources=sources,
        runs_at_once=8,
        progress=False,
        on_progress=told.append,
    )
    runs = [one.runs for one in told]
    assert runs == sorted(runs)
    assert runs[-1] == found.n_runs > 100  # n_steps is 100
    assert all(one.runs <= one.expected for one in told)
    assert told[-1].runs == told[-1].expected


def test_it_ends_when_it_is_told_to(network: wg.MultilayeredNetwork) -> None:
    told: list[int] = []

    def enough(so_far: wg.AttributionProgress) -> bool:
        told.append(so_far.runs)
        return so_far.runs > 20

    with pytest.raises(KeyboardInterrupt):
        wg.attribution(
            *(network, STIMULUS, {2: "AVA"}),
            runs_at_once=8,
            progress=False,
            on_progress=enough,
        )
    assert 20 < told[-1] <= 28
    again = wg.attribution(network, STIMULUS, {2: "AVA"}, progress=False)  # nothing is left over
    assert again.n_runs > 100

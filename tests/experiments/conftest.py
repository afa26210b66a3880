"""The worm's network, and a sweep of it in this process to compare others with."""

from __future__ import annotations

import pytest
from sweep_cases import QUICK, network_of_the_worm, problems_of_types

import wiregrad as wg


@pytest.fixture(scope="session")
def network() -> wg.MultilayeredNetwork:
    return network_of_the_worm()


@pytest.fixture(scope="session")
def swept(
    network: wg.MultilayeredNetwork, tmp_path_factory: pytest.TempPathFactory
) -> wg.SweepResult:
    """Twelve types in one batch, in this process; nobody may change its folder."""
    folder = tmp_path_factory.mktemp("sweep") / "out"
    return wg.sweep(network, problems_of_types(network), folder, **QUICK)

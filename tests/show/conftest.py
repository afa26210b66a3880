"""What the tests of figures and reports share: answers of a worm, and names that try to be code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE, Parsed, assert_it_stands_alone

import wiregrad as wg


@pytest.fixture(autouse=True)
def plotly() -> None:
    pytest.importorskip("plotly", reason='figures need plotly: pip install "wiregrad[plot]"')


def ask(
    network: wg.MultilayeredNetwork, asked: wg.TargetActivation, passes: int = 40
) -> wg.MaximisationResult:
    return wg.activation_maximisation(
        network, asked, num_iterations=passes, seed=0, use_tqdm=False, print_output=False
    )


@pytest.fixture(scope="session")
def worm_network(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", steps=3, device="cpu")


@pytest.fixture(scope="session")
def worm_result(worm_network: wg.MultilayeredNetwork) -> wg.MaximisationResult:
    return ask(worm_network, wg.TargetActivation({2: {"AVA": 0.9}}))


@pytest.fixture(scope="session")
def batch_result(worm_network: wg.MultilayeredNetwork) -> wg.MaximisationResult:
    """Eight questions at once, one a class of neurons."""
    classes = ["AVA", "AVB", "AVD", "AVE", "PVC", "RIM", "DVA", "AIB"]
    asked = pd.DataFrame(
        {"batch": range(8), "layer": [2] * 7 + [1], "neuron": classes, "value": 0.5}
    )
    return ask(worm_network, wg.TargetActivation(asked), passes=20)


@pytest.fixture(scope="session")
def many_result(worm_network: wg.MultilayeredNetwork) -> wg.MaximisationResult:
    """One question with a target for every interneuron and motor neuron."""
    asked = {2: {"role=inter": 0.3, "role=motor": 0.6}}
    return ask(worm_network, wg.TargetActivation(asked), passes=10)


@pytest.fixture(scope="session")
def hostile() -> wg.Connectome:
    """A chain of cells, sensory to motor, whose ids, types and origin are no harmless texts."""
    names = [f"{name}{side}" for name in HOSTILE for side in "LR"]
    types = [name for name in HOSTILE for _ in "LR"]
    role = ["sensory"] * 4 + ["rest"] * (len(names) - 4)
    neurons = pd.DataFrame({"id": names, "cell_type": types, "role": role, "sign": 1})
    order = np.arange(len(names) - 2)
    ends = {"pre": np.array(names)[order], "post": np.array(names)[order + 2]}
    across = {"pre": names[0:2], "post": [names[5], names[4]]}
    edges = pd.concat([pd.DataFrame(ends), pd.DataFrame(across)]).assign(count=3)
    return wg.Connectome.from_edges(
        edges, neurons, name=HOSTILE[0], unit=HOSTILE[1], provenance={"citations": HOSTILE}
    )


@pytest.fixture(scope="session")
def hostile_result(hostile: wg.Connectome) -> wg.MaximisationResult:
    network = wg.MultilayeredNetwork.from_connectome(
        hostile, "role=sensory", steps=len(HOSTILE) - 1, device="cpu"
    )
    last = hostile.n_neurons - 1
    return ask(network, wg.TargetActivation({len(HOSTILE) - 2: {last: 0.9, last - 1: 0.9}}))


@pytest.fixture
def bare_result() -> wg.MaximisationResult:
    """A network of bare weights, whose target no stimulus can move."""
    weights = np.zeros((4, 4))
    weights[1, 0], weights[2, 1] = 0.5, -0.5
    network = wg.MultilayeredNetwork(weights, sensory_indices=[0], num_layers=2, device="cpu")
    return ask(network, wg.TargetActivation({1: {2: 0.5, 3: 0.5}}), passes=5)


@pytest.fixture
def without_plotly(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make plotly look as if it were not installed."""

    def hide() -> None:
        for name in ("plotly", "plotly.graph_objects", "plotly.offline"):
            monkeypatch.setitem(sys.modules, name, None)

    return hide


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Parsed]:
    """Write a report, and read it as a browser would; it must stand alone."""

    def write(result: Any, **options: Any) -> Parsed:
        path = tmp_path_factory.mktemp("report") / "report.html"
        assert wg.report(result, path, **options) == path
        page = Parsed(path.read_text(encoding="utf-8"))
        assert_it_stands_alone(page)
        return page

    return write

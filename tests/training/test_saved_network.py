"""A network is written and made again; on another connectome it is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import wiregrad as wg
from wiregrad.training import _saved_network

STIMULI = np.random.default_rng(0).random((6, 83, 3))


def make(worm: wg.Connectome, **options: Any) -> wg.MultilayeredNetwork:
    options = {"unknown_sign": 1, "device": "cpu", **options}
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, **options)


def fitted(worm: wg.Connectome, **options: Any) -> wg.FitResult:
    """Fit a few epochs, connections too."""
    network = make(worm, **options)
    recording = wg.Recording(np.full((6, 2), 0.4), ["AVA", "RIM"], steps=-1)
    parameters = ["slope", "bias", "weight"]
    if network.divisive_strength is not None:
        parameters.append("divisive")
    if network.tau is not None:
        parameters.append("tau")
    trainer = wg.Trainer(parameters, epochs=3)
    return trainer.fit(network, STIMULI, recording, stability=False, progress=False)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"group_by": "id", "threshold": 0.02, "default_bias": 0.03},
    {"group_by": None},
    {"tau": 3.0, "input_range": (-1.0, 1.0)},
    {"divisive_normalization": {"DD": ["VB"]}, "divisive_rule": "sum"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_it_comes_back_as_it_was(
    worm: wg.Connectome, options: dict[str, Any], tmp_path: Path
) -> None:
    if "divisive_normalization" in options:
        options = {**options, "sign": {"DD": -1, "*": 1}}
    if options.get("group_by", "") is None:
        network, training = make(worm, **options), None
    else:
        training = fitted(worm, **options)
        network = training.network
    wg.save_network(network, tmp_path, training)
    again = wg.load_network(tmp_path, worm, device="cpu")
    assert torch.equal(again(STIMULI), network(STIMULI))
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    if training is not None:
        told = again.provenance["training"]
        assert told["train_loss"] == pytest.approx(training.train_loss)
        assert told["arguments"]["epochs"] == 3
        assert len(told["parameters"]) == len(training.parameters)


def test_parameters_can_be_read_by_name(worm: wg.Connectome, tmp_path: Path) -> None:
    result = fitted(worm)
    wg.save_network(result.network, tmp_path, result)
    page = json.loads((tmp_path / "network.json").read_text())
    row = result.parameters.query("parameter == 'slope' and name == 'AVA'").iloc[0]
    assert page["parameters"]["slope"]["AVA"] == pytest.approx(row["fitted"])
    assert page["checksum"] == worm.checksum


def test_another_connectome_is_refused(worm: wg.Connectome, tmp_path: Path) -> None:
    wg.save_network(make(worm), tmp_path)
    other = worm.subset(np.arange(200))
    with pytest.raises(
        ValueError, match=r"holds a network of the connectome 'C\. elegans' .* diff"
    ):
        wg.load_network(tmp_path, other)


def test_saving_again_leaves_one_file_of_connections(worm: wg.Connectome, tmp_path: Path) -> None:
    for slope in (3.0, 4.0):
        network = make(worm, tanh_steepness=slope)
        wg.save_network(network, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert wg.load_network(tmp_path, worm).slope[0] == 4


def test_an_interrupted_save_leaves_what_was_there(
    worm: wg.Connectome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wg.save_network(make(worm, tanh_steepness=3.0), tmp_path)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="no room"):
        wg.save_network(make(worm, tanh_steepness=4.0), tmp_path)
    assert wg.load_network(tmp_path, worm).slope[0] == 3


def test_what_cannot_be_saved_is_refused(worm: wg.Connectome, tmp_path: Path) -> None:
    bare = wg.MultilayeredNetwork(np.eye(2), [0], device="cpu")
    with pytest.raises(ValueError, match="made by from_connectome can be saved"):
        wg.save_network(bare, tmp_path)
    with pytest.raises(ValueError, match="an activation function of your own"):
        wg.save_network(make(worm, activation_function=torch.tanh), tmp_path)


def test_what_is_no_saved_network_is_refused(
    worm: wg.Connectome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"holds no saved network: there is no network\.json"):
        wg.load_network(tmp_path, worm)
    wg.save_network(make(worm), tmp_path)
    monkeypatch.setattr(_saved_network, "_FORMAT", 2)
    with pytest.raises(ValueError, match=r"is of format 1, and this version .* reads format 2"):
        wg.load_network(tmp_path, worm)


def test_what_cannot_be_written_is_refused(worm: wg.Connectome, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dynamics of its own"):
        wg.save_network(make(worm, dynamics=wg.Linear()), tmp_path)
    silenced = make(worm).manipulated(wg.Manipulations().silence("AVA"))
    with pytest.raises(ValueError, match=r"is manipulated \(AVA silenced"):
        wg.save_network(silenced, tmp_path)

"""An attribution in a folder: what was saved comes back, and what was not is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import make_random

import wiregrad as wg

_TABLES = ("sources", "completeness", "jumps", "verified")
_ARRAYS = ("values", "activity", "target", "stimulus")
_PLAIN = ("kind", "method", "shape", "seed", "version", "provenance", "n_runs", "seconds")


def ask(network: wg.MultilayeredNetwork, **options: Any) -> wg.Attribution:
    stimulus = torch.rand(2, len(network.sensory_indices), network.num_layers)
    options = {"targets": {-1: [1, 2]}, "progress": False, "seed": 3} | options
    return wg.attribution(network, stimulus, **options)


def assert_equal(one: wg.Attribution, other: wg.Attribution) -> None:
    for name in _TABLES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    for name in _ARRAYS:
        array, same = getattr(one, name), getattr(other, name)
        assert array.dtype == same.dtype
        np.testing.assert_array_equal(array, same)
    for name in _PLAIN:
        assert getattr(one, name) == getattr(other, name)
    assert (one.null_share is None) == (other.null_share is None)
    if one.null_share is not None and other.null_share is not None:
        np.testing.assert_array_equal(one.null_share, other.null_share)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sources": "neurons", "verify": 2},
        {"sources": "synapses", "method": "gradient"},
        {"targets": {0: {3: 1, 4: -0.5}, 1: [2]}},
        {"sources": {1: [2, 3]}, "n_steps": 5, "tolerance": None},
    ],
)
def test_what_was_saved_comes_back(tmp_path: Path, options: dict[str, Any]) -> None:
    network = make_random()
    found = ask(network, **options)
    assert found.save(tmp_path / "saved") == tmp_path / "saved"
    again = wg.Attribution.load(str(tmp_path / "saved"))
    assert_equal(found, again)
    assert again.network is None
    assert again.arguments == found.arguments
    repeated = wg.attribution(
        network,
        again.stimulus,
        progress=False,
        seed=again.seed,
        method=again.method,
        **{name: value for name, value in again.arguments.items() if name != "method"},
    )
    np.testing.assert_array_equal(repeated.values, found.values)


def test_baselines_and_nulls_come_back(tmp_path: Path) -> None:
    network = make_random()
    baseline = torch.full((len(network.sensory_indices), network.num_layers), 0.1)
    found = ask(network, baseline=baseline, nulls=[network, network])
    again = wg.Attribution.load(found.save(tmp_path / "saved"), network)
    assert_equal(found, again)
    assert again.network is network
    np.testing.assert_array_equal(again.arguments["baseline"], baseline.numpy())
    assert_equal(again, wg.Attribution.load(again.save(tmp_path / "saved")))


def test_what_was_done_to_neurons_and_shared_jumps_come_back(tmp_path: Path) -> None:
    network = make_random()
    manipulations = wg.Manipulations().clamp(3, 0.5).silence(4)
    state = np.full((network.all_weights.shape[0],), 0.2)
    found = ask(network, manipulations=manipulations, initial_state=state, share_jumps=True)
    again = wg.Attribution.load(found.save(tmp_path / "saved"), network)
    assert_equal(found, again)
    assert again.arguments["manipulations"] == str(manipulations)
    np.testing.assert_array_equal(again.arguments["initial_state"], state)
    assert found.jump_values is not None
    np.testing.assert_array_equal(again.jump_values, found.jump_values)


def test_what_is_no_attribution_is_refused(tmp_path: Path) -> None:
    found = ask(make_random())
    folder = found.save(tmp_path / "saved")
    with pytest.raises(ValueError, match="of another kind, 'attribution', not 'maximisation'"):
        wg.MaximisationResult.load(folder)
    with pytest.raises(ValueError, match="another kind, 'attribution', not 'lesion screen'"):
        wg.LesionScreen.load(folder)
    with pytest.raises(ValueError, match=r"holds no result: there is no result.json in it"):
        wg.Attribution.load(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"holds other files \(thesis.txt\)"):
        found.save(tmp_path / "other")
    (path,) = folder.glob("sources-*.parquet")
    path.write_bytes(path.read_bytes()[:-7] + b"changed")
    with pytest.raises(ValueError, match="is not the file that was saved: save the result again"):
        wg.Attribution.load(folder)
    assert_equal(found, wg.Attribution.load(found.save(folder)))


def test_a_result_of_another_kind_is_not_replaced(tmp_path: Path) -> None:
    folder = ask(make_random()).save(tmp_path / "saved")
    table = pd.DataFrame({"group": ["a"], "effect": [0.5]})
    screen = wg.LesionScreen(table, 0.1, np.zeros(0), np.zeros((0, 1)))
    with pytest.raises(ValueError, match=r"kind, 'attribution', .*: save to a new folder"):
        screen.save(folder)
    assert wg.Attribution.load(folder).kind == "stimulus"

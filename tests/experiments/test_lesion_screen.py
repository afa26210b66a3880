"""Lesion screens against networks without the columns or rows, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import wiregrad as wg
from wiregrad.experiments import _lesions
from wiregrad.network import on_connectome

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def network(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "FLP"], 4, device="cpu")


@pytest.fixture(scope="module")
def touch(network: wg.MultilayeredNetwork) -> np.ndarray:
    return np.ones((len(network.sensory_indices), network.num_layers))


def screen(
    network: wg.MultilayeredNetwork, touch: Any, targets: Any = "AVA", *more: Any, **options: Any
) -> wg.LesionScreen:
    return wg.lesion_screen(network, touch, targets, *more, progress=False, **options)


@pytest.mark.parametrize("mode", ["outgoing", "incoming", "both"])
def test_every_effect_is_that_of_a_network_without_the_synapses(
    network: wg.MultilayeredNetwork, touch: np.ndarray, mode: str
) -> None:
    found = screen(network, touch, "AVA", None, mode, steps=[2, 3])
    ava, weights = network.find("AVA"), network.weights.to_scipy().toarray()
    assert sorted(found.table["group"]) == network.groups.names
    for row in found.table.itertuples():
        cut, members = weights.copy(), network.groups.members(row.group)
        if mode != "incoming":
            cut[:, members] = 0
        if mode != "outgoing":
            cut[members] = 0
        without = wg.MultilayeredNetwork(cut, network.sensory_indices, 4, device="cpu")
        expected = without(touch)[ava][:, [2, 3]].double().mean().item()
        assert row.response == expected
        assert row.effect == expected - found.intact
        assert row.neurons == len(members)
    assert found.intact == network(touch)[ava][:, [2, 3]].double().mean().item()
    sizes = found.table["effect"].abs().to_numpy()
    assert (np.diff(sizes) <= 0).all()
    assert (sizes > 0).sum() > 20
    assert found.table.set_index("group")["holds_target"].sum() == 1


def test_the_batch_changes_nothing(network: wg.MultilayeredNetwork, touch: np.ndarray) -> None:
    frames = [screen(network, touch, batch_size=size).to_frame() for size in (1, 7, None)]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frames[0], frame, check_exact=True)


def test_silent_groups_are_not_run(
    network: wg.MultilayeredNetwork, touch: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = []
    mean = _lesions._mean

    def counted(*arguments: Any) -> np.ndarray:
        members.append(arguments[3])
        return mean(*arguments)

    monkeypatch.setattr(_lesions, "_mean", counted)
    found = screen(network, touch)
    assert sum(members) == 1 + (found.table["peak"] > 0).sum() < 118


def test_groups_are_a_column_or_selections(
    network: wg.MultilayeredNetwork, touch: np.ndarray
) -> None:
    by_role = screen(network, touch, "AVA", "role")
    assert set(by_role.table["group"]) == {"sensory", "inter", "motor", "polymodal", "unknown"}
    two = screen(network, touch, "AVA", ["AVD", "role=motor"])
    assert set(two.table["group"]) == {"AVD", "role=motor"}
    all_classes = screen(network, touch).table.set_index("group")
    assert two.table.set_index("group").loc["AVD"].equals(all_classes.loc["AVD"])


def test_what_is_manipulated_besides_is_so_in_every_run(
    network: wg.MultilayeredNetwork, touch: np.ndarray
) -> None:
    done = wg.Manipulations().silence("AVD").clamp("RIM", 0.5)
    found = screen(network, touch, manipulations=done)
    alone = network(touch, manipulations=done)[network.find("AVA"), -1]
    assert found.intact == alone.double().mean().item()
    row = found.table.set_index("group").loc["AVD"]
    assert row.effect == 0
    assert found.table.set_index("group").loc["RIM"].peak == 0.5
    assert found.arguments["manipulations"] == str(done)


def shuffled(worm: wg.Connectome, seed: int) -> wg.Connectome:
    """Deal the postsynaptic ends out anew: enough of a null for a test."""
    coo = worm.counts.tocoo()
    order = np.random.default_rng(seed).permutation(coo.nnz)
    ids = worm.neurons["id"].to_numpy()
    edges = pd.DataFrame(
        {"pre": ids[coo.coords[0]], "post": ids[coo.coords[1][order]], "count": coo.data}
    )
    edges = edges.groupby(["pre", "post"], as_index=False)["count"].sum()
    return wg.Connectome.from_edges(edges, worm.neurons, name=f"shuffled {seed}")


def test_nulls_are_screened_alike(
    worm: wg.Connectome, network: wg.MultilayeredNetwork, touch: np.ndarray
) -> None:
    nulls = [shuffled(worm, seed) for seed in range(5)]
    found = screen(network, touch, nulls=nulls)
    each = [screen(on_connectome(network, null), touch) for null in nulls]
    assert found.null_intact.tolist() == [one.intact for one in each]
    table = found.table.set_index("group")
    effects = np.array([one.table.set_index("group")["effect"][table.index] for one in each])
    np.testing.assert_array_equal(found.null_effects, effects)
    np.testing.assert_allclose(table["null_mean"], effects.mean(axis=0))
    np.testing.assert_allclose(table["null_sd"], effects.std(axis=0))
    for k, (_, row) in enumerate(table.iterrows()):
        as_large = [e >= row.effect if row.effect > 0 else e <= row.effect for e in effects[:, k]]
        assert row.null_share == (1.0 if row.effect == 0 else np.mean(as_large))
    assert 0 < table["null_share"].mean() < 1


def test_nulls_are_drawn_from_the_connectome(
    worm: wg.Connectome,
    network: wg.MultilayeredNetwork,
    touch: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = []

    def rewire(self: wg.Connectome, seed: int, keep: str, sign: Any) -> wg.Connectome:
        assert sign is None, "the rule of the network"
        drawn.append((seed, keep))
        return shuffled(self, seed)

    monkeypatch.setattr(wg.Connectome, "rewire", rewire, raising=False)
    found = screen(network, touch, nulls=3, connectome=worm, keep="type-pairs", seed=2)
    assert drawn == [(2, "type-pairs"), (3, "type-pairs"), (4, "type-pairs")]
    given = screen(network, touch, nulls=[shuffled(worm, seed) for seed in (2, 3, 4)])
    pd.testing.assert_frame_equal(found.table, given.table)
    made = (on_connectome(network, shuffled(worm, seed)) for seed in (2, 3, 4))
    pd.testing.assert_frame_equal(found.table, screen(network, touch, nulls=made).table)
    done = wg.Manipulations().silence("AVD")
    made = (on_connectome(network, shuffled(worm, seed)) for seed in (2, 3, 4))
    both = [
        screen(network, touch, nulls=nulls, manipulations=done).table
        for nulls in (made, [shuffled(worm, seed) for seed in (2, 3, 4)])
    ]
    pd.testing.assert_frame_equal(*both)
    assert "beside 3 null networks" in repr(found)


def test_the_network_of_a_null_has_the_same_parameters_and_manipulations(
    worm: wg.Connectome, touch: np.ndarray
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(
        worm, ["ASH", "FLP"], 4, device="cpu", unknown_sign=-1, slope_dict={"AVA": 2.0}
    )
    network.threshold = 0.02
    done = wg.Manipulations().silence("AVD").clamp("RIM", 0.2)
    null = shuffled(worm, 0)
    made = on_connectome(network.manipulated(done), null)
    fresh = wg.MultilayeredNetwork.from_connectome(
        null, ["ASH", "FLP"], 4, device="cpu", unknown_sign=-1, slope_dict={"AVA": 2.0}
    )
    fresh.threshold = 0.02
    assert torch.equal(made(touch), fresh(touch, manipulations=done))
    assert not torch.equal(made(touch), network(touch, manipulations=done))
    own = screen(network, touch, nulls=[null], network_of=lambda _: fresh)
    assert own.null_intact == screen(fresh, touch).intact


def test_neurons_without_labels(touch: np.ndarray) -> None:
    weights = np.zeros((3, 3))
    weights[1, 0] = weights[2, 1] = 0.5
    network = wg.MultilayeredNetwork(
        weights, [0], 2, device="cpu", idx_to_group=dict(enumerate("abc"))
    )
    found = screen(network, np.ones((1, 2)), 2)
    assert found.table["group"].tolist()[:2] == ["a", "b"]
    assert found.table["effect"][0] == -found.intact
    assert not on_nothing(network)["relative"].notna().any()
    with pytest.raises(ValueError, match="made from bare weights"):
        screen(network, np.ones((1, 2)), 2, nulls=[wg.datasets.celegans()])


def on_nothing(network: wg.MultilayeredNetwork) -> pd.DataFrame:
    return screen(network, np.zeros((1, 2)), 2).table


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": ["AVX"]}, "AVX"),
        ({"groups": "colour"}, "there is no column 'colour'"),
        ({"mode": "all"}, "unknown mode of silencing: 'all'"),
        ({"steps": 4}, r"steps holds 4: .*num_layers=4"),
        ({"nulls": 2}, "2 nulls are to be drawn, but of what is not said: pass connectome="),
        ({"nulls": -1}, "number of nulls is at least 0, not -1"),
        ({"nulls": "many"}, "nulls are a number of networks, or connectomes, not 'many'"),
        ({"nulls": [wg.datasets.flyvis_column()]}, "has other neurons than the network"),
        (
            {"manipulations": wg.Manipulations().silence("AVD", members=0)},
            "a lesion screen has no batch members of its own: AVD silenced",
        ),
        ({"batch_size": 0}, "batch_size is a whole number of lesions, at least 1, not 0"),
        ({"stimulus": np.ones((2, 4, 4))}, "made under one stimulus"),
    ],
)
def test_bad_input(
    network: wg.MultilayeredNetwork, touch: np.ndarray, options: dict[str, Any], message: str
) -> None:
    options = {"stimulus": touch, "targets": "AVA", "progress": False} | options
    with pytest.raises(ValueError, match=message):
        wg.lesion_screen(network, **options)

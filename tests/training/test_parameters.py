"""What is trained: how values are shared, where they start, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from trainer_cases import make_divisive
from training_cases import make_grouped

import wiregrad as wg
from wiregrad.training._copies import side_by_side
from wiregrad.training._kinds import KINDS
from wiregrad.training._parameters import FreeParameters, read_trainables


def free_of(network: wg.MultilayeredNetwork, parameters: Any, n_starts: int = 1) -> FreeParameters:
    return FreeParameters(read_trainables(parameters), network, n_starts, seed=0)


def written(network: wg.MultilayeredNetwork, parameters: Any, factor: float) -> Any:
    """Multiply all values and write them into the network."""
    free = free_of(network, parameters)
    with torch.no_grad():
        values = {name: value * factor for name, value in free.values().items()}
        free.write(network, free.entries(values))
    return free


@pytest.fixture(scope="module")
def labelled() -> wg.MultilayeredNetwork:
    """A worm of which every neuron is a group."""
    worm = wg.datasets.celegans()
    return wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", 3, group_by="id", device="cpu"
    )


def test_by_group_each_has_its_own_value() -> None:
    network = make_grouped(slope_dict={"b": 3})
    free = written(network, ["slope", "bias"], 2.0)
    assert free.slots["slope"].units.names == ["a", "b", "c", "d"]
    assert network.slope.tolist() == pytest.approx([10, 6, 10, 10])
    assert network.biases.tolist() == pytest.approx([0.1] * 4)


def test_shared_is_one_value_the_mean_at_the_start() -> None:
    network = make_grouped(slope_dict={"b": 3})
    free = written(network, {"slope": wg.Trainable(by="shared")}, 1.0)
    assert free.n_values == 1
    assert network.slope.tolist() == pytest.approx([4.5] * 4)


def test_by_neuron_and_by_a_column_of_the_labels(labelled: wg.MultilayeredNetwork) -> None:
    free = free_of(
        labelled, {"slope": wg.Trainable(by="neuron"), "bias": wg.Trainable(by="cell_type")}
    )
    assert len(free.slots["slope"].units.names) == 302
    units = free.slots["bias"].units
    types = np.array(units.names)[units.of_entry]
    by_id = labelled.neurons.set_index("id")["cell_type"]
    expected = by_id.loc[labelled.groups.names]
    assert (types == expected.where(expected.notna(), expected.index)).all()


def test_only_some_are_trained_and_the_others_stay() -> None:
    network = make_grouped(slope_dict={"b": 3})
    written(network, {"slope": wg.Trainable(only=["b", "d"])}, 2.0)
    assert network.slope.tolist() == pytest.approx([5, 6, 5, 10])


def test_divisive_strengths_are_those_of_presynaptic_groups() -> None:
    network = make_divisive(divisive_strength=1.5)
    written(network, ["divisive"], 2.0)
    assert network.divisive_strength.tolist() == pytest.approx([3.0])


@pytest.mark.parametrize("by", ["pair", "pre", "post", "edge", "shared"])
def test_gains_multiply_connections_that_keep_pattern_and_sign(by: str) -> None:
    network = make_divisive()
    before = network.weights.to_scipy().toarray()
    free = free_of(network, {"weight": wg.Trainable(by=by)})
    values = free.values()["weight"].detach().clone()
    values[0] = torch.arange(1, values.shape[1] + 1)
    free.write(network, free.entries({"weight": values}))
    after = network.weights.to_scipy().toarray()
    assert ((before != 0) == (after != 0)).all()
    gain = {name: i + 1 for i, name in enumerate(free.slots["weight"].units.names)}
    names = np.array(network.groups.names)[network.groups.of_neuron]
    for post, pre in np.argwhere(before):
        unit = {
            "pair": (names[pre], names[post]),
            "pre": names[pre],
            "post": names[post],
            "edge": (pre, post),
            "shared": "(all)",
        }[by]
        assert after[post, pre] == pytest.approx(before[post, pre] * gain[unit])


def test_divisive_gains_of_a_chosen_pair() -> None:
    network = make_divisive()
    before = network.divnorm_weights.clone()
    written(network, {"divisive_gain": wg.Trainable(only=[("d", "b")])}, 3.0)
    post = np.array(network.groups.names)[network.groups.of_neuron[network.divnorm_indices[0]]]
    ratio = (network.divnorm_weights / before).numpy()
    np.testing.assert_allclose(ratio, np.where(post == "b", 3.0, 1.0))


def test_the_first_start_is_the_network_and_the_others_lie_around_it() -> None:
    network = make_grouped()
    free = free_of(network, {"slope": wg.Trainable(spread=0.5), "bias": None}, n_starts=200)
    slopes = free.values()["slope"].detach()
    torch.testing.assert_close(slopes[0], torch.full((4,), 5.0, dtype=torch.float64))
    assert 0.4 < slopes[1:].std() < 0.6
    assert (free.values()["bias"] >= 0).all()
    again = free_of(network, {"slope": wg.Trainable(spread=0.5), "bias": None}, n_starts=200)
    assert torch.equal(again.free["slope"], free.free["slope"])


def test_penalties_are_means_over_what_is_trained() -> None:
    network = make_grouped()
    how = {"slope": wg.Trainable(l1=2.0), "bias": wg.Trainable(l2=3.0, only=["a", "b"])}
    free = free_of(network, how)
    values = {name: value.detach() for name, value in free.values().items()}
    values["slope"] = values["slope"] + torch.tensor([1.0, -1, 0, 2])
    values["bias"] = values["bias"] + torch.tensor([0.5, 0])
    assert float(free.penalty(values)) == pytest.approx(2.0 * 1 + 3.0 * 0.125)


def test_a_further_parameter_is_one_entry_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="'tau' cannot be trained in this network: it has no time"):
        free_of(make_grouped(), ["tau"])
    network = make_grouped()
    network.tau = torch.nn.Parameter(torch.full((4,), 2.0), requires_grad=False)
    written(network, ["tau"], 1.5)
    assert network.tau.tolist() == pytest.approx([3.0] * 4)
    assert side_by_side(network, 2).tau.tolist() == pytest.approx([3.0] * 8)


@pytest.mark.parametrize("n_copies", [1, 3])
def test_copies_side_by_side_answer_as_the_network(n_copies: int) -> None:
    network = make_divisive()
    copies = side_by_side(network, n_copies)
    stimulus = np.random.default_rng(0).random((2, 8, 3))
    expected = network(stimulus)
    found = copies(np.tile(stimulus, (1, n_copies, 1)))
    for c in range(n_copies):
        assert torch.equal(found[:, c * 24 : (c + 1) * 24], expected)
    assert network.idx_to_group is not None  # it is as it was


def test_copies_have_parameters_of_their_own() -> None:
    network = make_divisive()
    copies = side_by_side(network, 2)
    changed = make_divisive()
    for name in ("slope", "raw_biases", "divisive_strength"):
        tensor, other = getattr(copies, name), getattr(changed, name)
        other.mul_(1.3)
        tensor[len(other) :] = other
    stimulus = np.random.default_rng(0).random((2, 8, 3))
    found = copies(np.tile(stimulus, (1, 2, 1)))
    torch.testing.assert_close(found[:, :24], network(stimulus))
    torch.testing.assert_close(found[:, 24:], changed(stimulus))


def test_every_kind_is_documented() -> None:
    for name in KINDS:
        assert f'"{name}"' in (wg.Trainer.__doc__ or "")


def signed() -> wg.MultilayeredNetwork:
    return make_grouped(signed_biases=True, bias_dict={"a": -0.2})


def test_signed_biases_are_not_bounded() -> None:
    network = signed()
    written(network, ["bias"], 2.0)
    assert network.biases.tolist() == pytest.approx([-0.4, 0.1, 0.1, 0.1])


def no_groups() -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork(np.eye(2), [0], device="cpu")


@pytest.mark.parametrize(
    ("make", "parameters", "message"),
    [
        (make_grouped, ["slopes"], r"parameters name 'slopes': there are .* did you mean 'slope'"),
        (make_grouped, [], "parameters name nothing: there are slope, bias"),
        (no_groups, ["slope"], "'slope' cannot be trained .* pass idx_to_group"),
        (make_grouped, ["divisive"], "'divisive' cannot be trained .* divisive_normalization"),
        (
            make_grouped,
            {"slope": wg.Trainable(by="neuron")},
            "24 neurons share their parameters in 4 groups; make it with group_by='id'",
        ),
        (make_grouped, {"slope": wg.Trainable(by="side")}, "by='side' is no way to share"),
        (make_grouped, {"weight": wg.Trainable(by="group")}, "by='group': connections share by"),
        (make_divisive, {"divisive": wg.Trainable(by="pair")}, "train 'divisive_gain'"),
        (make_grouped, {"slope": wg.Trainable(only=["e"])}, r"only='e': 'slope' has 4 units"),
        (make_grouped, {"slope": wg.Trainable(only=[])}, "only=nothing"),
        (
            make_grouped,
            {"slope": wg.Trainable(bounds=(6, None))},
            r"slope: 4 values at the start lie outside the bounds \(6, inf\) \(a: 5, b: 5",
        ),
        (make_grouped, {"bias": wg.Trainable(bounds=(-1, 1))}, "make it with signed_biases=True"),
        (make_grouped, {"weight": wg.Trainable(bounds=(None, 2))}, "connections change their sign"),
        (make_divisive, ["divisive", "divisive_gain"], "not both"),
    ],
)
def test_what_cannot_be_trained_is_refused(make: Any, parameters: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        free_of(make(), parameters)


def test_a_column_that_splits_a_group_is_refused() -> None:
    worm = wg.datasets.celegans()
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 2, device="cpu")
    with pytest.raises(ValueError, match=r"the neurons of .* differ in it, but share"):
        free_of(network, {"slope": wg.Trainable(by="side")})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"l1": -1}, "l1 is 0 or more, not -1"),
        ({"bounds": (2, 1)}, "low < high"),
        ({"bounds": 3}, r"bounds are \(low, high\), either may be None, not 3"),
        ({"rate": 0}, "rate is more than 0, not 0"),
        ({"spread": -1}, "spread is 0 or more"),
        ({"softness": 0}, "softness is more than 0"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.Trainable(**options)


def test_how_is_a_trainable() -> None:
    with pytest.raises(TypeError, match=r"parameters\['slope'\] is a wiregrad\.Trainable or None"):
        read_trainables({"slope": 3})  # type: ignore[dict-item]


def test_pairs_may_be_given_as_lists() -> None:
    free = free_of(make_divisive(), {"divisive_gain": wg.Trainable(only=[["d", "b"]])})
    assert free.slots["divisive_gain"].units.names == [("d", "b")]


def test_numbers_of_a_table_name_their_pairs() -> None:
    network = make_divisive()
    trainer = wg.Trainer({"weight": None, "slope": None}, epochs=0)
    recording = pd.DataFrame({"batch": [0, 1], "neuron": ["a", "a"], "value": [0.1, 0.2]})
    result = trainer.fit(network, np.ones((2, 8, 3)), recording, held_out=0, progress=False)
    table = result.parameters
    assert list(table["parameter"].unique()) == ["slope", "weight"]
    assert table[table["parameter"] == "slope"]["post"].isna().all()
    pairs = set(table[table["parameter"] == "weight"][["name", "post"]].itertuples(index=False))
    assert ("a", "b") in pairs


def test_time_constants_come_back(worm: wg.Connectome) -> None:
    """Of groups that the stimuli drive and the recorded neurons feel."""

    def make(tau: float) -> wg.MultilayeredNetwork:
        return wg.MultilayeredNetwork.from_connectome(
            worm, "role=sensory", 4, unknown_sign=1, device="cpu", group_by="role", tau=tau
        )

    rng = np.random.default_rng(0)
    stimuli = rng.random((12, 83, 4)) * (rng.random((12, 83, 4)) < 0.2)
    network = make(1.5)
    names = [name for group in ("AVA", "AVB", "RIM") for name in network.find(group).tolist()]
    measured = make(3.0)(stimuli, record=["AVA", "AVB", "RIM"]).numpy()
    trainer = wg.Trainer({"tau": None}, epochs=60)
    fitted = trainer.fit(
        network, stimuli, wg.Recording(measured, names), stability=False, progress=False
    )
    values = fitted.parameters.set_index("name")["fitted"]
    assert values[["inter", "motor", "sensory"]].tolist() == pytest.approx([3.0] * 3, abs=0.15)

"""Saliency, training, targets and activation maximisation against the reference."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from network_cases import NetworkCase, inhibitory_pairs, make_case, network_cases
from scipy import sparse

import wiregrad as wg

pytestmark = pytest.mark.filterwarnings(
    # The reference makes sparse tensors without saying whether they are to be checked.
    "ignore:Sparse invariant checks are implicitly disabled:UserWarning"
)

Compare = Callable[[str, torch.Tensor, torch.Tensor], None]
SharedData = Callable[[str], Path]
Pair = tuple[wg.MultilayeredNetwork, Any]

# The same cases each time, as the largest difference is a number to quote.
MANY = settings(deadline=None, max_examples=150, derandomize=True)
SOME = settings(deadline=None, max_examples=40, derandomize=True)

METHODS = list(itertools.product(["vanilla", "input_x_gradient"], [False, True]))


def worm_pair(reference: ModuleType, worm: wg.Connectome, steps: int, **options: Any) -> Pair:
    """Make the same network of the worm with wiregrad and with the reference."""
    ours = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", steps, unknown_sign=-1, device="cpu", **options
    )
    theirs = reference.MultilayeredNetwork(
        sparse.coo_matrix(worm.weights(unknown_sign=-1).matrix),
        worm.select("role=sensory").tolist(),
        num_layers=steps,
        idx_to_group=dict(enumerate(worm.group_labels())),
        device="cpu",
        **options,
    )
    return ours, theirs


def case_pair(reference: ModuleType, case: NetworkCase) -> Pair:
    """Make a random network with both."""
    options = {name: case.options[name] for name in case.options if name != "divisive_rule"}
    weights, steps = torch.from_numpy(case.weights).float(), case.stimulus.shape[-1]
    theirs = reference.MultilayeredNetwork(weights, case.sensory, steps, device="cpu", **options)
    return case.network(torch.float32), theirs


def by_class(worm: wg.Connectome, low: float, high: float, seed: int) -> dict[str, float]:
    """Draw a value for every class of the worm."""
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(low, high) for name in sorted(worm.group_labels().unique())}


def random_stimulus(*shape: int, seed: int) -> torch.Tensor:
    """Draw a stimulus with values below the threshold and above 1 among it."""
    return torch.from_numpy(np.random.default_rng(seed).uniform(-0.2, 1.3, shape)).float()


# Saliency.


def compare_saliency(
    reference: ModuleType,
    compare: Compare,
    kind: str,
    pair: Pair,
    stimulus: torch.Tensor,
    asked: dict[int, list[int]],
) -> None:
    """Compare all kinds of maps, as shares of the largest value where that is above 1.

    Normalised ones only if their maximum was not small: of saturated neurons, 1 - tanh**2 has few
    digits in float32, and to divide by it shows so.
    """
    for method, normalize in METHODS:
        ours = wg.saliency(pair[0], stimulus, asked, method, normalize)
        theirs = reference.saliency(pair[1], stimulus, asked, method, normalize, "cpu")
        theirs = theirs.detach()
        if normalize:  # decision 20: where no value is above 0, the reference leaves a map as it is
            members = theirs.reshape(-1, *theirs.shape[-2:])
            plain = reference.saliency(pair[1], stimulus, asked, method, False, "cpu").detach()
            kept = plain.reshape(members.shape).amax(dim=(1, 2)) > 0.01
            ours, theirs = ours.reshape(members.shape)[kept], members[kept]
            if not kept.any():
                continue
        scale = theirs.abs().max().clamp(min=1)
        compare(f"saliency, {kind}", ours / scale, theirs / scale)


def some_neurons(rng: np.random.Generator, n_neurons: int, steps: int) -> dict[int, list[int]]:
    """Draw a few neurons at two layers, one of them counted from the end; some twice."""
    return {
        int(rng.integers(steps)): rng.integers(0, n_neurons, 4).tolist(),
        -steps - 1 + int(rng.integers(1, steps + 1)): rng.permutation(n_neurons)[:2].tolist(),
    }


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize("batch", [None, 1, 7])
@pytest.mark.parametrize("plain", [True, False])
def test_saliency_worm(
    reference: ModuleType,
    worm: wg.Connectome,
    compare: Compare,
    steps: int,
    batch: int | None,
    plain: bool,
) -> None:
    parameters = {
        "slope_dict": by_class(worm, 0.5, 8, seed=1),
        "bias_dict": by_class(worm, 0, 0.3, seed=2),
        "threshold": 0.05,
    }
    pair = worm_pair(reference, worm, steps, **({} if plain else parameters))
    stimulus = random_stimulus(*([] if batch is None else [batch]), 83, steps, seed=steps)
    kind = "worm" if plain else "worm with slopes and biases"
    for neurons in (pair[0].find("AVA"), pair[0].find("role=motor"), range(302)):
        asked = {steps - 1: list(map(int, neurons)), 0: [100]} if steps > 1 else {0: [53, 54, 100]}
        compare_saliency(reference, compare, kind, pair, stimulus, asked)


@pytest.mark.parametrize("steps", [2, 3])
def test_saliency_with_divisive_normalisation_is_the_slope_of_the_reference(
    reference: ModuleType, worm: wg.Connectome, compare: Compare, steps: int
) -> None:
    """The reference itself cannot differentiate here: it changes its slopes in place.

    One stimulus at a time: it divides no batch. Without a threshold, and with a bias that keeps
    drives above 0, differences are slopes.
    """
    pairs = inhibitory_pairs(worm)
    strengths = dict.fromkeys(pairs, 1.5)
    options = {"divisive_normalization": pairs, "divisive_strength": strengths}
    options |= {"threshold": 0.0, "tanh_steepness": 1.0, "default_bias": 0.2}
    ours, theirs = worm_pair(reference, worm, steps, **options)
    asked = {steps - 1: ours.find("role=motor").tolist()}
    generator = torch.Generator().manual_seed(steps)
    stimulus = 0.2 + 0.6 * torch.rand(83, steps, generator=generator)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        reference.saliency(theirs, stimulus, asked, device="cpu")
    direction = torch.randn(83, steps, generator=generator)
    motor, step = asked[steps - 1], 1e-3
    with torch.no_grad():
        ends = [theirs(stimulus + sign * step * direction)[motor, -1].double() for sign in (1, -1)]
    slope = (ends[0] - ends[1]).sum() / (2 * step)
    ours_along = (wg.saliency(ours, stimulus, asked).double() * direction).sum()
    assert float(ours_along) == pytest.approx(float(slope), abs=2e-3)


@pytest.mark.parametrize("sign", [1, {"LN": -1, "LHN": -1, "*": 1}])
def test_saliency_larva(
    reference: ModuleType, compare: Compare, shared_data: SharedData, sign: Any
) -> None:
    larva = wg.Connectome.load(shared_data("larva"))
    ours = wg.MultilayeredNetwork.from_connectome(larva, "role=sensory", 4, sign=sign, device="cpu")
    theirs = reference.MultilayeredNetwork(
        sparse.coo_matrix(larva.weights(sign).matrix),
        larva.select("role=sensory").tolist(),
        num_layers=4,
        device="cpu",
    )
    stimulus = random_stimulus(2, len(ours.sensory_indices), 4, seed=4)
    asked = {3: list(range(0, ours.n_neurons, 50)), 1: [10]}
    compare_saliency(reference, compare, "larva", (ours, theirs), stimulus, asked)


@MANY
@given(case=network_cases(rules=(None,)), seed=st.integers(0, 100))
def test_saliency_random_networks(
    reference: ModuleType, compare: Compare, case: NetworkCase, seed: int
) -> None:
    # At a threshold the slope jumps: where a drive lies on it to within rounding, or at threshold
    # 0 on it exactly, either answer is right.
    assume(case.options["threshold"] > 0 and case.clear_of_threshold(1e-5))
    steps = case.stimulus.shape[-1]
    asked = some_neurons(np.random.default_rng(seed), len(case.weights), steps)
    pair, stimulus = case_pair(reference, case), torch.from_numpy(case.stimulus).float()
    compare_saliency(reference, compare, "random networks", pair, stimulus, asked)
    compare_saliency(reference, compare, "random networks", pair, stimulus[0], asked)


# Training mode.


@pytest.mark.parametrize("slopes", [True, False])
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("strength", [True, False])
def test_training_mode(
    reference: ModuleType,
    worm: wg.Connectome,
    compare: Compare,
    slopes: bool,
    biases: bool,
    strength: bool,
) -> None:
    pair = worm_pair(reference, worm, 2, divisive_normalization={"DD": ["DB"]})

    def recording(network: Any) -> torch.Tensor:
        named = dict(network.named_parameters())
        assert sorted(named) == ["divisive_strength", "raw_biases", "slope"]
        return torch.tensor([named[name].requires_grad for name in sorted(named)]).float()

    inside = []
    for module, network in ((wg, pair[0]), (reference, pair[1])):
        with module.training_mode(network, slopes, biases, strength) as same:
            assert same is network
            inside.append(recording(network))
    compare("training_mode, inside", *inside)
    compare("training_mode, after", recording(pair[0]), recording(pair[1]))


# Training.


def draw_targets(
    rng: np.random.Generator, n_rows: int, n_members: int, n_neurons: int, steps: int, layers: bool
) -> pd.DataFrame:
    """Draw responses by member, a few of which have none."""
    columns = {
        "batch": np.sort(rng.integers(0, n_members, n_rows)),
        "neuron_idx": rng.integers(0, n_neurons, n_rows),
        "layer": rng.integers(0, steps, n_rows),
        "value": rng.random(n_rows),
    }
    targets = pd.DataFrame(columns, index=rng.permutation(n_rows))
    return targets if layers else targets.drop(columns="layer")


def compare_training(
    reference: ModuleType,
    compare: Compare,
    kind: str,
    pair: Pair,
    stimuli: torch.Tensor,
    targets: pd.DataFrame,
    num_epochs: int,
    reg_lambda: float = 0.0,
    **options: Any,
) -> None:
    """Train both and compare losses, parameters, and how the data was split.

    The gradients of the reference's penalty cancel (decision 21), but they leave rounding errors,
    which Adam blows up where a gradient is as small: parameters are compared without a penalty.
    """
    ours = wg.train_model(
        pair[0],
        stimuli,
        targets,
        num_epochs,
        restore_best=False,
        use_tqdm=False,
        print_output=False,
        **options,
    )
    numpy_state, torch_state = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    options = {"param_reg_lambda": reg_lambda, **options}
    theirs = reference.train_model(pair[1], stimuli, targets, num_epochs, **options)
    np.random.set_state(numpy_state)  # noqa: NPY002
    torch.set_rng_state(torch_state)
    compare_split(compare, ours, theirs)

    history = theirs[1]
    losses = torch.tensor(ours.history["mse_loss"])
    compare(f"train_model, losses, {kind}", losses, torch.tensor(history["mse_loss"]))
    # Theirs are those of the parameters after the step, ours of those before it.
    val_losses = torch.tensor([*ours.history["val_loss"][1:], ours.kept_val_loss])
    compare(f"train_model, losses, {kind}", val_losses, torch.tensor(history["val_loss"]))
    if reg_lambda:
        return
    parameters = dict(pair[1].named_parameters())
    for name, parameter in pair[0].named_parameters():
        compare(f"train_model, parameters, {kind}", parameter.detach(), parameters[name].detach())


def compare_split(compare: Compare, ours: Any, theirs: Any) -> None:
    for name, place in (("train", 0), ("val", 1)):
        indices = ours[6 + place]
        assert indices.tolist() == theirs[6 + place].tolist()
        compare("train_model, inputs", ours[2 + place], theirs[2 + place])
        frame, other = ours[4 + place], theirs[4 + place]
        assert list(frame.columns) == list(other.columns)
        assert frame.index.tolist() == other.index.tolist(), name
        numbers = [torch.from_numpy(f.to_numpy(dtype=np.float64)) for f in (frame, other)]
        compare("train_model, targets", *numbers)


@pytest.mark.parametrize("layers", [True, False])
@pytest.mark.parametrize("reg_lambda", [0.0, 0.3])
@pytest.mark.parametrize("seed", [42, 7])
def test_train_model_worm(
    reference: ModuleType,
    worm: wg.Connectome,
    compare: Compare,
    layers: bool,
    reg_lambda: float,
    seed: int,
) -> None:
    # The reference's biases get no gradient at 0 (decision 6).
    options = {"slope_dict": by_class(worm, 2, 6, seed=1), "default_bias": 0.1}
    pair = worm_pair(reference, worm, 3, **options)
    rng = np.random.default_rng(seed)
    stimuli = random_stimulus(10, 83, 3, seed=seed)
    targets = draw_targets(rng, 60, 10, 302, 3, layers)
    options = {"reg_lambda": reg_lambda, "seed": seed, "learning_rate": 0.02}
    compare_training(reference, compare, "worm", pair, stimuli, targets, 15, **options)


@pytest.mark.parametrize("trained", ["train_slopes", "train_biases"])
def test_train_model_slopes_or_biases_alone(
    reference: ModuleType, worm: wg.Connectome, compare: Compare, trained: str
) -> None:
    pair = worm_pair(reference, worm, 2, default_bias=0.1)
    targets = draw_targets(np.random.default_rng(3), 40, 8, 302, 2, True)
    off = {"train_slopes": False, "train_biases": False, "train_divisive_strength": False}
    options = {**off, trained: True, "train_fraction": 0.6}
    stimuli = random_stimulus(8, 83, 2, seed=3)
    compare_training(reference, compare, "worm", pair, stimuli, targets, 10, **options)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(seed=st.integers(0, 10_000), layers=st.booleans(), steps=st.integers(1, 4))
def test_train_model_random_networks(
    reference: ModuleType, compare: Compare, seed: int, layers: bool, steps: int
) -> None:
    case = make_case(seed, steps=steps, batch=8, activity="active")
    pair = case_pair(reference, case)
    rng = np.random.default_rng(seed)
    targets = draw_targets(rng, 30, 8, 8, steps, layers)
    stimuli = torch.from_numpy(case.stimulus).float()
    compare_training(reference, compare, "random networks", pair, stimuli, targets, 8, seed=seed)


# Targets.


def compare_targets(reference: ModuleType, compare: Compare, given: Any, size: int | None) -> None:
    ours, theirs = wg.TargetActivation(given, size), reference.TargetActivation(given, size)
    assert ours.batch_size == theirs.batch_size
    assert list(ours.targets_df.columns) == list(theirs.targets_df.columns)
    frames = [
        torch.from_numpy(targets.targets_df.to_numpy(dtype=np.float64))
        for targets in (ours, theirs)
    ]
    compare("TargetActivation", *frames)
    for member in range(ours.batch_size + 1):
        assert ours.get_batch_targets(member) == theirs.get_batch_targets(member)


@SOME
@given(
    asked=st.dictionaries(
        st.integers(0, 4),
        st.dictionaries(st.integers(0, 50), st.floats(0, 1), min_size=1, max_size=4),
        min_size=1,
        max_size=3,
    ),
    size=st.sampled_from([None, 0, 1, 3]),
)
def test_targets_from_a_dict(
    reference: ModuleType, compare: Compare, asked: dict[int, dict[int, float]], size: int | None
) -> None:
    compare_targets(reference, compare, asked, size)


@SOME
@given(seed=st.integers(0, 10_000), with_batch=st.booleans(), size=st.sampled_from([None, 2, 5]))
def test_targets_from_a_frame(
    reference: ModuleType, compare: Compare, seed: int, with_batch: bool, size: int | None
) -> None:
    rng = np.random.default_rng(seed)
    targets = draw_targets(rng, 8, 4, 20, 3, True).rename(columns={"neuron_idx": "neuron"})
    targets = targets if with_batch else targets.drop(columns="batch")
    compare_targets(reference, compare, targets, size)


# Activation maximisation with fixed penalties. Where silent neurons get a surrogate gradient
# (decision 18) the two searches part after their first pass; what the first pass measures is the
# same, and so is all of it where nothing is silent and no bound is met.


def first_losses(
    reference: ModuleType, pair: Pair, asked: pd.DataFrame, start: torch.Tensor, passes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the three losses of some passes, (kind, pass), of both."""
    options: dict[str, Any] = {
        "num_iterations": passes,
        "learning_rate": 0.002,
        "in_reg_lambda": 0.02,
        "out_reg_lambda": 0.005,
        "early_stopping": False,
        "use_tqdm": False,
        "print_output": False,
    }
    ours = wg.activation_maximisation(pair[0], wg.TargetActivation(asked), start, **options)
    targets = reference.TargetActivation(asked)
    theirs = reference.activation_maximisation(pair[1], targets, start, device="cpu", **options)
    both = [torch.tensor([losses[:passes] for losses in result[2:5]]) for result in (ours, theirs)]
    return both[0], both[1]


def draw_asked(
    rng: np.random.Generator, members: int, neurons: Sequence[int], steps: int
) -> pd.DataFrame:
    """Draw targets for every member, no place twice."""
    asked = draw_targets(rng, 4 * members, members, len(neurons), steps, True)
    first = asked.iloc[:members].assign(batch=range(members))
    asked = pd.concat([first, asked]).rename(columns={"neuron_idx": "neuron"})
    asked = asked.assign(neuron=np.asarray(neurons)[asked["neuron"]])
    return asked.drop_duplicates(["batch", "layer", "neuron"]).reset_index(drop=True)


def driven(case: NetworkCase) -> list[int]:
    """List the neurons next to the input.

    A member whose targets are all out of reach is told so and not worked on (decision 19).
    """
    return np.flatnonzero((case.weights[:, case.sensory] != 0).any(axis=1)).tolist()


@pytest.mark.parametrize("steps", [2, 4])
@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_maximisation_worm_begins_with_the_same_losses(
    reference: ModuleType,
    worm: wg.Connectome,
    compare: Compare,
    steps: int,
    members: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    asked = draw_asked(rng, members, range(302), steps)
    start = torch.from_numpy(rng.random((members, 83, steps))).float()
    pair = worm_pair(reference, worm, steps)
    ours, theirs = first_losses(reference, pair, asked, start, 1)
    # Penalties are by member here and over the whole batch there (decision 16).
    kinds = slice(None) if members == 1 else slice(0, 1)
    scale = theirs[kinds].clamp(min=1)
    compare("activation_maximisation, at the start", ours[kinds] / scale, theirs[kinds] / scale)


@SOME
@given(case=network_cases(rules=(None,), batches=st.just(1)), seed=st.integers(0, 100))
def test_maximisation_random_networks_begin_with_the_same_losses(
    reference: ModuleType, compare: Compare, case: NetworkCase, seed: int
) -> None:
    assume(case.options["threshold"] == 0 or case.clear_of_threshold(1e-5))
    assume(driven(case))
    start = torch.from_numpy(case.stimulus).float().clamp(0, 1)
    steps = start.shape[-1]
    asked = draw_asked(np.random.default_rng(seed), 1, driven(case), steps)
    pair = case_pair(reference, case)
    ours, theirs = first_losses(reference, pair, asked, start, 1)
    scale = theirs.clamp(min=1)
    compare("activation_maximisation, at the start", ours / scale, theirs / scale)


@SOME
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 4))
def test_maximisation_goes_the_same_way_where_nothing_is_silent(
    reference: ModuleType, compare: Compare, seed: int, steps: int
) -> None:
    case = make_case(seed, steps=steps, batch=1, activity="active")
    case.options["default_bias"] = max(case.options["default_bias"], 0.1)
    case.options["bias_dict"] = None
    assume(driven(case))
    rng = np.random.default_rng(seed)
    start = torch.from_numpy(rng.uniform(0.3, 0.7, case.stimulus.shape)).float()
    asked = draw_asked(rng, 1, driven(case), steps)
    ours, theirs = first_losses(reference, case_pair(reference, case), asked, start, 6)
    scale = theirs.clamp(min=1)
    compare("activation_maximisation, six passes", ours / scale, theirs / scale)

"""Keeping some neurons and steps only, windows of steps, and what a run takes in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from network_cases import QUICK, NetworkCase, make_case, network_cases

import wiregrad as wg
from wiregrad.network import _memory
from wiregrad.network._memory import available_memory, choose_window


@QUICK
@given(
    case=network_cases(batches=st.integers(1, 3)),
    window=st.sampled_from([None, 1, 2, 10]),
    seed=st.integers(0, 99),
)
def test_records_what_a_full_run_gives(case: NetworkCase, window: int | None, seed: int) -> None:
    network, rng = case.network(), np.random.default_rng(seed)
    network.set_param_grads(slopes=True, raw_biases=True, divisive_strength=True)
    neurons = rng.permutation(network.n_neurons)[: rng.integers(1, network.n_neurons + 1)]
    steps = rng.permutation(network.num_layers)[: rng.integers(1, network.num_layers + 1)]
    found = []
    for options in ({}, {"record": neurons, "record_steps": steps, "checkpoint_steps": window}):
        stimulus = torch.from_numpy(case.stimulus).requires_grad_()
        activations = network(stimulus, **options)
        if not options:
            activations = activations[:, neurons][..., steps]
        loss = (activations * torch.arange(activations[0].numel()).view(activations[0].shape)).sum()
        leaves = [stimulus, *network.parameters()]
        found.append([activations, *torch.autograd.grad(loss, leaves)])
    for whole, part in zip(*found, strict=True):
        torch.testing.assert_close(part, whole)


def test_records_by_name_and_one_stimulus_without_a_batch(
    worm_network: wg.MultilayeredNetwork,
) -> None:
    stimulus = torch.ones(83, 4)
    whole = worm_network(stimulus)
    part = worm_network(stimulus, record="AVA", record_steps=-1)
    assert part.shape == (2, 1)
    assert torch.equal(part[:, 0], whole[worm_network.find("AVA"), -1])
    assert worm_network.activations is part
    assert torch.equal(worm_network(stimulus, record_steps=[3, 0]), whole[:, [3, 0]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"record": "XYZ"}, "XYZ"),
        ({"record": [302]}, "302"),
        ({"record_steps": [0, 4]}, r"record_steps holds 4: the network has num_layers=4 \(0 to 3"),
        ({"record_steps": -5}, "record_steps holds -5"),
        ({"record_steps": []}, "record_steps holds nothing"),
        ({"record_steps": [0, -4]}, "names a step twice: 0, -4"),
        ({"checkpoint_steps": 0}, "checkpoint_steps is a whole number of steps, at least 1, not 0"),
        ({"checkpoint_steps": 1.5}, "at least 1, not 1.5"),
        ({"checkpoint_steps": True}, "at least 1, not True"),
    ],
)
def test_refuses_what_is_not_there(
    worm_network: wg.MultilayeredNetwork, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        worm_network(torch.ones(83, 4), **options)


# Memory

MEASURE = """
import sys
import torch, wiregrad as wg
from scipy import sparse
n = 60_000
weights = sparse.random_array((n, n), density=5 / n, rng=0, dtype="float32")
network = wg.MultilayeredNetwork(weights, range(500), 24, device="cpu")
def held(name):
    lines = open("/proc/self/status").read().splitlines()
    return int([line for line in lines if line.startswith(name)][0].split()[1]) * 1024
def run(batch, record, gradient, window):
    options = {} if record is None else {"record": record, "checkpoint_steps": window}
    stimulus = torch.rand(batch, 500, 24, requires_grad=gradient)
    before = held("VmRSS")
    output = network(stimulus, **options)
    if gradient:
        output.sum().backward()
    network.activations = None
    return before
for batch, record, gradient, window in eval(sys.argv[1]):
    for first in (1, batch):  # kernels and layouts are there when it counts
        open("/proc/self/clear_refs", "w").write("5")
        before = run(first, record, gradient, window)
    estimate = network.memory_estimate(batch, record, gradient, checkpoint_steps=window)
    print(held("VmHWM") - before, estimate)
"""
MEASURED = [
    (16, None, False, None),
    (16, None, True, None),
    (16, [0, 1], False, None),
    (16, [0, 1], True, None),
    (16, [0, 1], True, 5),
]


@pytest.fixture(scope="module")
def measured() -> list[tuple[int, int]]:
    """Peak and estimate of each run, measured in one process after the other's memory is free."""
    output = subprocess.run(
        [sys.executable, "-c", MEASURE, repr(MEASURED)],
        # What is freed goes back at once, so that the next run cannot hide in it.
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [(int(peak), int(estimate)) for peak, estimate in map(str.split, output.splitlines())]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("number", range(len(MEASURED)), ids=lambda number: str(MEASURED[number]))
def test_the_estimate_is_close_to_the_measured_peak(
    measured: list[tuple[int, int]], number: int
) -> None:
    peak, estimate = measured[number]
    assert 0.8 < estimate / peak < 1.35


def test_windows_are_the_square_root_where_memory_is_short(
    worm: wg.Connectome, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 50, device="cpu")
    need = network.memory_estimate(8, "AVA", True)
    monkeypatch.setattr(_memory, "_LITTLE", 0)
    monkeypatch.setattr(_memory, "available_memory", lambda _: 3 * need)
    assert choose_window(network, 8, n_read=100, gradient=True) == 50
    monkeypatch.setattr(_memory, "available_memory", lambda _: int(1.5 * need))
    assert choose_window(network, 8, n_read=100, gradient=True) == 8
    assert choose_window(network, 8, n_read=100, gradient=False) == 1
    monkeypatch.setattr(_memory, "available_memory", lambda _: None)
    assert choose_window(network, 8, n_read=100, gradient=True) == 50


def test_what_cannot_fit_is_refused_before_it_starts(
    worm: wg.Connectome, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 4, device="cpu")
    monkeypatch.setattr(_memory, "_LITTLE", 0)
    monkeypatch.setattr(_memory, "available_memory", lambda _: 1_000_000)
    with pytest.raises(MemoryError, match=r"a run of 5,000 batch members needs about 0\.\d GB of"):
        network(torch.zeros(5000, 83, 4))
    with pytest.raises(MemoryError, match=r"free: take a smaller batch$"):
        network(torch.zeros(5000, 83, 4), record="AVA")


def test_available_memory_is_unknown_without_proc(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_memory, "_MEMINFO", tmp_path / "absent")
    assert available_memory(torch.device("cpu")) is None


def test_the_general_path_has_an_estimate_too() -> None:
    network = make_case(1, divisive_rule="product", n_neurons=20).network()
    assert network.memory_estimate(4, gradient=True) > 1.5 * network.memory_estimate(4)


def test_a_control_group_may_leave_less_than_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_memory, "_CGROUP", tmp_path)
    cpu = torch.device("cpu")
    of_machine = available_memory(cpu)
    if of_machine is None:
        pytest.skip("the free memory of this machine is not known")
    (tmp_path / "memory.current").write_text("700000")
    (tmp_path / "memory.max").write_text("max")
    assert available_memory(cpu) == pytest.approx(of_machine, rel=0.2)
    (tmp_path / "memory.max").write_text("1000000")
    assert available_memory(cpu) == 300_000
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 200000\n")
    assert available_memory(cpu) == 500_000


@pytest.mark.parametrize("window", [None, 1, 2, 3])
@pytest.mark.parametrize("threshold", [0.01, 0.0])  # 0 runs on the general path
def test_the_graph_of_a_recording_can_be_used_twice(window: int | None, threshold: float) -> None:
    """Row by row, as one computes a Jacobian."""
    case = make_case(3, n_neurons=20, steps=6, batch=1)
    network = case.network()
    network.threshold = threshold
    stimulus = torch.from_numpy(case.stimulus).requires_grad_()
    whole = network(stimulus)
    part = network(stimulus, record=[5, 7, 9], record_steps=[1, 5], checkpoint_steps=window)
    for neuron, place in ((0, 5), (1, 7), (2, 9)):
        for step, layer in ((0, 1), (1, 5)):
            ours, theirs = (
                torch.autograd.grad(output, stimulus, retain_graph=True)[0]
                for output in (part[0, neuron, step], whole[0, place, layer])
            )
            torch.testing.assert_close(ours, theirs)


def test_training_is_part_of_the_estimate(worm: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 10, device="cpu")
    before = network.memory_estimate(64, gradient=True)
    with wg.training_mode(network):
        assert network.memory_estimate(64, gradient=True) == before + 10 * 302 * 64 * 4

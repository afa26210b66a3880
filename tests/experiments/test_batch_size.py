"""How many problems go side by side."""

from __future__ import annotations

from typing import Any

import pytest

import wiregrad as wg
from wiregrad.experiments import _batch_size
from wiregrad.experiments._batch_size import choose_batch_size


def choose(network: wg.MultilayeredNetwork, n_problems: int = 1_000, **options: Any) -> int:
    return choose_batch_size(network, n_problems, {}, **{"sharing": 1, **options})


def test_at_most_64_where_there_is_room(network: wg.MultilayeredNetwork) -> None:
    assert choose(network) == 64


def test_every_worker_gets_a_batch(network: wg.MultilayeredNetwork) -> None:
    assert choose(network, n_problems=10, sharing=4) == 3
    assert choose(network, n_problems=1, sharing=4) == 1


def test_less_where_memory_is_short(
    network: wg.MultilayeredNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def little_room(network: wg.MultilayeredNetwork, members: int) -> bool:
        asked.append(members)
        return members < 200

    monkeypatch.setattr(_batch_size, "has_room", little_room)
    alone = choose(network)
    assert 1 <= alone < 64
    assert asked[0] > 4 * 64, "four starts of each member, and the stimuli that are kept"
    assert choose(network, sharing=2) < alone
    monkeypatch.setattr(_batch_size, "has_room", lambda *_: False)
    assert choose(network) == 1


def test_by_the_memory_of_workers_elsewhere(network: wg.MultilayeredNetwork) -> None:
    assert choose(network, memory=10**12) == 64
    assert choose(network, memory=10**6) < 64
    assert choose(network, memory=1) == 1


def test_fewer_passes_and_starts_take_less_room(network: wg.MultilayeredNetwork) -> None:
    def chosen(**arguments: Any) -> int:
        return choose_batch_size(network, 64, arguments, sharing=1, memory=20_000_000)

    assert chosen(num_iterations=10, n_starts=1) > chosen()


def test_a_choice_is_kept(network: wg.MultilayeredNetwork) -> None:
    assert choose(network, batch_size=500) == 500
    for wrong in (0, 2.0, True):
        with pytest.raises(ValueError, match=f"at least 1, not {wrong}"):
            choose(network, batch_size=wrong)

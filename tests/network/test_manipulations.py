"""Manipulations as values: what they say, how they compare, and what they refuse."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import wiregrad as wg

NOTHING = wg.Manipulations()


def test_each_method_returns_a_new_one() -> None:
    one = NOTHING.clamp("AVA", 1)
    assert len(NOTHING) == 0
    assert not NOTHING
    assert len(one) == 1
    assert len(one.silence("AVB").scale("AVA", "AVB", 2) + one) == 4


def test_lists_arrays_and_sets_are_the_same_and_can_be_sent() -> None:
    same = [NOTHING.silence(what) for what in ([1, 2], (1, 2), np.array([1, 2]), {2, 1})]
    assert len({*same}) == 1
    assert pickle.loads(pickle.dumps(same[0])) == same[0]


def test_is_written_as_it_is_made() -> None:
    done = (
        NOTHING.clamp([1, 2], 0.5, steps=[-1], members=0).silence("A", "both").scale(None, "B", 2)
    )
    assert eval(repr(done), {"Manipulations": wg.Manipulations}) == done


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (NOTHING, "nothing is manipulated"),
        (NOTHING.clamp(3, 0.25, members=[2, 0, 1]), "neuron 3 held at 0.25 in members 0, 1 and 2"),
        (NOTHING.clamp("A", 1, range(9)), "A held at 1 at steps 0, 1, 2, 3, 4 and 4 more"),
        (NOTHING.silence(np.array([True, False]), "both"), "1 neurons of a mask silenced (both)"),
        (NOTHING.scale(None, ["a", "b"], -1), "synapses of all neurons on a, b times -1"),
    ],
)
def test_says_what_is_done(done: wg.Manipulations, words: str) -> None:
    assert str(done) == words


def test_for_members_is_for_them_alone() -> None:
    done = NOTHING.silence("A").clamp("B", 1, members=3)
    assert done.for_members(0).items == (done + done).for_members(0).items[:2]
    assert done.of_single_members
    assert not NOTHING.silence("A").of_single_members
    with pytest.raises(ValueError, match="synapses are scaled for all batch members"):
        NOTHING.scale("A", "B", 2).for_members(0)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, "1", None])
def test_a_clamp_is_an_activation(value: object) -> None:
    with pytest.raises(ValueError, match="activation from 0 to 1, not"):
        NOTHING.clamp("A", value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0.5}, "steps of a manipulation are whole numbers, not 0.5"),
        ({"steps": []}, r"steps of a manipulation are whole numbers, not \[\]"),
        ({"members": -1}, "members of a manipulation are counted from 0: not -1"),
        ({"members": "all"}, "members of a manipulation are whole numbers, not 'all'"),
    ],
)
def test_steps_and_members_are_whole_numbers(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NOTHING.clamp("A", 1, **options)


def test_unknown_modes_and_factors_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown mode of silencing: 'out'; did you mean"):
        NOTHING.silence("A", "out")
    with pytest.raises(ValueError, match="factor of a scaling must be a finite number, not nan"):
        NOTHING.scale("A", "B", np.nan)

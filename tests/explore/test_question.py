"""What a browser sends becomes a question, or is refused with what would be valid."""

from __future__ import annotations

import re
from typing import Any

import pytest

from wiregrad.explore._question import read_question, title_of

ASKED = {"kind": "maximise", "connectome": "celegans", "inputs": ["ASH"], "targets": ["AVA"]}


def test_what_is_left_out_has_its_usual_value() -> None:
    question = read_question({**ASKED, "steps": "5", "at_step": "", "passes": None})
    assert (question.steps, question.at_step, question.layer) == (5, 5, 4)
    assert (question.value, question.seed, question.passes) == (0.95, 0, None)
    assert not question.even


def test_parts_of_other_kinds_are_left_out() -> None:
    question = read_question({**ASKED, "silenced": ["AVD"], "stimulus_of": "3"})
    assert (question.silenced, question.stimulus_of) == ((), None)
    lesion = read_question({**ASKED, "kind": "lesion", "silenced": ["AVD"], "stimulus_of": "3"})
    assert (lesion.silenced, lesion.stimulus_of, lesion.even) == (("AVD",), 3, False)
    assert read_question({**ASKED, "kind": "stimulus", "targets": []}).targets == ()


def test_sources_of_an_attribution() -> None:
    asked = {**ASKED, "kind": "attribution", "steps": 4}
    assert read_question(asked).source_layers == []
    between = {**asked, "sources": "neurons"}
    assert read_question(between).source_layers == [0, 1, 2]
    assert read_question({**between, "source_step": "2"}).source_layers == [1]
    assert read_question({**asked, "source_step": "9"}).source_step is None  # not asked for
    assert title_of(read_question(asked)) == "Attribute a response: AVA"
    assert title_of(read_question(between)) == "Attribute a response: AVA to neurons in between"
    at_two = read_question({**between, "source_step": "2"})
    assert title_of(at_two) == "Attribute a response: AVA to neurons at step 2"
    search = read_question({**between, "kind": "maximise", "source_step": "9"})
    assert (search.sources, search.source_step) == ("stimulus", None)


def test_selections_are_taken_once() -> None:
    assert read_question({**ASKED, "inputs": ["ASH", "ASH"]}).inputs == ("ASH",)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kind": "train"}, "the question is one of maximise, stimulus, lesion, attribution"),
        ({"kind": ["maximise"]}, "the question is one of"),
        ({"connectome": 3}, "the connectome is a text, not 3"),
        ({"inputs": []}, "choose the inputs"),
        ({"inputs": "ASH"}, "inputs are a list of selections"),
        ({"inputs": [1]}, "inputs are a list of selections"),
        ({"targets": None}, "choose the targets"),
        ({"kind": "lesion"}, "choose the neurons to silence"),
        ({"steps": "1000000"}, "steps is a number from 1 to 50, not '1000000'"),
        ({"steps": "2.5"}, "steps is a whole number, not 2.5"),
        ({"steps": "nan"}, "steps is a number from 1 to 50"),
        ({"steps": True}, "steps is a number from 1 to 50"),
        ({"steps": {"a": 1}}, "steps is a number from 1 to 50"),
        ({"steps": 3, "at_step": 4}, "target step is a number from 1 to 3, not 4"),
        ({"value": 0}, "activation asked is a number from 0.01 to 1"),
        ({"strength": "1e9"}, "input is a number from 0 to 1"),
        ({"passes": -1}, "passes is a number from 1 to 100000"),
        ({"seed": 2**31}, "seed is a number from 0 to 2147483647"),
        ({"unknown_sign": 2}, "unknown sign is a number from -1 to 1"),
        ({"method": "magic"}, "the method is one of input_x_gradient, gradient"),
        ({"sources": "synapses"}, "the kind of sources is one of stimulus, neurons"),
        ({"kind": "attribution", "stimulus_of": "../x"}, "run is a number from 1"),
    ],
)
def test_bad_questions_are_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        read_question({**ASKED, **given})


def test_an_error_shows_no_more_than_a_line_of_what_was_sent() -> None:
    with pytest.raises(ValueError, match="steps") as refused:
        read_question({**ASKED, "steps": "9" * 10_000})
    assert len(str(refused.value)) < 150

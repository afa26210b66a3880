"""The arguments of a search are checked before any work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import make_chain

import wiregrad as wg
from wiregrad.gradients._penalties import l1_plus_l2
from wiregrad.gradients._settings import SearchSettings, check_settings

DEFAULTS: dict[str, Any] = {
    "num_iterations": None,
    "learning_rate": 0.1,
    "in_reg_lambda": None,
    "out_reg_lambda": None,
    "custom_reg_functions": None,
    "early_stopping": True,
    "stopping_threshold": 1e-5,
    "n_runs": 10,
}
BAD_SETTINGS = [
    ("num_iterations", 0, r"num_iterations is a whole number, at least 1, not 0"),
    ("num_iterations", 2.5, r"num_iterations is a whole number, at least 1, not 2\.5"),
    ("num_iterations", True, r"num_iterations is a whole number, at least 1, not True"),
    ("num_iterations", "9", r"num_iterations is a whole number, at least 1, not '9'"),
    ("n_runs", 0, r"n_runs is a whole number, at least 1, not 0"),
    ("n_runs", None, r"n_runs is a whole number, at least 1, not None"),
    ("learning_rate", 0, r"learning_rate is more than 0, not 0"),
    ("learning_rate", -0.1, r"learning_rate is more than 0, not -0\.1"),
    ("learning_rate", np.nan, r"learning_rate is a finite number, not nan"),
    ("learning_rate", np.inf, r"learning_rate is a finite number, not inf"),
    ("learning_rate", None, r"learning_rate is a number, not None"),
    ("in_reg_lambda", -1, r"in_reg_lambda is 0 or more, not -1"),
    ("in_reg_lambda", np.nan, r"in_reg_lambda is a finite number, not nan"),
    ("in_reg_lambda", "a lot", r"in_reg_lambda is a number, not 'a lot'"),
    ("out_reg_lambda", -1, r"out_reg_lambda is 0 or more, not -1"),
    ("out_reg_lambda", np.inf, r"out_reg_lambda is a finite number, not inf"),
    ("stopping_threshold", -1e-5, r"stopping_threshold is 0 or more, not -1e-05"),
    ("stopping_threshold", np.nan, r"stopping_threshold is a finite number, not nan"),
    ("custom_reg_functions", {"inn": l1_plus_l2}, r"custom_reg_functions has the key 'inn'"),
    ("custom_reg_functions", {"in": 1}, r"custom_reg_functions\['in'\] is not a function: 1"),
]


def settings(**given: Any) -> SearchSettings:
    return check_settings(**{**DEFAULTS, **given})


@pytest.mark.parametrize(("name", "value", "message"), BAD_SETTINGS)
def test_a_bad_setting_is_refused_and_named(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.activation_maximisation(make_chain(), {0: {1: 0.5}}, **{name: value})


def test_decision_16_the_default_is_automatic() -> None:
    assert settings().automatic
    assert settings(custom_reg_functions={}).automatic


@pytest.mark.parametrize(
    "given",
    [
        {"in_reg_lambda": 0},
        {"out_reg_lambda": 0.0},
        {"custom_reg_functions": {"in": torch.norm}},
    ],
)
def test_decision_16_a_number_or_a_function_asks_for_fixed_penalties(given: dict[str, Any]) -> None:
    assert not settings(**given).automatic


def test_decision_16_what_a_call_leaves_out_is_as_in_the_reference() -> None:
    given = settings(in_reg_lambda=0.5)
    assert (given.in_lambda, given.out_lambda) == (0.5, 0.01)
    assert (given.limit, given.rate, given.flat, given.window, given.stop) == (
        50,
        0.1,
        1e-5,
        10,
        True,
    )
    assert settings(out_reg_lambda=0.5).in_lambda == 0.01
    custom = settings(custom_reg_functions={"out": torch.norm})
    assert (custom.in_lambda, custom.out_lambda) == (0.01, 0.01)


def test_an_automatic_search_has_no_limit_that_anyone_could_foresee() -> None:
    assert not settings().limit_given
    assert settings(num_iterations=70).limit_given
    assert settings(in_reg_lambda=0).limit_given


@pytest.mark.parametrize("number", [np.int64(7), np.int32(7)])
def test_numbers_of_numpy_will_do(number: Any) -> None:
    given = settings(num_iterations=number, n_runs=number, learning_rate=np.float32(0.5))
    assert (given.limit, given.window, given.rate) == (7, 7, 0.5)
    assert type(given.limit) is int

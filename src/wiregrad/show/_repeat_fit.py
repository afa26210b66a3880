"""The lines of Python that repeat a fit, but for the stimuli and what they are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from ..training import FitResult, Observation, Trainable, Trainer, TrainingResult, train_model
from ._calls import call_text, given_texts, literal

__all__ = ["fit_lines", "training_lines"]

_TRAINED = "# was trained, or set by hand"


def fit_lines(result: FitResult, setup: Sequence[str]) -> str:
    """Write a program that repeats a fit.

    Parameters
    ----------
    result : FitResult
    setup : sequence of str
        The paragraphs that make the network, as of `setup_lines`.
    """
    settings = dict(result.arguments)
    held_out = settings.pop("held_out", None)
    observation = settings.pop("observation", None)
    trainables = settings.pop("parameters", None)
    given = {} if trainables is None else {"parameters": _trainables(trainables)}
    given |= given_texts(settings, Trainer)
    if observation is not None and observation != Observation():
        given["observation"] = f"wg.{observation!r}"
    taken = "" if held_out is None else f", held_out={_held_out(held_out)}"
    parts = [
        *_untrained(setup),
        "stimuli = ...  # (batch, sensory, step), as they were given\n"
        "recording = ...  # as it was given",
        f"trainer = {call_text('wg.Trainer', [], given)}",
        f"result = trainer.fit(network, stimuli, recording{taken})\nwg.report(result)",
    ]
    return "\n\n".join(parts) + "\n"


def training_lines(result: TrainingResult, setup: Sequence[str]) -> str:
    """Write a program that repeats a training; `setup` as for `fit_lines`."""
    given = given_texts(result.arguments, train_model) | {"seed": repr(result.seed)}
    call = call_text("wg.train_model", ["network", "inputs", "targets"], given)
    parts = [
        *_untrained(setup),
        "inputs = ...  # (batch, sensory, step), as they were given\n"
        "targets = ...  # as they were given",
        f"result = {call}\nwg.report(result)",
    ]
    return "\n\n".join(parts) + "\n"


def _untrained(setup: Sequence[str]) -> list[str]:
    """Leave out what came of a training: the network did not begin with it."""
    parts = [part.split("\n") for part in setup]
    return ["\n".join(line for line in lines if not line.endswith(_TRAINED)) for lines in parts]


def _trainables(parameters: Mapping[str, Trainable]) -> str:
    """Write what is trained: names, or where some are not trained as usual a dict."""
    if all(how == Trainable() for how in parameters.values()):
        return literal(list(parameters))
    listed = [f"{name!r}: wg.Trainable({_choices(how)})" for name, how in parameters.items()]
    return f"{{{', '.join(listed)}}}"


def _choices(how: Trainable) -> str:
    given = {each.name: getattr(how, each.name) for each in fields(how)}
    usual = Trainable()
    return ", ".join(
        f"{name}={_plain(value)!r}"
        for name, value in given.items()
        if value is not getattr(usual, name) and value != getattr(usual, name)
    )


def _plain(value: Any) -> Any:
    return (
        list(value)
        if isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, (str, tuple))
        else value
    )


def _held_out(given: Any) -> str:
    return literal(given.tolist() if isinstance(given, np.ndarray) else given)

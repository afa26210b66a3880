"""What is asked on the page, read from what a browser sends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._messages import few
from ..show.drawing import joined

__all__ = ["KINDS", "METHODS", "SOURCES", "Question", "read_question", "title_of"]

#: What can be asked, and what it is called on the page.
KINDS = {
    "maximise": "Find a stimulus",
    "stimulus": "Give a stimulus",
    "lesion": "Silence neurons",
    "attribution": "Attribute a response",
}

#: How a response is attributed, and to what.
METHODS = {
    "input_x_gradient": "input times gradient",
    "gradient": "gradient",
    "integrated_gradients": "integrated gradients",
}
SOURCES = {"stimulus": "the inputs", "neurons": "neurons in between"}

_MOST_STEPS, _MOST_PASSES, _LARGEST_SEED = 50, 100_000, 2**31 - 1


@dataclass(frozen=True)
class Question:
    """One question, all of whose numbers are in their ranges.

    Attributes
    ----------
    kind : {"maximise", "stimulus", "lesion", "attribution"}
    connectome : str
        The name it has on the page.
    inputs, targets, silenced : tuple of str
        Selections.
    steps : int
        Synaptic hops.
    at_step : int
        When the targets are looked at, 1 to `steps`.
    value : float
        Activation asked of each target.
    strength : float
        Input to each input neuron, where the stimulus is even.
    throughout : bool
        Whether an even stimulus is given at every step, and not at the start alone.
    stimulus_of : int or None
        The run whose stimulus is taken, in place of an even one.
    passes : int or None
        Most passes of a search.
    seed : int
    unknown_sign : {0, 1, -1}
        What connections of unknown sign do.
    method : {"input_x_gradient", "gradient", "integrated_gradients"}
        Of the attribution.
    sources : {"stimulus", "neurons"}
        What is attributed to: every input at every step, or the neurons' activations.
    source_step : int or None
        Of neurons: after which step, 1 to `at_step` - 1; None for all of these.
    """

    kind: str
    connectome: str
    inputs: tuple[str, ...]
    targets: tuple[str, ...] = ()
    silenced: tuple[str, ...] = ()
    steps: int = 3
    at_step: int = 3
    value: float = 0.95
    strength: float = 1.0
    throughout: bool = False
    stimulus_of: int | None = None
    passes: int | None = None
    seed: int = 0
    unknown_sign: int = 0
    method: str = "input_x_gradient"
    sources: str = "stimulus"
    source_step: int | None = None

    @property
    def layer(self) -> int:
        """The layer of the targets, counted from 0."""
        return self.at_step - 1

    @property
    def source_layers(self) -> list[int]:
        """The layers of the neurons that it is attributed to, counted from 0."""
        if self.sources == "stimulus":
            return []
        return list(range(self.layer)) if self.source_step is None else [self.source_step - 1]

    @property
    def even(self) -> bool:
        """Whether it gives the same input to all input neurons."""
        return self.kind != "maximise" and self.stimulus_of is None


def read_question(given: Mapping[str, Any]) -> Question:
    """Read what a browser sent.

    Raises
    ------
    ValueError
        If something is missing, of another kind, or out of its range; the message says what would
        be valid.

    Examples
    --------
    >>> read_question({"kind": "stimulus", "connectome": "celegans", "inputs": ["ASH"]}).steps
    3
    """
    kind = _one_of("question", given.get("kind"), KINDS)
    inputs, targets, silenced = (
        _texts(name, given.get(name)) for name in ("inputs", "targets", "silenced")
    )
    _needed("inputs: the neurons to drive", inputs)
    if kind != "stimulus":
        _needed("targets: the neurons to look at", targets)
    if kind == "lesion":
        _needed("neurons to silence", silenced)
    steps = _whole("steps", given.get("steps"), 1, _MOST_STEPS, 3)
    at_step = _whole("target step", given.get("at_step"), 1, steps, steps)
    sources = _one_of("kind of sources", given.get("sources") or "stimulus", SOURCES)
    in_between = kind == "attribution" and sources == "neurons"
    return Question(
        kind=kind,
        connectome=_text("connectome", given.get("connectome")),
        inputs=inputs,
        targets=targets,
        silenced=silenced if kind == "lesion" else (),
        steps=steps,
        at_step=at_step,
        value=_number("activation asked", given.get("value"), 0.01, 1.0, 0.95),
        strength=_number("input", given.get("strength"), 0.0, 1.0, 1.0),
        throughout=given.get("throughout") is True,
        stimulus_of=_run(given.get("stimulus_of")) if kind in ("lesion", "attribution") else None,
        passes=_optional_passes(given.get("passes")),
        seed=_whole("seed", given.get("seed"), 0, _LARGEST_SEED, 0),
        unknown_sign=_whole("unknown sign", given.get("unknown_sign"), -1, 1, 0),
        method=_one_of("method", given.get("method") or "input_x_gradient", METHODS),
        sources="neurons" if in_between else "stimulus",
        source_step=_source_step(given.get("source_step"), at_step) if in_between else None,
    )


def title_of(question: Question) -> str:
    """Name a question in a line."""
    aimed = joined(question.targets or question.inputs, 3)
    more = f" without {joined(question.silenced, 3)}" if question.silenced else ""
    if question.sources == "neurons":
        step = question.source_step
        more = " to neurons in between" if step is None else f" to neurons at step {step}"
    return f"{KINDS[question.kind]}: {aimed}{more}"


def _source_step(value: object, at_step: int) -> int | None:
    if at_step < 2:
        raise ValueError(
            "no neurons lie between the inputs and targets at step 1: look at the targets at step "
            "2 or later, or attribute to the inputs"
        )
    if value in (None, ""):
        return None
    return _whole("step of the neurons", value, 1, at_step - 1, 1)


def _needed(what: str, selections: tuple[str, ...]) -> None:
    if not selections:
        raise ValueError(f"choose the {what}")


def _one_of(what: str, value: object, valid: Any) -> str:
    if not isinstance(value, str) or value not in valid:
        raise ValueError(f"the {what} is one of {few(valid)}, not {_shown(value)}")
    return value


def _text(what: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"the {what} is a text, not {_shown(value)}")
    return value


def _texts(what: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{what} are a list of selections, not {_shown(value)}")
    return tuple(dict.fromkeys(value))


def _whole(what: str, value: object, low: int, high: int, default: int) -> int:
    number = _number(what, value, low, high, default)
    if number != int(number):
        raise ValueError(f"{what} is a whole number, not {number:g}")
    return int(number)


def _number(what: str, value: object, low: float, high: float, default: float) -> float:
    if value is None or value == "":
        return default
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not low <= number <= high:
        raise ValueError(f"{what} is a number from {low:.10g} to {high:.10g}, not {_shown(value)}")
    return number


def _optional_passes(value: object) -> int | None:
    return None if value in (None, "") else _whole("passes", value, 1, _MOST_PASSES, 1)


def _run(value: object) -> int | None:
    return None if value in (None, "", "even") else _whole("run", value, 1, 10**9, 1)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"

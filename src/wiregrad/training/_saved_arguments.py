"""Arguments of a fit as JSON, so that the trainer can be made of them again."""

from __future__ import annotations

from typing import Any

from .. import _json_values
from ._observation import Observation
from ._parameters import Trainable

__all__ = ["as_json", "of_json"]

_KINDS = {"Trainable": Trainable, "Observation": Observation}


def as_json(value: Any) -> Any:
    """Write a value as `_json_values.as_json` does, and the trainer's objects as such."""
    return _json_values.as_json(value, _KINDS)


def of_json(value: Any) -> Any:
    """Read what `as_json` wrote; errors as of `_json_values.of_json`."""
    return _json_values.of_json(value, _KINDS)

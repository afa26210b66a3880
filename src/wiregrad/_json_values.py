"""Values in JSON that come back as they were: dicts with any keys, tuples, arrays, objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import torch

from ._whole_files import plain

__all__ = ["as_json", "of_json"]

#: Dataclasses that are kept, by name.
Kinds = Mapping[str, Any]


def as_json(value: Any, kinds: Kinds | None = None) -> Any:
    """Write a value; tuples, arrays, dicts and objects of `kinds` by a dict that names them.

    Of functions, and other objects, words are left.

    Examples
    --------
    >>> as_json((0.5, None))
    {'tuple': [0.5, None]}
    >>> as_json(np.arange(2))
    {'array': [0, 1], 'dtype': 'int64'}
    >>> as_json({2: "AVA"})
    {'dict': [[2, 'AVA']]}
    """
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        return {"array": value.tolist(), "dtype": str(value.dtype)}
    for name, kind in (kinds or {}).items():
        if isinstance(value, kind):
            given = {each.name: as_json(getattr(value, each.name), kinds) for each in fields(kind)}
            return {name: given}
    if isinstance(value, Mapping):
        return {
            "dict": [[as_json(key, kinds), as_json(item, kinds)] for key, item in value.items()]
        }
    if isinstance(value, tuple):
        return {"tuple": [as_json(item, kinds) for item in value]}
    if isinstance(value, (list, set, range, np.ndarray)):
        return [as_json(item, kinds) for item in value]
    return plain(value)


def of_json(value: Any, kinds: Kinds | None = None) -> Any:
    """Read what `as_json` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it did not write this.
    """
    if isinstance(value, list):
        return [of_json(item, kinds) for item in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return np.array(value["array"], dtype=value["dtype"])
    ((name, held),) = value.items()
    if name == "tuple":
        return tuple(of_json(item, kinds) for item in held)
    if name == "dict":
        return {of_json(key, kinds): of_json(item, kinds) for key, item in held}
    return (kinds or {})[name](**{key: of_json(item, kinds) for key, item in held.items()})

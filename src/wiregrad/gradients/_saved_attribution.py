"""What of an attribution is saved in a folder, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .._saved_folder import SavedKind, damaged

if TYPE_CHECKING:
    from ._attribution_result import Attribution

__all__ = ["read_attribution", "write_attribution"]

_PAGE = ("kind_of_sources", "method", "shape", "seed", "arguments", "provenance", "n_runs")
_ARRAYS = ("values", "activity", "target", "stimulus")
_OPTIONAL = ("jump_values", "null_share")
_GIVEN = ("baseline", "initial_state")  # arguments that are arrays
_PAIRS = "pairs"

KIND = SavedKind(
    "attribution",
    1,
    ("sources", "completeness", "jumps", "verified"),
    (*_PAGE, "seconds"),
)


def write_attribution(found: Attribution, folder: Path) -> None:
    """Write an attribution; what the folder held before is intact until all is written.

    Raises
    ------
    ValueError
        If the folder is a file, or holds other files.
    FileNotFoundError
        If there is no folder to make it in.
    OSError
        If it cannot be written.
    """
    page = {name: getattr(found, name) for name in KIND.page if name != "kind_of_sources"}
    page |= {"kind_of_sources": found.kind}
    arguments = dict(found.arguments)
    arrays = {name: getattr(found, name) for name in _ARRAYS}
    if arguments["manipulations"] is not None:
        arguments["manipulations"] = str(arguments["manipulations"])
    maybe = {name: arguments.pop(name) for name in _GIVEN}
    maybe |= {name: getattr(found, name) for name in _OPTIONAL}
    for name, given in maybe.items():
        if given is not None:
            given = given.detach().cpu() if isinstance(given, torch.Tensor) else given
            arrays[name] = np.asarray(given)
    page["arguments"] = _as_pairs(arguments)
    KIND.write(
        folder,
        found.version,
        page,
        {name: getattr(found, name) for name in KIND.tables},
        arrays,
    )


def read_attribution(folder: Path) -> dict[str, Any]:
    """Read what `write_attribution` wrote: the fields of an `Attribution`, without a network.

    Raises
    ------
    ValueError
        If no attribution is in the folder, or one of a newer version, or a file is damaged.
    """
    page, tables, arrays = KIND.read(folder)
    missing = [name for name in _ARRAYS if name not in arrays]
    if missing:
        raise damaged(folder, KeyError(missing[0]))
    arguments = _of_pairs(page["arguments"])
    shape = page["shape"]
    return {
        **{name: page[name] for name in ("method", "seed", "version", "provenance")},
        **{name: page[name] for name in ("n_runs", "seconds")},
        **tables,
        **{name: arrays[name] for name in _ARRAYS},
        "kind": page["kind_of_sources"],
        "shape": None if shape is None else tuple(shape),
        "arguments": arguments | {name: arrays.get(name) for name in _GIVEN},
        **{name: arrays.get(name) for name in _OPTIONAL},
    }


def _as_pairs(value: Any) -> Any:
    """Write dicts as lists of pairs: the keys of JSON are texts, those of targets are numbers too.

    Examples
    --------
    >>> _as_pairs({2: "AVA"})
    {'pairs': [[2, 'AVA']]}
    """
    if isinstance(value, Mapping):
        return {_PAIRS: [[_as_pairs(key), _as_pairs(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_as_pairs(item) for item in value]
    return value


def _of_pairs(value: Any) -> Any:
    if isinstance(value, dict):
        pairs = [(_of_pairs(key), _of_pairs(item)) for key, item in value[_PAIRS]]
        return {tuple(key) if isinstance(key, list) else key: item for key, item in pairs}
    if isinstance(value, list):
        return [_of_pairs(item) for item in value]
    return value

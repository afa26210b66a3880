"""What of an attribution is saved in a folder, and under which names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .._json_values import as_json, of_json
from .._saved_folder import SavedKind, damaged

if TYPE_CHECKING:
    from ._attribution_result import Attribution

__all__ = ["read_attribution", "write_attribution"]

_PAGE = ("kind_of_sources", "method", "shape", "seed", "arguments", "provenance", "n_runs")
_OPTIONAL = ("jump_values", "null_share")
_GIVEN = ("baseline", "initial_state")  # arguments that are arrays

KIND = SavedKind(
    "attribution",
    1,
    ("sources", "completeness", "jumps", "verified"),
    (*_PAGE, "seconds"),
    ("values", "activity", "target", "stimulus"),
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
    arrays = {name: getattr(found, name) for name in KIND.arrays}
    maybe = {name: arguments.pop(name) for name in _GIVEN}
    maybe |= {name: getattr(found, name) for name in _OPTIONAL}
    for name, given in maybe.items():
        if given is not None:
            given = given.detach().cpu() if isinstance(given, torch.Tensor) else given
            arrays[name] = np.asarray(given)
    page["arguments"] = as_json(arguments)
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
    try:
        arguments = of_json(page["arguments"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(folder, error) from None
    shape = page["shape"]
    return {
        **{name: page[name] for name in ("method", "seed", "version", "provenance")},
        **{name: page[name] for name in ("n_runs", "seconds")},
        **tables,
        **{name: arrays[name] for name in KIND.arrays},
        "kind": page["kind_of_sources"],
        "shape": None if shape is None else tuple(shape),
        "arguments": arguments | {name: arrays.get(name) for name in _GIVEN},
        **{name: arrays.get(name) for name in _OPTIONAL},
    }

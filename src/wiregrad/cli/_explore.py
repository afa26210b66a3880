"""`wiregrad explore`: a page on this machine that asks questions of a connectome."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import PurePath
from typing import Any

import typer

from ..explore import Shelf, serve
from ._connectomes import CONNECTOMES, open_connectome
from ._options import say_if_compiling, sign_rule

__all__ = ["explore_connectome"]


def explore_connectome(
    source: str, *, sign: str | None, host: str, port: int, open_browser: bool, **options: Any
) -> None:
    """Serve the page until control-C: the connectome that was named first, the bundled ones too.

    Raises
    ------
    ModuleNotFoundError
        If dash is not installed.
    ValueError
        If there is no such connectome.
    OSError
        If the port is taken.
    """
    wiring = partial(open_connectome, source, **options)
    bundled = {name: load for name, load in CONNECTOMES.items() if name != source}
    name = _name_of(source, bundled)
    say_if_compiling()
    serve(
        Shelf({name: wiring, **bundled}, sign_rule(sign)),
        host=host,
        port=port,
        open_browser=open_browser,
        say=typer.echo,
    )


def _name_of(source: str, taken: Collection[str]) -> str:
    """Name a file or a folder on the page by the last part of its path, if nothing else is."""
    last = PurePath(source).name
    return source if not last or last in taken else last

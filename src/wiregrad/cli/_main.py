"""Where the command starts and ends: bad input becomes one line and exit status 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from ._app import app

__all__ = ["main"]

#: Set to anything, the environment variable of this name lets tracebacks through.
DEBUG = "WIREGRAD_DEBUG"

# What users can bring about: values out of range, files and packages that are not there.
_EXPECTED = (ValueError, TypeError, ImportError, OSError)

# Click's usage error, or typer's own copy of it, by what both versions of typer export.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]

_BAD_INPUT, _INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Notes
    -----
    Exit status: 0; 2 for bad input, with one line on standard error; 130 after control-C.
    """
    try:
        status = app(args=arguments, prog_name="wiregrad", standalone_mode=False)
    except _USAGE_ERROR as error:
        _fail(_usage_message(error))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("wiregrad: interrupted", err=True)
        sys.exit(_INTERRUPTED)
    except _EXPECTED as error:
        if os.environ.get(DEBUG):
            raise
        _fail(str(error))
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> NoReturn:
    typer.echo(f"wiregrad: error: {' '.join(message.split())}", err=True)
    sys.exit(_BAD_INPUT)


def _usage_message(error: Exception) -> str:
    describe = getattr(error, "format_message", error.__str__)
    message = str(describe())
    context = getattr(error, "ctx", None)
    where = f" (see {context.command_path} --help)" if context is not None else ""
    return message.rstrip(".") + where

"""`wiregrad lesion`: silence every group in turn, and print what the targets lose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import typer

from ..connectome import Connectome
from ..experiments import LesionScreen, lesion_screen
from ..network import MultilayeredNetwork, SilenceMode
from ._answer import print_question
from ._options import (
    NetworkQuestion,
    network_of,
    one_or_list,
    say_if_compiling,
    target_layer,
)
from ._report import report_path

__all__ = ["LesionQuestion", "screen"]

# Rows that are printed; the table in the file has all.
_MOST_ROWS = 20


@dataclass(frozen=True)
class LesionQuestion(NetworkQuestion):
    """What the command was asked; see `wiregrad lesion --help`."""

    groups: Sequence[str] = ()
    mode: str = "outgoing"
    nulls: int = 0
    keep: str = "degree+sign"


def screen(connectome: Connectome, question: LesionQuestion, out: Path | None) -> None:
    """Screen, print the largest effects, and write the table, or to *.html the report.

    Raises
    ------
    ValueError
        If the question does not fit the connectome.
    OSError
        If the file cannot be written.
    ModuleNotFoundError
        If the report was asked for and plotly is missing.
    """
    page = out if out is not None and out.suffix.lower() in (".html", ".htm") else None
    report_path(page, asked_for=True)
    network = network_of(connectome, question)
    layer = target_layer(question.steps, question.at_step)
    targets = one_or_list(question.targets)
    print_question(network, len(network.find(targets)), layer, asked="to look at,")
    say_if_compiling()
    stimulus = np.full((len(network.sensory_indices), network.num_layers), question.value)
    found = lesion_screen(
        network,
        stimulus,
        targets,
        _groups(network, question.groups),
        cast("SilenceMode", question.mode),
        steps=layer,
        nulls=question.nulls,
        connectome=connectome,
        keep=question.keep,  # type: ignore[arg-type]  # whether it is one is for `rewire` to say
        seed=question.seed,
    )
    _print(found)
    if page is not None:
        from ..show import report

        report(found, page, network=network)
    elif out is not None:
        found.to_frame().to_csv(out, index=False)
    if out is not None:
        typer.echo(f"\nwritten: {out}")


def _groups(network: MultilayeredNetwork, names: Sequence[str]) -> str | list[str] | None:
    if not names:
        return None
    columns = [] if network.neurons is None else list(network.neurons.columns)
    return names[0] if len(names) == 1 and names[0] in columns else list(names)


def _print(found: LesionScreen) -> None:
    table = found.to_frame()
    felt = table[table["effect"] != 0]
    typer.echo(
        f"\nmean activation with nothing silenced: {found.intact:.3f}\n"
        f"{len(felt):,} of {len(table):,} groups change it"
    )
    if len(felt):
        columns = ["group", "neurons", "peak", "response", "effect"]
        columns += [name for name in table.columns if name.startswith("null_")]
        shown = felt.head(_MOST_ROWS)[columns]
        digits = dict.fromkeys(columns[2:], "{:.3f}".format)
        with pd.option_context("display.width", 200):
            typer.echo(f"\n{shown.to_string(index=False, formatters=digits)}")
    if len(felt) > _MOST_ROWS:
        typer.echo(f"and {len(felt) - _MOST_ROWS:,} more")

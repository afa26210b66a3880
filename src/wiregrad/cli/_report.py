"""Where the command writes its report, if it can write one at all."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import typer

from ..experiments import SweepResult
from ..gradients import MaximisationResult
from ..network import MultilayeredNetwork
from ._connectomes import open_connectome

__all__ = ["report_of", "report_path", "write_report"]

_REMEDY = 'the report needs plotly: pip install "wiregrad[plot]"'


def report_path(path: Path | None, *, asked_for: bool) -> Path | None:
    """Check, before any long work, that a report can be written; None where there will be none.

    Raises
    ------
    ModuleNotFoundError
        If plotly is missing and the report was asked for.
    FileNotFoundError
        If the folder does not exist.
    """
    if path is None:
        return None
    if find_spec("plotly") is None:
        if asked_for:
            raise ModuleNotFoundError(_REMEDY)
        typer.echo(f"(No report: {_REMEDY})")
        return None
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.absolute().parent} to write {path} to")
    return path


def write_report(result: MaximisationResult, path: Path | None) -> None:
    """Write the report, if there is to be one, and say where it is."""
    if path is None:
        return
    from ..show import report

    typer.echo(f"\nreport: {report(result, path)}")


def report_of(saved: Path, out: Path | None, title: str | None, connectome: str | None) -> Path:
    """Write the report of a saved result, and return where it is.

    Raises
    ------
    ModuleNotFoundError
        If plotly is missing.
    FileNotFoundError
        If there is nothing at the path.
    ValueError
        If it is no saved result, or one whose connectome is needed and is not there.
    """
    if not saved.exists():
        raise FileNotFoundError(
            f"there is no saved result {saved}: give the folder of a sweep, or of a saved answer"
        )
    if find_spec("plotly") is None:
        raise ModuleNotFoundError(_REMEDY)
    from ..show import report

    if (saved / "result.json").exists():
        result = MaximisationResult.load(saved)
        return report(result, out, title=title, network=_network_of(result, connectome))
    return report(SweepResult(saved), out, title=title)


def _network_of(result: MaximisationResult, connectome: str | None) -> MultilayeredNetwork:
    """Make the network that a saved answer is of."""
    asked, choices = result.provenance.get("connectome"), result.provenance.get("choices")
    if choices is None:
        raise ValueError(
            "this answer is of a network made from bare weights, which the command cannot make: "
            "write its report in Python, wg.report(result, network=network)"
        )
    if connectome is None:
        raise ValueError(
            f"the report draws the circuit, which takes the connectome: --connectome and the name "
            f"or the file of {asked}, as for 'wiregrad maximise'"
        )
    unknown_sign = result.provenance["signs"]["unknown_sign"]
    return MultilayeredNetwork.from_connectome(
        open_connectome(connectome), **{**choices, "unknown_sign": unknown_sign}
    )

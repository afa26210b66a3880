"""Where the command writes its report, if it can write one at all."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer

from .._saved_folder import kind_of
from ..experiments import LesionScreen, SweepResult
from ..gradients import Attribution, MaximisationResult
from ..network import MultilayeredNetwork
from ..training import CrossValidation, FitResult, load_network
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


def report_of(
    saved: Path,
    out: Path | None,
    title: str | None,
    connectome: str | None,
    network: Path | None = None,
) -> Path:
    """Write the report of a saved result, and return where it is.

    Raises
    ------
    ModuleNotFoundError
        If plotly is missing.
    FileNotFoundError
        If there is nothing at the path.
    ValueError
        If it is no saved result, or one whose connectome is needed and is not there, or the
        connectome or the network is of another.
    """
    if not saved.exists():
        raise FileNotFoundError(
            f"there is no saved result {saved}: give the folder of a sweep, or one that "
            "result.save(folder) made"
        )
    if find_spec("plotly") is None:
        raise ModuleNotFoundError(_REMEDY)
    from ..show import report

    kind = kind_of(saved)
    if kind == "fit":
        fitted = FitResult.load(saved)
        return report(fitted, out, title=title, network=_fitted_network(connectome, network))
    if network is not None:
        raise ValueError(f"--network is for the report of a fit, and {saved} does not hold one")
    if kind == "cross-validation":
        return report(CrossValidation.load(saved), out, title=title)
    if kind is None:
        return report(SweepResult(saved), out, title=title)
    if kind in ("attribution", "lesion screen"):
        found = Attribution.load(saved) if kind == "attribution" else LesionScreen.load(saved)
        asked = None if connectome is None else _network_of(found.provenance, connectome)
        return report(found, out, title=title, network=asked)
    result = MaximisationResult.load(saved)
    return report(result, out, title=title, network=_network_of(result.provenance, connectome))


def _fitted_network(connectome: str | None, folder: Path | None) -> MultilayeredNetwork | None:
    """Load the network of a fit, if it is there."""
    if connectome is None and folder is None:
        return None
    if folder is None:
        raise ValueError(
            "a fit is of a network with fitted values, which the connectome alone does not tell: "
            "--network and the folder that wg.save_network wrote; or leave --connectome away, and "
            "the page says less of the network"
        )
    if connectome is None:
        raise ValueError(
            "a saved network takes the connectome it is of: --connectome and its name or its file, "
            "as for 'wiregrad maximise'"
        )
    return load_network(folder, open_connectome(connectome), device="cpu")


def _network_of(provenance: Mapping[str, Any], connectome: str | None) -> MultilayeredNetwork:
    """Make the network that a saved answer is of."""
    asked, choices = provenance.get("connectome"), provenance.get("choices")
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
    unknown_sign = provenance["signs"]["unknown_sign"]
    return MultilayeredNetwork.from_connectome(
        open_connectome(connectome), **{**choices, "unknown_sign": unknown_sign}
    )

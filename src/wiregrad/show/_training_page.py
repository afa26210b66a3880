"""The page of a training, and the course of its losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import pandas as pd

from ..training import TrainingResult
from ._asked import wiring_html
from ._html import Page, code, csv_links, definitions, details, footer_of, paragraph, table, tiles
from ._losses import loss_curves
from ._plotly import GREY, Figure
from ._repeat import setup_lines
from ._repeat_fit import training_lines
from ._words import counted

__all__ = ["HasHistory", "plot_training", "training_page"]

_MOST_ROWS = 500


class HasHistory(Protocol):
    """A result with losses, one entry an epoch."""

    @property
    def history(self) -> Mapping[str, list[float]]:
        """Losses by name."""

    @property
    def kept_epoch(self) -> int:
        """Steps behind the parameters kept."""


def plot_training(result: HasHistory) -> Figure:
    """Draw the losses of a training over its epochs.

    Parameters
    ----------
    result : TrainingResult

    Returns
    -------
    plotly Figure
        A curve each for the distance from the training and the validation targets (mean absolute
        difference of activation) and for the penalty on change; a vertical line at the parameters
        that were kept. Logarithmic where losses span more than a decade. Without any epoch, a
        figure that says so.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> history = {"activation_loss": [0.4, 0.1], "val_loss": [0.5, 0.2], "param_reg_loss": [0, 0]}
    >>> figure = plot_training(SimpleNamespace(history=history, kept_epoch=1))
    >>> [trace.name for trace in figure.data]
    ['training targets', 'validation targets', 'penalty on change (0 throughout)']
    """
    history = result.history
    curves = {
        "training targets": (history["activation_loss"], "#0072b2", "solid"),
        "validation targets": (history["val_loss"], "#d55e00", "dash"),
        "penalty on change": (history["param_reg_loss"], "#009e73", "dot"),
    }
    figure = loss_curves(curves, "epoch (steps taken)", "No epoch was run.", first=0)
    if figure.data:
        figure.add_vline(result.kept_epoch, line={"color": GREY, "width": 1, "dash": "dot"})
    return figure


def training_page(result: TrainingResult, title: str | None) -> tuple[Page, str]:
    """Make the page of a training, and what to call its file."""
    origin = str(result.provenance.get("connectome", "bare weights"))
    losses = result.history["activation_loss"]
    numbers = {
        "epochs": f"{len(losses):,}",
        "stimuli to train on": f"{len(result.train_indices):,}",
        "stimuli to validate with": f"{len(result.val_indices):,}",
        "distance from the validation targets, kept": f"{result.kept_val_loss:.3g}",
    }
    stopped = "The training was stopped by hand: more epochs might have come nearer."
    note = paragraph(stopped, "note") if result.interrupted else ""
    heading = title or f"Which parameters explain the responses? {origin}"
    page = Page(heading, note + tiles(numbers), footer_of(result.version, origin))
    asked = paragraph(
        "Which slopes and biases of the groups bring the activations of the network nearest to the "
        "targets, stimulus by stimulus? Stimuli to validate with are not trained on."
    )
    wiring = wiring_html(result.model, result.provenance)
    page.add("What was trained", asked, wiring, _arguments(result))
    figure = page.figure(
        plot_training(result),
        "Losses over the epochs of the training",
        "Distance: mean absolute difference between the network's activation and the targets'. The "
        f"dotted line stands at the parameters that were kept, those after "
        f"{counted(result.kept_epoch, 'step')}.",
        min_width=340,
    )
    page.add("How the training went", figure)
    page.add("Parameters by group", _parameters(result))
    setup = setup_lines(result.model, result.provenance, result.version)
    said = (
        f"With wiregrad {result.version} and seed {result.seed} these lines give the same training."
    )
    page.add("How to repeat this", paragraph(said), code(training_lines(result, setup)))
    history = pd.DataFrame(result.history).rename_axis("epoch").reset_index()
    targets = pd.concat([result.train_targets, result.val_targets], ignore_index=True)
    tables = {"losses": history, "parameters": _parameter_table(result), "targets": targets}
    page.add("Tables", csv_links(tables))
    return page, f"training {origin} seed{result.seed}"


def _arguments(result: TrainingResult) -> str:
    pairs = [("Seed", str(result.seed)), ("Seconds", f"{result.seconds:.1f}")]
    settings = [(name, str(value)) for name, value in result.arguments.items()]
    return definitions(pairs) + details("All settings", definitions(settings))


def _parameter_table(result: TrainingResult) -> pd.DataFrame:
    """Return slope and bias of each group as they are now; of a network without groups, no rows."""
    model = result.model
    columns = ["group", "slope", "bias"]
    if model.groups is None or model.slope is None or model.biases is None:
        return pd.DataFrame(columns=columns)
    names = [str(name) for name in model.groups.names]
    values = [part.detach().flatten().tolist() for part in (model.slope, model.biases)]
    return pd.DataFrame(dict(zip(columns, [names, *values], strict=True)))


def _parameters(result: TrainingResult) -> str:
    rows = _parameter_table(result)
    if not len(rows):
        return paragraph("The network has no groups, hence no parameters of its own.")
    shown = rows.head(_MOST_ROWS)
    columns: dict[str, Iterable[object]] = {
        "Group": shown["group"],
        "Slope": [f"{value:.4g}" for value in shown["slope"]],
        "Bias": [f"{value:.4g}" for value in shown["bias"]],
    }
    left = len(rows) - len(shown)
    said = f"{left:,} more groups are not in this table." if left > 0 else ""
    return table(columns, numbers={"Slope", "Bias"}) + (paragraph(said) if said else "")

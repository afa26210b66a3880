"""The pages of a fit to recordings, and of a cross-validation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .._version import __version__
from ..network import MultilayeredNetwork
from ..training import CrossValidation, FitResult
from ._asked import wiring_html
from ._fit_course import plot_fit_losses, plot_folds
from ._fits import plot_fit, plot_parameters, plot_residuals
from ._html import (
    Page,
    code,
    csv_links,
    definitions,
    details,
    footer_of,
    heading,
    paragraph,
    table,
    tiles,
)
from ._plotly import short
from ._repeat import setup_lines
from ._repeat_fit import fit_lines

__all__ = ["cross_validation_page", "fit_page"]

_MOST_ROWS = 200
_MOST_ARGUMENT = 400  # characters


def fit_page(
    result: FitResult, network: MultilayeredNetwork | None, title: str | None
) -> tuple[Page, str]:
    """Make the page of a fit, and what to call its file.

    Raises
    ------
    ValueError
        If the network is not the one that was fitted.
    """
    if network is None:
        network = result.network
    elif network is not result.network:
        result.require_fitted(network)
    origin = str(result.provenance.get("connectome", "bare weights"))
    name = title or f"Which parameters explain the recording? {origin}"
    stopped = "The training was stopped by hand: more epochs might have come nearer."
    note = paragraph(stopped, "note") if result.interrupted else ""
    page = Page(name, note + tiles(_numbers(result)), footer_of(result.version, origin))
    page.add("What was fitted", wiring_html(network, result.provenance), _settings(result))
    course = page.figure(
        plot_fit_losses(result),
        "Losses over the epochs",
        "Blue: stimuli trained on; vermilion, dashed: stimuli held out. Strong lines: the start "
        "that was kept; pale ones: the others. The dotted line stands at the parameters kept.",
        min_width=340,
    )
    page.add("How it went", course, _starts(result.starts))
    page.add("Does it predict?", *_predictions(result, page))
    page.add("Parameters before and after", _parameters(result, page, "starts"))
    page.add("Is it stable?", paragraph(_stability(result)))
    said = (
        f"With wiregrad {result.version} and seed {result.seed} these lines give the same fit. "
        "The result does not hold stimuli and recording."
    )
    before = "as it was before it was fitted"
    lines = fit_lines(result, setup_lines(network, result.provenance, result.version, before))
    page.add("How to repeat this", paragraph(said), code(lines))
    tables = {
        "parameters": result.parameters,
        "predictions": result.predictions,
        "history": result.history,
        "starts": result.starts,
        "readout": result.readout,
    }
    page.add("Tables", csv_links(tables))
    return page, f"fit {origin} seed{result.seed}"


def cross_validation_page(found: CrossValidation, title: str | None) -> tuple[Page, str]:
    """Make the page of a cross-validation, and what to call its file."""
    losses = found.folds["test_loss"]
    numbers = {
        "folds": f"{len(found.folds):,}",
        "stimuli predicted": f"{found.predictions['batch'].nunique():,}",
        "loss of what was not seen, mean of folds": f"{losses.mean():.4g}",
        "correlation of predicted and measured": _number(found.correlation),
    }
    page = Page(
        title or "Does the fit predict what it has not seen?",
        tiles(numbers),
        footer_of(__version__, "a cross-validation"),
    )
    figure = page.figure(
        plot_folds(found),
        "Losses of the folds",
        "In each fold a network is fitted to all but a part of the stimuli, and predicts that "
        "part. Dots: the part predicted; diamonds: the stimuli trained on. What is seen is fitted "
        "better than what is not: the distance is what fitting overestimates.",
        min_width=340,
    )
    rows = found.folds
    columns: dict[str, Iterable[object]] = {
        "Fold": rows["fold"],
        "Stimuli predicted": [f"{n:,}" for n in rows["n_predicted"]],
        "Loss trained on": [_number(value) for value in rows["train_loss"]],
        "Loss held out": [_number(value) for value in rows["held_out_loss"]],
        "Loss predicted": [_number(value) for value in rows["test_loss"]],
        "Correlation": [_number(value) for value in rows["test_correlation"]],
    }
    page.add("Fold by fold", figure, table(columns, numbers=set(columns)))
    seen = _Seen(found.predictions.assign(held_out=True), _over_folds(found.parameters))
    page.add("What was predicted", *_scatters(seen, page))
    page.add("Parameters over the folds", _parameters(seen, page, "folds"))
    tables = {
        "folds": found.folds,
        "predictions": found.predictions,
        "parameters": found.parameters,
    }
    lines = (
        f"import wiregrad as wg  # wiregrad {__version__}\n\n"
        f"trainer = wg.Trainer(..., seed={found.seed})  # as it was made\n"
        f"found = trainer.cross_validate(network, stimuli, recording, folds={len(rows)})\n"
        "wg.report(found)\n"
    )
    page.add("How to repeat this", code(lines))
    page.add("Tables", csv_links(tables))
    return page, f"cross-validation seed{found.seed}"


@dataclass(frozen=True)
class _Seen:
    """What figures of fits look at."""

    predictions: pd.DataFrame
    parameters: pd.DataFrame


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "none"


def _numbers(result: FitResult) -> dict[str, str]:
    numbers = {
        "values trained": f"{len(result.parameters):,}",
        f"loss, trained on (before: {result.first_train_loss:.3g})": f"{result.train_loss:.3g}",
    }
    if len(result.held_out_members):
        before = f"loss, held out (before: {result.first_held_out_loss:.3g})"
        numbers[before] = f"{result.held_out_loss:.3g}"
        numbers["correlation, held out"] = _number(result.correlation(held_out=True))
    else:
        numbers["correlation, trained on"] = _number(result.correlation(held_out=False))
    if len(result.starts) > 1:
        numbers["starts"] = f"{len(result.starts):,}"
    return numbers


def _settings(result: FitResult) -> str:
    pairs = [
        ("Stimuli trained on", f"{len(result.train_members):,}"),
        ("Stimuli held out", f"{len(result.held_out_members):,}"),
        ("Values measured", f"{len(result.predictions):,}"),
        ("Seed", str(result.seed)),
        ("Seconds", f"{result.seconds:.1f}"),
    ]
    settings = [(name, short(value, _MOST_ARGUMENT)) for name, value in result.arguments.items()]
    return definitions(pairs) + details("All settings of the trainer", definitions(settings))


def _starts(starts: pd.DataFrame) -> str:
    rows = starts.sort_values("loss", kind="stable").head(_MOST_ROWS)
    columns: dict[str, Iterable[object]] = {
        "Start": rows["start"],
        "Epochs taken": [f"{n:,}" for n in rows["epoch"]],
        "Loss": [_number(value) for value in rows["loss"]],
        "Ended": rows["stopped"],
        "Kept": ["yes" if best else "" for best in rows["best"]],
    }
    return table(columns, "The best first.", numbers=set(columns) - {"Ended", "Kept"})


def _predictions(result: FitResult, page: Page) -> list[str]:
    parts = _scatters(result, page)
    held_out = bool(result.predictions["held_out"].any())
    rows = result.predictions[result.predictions["held_out"] == held_out]
    which = "stimuli held out" if held_out else "stimuli trained on"
    return [*parts, heading(f"Channel by channel, {which}"), _channels(rows)]


def _scatters(result: FitResult | _Seen, page: Page) -> list[str]:
    fit = page.figure(
        plot_fit(result),
        "Predicted over measured",
        "A dot is a value measured. On the dotted line it is predicted exactly.",
        min_width=340,
    )
    left = page.figure(
        plot_residuals(result),
        "Measured minus predicted",
        "A cloud that leans or bends tells of what the model cannot do.",
        min_width=340,
    )
    return [fit, left]


def _channels(rows: pd.DataFrame) -> str:
    """Return a table of channels, those that are predicted worst first."""
    if not len(rows):
        return paragraph("Nothing was measured.")
    error = (rows["value"] - rows["predicted"]).abs()
    worst = error.groupby(rows["channel"]).agg(["mean", "max", "size"])
    worst = worst.sort_values("mean", ascending=False, kind="stable")
    shown = worst.head(_MOST_ROWS)
    columns: dict[str, Iterable[object]] = {
        "Channel": [str(name) for name in shown.index],
        "Mean distance": [f"{value:.4g}" for value in shown["mean"]],
        "Largest distance": [f"{value:.4g}" for value in shown["max"]],
        "Values": [f"{n:,}" for n in shown["size"]],
    }
    left = len(worst) - len(shown)
    said = f"{left:,} more channels are not in this table." if left else ""
    caption = "Mean absolute difference of measured and predicted, the worst first."
    return table(columns, caption, numbers=set(columns) - {"Channel"}) + (
        paragraph(said) if said else ""
    )


def _parameters(result: FitResult | _Seen, page: Page, over: str) -> str:
    """Show each kind of parameter: the picture, and the table."""
    if not len(result.parameters):
        return paragraph("Nothing was trained.")
    parts = []
    for kind in pd.unique(result.parameters["parameter"]):
        figure = page.figure(
            plot_parameters(result, kind),
            f"Values of {kind} before and after",
            f"Diamonds: before; dots: after; lines: from the lowest to the highest of the {over}. "
            "Those that changed most come first.",
            min_width=360,
        )
        rows = result.parameters[result.parameters["parameter"] == kind]
        change = (rows["fitted"] - rows["start"]).abs()
        rows = rows.loc[change.sort_values(ascending=False, kind="stable").index]
        shown = rows.head(_MOST_ROWS)
        columns: dict[str, Iterable[object]] = {"Name": shown["name"]}
        if shown["post"].notna().any():
            columns |= {"To": shown["post"]}
        titles = {"start": "Before", "fitted": "After", "mean": "Mean", "sd": "SD"}
        titles |= {"lowest": "Lowest", "highest": "Highest"}
        columns |= {
            title: [_number(value) for value in shown[name]] for name, title in titles.items()
        }
        numbers = set(columns) - {"Name", "To"}
        left = len(rows) - len(shown)
        said = paragraph(f"{left:,} more are not in this table.") if left else ""
        parts.append(heading(str(kind)) + figure + table(columns, numbers=numbers) + said)
    return "".join(parts)


def _over_folds(parameters: pd.DataFrame) -> pd.DataFrame:
    """Return a row a value: where it starts, and what it comes to over the folds."""
    by = ["parameter", "name", "post"]
    grouped = parameters.groupby(by, sort=False, dropna=False)
    fitted = grouped["fitted"].agg(
        fitted="mean",
        mean="mean",
        sd=lambda values: values.std(ddof=0),
        lowest="min",
        highest="max",
    )
    return pd.DataFrame(fitted.assign(start=grouped["start"].first()).reset_index())


def _stability(result: FitResult) -> str:
    if np.isnan(result.radius):
        return "It was not asked how stable the network is (stability=False)."
    said = (
        f"The spectral radius of the linearised network was {result.radius_before:.3g} before and "
        f"is {result.radius:.3g} now (the largest over a few training stimuli). "
    )
    if result.radius > 1:
        return said + "Above 1 small differences grow from step to step: a long run may not settle."
    return said + "Below 1 small differences die out from step to step."

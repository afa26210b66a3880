"""Pieces of the page. All texts are put in as text: React escapes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from ._dash import load_dash

__all__ = [
    "choice",
    "choice_buttons",
    "finder",
    "key_value_tiles",
    "number_field",
    "setter",
    "table",
]

# Columns whose cells are names.
_NAMES = {"Neuron", "Cell type", "From", "To", "Direction", "Outcome", "Node", "Sources"}


def finder(name: str, label: str, hint: str) -> Any:
    """Return a field in which neurons are looked for, and what was chosen in it."""
    _, html, dcc, _ = load_dash()
    return html.Div(
        [
            html.Label(label, htmlFor=f"{name}-search"),
            dcc.Input(
                id=f"{name}-search",
                type="text",
                value="",
                placeholder=hint,
                autoComplete="off",
                maxLength=200,
                debounce=False,
            ),
            html.Div(id=f"{name}-found", className="found"),
            html.Div(id=f"{name}-chips", className="chips"),
            dcc.Store(id=f"{name}-chosen", data=[]),
            dcc.Store(id=f"{name}-pressed"),
        ],
        className="finder",
        id=f"{name}-field",
    )


def number_field(name: str, label: str, value: object, hint: str = "") -> Any:
    """Return a field for a number; what it holds is checked when it is asked."""
    _, html, dcc, _ = load_dash()
    control = dcc.Input(
        id=name,
        type="text",
        inputMode="decimal",
        value="" if value is None else str(value),
        placeholder=hint,
        autoComplete="off",
        maxLength=20,
    )
    return html.Div(
        [html.Label(label, htmlFor=name), control], className="field", id=f"{name}-field"
    )


def choice(name: str, legend: str, value: Any) -> Any:
    """Return a choice of one of several; its buttons come from `choice_buttons`."""
    _, html, dcc, _ = load_dash()
    return html.Fieldset(
        [
            html.Legend(legend),
            html.Div(id=f"{name}-buttons", className="choices"),
            dcc.Store(id=name, data=value),
        ],
        id=f"{name}-field",
    )


def choice_buttons(name: str, options: Mapping[Any, str], chosen: object) -> list[Any]:
    """Return the buttons of a choice, values and what they are called; one is pressed."""
    return [
        setter(words, name, value, **{"aria-pressed": "true" if value == chosen else "false"})
        for value, words in options.items()
    ]


def setter(words: Any, store: str, value: Any, **properties: Any) -> Any:
    """Return a button that puts a value into a store; the page's script does that.

    Callbacks that listen to buttons which come and go would be called when they come, and such a
    call makes Dash forget the answer to one that was pressed.
    """
    _, html, _, _ = load_dash()
    told = {"data-sets": store, "data-value": json.dumps(value)}
    return html.Button(words, type="button", **told, **properties)


def key_value_tiles(pairs: Mapping[str, str]) -> Any:
    """Return numbers to see at first glance, with what each of them is."""
    _, html, _, _ = load_dash()
    return html.Ul(
        [html.Li([html.B(text), word]) for word, text in pairs.items()], className="tiles"
    )


def table(
    rows: pd.DataFrame, caption: str, cells: Mapping[str, Iterable[Any]] | None = None
) -> Any:
    """Return a table: names to the left, numbers to the right.

    Parameters
    ----------
    rows : DataFrame
        Texts, or numbers already rounded.
    caption : str
    cells : dict, optional
        Columns whose cells are components.
    """
    _, html, _, _ = load_dash()
    columns = {str(name): rows[name].tolist() for name in rows.columns} | dict(cells or {})
    head = [html.Th(name, scope="col", className=_kind(name, _NAMES)) for name in columns]
    body = [
        html.Tr(
            [
                html.Td(cell, className=_kind(name, _NAMES))
                for name, cell in zip(columns, row, strict=True)
            ]
        )
        for row in zip(*columns.values(), strict=True)
    ]
    made = html.Table([html.Caption(caption), html.Thead(html.Tr(head)), html.Tbody(body)])
    # What scrolls must be reachable by the keyboard.
    return html.Div(made, className="scroll", tabIndex="0", role="group", **{"aria-label": caption})


def _kind(name: str, names: Collection[str]) -> str:
    return "" if name in names else "number"

"""Names as they are typed into the page: looked for, counted, and read with care."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..connectome import select_neurons

__all__ = ["Found", "Names", "selection_of"]

IndexArray = npt.NDArray[np.int64]

LONGEST = 200  # characters of a selection
_MOST_SELECTIONS = 100
_MOST_VALUES = 300  # of a column whose values are offered
_OFFERED_AT_ONCE = ("role", "super_class", "class", "cell_class", "flow", "side")

# Names that mean themselves, wherever they stand.
_PLAIN = re.compile(r"[A-Za-z][\w.+-]*")
# Any cell type that holds a text: a regular expression, but one that is a text letter by letter.
_HOLDS = re.compile(r"cell_type=/\(\?i:(.+)\)/", re.DOTALL)


@dataclass(frozen=True)
class Found:
    """What a search offers: a selection, what it is in words, and how many neurons it names."""

    selection: str
    name: str
    kind: str
    n: int


class Names:
    """The names that neurons of a connectome can be chosen by.

    Parameters
    ----------
    neurons : DataFrame
        One row a neuron, with the columns `id` and `cell_type`.

    Notes
    -----
    Cost: a pass over the columns when it is made, and one over ids and cell types for a search:
    about 20 ms for a whole fly brain.

    Examples
    --------
    >>> import wiregrad as wg
    >>> names = Names(wg.datasets.celegans().neurons)
    >>> [(found.selection, found.kind, found.n) for found in names.search("ava")]
    [('AVA', 'cell type', 2), ('AVAL', 'neuron', 1), ('AVAR', 'neuron', 1)]
    >>> names.find(["AVA", "role=sensory"]).size
    85
    """

    def __init__(self, neurons: pd.DataFrame) -> None:
        self._neurons = neurons
        ids = neurons["id"].astype("string")
        counts = neurons["cell_type"].astype("string").value_counts().sort_index()
        self._types = dict(zip(counts.index.tolist(), counts.tolist(), strict=True))
        self._ids = ids.tolist()
        self._folded_ids = ids.str.casefold().tolist()
        self._folded_types = [name.casefold() for name in self._types]
        self._values = _column_values(neurons)
        self._known: dict[str, IndexArray] = {}

    def search(self, text: str, limit: int = 12) -> list[Found]:
        """Offer what a text may mean: cell types first, then values of columns, then neurons.

        Without any text, the values of a column that tells classes of neurons apart.
        """
        wanted = text.strip().casefold()[:LONGEST]
        if not wanted:
            return self._at_once()[:limit]
        types = self._types_with(wanted)
        found = [Found(selection_of("cell_type", name), name, "cell type", n) for name, n in types]
        if len(types) > 1:
            n = sum(n for _, n in types)
            inside = re.escape(text.strip())
            every = f"every type with “{text.strip()}” in its name ({len(types):,} types)"
            found.insert(1, Found(f"cell_type=/(?i:{inside})/", every, "", n))
        found = found[: limit - 3] + [one for one in self._values if wanted in one.name.casefold()]
        found = found[: limit - 2] + list(self._ids_with(wanted, limit))
        # A neuron that is a type of its own is offered once.
        unlike = list({one.name: one for one in reversed(found)}.values())[::-1]
        return [*self._as_typed(text.strip(), unlike), *unlike][:limit]

    def find(self, selections: Sequence[str]) -> IndexArray:
        """Return the neurons that any of some selections names, in ascending order.

        Raises
        ------
        ValueError
            If there are none or too many selections, one matches nothing, or it is more than names,
            `column=value` and ` and `: what comes from a page shall not be a program.
        """
        if not selections:
            raise ValueError("no neurons are chosen: choose at least one cell type")
        if len(selections) > _MOST_SELECTIONS:
            raise ValueError(
                f"{len(selections):,} selections are too many: {_MOST_SELECTIONS} at most"
            )
        found = [self._find_one(selection) for selection in selections]
        return np.unique(np.concatenate(found))

    def _find_one(self, selection: str) -> IndexArray:
        if selection not in self._known:
            _refuse_programs(selection)
            if len(self._known) > 1000:
                self._known.clear()
            self._known[selection] = select_neurons(self._neurons, selection)
        return self._known[selection]

    def _at_once(self) -> list[Found]:
        for column in _OFFERED_AT_ONCE:
            of_column = [one for one in self._values if one.name.startswith(f"{column}=")]
            if of_column:
                return of_column
        types = list(self._types.items())
        return [Found(selection_of("cell_type", name), name, "cell type", n) for name, n in types]

    def _types_with(self, wanted: str) -> list[tuple[str, int]]:
        hits = [
            (not folded.startswith(wanted), len(folded), name)
            for folded, name in zip(self._folded_types, self._types, strict=True)
            if wanted in folded
        ]
        return [(name, self._types[name]) for _, _, name in sorted(hits)]

    def _ids_with(self, wanted: str, limit: int) -> Iterator[Found]:
        hits = (i for i, folded in enumerate(self._folded_ids) if folded.startswith(wanted))
        for _, place in zip(range(limit), hits, strict=False):
            yield Found(selection_of("id", self._ids[place]), self._ids[place], "neuron", 1)

    def _as_typed(self, text: str, found: list[Found]) -> Iterator[Found]:
        """Offer the text itself, where it is a selection and nothing else offers it."""
        if text in {one.selection for one in found} or not ("=" in text or " and " in text):
            return
        try:
            yield Found(text, text, "selection", len(self._find_one(text)))
        except ValueError:
            return


def selection_of(column: str, name: str) -> str:
    """Write the selection of the neurons whose column holds a name.

    Examples
    --------
    >>> selection_of("cell_type", "AVA"), selection_of("cell_type", "R1 and R2")
    ('AVA', 'cell_type="R1 and R2"')
    """
    if column in ("id", "cell_type") and _PLAIN.fullmatch(name):
        return name
    quote = "'" if '"' in name else '"'
    return f"{column}={name}" if _PLAIN.fullmatch(name) else f"{column}={quote}{name}{quote}"


def _column_values(neurons: pd.DataFrame) -> list[Found]:
    found = []
    for column in neurons.columns:
        values = neurons[column]
        if column in ("id", "cell_type") or pd.api.types.is_float_dtype(values):
            continue
        if values.nunique() > _MOST_VALUES:
            continue
        for value, n in values.astype("string").value_counts().sort_index().items():
            name = f"{column}={value}"
            if len(name) <= LONGEST:
                found.append(Found(selection_of(str(column), str(value)), name, "neurons", int(n)))
    return found


def _refuse_programs(selection: object) -> None:
    if not isinstance(selection, str) or not 0 < len(selection) <= LONGEST:
        raise ValueError(f"a selection is a text of 1 to {LONGEST} letters")
    if selection.strip().casefold().startswith("query:"):
        raise ValueError("the explorer takes no queries: choose by names, or ask in Python")
    holds = _HOLDS.fullmatch(selection)
    if holds and re.escape(re.sub(r"\\(.)", r"\1", holds[1], flags=re.DOTALL)) == holds[1]:
        return
    if re.search(r"(^|=|\sand\s)\s*/", selection):
        raise ValueError(
            "the explorer takes no regular expressions: choose by names, or ask in Python"
        )

"""Which neurons excite and which inhibit: the rules that give a synapse its sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .._messages import did_you_mean, few

__all__ = [
    "TRANSMITTER_SIGNS",
    "EdgeSigns",
    "SignRule",
    "check_signs",
    "has_sign_rule",
    "neuron_signs",
    "numeric_signs",
    "transmitter_to_sign",
]

#: A column's name, `"edges"`, +1 or -1 for all neurons, or a dict from neurons to signs.
SignRule: TypeAlias = "str | int | float | Mapping[object, float] | None"

FloatArray: TypeAlias = npt.NDArray[np.float64]

#: The sign each transmitter is taken to have, by its usual spellings (in lower case).
#:
#: Acetylcholine excites; GABA, glutamate and histamine inhibit, as in the insect brain, where
#: glutamate acts mostly through GluCl channels (Liu and Wilson 2013, PNAS 110:10294) and histamine
#: is the photoreceptors' inhibitory transmitter (Hardie 1989, Nature 339:704). Amines are left
#: out on purpose: their effect is modulatory, so their sign counts as unknown. In worms and
#: vertebrates glutamate excites through AMPA-like receptors: pass
#: `transmitter_signs={**TRANSMITTER_SIGNS, "glutamate": 1}` there.
TRANSMITTER_SIGNS: Mapping[str, int] = MappingProxyType(
    {
        "acetylcholine": 1,
        "ach": 1,
        "gaba": -1,
        "glutamate": -1,
        "glut": -1,
        "glu": -1,
        "histamine": -1,
        "hist": -1,
        "his": -1,
    }
)

# The key of a sign dict that stands for all neurons that no other names.
_OTHERS = "*"

# Where signs are looked for when no rule is given: a column of signs, then of transmitter names.
_SIGN_COLUMNS = ("sign", "transmitter", "neurotransmitter", "nt", "nt_type", "top_nt")


@dataclass(frozen=True, eq=False)
class EdgeSigns:
    """Signs that belong to single connections, in the order of the count matrix's entries.

    Merged connections may mix signs, so amounts are kept rather than signs.

    Attributes
    ----------
    net : ndarray of float64, shape (n_edges,)
        Excitatory minus inhibitory count of each connection.
    unknown : ndarray of float64, shape (n_edges,)
        Count of each connection whose sign is not known.
    """

    net: FloatArray
    unknown: FloatArray


def neuron_signs(
    neurons: pd.DataFrame,
    rule: SignRule,
    transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
) -> tuple[FloatArray, str]:
    """Give every neuron its sign by a rule.

    Parameters
    ----------
    neurons : DataFrame
        One row a neuron.
    rule : str, int, dict or None
        The name of a column that holds signs (+1, -1, 0 or missing) or transmitter names; +1 or -1
        for all neurons; or a dict from ids, cell types or indices to signs, `"*"` for all others.
        None looks for a column `sign`, then for a transmitter column (`transmitter`,
        `neurotransmitter`, `nt`, `nt_type`, `top_nt`).
    transmitter_signs : dict
        Sign of each transmitter name; case is ignored. A name that is not in it has no known sign.

    Returns
    -------
    signs : ndarray of float64, shape (n_neurons,)
        +1, -1, or 0 where the sign is not known.
    description : str
        The rule in words, for the provenance.

    Raises
    ------
    ValueError
        If no rule is given and none can be found, if the column does not exist or holds something
        that is neither, or if a key of the dict names no neuron.

    Examples
    --------
    >>> neurons = pd.DataFrame({"id": [1, 2, 3], "cell_type": ["a", "a", "b"],
    ...                         "nt": ["ACh", "GABA", "dopamine"]})
    >>> neuron_signs(neurons, "nt")[0].tolist()
    [1.0, -1.0, 0.0]
    >>> neuron_signs(neurons, {"a": 1, 3: -1})[0].tolist()
    [1.0, 1.0, -1.0]
    """
    if rule is None:
        rule = _find_column(neurons)
    if isinstance(rule, str):
        return _signs_of_column(neurons, rule, transmitter_signs)
    if isinstance(rule, Mapping):
        return _signs_of_dict(neurons, rule)
    if not isinstance(rule, (int, float, np.integer, np.floating)):
        raise ValueError(
            "a sign rule is the name of a column, 'edges', a dict from neurons to signs, or +1 or "
            f"-1 for all neurons, not {type(rule).__name__}"
        )
    if rule not in (1, -1):
        raise ValueError(f"one sign for all neurons is +1 or -1, not {rule!r}")
    return np.full(len(neurons), float(rule)), f"all neurons {'+' if rule > 0 else '-'}"


def has_sign_rule(neurons: pd.DataFrame) -> bool:
    """Whether the neurons table has a column that signs can be taken from unasked."""
    return any(column in neurons.columns for column in _SIGN_COLUMNS)


def _find_column(neurons: pd.DataFrame) -> str:
    for column in _SIGN_COLUMNS:
        if column in neurons.columns:
            return column
    raise ValueError(
        "the signs of the synapses are not known: pass sign= (or --sign) the name of a column "
        "with signs or transmitter names, a dict such as {'cell type or id': -1, '*': 1}, or +1 to "
        f"let all neurons excite (the neurons table has {few(neurons.columns, limit=20)})"
    )


def _signs_of_column(
    neurons: pd.DataFrame, column: str, transmitter_signs: Mapping[str, float]
) -> tuple[FloatArray, str]:
    if column not in neurons.columns:
        raise ValueError(
            f"there is no column {column!r} to take signs from: the neurons table has "
            f"{few(neurons.columns, limit=20)}{did_you_mean(column, neurons.columns)}"
        )
    values = neurons[column]
    if pd.api.types.is_numeric_dtype(values):
        return numeric_signs(values, f"the column {column!r}"), f"column {column!r}"
    return _signs_of_transmitters(values, column, transmitter_signs)


def transmitter_to_sign(
    values: pd.Series, column: str, transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS
) -> FloatArray:
    """Read signs from transmitter names; 0 where the sign of one is not known.

    Raises
    ------
    ValueError
        If none of the names is a transmitter with a known sign.
    """
    given = _given_signs(transmitter_signs, "transmitter_signs")
    names_of_table = (str(name).casefold() for name in transmitter_signs)
    table = dict(zip(names_of_table, given.tolist(), strict=True))
    mapped = _casefolded(values).map(table).astype("float64").fillna(0.0)
    signs = np.asarray(mapped, dtype=np.float64)
    if not signs.any():
        raise ValueError(
            f"no value of the column {column!r} is a transmitter with a known sign "
            f"({few(table, limit=20)}): it holds {few(values.dropna().unique(), limit=8)}"
        )
    return signs


def _casefolded(values: pd.Series) -> pd.Series:
    return values.astype("string").str.strip().str.casefold()


def _signs_of_transmitters(
    values: pd.Series, column: str, transmitter_signs: Mapping[str, float]
) -> tuple[FloatArray, str]:
    signs = transmitter_to_sign(values, column, transmitter_signs)
    present = set(_casefolded(values).dropna().unique())
    words = ", ".join(
        f"{name} {'+' if sign > 0 else '-'}"
        for name, sign in ((str(n).casefold(), s) for n, s in transmitter_signs.items())
        if name in present
    )
    return signs, f"transmitters in column {column!r}: {words}"


def _signs_of_dict(neurons: pd.DataFrame, rule: Mapping[object, float]) -> tuple[FloatArray, str]:
    checked = _given_signs(rule, "the sign dict").tolist()
    named = dict(zip(rule, checked, strict=True))
    signs = np.full(len(neurons), named.pop(_OTHERS, 0.0))
    _refuse_ambiguous(neurons, named)
    # From the widest key to the narrowest: a neuron's own entry overrules its cell type's.
    keys, given = pd.Index(list(named), dtype=object), np.array(list(named.values()))
    matched = np.zeros(len(keys), dtype=bool)
    for labels in (neurons["cell_type"], pd.Series(range(len(neurons))), neurons["id"]):
        positions = keys.get_indexer(pd.Index(labels, dtype=object))
        hit = positions >= 0
        signs[hit] = given[positions[hit]]
        matched[positions[hit]] = True
    if not matched.all():
        strangers = keys[~matched].tolist()
        raise ValueError(
            f"the sign dict names what is neither id, index nor cell type: {few(strangers)}"
            f"{did_you_mean(str(strangers[0]), neurons['cell_type'].dropna().unique())}"
        )
    return signs, f"a dict of {len(rule):,} signs"


def _refuse_ambiguous(neurons: pd.DataFrame, rule: Mapping[object, float]) -> None:
    """Refuse an integer that is the index of one neuron and the id or cell type of another."""
    ids = neurons["id"]
    indices = [key for key in rule if isinstance(key, (int, np.integer)) and 0 <= key < len(ids)]
    names = {*ids, *neurons["cell_type"].dropna()} if indices else set()
    clash = [key for key in indices if key in names and ids.iloc[key] != key]
    if clash:
        raise ValueError(
            f"the sign dict's {few(clash)} may be an index or a name of another neuron: give the "
            "signs in a column of the neurons table instead"
        )


def _given_signs(rule: Mapping[Any, float], where: str) -> FloatArray:
    try:
        signs = np.array(list(rule.values()), dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{where} holds {few(rule.values())}: a sign is +1, -1 or 0") from None
    check_signs(signs, where)
    return signs


def numeric_signs(values: pd.Series, where: str) -> FloatArray:
    """Read a column of signs; missing ones are 0, not known."""
    signs = np.asarray(values.astype("float64").fillna(0.0), dtype=np.float64)
    check_signs(signs, where)
    return signs


def check_signs(signs: FloatArray, where: str) -> None:
    """Refuse anything but -1, 0 and +1."""
    strange = signs[~np.isin(signs, (-1.0, 0.0, 1.0))]
    if len(strange):
        raise ValueError(f"{where} holds {few(np.unique(strange))}: a sign is +1, -1 or 0")

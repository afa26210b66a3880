"""Options that several commands read alike."""

from __future__ import annotations

from collections.abc import Sequence

from .._messages import few
from ..connectome import SignRule

__all__ = ["one_or_list", "sign_rule", "target_layer"]


def one_or_list(selections: Sequence[str]) -> str | list[str]:
    """Read an option that may be repeated as a selection."""
    return selections[0] if len(selections) == 1 else list(selections)


def target_layer(steps: int, at_step: int | None) -> int:
    """Read `--at-step`, by default the last.

    Raises
    ------
    ValueError
        If the network does not take so many steps.
    """
    step = steps if at_step is None else at_step
    if step > steps:
        raise ValueError(
            f"target step {step} is out of range: the network takes {steps} steps (1 to {steps})"
        )
    return step - 1


def sign_rule(sign: str | None) -> SignRule:
    """Read `--sign`: a column, 1, -1, or a list such as `LN=-1,*=1`.

    Raises
    ------
    ValueError
        If the list holds what is no sign.
    """
    if sign in ("1", "+1", "-1"):
        return int(sign)
    if sign is None or "=" not in sign:
        return sign
    pairs = (entry.rpartition("=") for entry in sign.split(","))
    rule = {name.strip(): value.strip() for name, _, value in pairs}
    wrong = [
        f"{name}={value}" for name, value in rule.items() if value not in ("1", "+1", "-1", "0")
    ]
    if wrong:
        raise ValueError(f"--sign holds {few(wrong)}: a sign is 1, -1 or 0, as in 'LN=-1,*=1'")
    return {name: int(value) for name, value in rule.items()}

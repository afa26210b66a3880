"""Lists, plurals and numbers in sentences."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["amount", "counted", "joined", "signed"]


def joined(names: Sequence[str], limit: int = 6) -> str:
    """List names in a sentence; beyond `limit`, how many more there are.

    Examples
    --------
    >>> joined(["AVAL", "AVAR"]), joined(["a", "b", "c", "d"], limit=2)
    ('AVAL and AVAR', 'a, b and 2 more')
    """
    if len(names) > limit + 1:
        return f"{', '.join(names[:limit])} and {len(names) - limit:,} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counted(n: int, word: str, plural: str = "") -> str:
    """Say how many there are of something.

    Examples
    --------
    >>> counted(1, "neuron"), counted(1200, "neuron"), counted(2, "pass", "passes")
    ('1 neuron', '1,200 neurons', '2 passes')
    """
    return f"{n:,} {word if n == 1 else plural or word + 's'}"


def amount(value: float, digits: int = 2) -> str:
    """Write an activation or a flow; what would be rounded to 0 but is not is said to be small.

    Examples
    --------
    >>> amount(0.9512), amount(0.0), amount(0.0004), amount(-0.25)
    ('0.95', '0', '<0.01', '-0.25')
    """
    smallest = 10.0**-digits
    if value == 0 or abs(value) >= smallest / 2:
        return f"{value:.{digits}f}" if value else "0"
    return f"{'>-' if value < 0 else '<'}{smallest:.{digits}f}"


def signed(value: float, digits: int = 3) -> str:
    """Write a number that may be of either sign, with so many digits; 0 has none.

    Examples
    --------
    >>> signed(0.12345), signed(-2e-05), signed(0.0)
    ('+0.123', '-2e-05', '0')
    """
    return f"{value:+.{digits}g}" if value else "0"

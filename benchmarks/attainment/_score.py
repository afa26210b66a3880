"""Arithmetic on records: ceilings, who reaches them, and with how few inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from ._lines import Record
from ._sizes import LAMBDAS

__all__ = [
    "NEAR",
    "REACHED",
    "Attempt",
    "Pick",
    "Score",
    "best_lambda",
    "ceiling",
    "default_lambda",
    "of_seed",
    "reaches",
    "score",
    "shares_of_active",
    "thinnest_lambda",
]

#: A target is reached at this part of its ceiling.
REACHED = 0.95

#: Two activations within this are the same.
NEAR = 0.02

_KEYS = tuple(f"{number:g}" for number in LAMBDAS)


@dataclass(frozen=True)
class Attempt:
    """What a method attained for one target.

    Attributes
    ----------
    attained : float
    active : int
        Entries of the stimulus.
    seconds : float
    timed : float or None
        Seconds on a quiet machine, where it was timed again.
    """

    attained: float
    active: int
    seconds: float
    timed: float | None = None


#: How a method's attempt is taken from a record; None where there is none.
Pick = Callable[[Record], Attempt | None]


@dataclass(frozen=True)
class Score:
    """What a method attained for many targets.

    Attributes
    ----------
    targets, reached : int
        How many there are, and how many of them attain 95 % of their ceilings.
    attained, active, seconds : float
        Mean, median, and mean.
    timed : int
        Targets that `seconds` are of, if they were timed again; else 0.
    """

    targets: int
    reached: int
    attained: float
    active: float
    seconds: float
    timed: int


def ceiling(record: Record) -> float | None:
    """Return the most that anything attained; None where there was no long search."""
    if "searches" not in record:
        return None
    parts = ("searches", "reference", "wiregrad", "alone")
    return max(
        float(answer["attained"]) for part in parts for answer in record.get(part, {}).values()
    )


def reaches(attained: float, record: Record) -> bool:
    """Say whether so much is 95 % of the ceiling."""
    most = ceiling(record)
    return most is not None and attained >= REACHED * most


def default_lambda(record: Record) -> Attempt | None:
    """Return the reference's attempt at its defaults."""
    return _of_reference(record, _KEYS[0])


def best_lambda(record: Record) -> Attempt | None:
    """Return the reference's best attempt; of those that attain as much, that of fewest entries.

    Its seconds are those of all lambdas together. None unless all were tried.
    """
    return _of_all(record, lambda tried: min(tried, key=lambda a: (-a.attained, a.active)))


def thinnest_lambda(record: Record) -> Attempt | None:
    """Return the reference's attempt with fewest entries among those that reach the target."""

    def choose(tried: list[Attempt]) -> Attempt:
        able = [attempt for attempt in tried if reaches(attempt.attained, record)]
        return min(able or tried, key=lambda attempt: attempt.active)

    return _of_all(record, choose)


def of_seed(seed: str) -> Pick:
    """Return what takes wiregrad's attempt with this seed."""

    def pick(record: Record) -> Attempt | None:
        answer = record.get("wiregrad", {}).get(seed)
        return answer and Attempt(answer["attained"], answer["active"], answer["seconds"])

    return pick


def score(records: Iterable[Record], pick: Pick) -> Score | None:
    """Sum a method's attempts up; None where there is none."""
    pairs = [(attempt, record) for record in records if (attempt := pick(record))]
    if not pairs:
        return None
    attempts = [attempt for attempt, _ in pairs]
    timed = [attempt.timed for attempt in attempts if attempt.timed is not None]
    return Score(
        targets=len(pairs),
        reached=sum(reaches(attempt.attained, record) for attempt, record in pairs),
        attained=fmean(attempt.attained for attempt in attempts),
        active=median(attempt.active for attempt in attempts),
        seconds=fmean(timed or [attempt.seconds for attempt in attempts]),
        timed=len(timed),
    )


def shares_of_active(records: Iterable[Record], ours: Pick, theirs: Pick) -> list[float]:
    """Return ours / theirs in active entries, for each target that both reach."""
    shares = []
    for record in records:
        mine, other = ours(record), theirs(record)
        if (
            mine
            and other
            and other.active
            and reaches(mine.attained, record)
            and reaches(other.attained, record)
        ):
            shares.append(mine.active / other.active)
    return shares


def _of_reference(record: Record, key: str) -> Attempt | None:
    answer = record.get("reference", {}).get(key)
    if answer is None:
        return None
    timed = record.get("timed", {}).get(key, {}).get("seconds")
    return Attempt(answer["attained"], answer["active"], answer["seconds"], timed)


def _of_all(record: Record, choose: Callable[[list[Attempt]], Attempt]) -> Attempt | None:
    tried = [attempt for key in _KEYS if (attempt := _of_reference(record, key))]
    if len(tried) < len(_KEYS):
        return None
    chosen = choose(tried)
    again = [attempt.timed for attempt in tried if attempt.timed is not None]
    return Attempt(
        chosen.attained,
        chosen.active,
        seconds=sum(attempt.seconds for attempt in tried),
        timed=_sum_if_all(again),
    )


def _sum_if_all(seconds: Sequence[float]) -> float | None:
    return sum(seconds) if len(seconds) == len(_KEYS) else None

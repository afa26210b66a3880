"""Tables of wiregrad alone: whether seeds agree, batches, stages, and how thin its stimuli are."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from ..engine._markdown import section, three_digits
from ._lines import Record
from ._score import NEAR, Pick, best_lambda, of_seed, shares_of_active, thinnest_lambda
from ._sizes import REFERENCE, SEEDS

__all__ = ["stage_section", "wiregrad_section"]

_FIRST = str(SEEDS[0])


def wiregrad_section(scored: dict[str, list[Record]]) -> str:
    """Write what is known of wiregrad's searches besides what they attain."""
    rows = []
    for name, records in scored.items():
        if not _answers(records):
            continue
        rows.append(
            [
                name,
                *_agreement(records),
                _alone(records),
                _share_of_minimal(records),
                _thinner(records, best_lambda),
                _thinner(records, thinnest_lambda),
            ]
        )
    header = [
        "problem",
        f"two seeds within {NEAR}",
        "farthest apart",
        "alone and in a batch",
        "minimal",
        "active entries, of the best lambda's",
        "of the thinnest's",
    ]
    text = (
        "Targets for which two seeds attain the same; the largest difference between an entry of "
        "the stimulus found alone and found in a batch, over some targets; stimuli that are "
        "reported minimal. Active entries: wiregrad's, seed "
        f"{_FIRST}, as a share of {REFERENCE}'s at its best lambda, and at the lambda that reaches "
        "the target with fewest; median over the targets that both reach, whose number is in "
        "brackets."
    )
    return section("wiregrad's searches", text, header, rows)


def stage_section(scored: dict[str, list[Record]]) -> str:
    """Write where wiregrad's time goes, if its results say so."""
    rows = []
    for name, records in scored.items():
        seconds: dict[str, float] = {}
        for answer in _answers(records):
            for stage, spent in answer.get("stages", {}).items():
                seconds[stage] = seconds.get(stage, 0.0) + spent
        whole = sum(answer["seconds"] for answer in _answers(records))
        named = {**seconds, "all else": max(0.0, whole - sum(seconds.values()))}
        if seconds:
            rows += [[name, stage, f"{100 * s / whole:.0f} %"] for stage, s in named.items()]
    text = "Share of the time of each stage of wiregrad's search, over all targets and seeds."
    return section("Stages", text, ["problem", "stage", "share"], rows)


def _answers(records: Sequence[Record]) -> list[Record]:
    return [answer for record in records for answer in record.get("wiregrad", {}).values()]


def _agreement(records: Sequence[Record]) -> list[str]:
    apart = []
    for record in records:
        attained = [answer["attained"] for answer in record.get("wiregrad", {}).values()]
        if len(attained) == len(SEEDS):
            apart.append(max(attained) - min(attained))
    if not apart:
        return ["-", "-"]
    same = sum(difference <= NEAR for difference in apart)
    return [f"{100 * same / len(apart):.0f} %", f"{max(apart):.3f}"]


def _alone(records: Sequence[Record]) -> str:
    apart = [
        record["alone"][_FIRST]["stimulus_difference"] for record in records if "alone" in record
    ]
    return f"{max(apart):.1e} ({len(apart)})" if apart else "-"


def _share_of_minimal(records: Sequence[Record]) -> str:
    known = [answer["minimal"] for answer in _answers(records) if "minimal" in answer]
    return f"{100 * sum(known) / len(known):.0f} %" if known else "-"


def _thinner(records: Sequence[Record], theirs: Pick) -> str:
    shares = shares_of_active(records, of_seed(_FIRST), theirs)
    return f"{three_digits(median(shares))} ({len(shares)})" if shares else "-"

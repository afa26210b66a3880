"""All that was found, in one file: a record for each target, without the stimuli."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._lines import Record
from ._question import Question
from ._run import method_names

__all__ = ["Results", "gather"]

# What is not wanted of an answer in the file of results.
_LEFT_OUT = ("target", "stimulus")


@dataclass(frozen=True)
class Results:
    """What the page is written from.

    Attributes
    ----------
    about : dict
        Machine, versions, settings and command.
    problems : dict
        Neurons, edges, inputs and steps by name.
    records : list of dict
        One a target: `problem`, `target`, `tenth` (whether it belongs to the tenth), and answers,
        of the searches by their name, of the reference (`reference`, `timed`, `check`) by its
        lambda, of wiregrad (`wiregrad`, `alone`) by its seed.
    """

    about: dict[str, Any]
    problems: dict[str, dict[str, int]]
    records: list[Record]

    def write(self, path: Path) -> None:
        """Write a JSON file, one record a line."""
        head = ",\n".join(
            f'"{name}": {json.dumps(part)}'
            for name, part in (("about", self.about), ("problems", self.problems))
        )
        rows = ",\n".join(json.dumps(record) for record in self.records)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(f'{{{head},\n"records": [\n{rows}\n]}}\n', encoding="utf-8")
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read what `write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def gather(about: dict[str, Any], questions: Sequence[Question]) -> Results:
    """Collect every answer that is known to these questions."""
    records = []
    for question in questions:
        names = method_names(about["source"])
        names["searches"] = {s.name: f"search-{s.name}" for s in question.size.searches}
        known = {
            part: {key: question.answers(method) for key, method in methods.items()}
            for part, methods in names.items()
        }
        for target in question.targets:
            record = {
                "problem": question.name,
                "target": target,
                "tenth": target in question.tenth,
            }
            for part, by_key in known.items():
                found = {
                    key: _kept(answers[target])
                    for key, answers in by_key.items()
                    if target in answers
                }
                record |= {part: found} if found else {}
            records.append(_rounded(record))
    problems = {question.name: question.facts for question in questions}
    return Results(about, problems, records)


def _kept(answer: Record) -> Record:
    return {name: value for name, value in answer.items() if name not in _LEFT_OUT}


def _rounded(value: Any) -> Any:
    """Round to six digits, however deep the number lies."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return value

"""A session of the explorer: the connectomes, and what was asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._answer import Answer
from ._jobs import Job, Jobs
from ._question import Question, read_question
from ._shelf import Shelf, Wiring
from ._work import answer, earlier_needed

__all__ = ["Session"]


class Session:
    """What the server knows: all pages and reloads see the same.

    Parameters
    ----------
    shelf : Shelf

    Attributes
    ----------
    jobs : Jobs

    Examples
    --------
    >>> import time
    >>> import wiregrad as wg
    >>> session = Session(Shelf({"worm": wg.datasets.celegans}))
    >>> job = session.ask({"kind": "stimulus", "connectome": "worm", "inputs": ["ASH"]})
    >>> while not job.over:
    ...     time.sleep(0.01)
    >>> job.state, job.answer.activations.shape
    ('done', (302, 3))
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.jobs = Jobs(self._work)

    def ask(self, given: Mapping[str, Any]) -> Job:
        """Read a question from what a browser sent, and start to work on it.

        Raises
        ------
        ValueError
            If it cannot be asked: at once, before any work.
        """
        question = read_question(given)
        wiring = self.shelf[question.connectome]
        for selections in (question.inputs, question.targets, question.silenced):
            if selections:
                wiring.names.find(selections)
        earlier = earlier_needed(question, self._answer_of(question.stimulus_of))
        if earlier is not None and question.at_step > earlier.question.steps:
            raise ValueError(
                f"the targets are looked at after step {question.at_step}, but the stimulus of run "
                f"{question.stimulus_of} has {earlier.question.steps} steps"
            )
        return self.jobs.add(question)

    def wiring(self, name: object) -> Wiring:
        """Return a connectome by its name on the page.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        return self.shelf[str(name)]

    def earlier(self, connectome: str) -> list[Job]:
        """List the searches whose stimuli can be used again, the newest first."""
        return [
            job
            for job in self.jobs.all()
            if job.answer is not None
            and job.answer.result is not None
            and job.question.connectome == connectome
        ]

    def _answer_of(self, number: int | None) -> Answer | None:
        job = self.jobs.find(number)
        return (
            None if job is None or job.answer is None or job.answer.result is None else job.answer
        )

    def _work(self, job: Job) -> Answer:
        question: Question = job.question
        wiring = self.shelf[question.connectome]
        earlier = earlier_needed(question, self._answer_of(question.stimulus_of))
        return answer(question, wiring, earlier, job.tell)

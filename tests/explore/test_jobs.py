"""Work off the request thread: one after the other, told of, stopped, kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from explore_cases import wait_for

from wiregrad.explore import Session
from wiregrad.explore._answer import Answer
from wiregrad.explore._jobs import Job, Jobs
from wiregrad.explore._question import Question

QUESTION = Question("stimulus", "celegans", ("ASH",))


def jobs_that(work: Callable[[Job], Any]) -> Jobs:
    return Jobs(work)


class _Done:
    result = None


def until(event: threading.Event) -> Callable[[Job], Any]:
    def work(job: Job) -> Any:
        job.tell("at work")
        event.wait(20)
        return _Done()

    return work


def test_one_question_after_the_other() -> None:
    go = threading.Event()
    jobs = jobs_that(until(go))
    first, second = jobs.add(QUESTION), jobs.add(QUESTION)
    wait_for(lambda: first.words == "at work")
    assert (first.state, second.state) == ("running", "waiting")
    assert jobs.current() is first
    go.set()
    wait_for(lambda: second.over)
    assert (first.state, second.state, jobs.current()) == ("done", "done", None)
    assert [job.number for job in jobs.all()] == [2, 1]
    assert (jobs.find(1), jobs.find(3), jobs.find(None)) == (first, None, None)


def test_what_waits_is_stopped_before_it_begins() -> None:
    go = threading.Event()
    jobs = jobs_that(until(go))
    jobs.add(QUESTION)
    waiting = jobs.add(QUESTION)
    waiting.stop()
    go.set()
    wait_for(lambda: waiting.over)
    assert (waiting.state, waiting.answer) == ("stopped", None)


def test_stopping_is_told_to_the_work() -> None:
    told: list[bool] = []

    def work(job: Job) -> Any:
        while not job.tell("on"):
            told.append(False)
        told.append(True)
        return _Done()

    jobs = jobs_that(work)
    job = jobs.add(QUESTION)
    wait_for(lambda: len(told) > 2)
    jobs.stop_all()
    wait_for(lambda: job.over)
    assert told[-1]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no neuron"), "no neuron"),
        (MemoryError("too large"), "too large"),
        (KeyError("x"), "KeyError: the program's log says more"),
    ],
)
def test_errors_are_kept_and_the_next_question_is_taken(
    error: Exception, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    def work(job: Job) -> Any:
        if job.number == 1:
            raise error
        return _Done()

    jobs = jobs_that(work)
    failed, next_one = jobs.add(QUESTION), jobs.add(QUESTION)
    wait_for(lambda: next_one.over)
    assert (failed.state, failed.error, next_one.state) == ("failed", told, "done")
    assert ("run 1 of the explorer failed" in caplog.text) == isinstance(error, KeyError)


def test_too_many_that_wait_are_refused() -> None:
    go = threading.Event()
    jobs = jobs_that(until(go))
    first = jobs.add(QUESTION)
    wait_for(lambda: first.state == "running")
    for _ in range(8):
        jobs.add(QUESTION)
    with pytest.raises(ValueError, match="8 questions are waiting already"):
        jobs.add(QUESTION)
    go.set()


def test_old_answers_are_let_go() -> None:
    jobs = jobs_that(lambda job: _Done())
    for _ in range(25):
        job = jobs.add(QUESTION)
        wait_for(lambda job=job: job.over)
    assert len(jobs.all()) == 20
    assert jobs.find(1) is None
    assert jobs.find(25) is not None


def test_a_search_that_is_stopped_gives_its_best_so_far(session: Session) -> None:
    job = session.ask(
        {
            "kind": "maximise",
            "connectome": "flyvis_column",
            "inputs": ["role=input"],
            "targets": ["u=0 and v=0"],
            "steps": 4,
        }
    )
    wait_for(lambda: job.passes > 1)
    job.stop()
    assert job.stopping or job.over
    wait_for(lambda: job.over)
    assert job.state == "stopped"
    assert isinstance(job.answer, Answer)
    assert job.answer.result is not None
    assert job.answer.result.interrupted
    assert job.answer.targets["attained"].max() > 0.1

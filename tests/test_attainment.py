"""The benchmark of what is attained: its choice of targets, its cache and its arithmetic."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import sparse

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    not (ROOT / "benchmarks" / "attainment").is_dir(), reason="the benchmarks are not shipped"
)


@pytest.fixture(scope="module")
def attainment() -> Iterator[Any]:
    """Modules of the benchmark by name, without the underscore: `attainment("score")`."""
    sys.path.append(str(ROOT))

    def load(name: str) -> ModuleType:
        return importlib.import_module(f"benchmarks.attainment._{name}")

    yield load
    sys.path.remove(str(ROOT))


# Targets


def chain(n: int) -> sparse.csr_matrix:
    """0 -> 1 -> 2 and so on; every second connection inhibits."""
    weights = np.where(np.arange(n - 1) % 2, -0.5, 0.5)
    return sparse.csr_matrix((weights, (np.arange(1, n), np.arange(n - 1))), shape=(n, n))


def test_targets_lie_within_the_steps_and_are_not_sensory(attainment: Any) -> None:
    reached = attainment("targets").within_reach(chain(7), np.array([0, 4]), steps=2)
    assert np.flatnonzero(reached).tolist() == [1, 2, 5, 6]


def test_every_type_has_one_target_before_any_has_two(attainment: Any) -> None:
    choose = attainment("targets").choose_targets
    groups = np.repeat(np.arange(10), 5)
    possible = groups != 3
    nine = choose(possible, groups, 9, seed=1)
    assert sorted(groups[nine]) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    more = choose(possible, groups, 20, seed=1)
    assert more[:9] == nine
    assert len(set(more)) == 20
    assert 3 not in groups[more]
    assert choose(possible, groups, 4, seed=1) == nine[:4]
    assert choose(possible, groups, 9, seed=2) != nine
    assert len(choose(possible, groups, 99, seed=1)) == 45


def test_a_tenth_is_drawn_from_the_targets(attainment: Any) -> None:
    tenth = attainment("targets").choose_tenth
    targets = list(range(200, 100, -1))
    assert len(tenth(targets, 0)) == 10
    assert tenth(targets, 0) == sorted(tenth(targets, 0), reverse=True)
    assert tenth(targets, 0) != tenth(targets, 1)
    assert tenth([7, 8], 0)[0] in (7, 8)


# The cache


def test_a_line_that_was_cut_off_spoils_no_other(attainment: Any, tmp_path: Path) -> None:
    lines, path = attainment("lines"), tmp_path / "folder" / "answers.jsonl"
    assert lines.read_lines(path) == {}
    lines.add_lines(path, [{"target": 3, "attained": 0.25}, {"target": 5, "attained": 0.5}])
    with path.open("a") as file:
        file.write('\n{"target": 7, "att')  # stopped while writing
    lines.add_lines(path, [{"target": 5, "attained": 0.75}])
    assert lines.read_lines(path) == {
        3: {"target": 3, "attained": 0.25},
        5: {"target": 5, "attained": 0.75},
    }


def test_a_stimulus_comes_back_to_the_last_bit(attainment: Any) -> None:
    lines = attainment("lines")
    rng = np.random.default_rng(0)
    stimulus = rng.random((6, 3), dtype=np.float32) * (rng.random((6, 3)) < 0.5)
    stimulus = stimulus.astype(np.float32)
    packed = json.loads(json.dumps(lines.pack(stimulus)))
    assert len(packed["values"]) == (stimulus > 0).sum()
    assert np.array_equal(lines.unpack(packed, (6, 3)), stimulus)


# Plans


class Asked:
    """A question of three targets, whose answers are in memory."""

    name, problem, seed = "flywire", Path("problem.npz"), 10
    targets, tenth = (4, 5, 6), (5,)

    def __init__(self, attainment: Any, **answers: dict[int, Any]) -> None:
        self.size = attainment("sizes").SIZES[self.name]
        self.known = answers

    def path(self, method: str) -> Path:
        return Path(f"{method}.jsonl")

    def answers(self, method: str) -> dict[int, Any]:
        return self.known.get(method.replace("-", "_"), {})


def plans(attainment: Any, method: str, question: Asked) -> list[Any]:
    reference = importlib.import_module("benchmarks.engine._packages").Package("2.9.1", "folder")
    return list(attainment("run").plans_of(method, question, reference, "abc"))


def test_a_tenth_of_flywire_goes_to_the_reference_and_to_the_longest_search(
    attainment: Any,
) -> None:
    question = Asked(attainment)
    search = plans(attainment, "ceiling", question)
    assert [plan.method for plan in search] == ["search-16x300", "search-64x1000"]
    assert [plan.pending() for plan in search] == [[4, 5, 6], [5]]
    lambdas = plans(attainment, "best-lambda", question)
    assert [plan.job.options.get("lambda") for plan in lambdas[::2]] == [1e-2, 1e-3, 1e-4, 1e-5]
    assert all(plan.pending() == [5] for plan in lambdas)
    assert [plan.method for plan in plans(attainment, "reference", question)] == [
        "reference-0.01",
        "check-0.01",
    ]


def test_what_is_known_is_not_asked_again_unless_it_is_timed(attainment: Any) -> None:
    known = {"wiregrad_abc_0": {4: {}, 6: {}}, "wiregrad_abc_1": {4: {}, 5: {}, 6: {}}}
    question = Asked(attainment, **known, timed_0_01={5: {}})
    assert [plan.pending() for plan in plans(attainment, "wiregrad", question)] == [
        [5],
        [],
        [4, 5, 6],  # alone
    ]
    assert [plan.job.seed for plan in plans(attainment, "wiregrad", question)] == [10, 11, 10]
    reference = importlib.import_module("benchmarks.engine._packages").Package("2.9.1", "folder")
    timing = list(attainment("run").timing_plans(question, reference, 3))
    assert [plan.pending() for plan in timing] == [[5]] * 4


# Arithmetic


def record(
    reference: dict[str, tuple[float, int]] | None = None,
    wiregrad: dict[str, tuple[float, int]] | None = None,
    **values: Any,
) -> dict[str, Any]:
    made = {"problem": "worm", "target": 1, "tenth": False, "searches": {"64x1000": answer(0.8, 0)}}
    for part, found in (("reference", reference), ("wiregrad", wiregrad)):
        if found:
            made[part] = {key: answer(*pair) for key, pair in found.items()}
    return made | values


def answer(attained: float, active: int) -> dict[str, Any]:
    return {"attained": attained, "active": active, "seconds": 2.0, "load": 1.0, "near": 32}


FOUR = {"0.01": (0.5, 4), "0.001": (0.77, 6), "0.0001": (0.79, 9), "1e-05": (0.79, 8)}


def test_the_ceiling_is_the_most_of_all_and_needs_a_search(attainment: Any) -> None:
    ceiling = attainment("score").ceiling
    assert ceiling(record(FOUR)) == 0.8
    assert ceiling(record(wiregrad={"0": (0.7, 3), "1": (0.9, 3)})) == 0.9
    unsearched = record(FOUR)
    del unsearched["searches"]
    assert ceiling(unsearched) is None


def test_the_best_lambda_attains_most_with_fewest_and_the_thinnest_reaches(
    attainment: Any,
) -> None:
    score = attainment("score")
    best, thin = score.best_lambda(record(FOUR)), score.thinnest_lambda(record(FOUR))
    assert (best.attained, best.active, best.seconds) == (0.79, 8, 8.0)
    assert (thin.attained, thin.active) == (0.77, 6)  # 95 % of 0.8 is 0.76
    assert score.default_lambda(record(FOUR)).active == 4
    three = {key: FOUR[key] for key in ("0.01", "0.001", "0.0001")}
    assert score.best_lambda(record(three)) is None


def test_seconds_are_those_of_a_quiet_machine_where_they_are_known(attainment: Any) -> None:
    score = attainment("score")
    timed = {key: {"seconds": 0.5} for key in FOUR}
    records = [record(FOUR, timed=timed), record(FOUR)]
    assert score.score(records, score.default_lambda).seconds == 0.5
    found = score.score(records, score.best_lambda)
    assert (found.seconds, found.timed, found.targets) == (2.0, 1, 2)
    assert score.score(records[1:], score.best_lambda).seconds == 8.0


def test_a_score_counts_who_reaches_the_ceiling(attainment: Any) -> None:
    score = attainment("score")
    records = [
        record(wiregrad={"0": (0.77, 3)}),
        record(wiregrad={"0": (0.75, 7)}),
        record(wiregrad={"1": (0.8, 1)}),
    ]
    found = score.score(records, score.of_seed("0"))
    assert (found.targets, found.reached, found.active) == (2, 1, 5)
    assert found.attained == pytest.approx(0.76)
    assert score.score(records, score.default_lambda) is None


def test_active_entries_are_compared_where_both_reach(attainment: Any) -> None:
    score = attainment("score")
    records = [
        record(FOUR, {"0": (0.8, 2)}),
        record(FOUR, {"0": (0.5, 2)}),
        record(dict.fromkeys(FOUR, (0.1, 1)), {"0": (0.8, 2)}),
    ]
    assert score.shares_of_active(records, score.of_seed("0"), score.best_lambda) == [0.25]


# The page


def test_the_page_says_what_was_attained_and_no_path(attainment: Any, tmp_path: Path) -> None:
    both = {"0": (0.8, 2), "1": (0.7, 3)}
    found = record(FOUR, both, check={"0.01": {"attained": 0.5}})
    found["wiregrad"]["0"] |= {"minimal": True, "stages": {"reach": 1.0, "thin": 0.5}}
    found["alone"] = {"0": {"attained": 0.8, "stimulus_difference": 0.0}}
    silent = record(searches={"64x1000": answer(0.0, 0)})
    about = dict.fromkeys(("machine", "processor", "torch", "numba", "python", "wiregrad"), "x")
    about |= {"source": "x", "number": 2, "seed": 0}
    facts = {"neurons": 302, "edges": 1705, "inputs": 83, "possible": 168, "steps": 3}
    results = attainment("results").Results(about, {"worm": facts}, [found, silent])
    results.write(tmp_path / "results.json")
    again = attainment("results").Results.read(tmp_path / "results.json")
    attainment("page").write_page(again, tmp_path / "docs" / "page.md")
    text = (tmp_path / "docs" / "page.md").read_text()
    assert "| 302 | 1,705 | 83 | 168 | 3 | 2 | 1 |" in text
    assert "| worm | 2.9.1 at its defaults | 1 | 0 % | 0.500 | 4 | 2 |" in text
    assert "| worm | 2.9.1, best lambda | 1 | 100 % | 0.790 | 8 | 8 |" in text
    assert "| worm | wiregrad, seed 1 | 1 | 0 % | 0.700 | 3 | 2 |" in text
    assert "| worm | 0 % | 0.100 | 0.0e+00 (1) | 100 % | 0.25 (1) | 0.333 (1) |" in text
    assert "| worm | reach | 25 % |" in text
    assert "| worm | 64 starts, 1,000 iterations | 1 | 100 % | 1 of 1 | 0.000 | 0.50 | 2 |" in text
    assert "median load" in text
    assert str(tmp_path) not in text


# The whole command


@pytest.mark.slow
def test_the_command_asks_the_worm_and_does_not_ask_twice(
    tmp_path: Path, attainment: Any, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.chdir(ROOT)
    sizes = attainment("sizes")
    search = sizes.Search(starts=4, iterations=20)
    monkeypatch.setitem(sizes.SIZES, "worm", sizes.Size(3, (search,)))
    command = importlib.import_module("benchmarks.attainment.__main__")
    options = ["--sizes", "worm", "--targets", "2", "--methods", "ceiling,wiregrad"]
    where = ["--cache", str(tmp_path), "--json", str(tmp_path / "r.json")]
    page = ["--page", str(tmp_path / "page.md")]
    assert command.main([*options, *where, *page]) == 0
    assert "worm, search-4x20: 2 in" in capfd.readouterr().out
    found = json.loads((tmp_path / "r.json").read_text())["records"]
    assert all(set(new["wiregrad"]) == {"0", "1"} for new in found)
    assert all(new["alone"]["0"]["stimulus_difference"] < 1e-6 for new in found)
    first = (tmp_path / "page.md").read_text()
    assert command.main([*options, *where, *page]) == 0
    assert capfd.readouterr().out == ""
    assert (tmp_path / "page.md").read_text() == first

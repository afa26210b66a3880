"""The benchmarks: the brain they make, and their arithmetic, on tiny sizes."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    not (ROOT / "benchmarks" / "engine").is_dir(), reason="the benchmarks are not shipped"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    """Modules of the benchmarks by name, without the underscore: `engine("records")`."""
    sys.path.append(str(ROOT))

    def load(name: str) -> ModuleType:
        return importlib.import_module(f"benchmarks.engine._{name}")

    yield load
    sys.path.remove(str(ROOT))


# The brain


def edges_of(n: int, pairs: list[tuple[int, int]]) -> npt.NDArray[np.int64]:
    return np.sort(np.array([pre * n + post for pre, post in pairs], dtype=np.int64))


def test_edges_are_distinct_untaken_and_between_the_classes_asked_for(engine: Any) -> None:
    n = 40
    class_of = np.repeat([0, 1], n // 2)
    taken = edges_of(n, [(0, 20), (1, 21), (2, 22)])
    drawn = engine("draw_edges").draw_edges(
        np.random.default_rng(0),
        300,
        class_of,
        np.array([[0.0, 1.0], [0.0, 0.0]]),
        np.ones(n),
        np.ones(n),
        taken,
    )
    pre, post = np.divmod(drawn, n)
    assert len(drawn) == len(np.unique(drawn)) == 300
    assert not np.isin(drawn, taken).any()
    assert (class_of[pre] == 0).all()
    assert (class_of[post] == 1).all()


def test_no_edge_leads_back_to_its_own_neuron(engine: Any) -> None:
    n = 6
    one = np.ones(n)
    every = engine("draw_edges").draw_edges(
        np.random.default_rng(0), 30, np.zeros(n, int), np.ones((1, 1)), one, one, edges_of(n, [])
    )
    assert (
        every.tolist()
        == edges_of(n, [(a, b) for a in range(n) for b in range(n) if a != b])[:30].tolist()
    )


def test_propensity_decides_who_gives_and_who_takes(engine: Any) -> None:
    n = 200
    out = np.where(np.arange(n) < 20, 9.0, 1.0)
    drawn = engine("draw_edges").draw_edges(
        np.random.default_rng(0), 2000, np.zeros(n, int), np.ones((1, 1)), out, np.ones(n),
        edges_of(n, []),
    )  # fmt: skip
    from_strong = float((drawn // n < 20).mean())
    assert from_strong == pytest.approx(0.5, abs=0.06)  # 20 * 9 of 20 * 9 + 180 * 1


def test_more_edges_than_there_is_room_for_are_refused(engine: Any) -> None:
    with pytest.raises(ValueError, match=r"no room for 13 edges: only 12 were found"):
        engine("draw_edges").draw_edges(
            np.random.default_rng(0), 13, np.zeros(4, int), np.ones((1, 1)), np.ones(4), np.ones(4),
            edges_of(4, []),
        )  # fmt: skip


def test_what_is_copied_back_had_no_reverse(engine: Any) -> None:
    n, pairs = 5, [(0, 1), (1, 0), (1, 2), (2, 3), (3, 4)]
    edges = edges_of(n, pairs)
    module = engine("draw_edges")
    assert module.has_reverse(edges, n).tolist() == [
        (int(edge) % n, int(edge) // n) in pairs for edge in edges
    ]
    copied = module.copy_back(np.random.default_rng(0), 3, edges, n)
    assert copied.tolist() == edges_of(n, [(2, 1), (3, 2), (4, 3)]).tolist()


def test_propensities_are_log_normal_and_follow_the_degrees(engine: Any) -> None:
    rng = np.random.default_rng(0)
    degree = rng.lognormal(3, 1, 20_000).astype(int) + 1
    out, inward = engine("draw_edges").propensities(
        rng, degree, degree[::-1], sigma=0.5, rho=0.7, loyalty=0.6
    )
    assert np.log(out).std() == pytest.approx(0.5, abs=0.02)
    assert np.corrcoef(np.log(out), np.log(degree))[0, 1] == pytest.approx(0.6, abs=0.02)
    # The degrees out and in are independent here, so only the drawn part is correlated.
    assert np.corrcoef(np.log(out), np.log(inward))[0, 1] == pytest.approx(0.64 * 0.7, abs=0.02)


@pytest.fixture(scope="module")
def small_brain(engine: Any) -> Any:
    """A brain of 400 neurons with 1,200 real edges, completed to 2,000 strong and 6,000 in all."""
    return make_brain(engine, seed=1)


def make_brain(engine: Any, seed: int) -> Any:
    module = engine("whole_brain")
    rng = np.random.default_rng(0)
    n = 400
    neurons = pd.DataFrame(
        {
            "super_class": np.where(np.arange(n) % 4 == 0, "optic", "central"),
            "side": np.where(np.arange(n) < n // 2, "left", "right"),
            "sign": np.ones(n, dtype=np.int8),
            "cell_type": "",
        }
    )
    real = np.unique(rng.integers(0, n, 40_000) * n + rng.integers(0, n, 40_000))
    pre, post = np.divmod(real, n)
    same_side = (pre < n // 2) == (post < n // 2)
    real = rng.permutation(real[same_side & (pre != post)])[:1200]
    count = rng.integers(5, 40, len(real))
    recipe = module.Recipe(strong=2000, strong_synapses=50_000, weak=4000)
    brain = module.complete(neurons, real, count, np.random.default_rng(seed), recipe)
    return real, count, brain, recipe


def test_a_completed_brain_has_the_edges_asked_for(small_brain: Any) -> None:
    real, count, brain, recipe = small_brain
    n = len(brain.neurons)
    edges = brain.pre.astype(int) * n + brain.post
    assert (np.diff(edges) > 0).all()  # sorted and distinct
    assert (brain.pre != brain.post).all()
    assert (brain.count >= 5).sum() == recipe.strong
    assert (brain.count < 5).sum() == recipe.weak
    place = np.searchsorted(edges, real)
    assert (edges[place] == real).all()
    assert (brain.count[place] == count).all()
    assert brain.count[brain.count >= 5].sum() == pytest.approx(recipe.strong_synapses, rel=0.05)


def test_optic_lobes_stay_apart_and_real_edges_do_not_cross(small_brain: Any) -> None:
    brain = small_brain[2]
    side, optic = brain.neurons["side"].to_numpy(), brain.neurons["super_class"] == "optic"
    crosses = side[brain.pre] != side[brain.post]
    from_or_to_optic = optic.to_numpy()[brain.pre] | optic.to_numpy()[brain.post]
    # A weak edge may be copied back along one that is there, never across from an optic lobe.
    assert not (crosses & from_or_to_optic).any()
    assert (crosses & (brain.count >= 5)).sum() == 800


def test_reciprocity_comes_out_near_what_the_recipe_says(engine: Any, small_brain: Any) -> None:
    brain, recipe = small_brain[2], small_brain[3]
    found = engine("graph_statistics").describe_brain(brain)
    # Chance adds some in so small and dense a graph.
    assert recipe.reciprocity < found["all"]["reciprocity"] < recipe.reciprocity + 0.08


def test_the_same_seed_makes_the_same_brain(engine: Any, small_brain: Any) -> None:
    again, other = make_brain(engine, seed=1)[2], make_brain(engine, seed=2)[2]
    brain = small_brain[2]
    assert np.array_equal(brain.post, again.post)
    assert np.array_equal(brain.count, again.count)
    assert not np.array_equal(brain.post, other.post)


def test_a_brain_comes_back_from_disk(engine: Any, small_brain: Any, tmp_path: Path) -> None:
    brain = small_brain[2]
    brain.save(tmp_path / "brain.npz")
    back = engine("whole_brain").Brain.load(tmp_path / "brain.npz")
    assert np.array_equal(brain.count, back.count)
    assert back.neurons["super_class"].tolist() == brain.neurons["super_class"].tolist()
    assert back.neurons["sign"].dtype == np.int8


def test_the_published_numbers_are_those_of_the_recipe(engine: Any) -> None:
    recipe = engine("whole_brain").RECIPE
    assert recipe.strong + recipe.weak == 15_091_983
    assert sum(recipe.weak_counts) == pytest.approx(1)
    assert sum(n * p for n, p in enumerate(recipe.weak_counts, 1)) == pytest.approx(1.64, abs=0.02)


def test_statistics_of_a_graph_are_networkx_own(engine: Any) -> None:
    graph = nx.gnp_random_graph(60, 0.06, seed=3, directed=True)
    pairs = np.array(sorted(graph.edges))
    module = engine("graph_statistics")
    found = module.describe_graph(60, pairs[:, 0], pairs[:, 1], np.full(len(pairs), 2))
    assert found["reciprocity"] == pytest.approx(nx.overall_reciprocity(graph))
    assert found["largest_strong_component"] == max(
        map(len, nx.strongly_connected_components(graph))
    )
    assert found["largest_weak_component"] == max(map(len, nx.weakly_connected_components(graph)))
    assert found["pairs"] == len(pairs)
    assert found["synapses"] == 2 * len(pairs)
    assert module.transitivity(60, pairs[:, 0], pairs[:, 1]) == pytest.approx(
        nx.transitivity(graph.to_undirected())
    )


def test_a_smaller_brain_keeps_classes_degrees_and_what_is_to_be_kept(
    engine: Any, small_brain: Any
) -> None:
    brain = small_brain[2]
    smaller = engine("shrink").shrink(brain, 100, np.array([7, 3]), seed=0)
    assert len(smaller.neurons) == 100
    assert smaller.neurons.iloc[0].equals(brain.neurons.iloc[7])
    assert smaller.neurons.iloc[1].equals(brain.neurons.iloc[3])
    kinds = smaller.neurons["super_class"].value_counts()
    assert kinds["optic"] == pytest.approx(25, abs=1)  # a quarter, rounded down by side
    assert (smaller.pre != smaller.post).all()
    # What neuron 7 sent out it still does, but for what now is itself or came to lie together.
    sent = brain.count[brain.pre == 7].sum()
    assert 0.9 * sent <= smaller.count[smaller.pre == 0].sum() <= sent
    before, after = len(brain.pre) / 400, len(smaller.pre) / 100
    assert 0.8 * before < after <= 1.2 * before


def test_a_brain_that_is_not_to_be_smaller_stays_as_it_is(engine: Any, small_brain: Any) -> None:
    brain = small_brain[2]
    assert engine("shrink").shrink(brain, 400, np.array([0]), seed=0) is brain


# Problems and cases


def test_the_worm_aims_at_neurons_that_its_inputs_reach(engine: Any, tmp_path: Path) -> None:
    store = engine("problems").Store(data=tmp_path, cache=tmp_path / "cache", seed=0)
    problem = engine("problem").Problem.load(store.path("worm"))
    walks = nx.from_scipy_sparse_array(abs(problem.matrix()).T, create_using=nx.DiGraph)
    for target in problem.targets[:5]:
        near = min(
            nx.shortest_path_length(walks, int(start), int(target))
            for start in problem.sensory
            if nx.has_path(walks, int(start), int(target))
        )
        assert 1 <= near <= problem.steps
    assert len(problem.groups) == problem.n_neurons == 302
    many = problem.member_targets(100)
    assert many[len(problem.targets)] == problem.targets[0]


def test_a_problem_without_its_data_says_so(engine: Any, tmp_path: Path) -> None:
    problems = engine("problems")
    store = problems.Store(data=tmp_path, cache=tmp_path, seed=0)
    with pytest.raises(problems.AbsentError, match=r"the data set 'larva' is not in the folder"):
        store.path("larva")


def test_cases_of_the_suites(engine: Any) -> None:
    cases = engine("cases")
    listed = cases.cases_of(["maximise", "train", "stream"], ["worm", "flywire"], [1, 4, 64])
    assert [str(case) for case in listed if case.kind == "grouped"] == ["grouped, flywire, batch 1"]
    assert {case.batch for case in listed if case.kind == "train"} == {4, 64}
    assert [(c.problem, c.batch) for c in listed if c.alone] == [("flywire", 1), ("flywire", 4)]
    assert len([case for case in listed if case.kind == "maximise"]) == 6


# The clock


def test_the_clock_times_a_loop_it_is_wrapped_around(engine: Any) -> None:
    clock_type = engine("clock").Clock
    clock_type.forget()
    clock_type.patience = float("inf")
    with clock_type(range(4), desc="as tqdm") as clock:
        assert list(clock) == [0, 1, 2, 3]
        clock.set_postfix_str("nothing is shown")
    assert len(clock_type.longest()) == 4
    assert all(seconds >= 0 for seconds in clock.seconds)


def test_updates_by_hand_share_their_time(engine: Any) -> None:
    clock_type = engine("clock").Clock
    clock_type.forget()
    clock = clock_type(total=3)
    clock.update(2)
    clock.update()
    assert len(clock.seconds) == 3
    assert clock.seconds[0] == clock.seconds[1]


def test_a_loop_ends_when_the_patience_does_but_not_before_it_began(engine: Any) -> None:
    clock_type = engine("clock").Clock
    clock_type.patience = 0.0
    try:
        assert list(clock_type(range(5))) == [0]
    finally:
        clock_type.patience = float("inf")


# Records


def record(round_: int = 0, package: str = "wiregrad", **values: Any) -> dict[str, Any]:
    own = {"kind": "maximise", "problem": "worm", "batch": 1, "package": package, "round": round_}
    return {**own, **values}


def test_an_interrupted_run_goes_on_from_the_lines_it_left(engine: Any, tmp_path: Path) -> None:
    records, path = engine("records"), tmp_path / "results.json"
    first = records.Records.resume(path, {"cores": 2}, fresh=False)
    first.add(record(0, seconds=[1 / 3]))
    with first.lines.open("a") as file:
        file.write('{"kind": "maxim')  # stopped while writing
    second = records.Records.resume(path, {"cores": 2}, fresh=False)
    assert second.has(record(0))
    assert not second.has(record(1))
    second.add(record(1, seconds=[2.0]))
    second.finish()
    assert not second.lines.exists()
    whole = json.loads(path.read_text())
    assert whole["about"] == {"cores": 2}
    assert [kept["seconds"] for kept in whole["records"]] == [[0.333333], [2.0]]
    assert len(records.Records.read(path).records) == 2
    assert records.Records.resume(path, {"cores": 2}, fresh=True).records == []


def test_results_of_another_machine_are_not_mixed_in(engine: Any, tmp_path: Path) -> None:
    records, path = engine("records"), tmp_path / "results.json"
    records.Records.resume(path, {"cores": 2}, fresh=False).add(record())
    with pytest.raises(
        records.MismatchError,
        match=r"measured with cores 2, and now it is 4: pass --fresh to begin anew",
    ):
        records.Records.resume(path, {"cores": 4}, fresh=False)


# The order of runs


def test_packages_take_turns_and_one_that_failed_is_left_out(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, cases, packages = engine("run"), engine("cases"), engine("packages")

    def measured(case: Any, package: Any, store: Any, settings: Any) -> dict[str, Any]:
        return {"skipped": "too slow"} if package.name == "2.9.5" else {"seconds": [1.0]}

    monkeypatch.setattr(module, "_measure", measured)
    settings = module.Settings(
        rounds=3, iterations=1, reference_iterations=1, reference_patience=1, limit=1, seed=0
    )
    records = engine("records").Records(tmp_path / "results.json", {})
    names = [packages.Package(name) for name in packages.NAMES]

    def run() -> list[str]:
        case = cases.Case("maximise", "worm", 1)
        return [new["package"] for new in module.run([case], names, None, settings, records)]

    assert run() == [
        *("wiregrad", "2.9.1", "2.9.5"),
        *("2.9.1", "wiregrad"),
        *("wiregrad", "2.9.1"),
    ]
    assert set(run()) <= {"2.9.5"}  # all else is known


def test_what_only_wiregrad_does_is_not_asked_of_others(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, packages = engine("run"), engine("packages")
    monkeypatch.setattr(module, "_measure", lambda *_: {"seconds_by": {}})
    settings = module.Settings(
        rounds=1, iterations=1, reference_iterations=1, reference_patience=1, limit=1, seed=0
    )
    records = engine("records").Records(tmp_path / "results.json", {})
    names = [packages.Package(name) for name in packages.NAMES]
    case = engine("cases").Case("stream", "worm", 1)
    found = list(module.run([case], names, None, settings, records))
    assert [new["package"] for new in found] == ["wiregrad"]


# Arithmetic


def test_a_timing_is_the_median_of_processes_medians(engine: Any) -> None:
    runs = [
        record(0, seconds=[9.0, 1, 1, 1, 1, 1, 1], peak_mb=30.0, held_mb=10.0),
        record(1, seconds=[9.0, 9, 9, 3, 3, 3, 3, 3], peak_mb=40.0, held_mb=10.0),
        record(2, seconds=[2.0, 2, 2], peak_mb=70.0, held_mb=10.0),
    ]
    timed = engine("summary").timing(runs)
    assert (timed.seconds, timed.low, timed.high) == (2, 1, 3)
    assert timed.first == 2  # of 1, 9 and 2
    assert timed.iterations == 18
    assert timed.extra_mb == 30
    assert engine("summary").timing([record(skipped="no")]) is None


def test_a_ratio_needs_both(engine: Any) -> None:
    ratio = engine("summary").ratio
    assert ratio(0.5, 2.0) == 4
    assert ratio(None, 2.0) is None
    assert ratio(0.5, None) is None


def test_the_slope_of_a_power_law_is_its_power(engine: Any) -> None:
    fit = engine("summary").fit_slope
    slope, height = fit([(x, 3 * x**0.8) for x in (1.0, 10.0, 300.0)])
    assert slope == pytest.approx(0.8)
    assert height == pytest.approx(3)
    with pytest.raises(ValueError, match=r"a slope needs two places at least, and there are 1"):
        fit([(2.0, 1.0), (2.0, 3.0)])


def test_growth_pairs_edges_with_the_time_of_the_same_iteration(engine: Any) -> None:
    runs = [
        record(round_, seconds=[1.0 + round_] * 5 + [0.5], active_edges=[[0, 40], [5, 20], [10, 9]])
        for round_ in range(3)
    ]
    assert engine("summary").growth_points(runs) == [(40, 2.0), (20, 0.5)]


def test_the_page_states_ratios_and_no_path(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = engine("page")
    monkeypatch.setattr(page, "draw_figures", lambda records, folder: [])
    both = {"peak_mb": 20.0, "held_mb": 10.0, "neurons": 302, "edges": 1705, "steps": 4}
    losses = {"first_losses": [1.0, 5.0, 2.0]}
    about = dict.fromkeys(("machine", "processor", "torch", "numba", "python", "wiregrad"), "x")
    about |= {"source": "x", "iterations": 50, "reference_iterations": 3, "reference_patience": 60}
    records = engine("records").Records(
        tmp_path / "results.json",
        about,
        [
            record(seconds=[0.004, 0.002, 0.002, 0.002, 0.002], **both, **losses),
            record(package="2.9.1", seconds=[0.1], **both, **losses),
        ],
    )
    page.write_page(records, tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "| worm | 1 | 2 (2 to 2) | 2 | 100 (100 to 100) | 50x | 50x | - | - | - |" in text
    assert "differ at most by a fraction of 0.0e+00 from 2.9.1" in text
    assert str(tmp_path) not in text


# The whole command


@pytest.mark.slow
def test_the_command_measures_the_worm(
    tmp_path: Path, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    command = importlib.import_module("benchmarks.engine.__main__")
    options = "--suite maximise,forward --sizes worm --batches 1 --packages wiregrad --rounds 1"
    where = ["--cache", str(tmp_path), "--json", str(tmp_path / "r.json")]
    page = ["--page", str(tmp_path / "page.md")]
    assert command.main([*options.split(), "--iterations", "3", *where, *page]) == 0
    found = json.loads((tmp_path / "r.json").read_text())["records"]
    assert [(new["kind"], len(new["seconds"])) for new in found] == [
        ("maximise", 3),
        ("forward", 3),
        ("dense", 3),
    ]
    assert "## Dense forward pass" in (tmp_path / "page.md").read_text()

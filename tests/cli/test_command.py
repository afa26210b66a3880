"""The command as a whole: help, answers, and one line for whatever is wrong."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wiregrad as wg
from wiregrad.cli import _app, _maximise, _options, _report
from wiregrad.cli._connectomes import CONNECTOMES

Command = Callable[..., Any]

ASK = ("maximise", "celegans", "--inputs", "role=sensory", "--targets", "AVA", "--steps", "3")


# Help.


def test_help_lists_the_commands(command: Command) -> None:
    said = command("--help")
    assert said.status == 0
    assert all(name in said.out for name in ("demo", "info", "maximise"))


@pytest.mark.parametrize("name", ["info", "maximise"])
def test_the_examples_of_the_help_run(
    command: Command, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    text = command(name, "--help").out.replace("\\\n", " ")
    examples = re.findall(rf"^ +wiregrad ({name} .*)$", text, re.MULTILINE)
    assert len(examples) >= 2
    for example in examples:
        few_passes = ["--iterations", "2"] if name == "maximise" else []
        said = command(*shlex.split(example), *few_passes)
        assert said.status == 0, said.err


def test_nothing_asked_shows_the_help(command: Command) -> None:
    said = command()
    assert "Usage: wiregrad" in said.out + said.err


def test_version(command: Command) -> None:
    assert command("--version") == (0, f"wiregrad {wg.__version__}\n", "")


def test_the_module_is_the_command() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "wiregrad", "--version"], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"wiregrad {wg.__version__}\n"


# Answers.


def test_info_counts_and_says_how_to_select_and_what_to_cite(command: Command) -> None:
    said = command("info", "celegans")
    assert said.status == 0
    assert "302 of 118 cell types" in said.out
    assert "45.3% unknown" in said.out
    assert re.search(r"role +.*sensory \(83\)", said.out)
    assert re.search(r"id +302 values, such as ADAL", said.out)
    assert "none (22)" in said.out, "the neurons without a transmitter"
    assert "Cook et al. 2019" in said.out


def test_info_of_a_connectome_without_citations(command: Command, monkeypatch: Any) -> None:
    bare = wg.datasets.celegans()
    bare = wg.Connectome(bare.neurons, bare.counts, bare.edge_signs)
    monkeypatch.setitem(CONNECTOMES, "bare", lambda: bare)
    assert "cite" not in command("info", "bare").out


def test_the_demo_answers(command: Command, tmp_path: Path) -> None:
    """Published wiring, real numbers: see the README."""
    report = tmp_path / "demo.html"
    said = command("demo", "--out", str(report))
    assert said.status == 0
    attained = [
        float(a) for a in re.findall(r"AVA[LR] +0\.95 +([\d.]+) +0\.000 +reached", said.out)
    ]
    assert len(attained) == 2
    assert min(attained) >= 0.9
    active = int(re.search(r"(\d+) of 83 input neurons are active", said.out)[1])
    assert active <= 12
    assert "45.3% of all input (weight 0, still counted as input)" in said.out
    assert f"report: {report}" in said.out
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_demo_is_the_command_that_its_help_names(command: Command, tmp_path: Path) -> None:
    named = command("demo", "--help").out
    named = named[named.index("wiregrad maximise") :].split("--out")[0]
    arguments = named.replace("\\\n", " ").split()[1:]
    same = command(*arguments)
    demo = command("demo", "--out", str(tmp_path / "x.html"))
    seconds = re.compile(r"and [\d.]+ s")
    assert seconds.sub("", same.out) in seconds.sub("", demo.out)


def test_the_same_seed_gives_the_same_answer(command: Command) -> None:
    def table(seed: str) -> str:
        return command(*ASK, "--seed", seed).out.split("\n\n")[-1].split("\n", 1)[1]

    assert table("3") == table("3")


def test_unknown_signs_may_be_given_one(command: Command) -> None:
    said = command(*ASK, "--unknown-sign", "1", "--iterations", "5")
    assert "(taken as +)" in said.out


@pytest.mark.parametrize(
    ("sign", "words"),
    [("edges", "by connection"), ("1", "all neurons +"), ("transmitter", "acetylcholine +")],
)
def test_sign_rules(command: Command, sign: str, words: str) -> None:
    assert words in command(*ASK, "--sign", sign, "--iterations", "2").out


def test_selections_may_be_repeated(command: Command) -> None:
    said = command(*ASK, "--inputs", "AIY", "--targets", "AVB", "--iterations", "5")
    assert "85 neurons to drive, 4 to switch on" in said.out


def test_targets_may_be_asked_earlier_than_at_the_last_step(command: Command) -> None:
    said = command(*ASK, "--at-step", "2", "--iterations", "5")
    assert "to switch on at step 2 of 3" in said.out


def test_iterations_bound_the_search(command: Command) -> None:
    assert "found in 7 passes" in command(*ASK, "--iterations", "7").out


def test_a_budget_limits_the_stimulus(command: Command) -> None:
    said = command(*ASK, "--max-active", "2", "--input-steps", "0", "--binary")
    assert said.status == 0
    assert "2 of 83 input neurons are active (2 inputs" in said.out
    assert re.search(r"start +step 1 +step 2\n(.* 1\.00\n){1,2}$", said.out)
    said = command(*ASK, "--max-active", "neurons=2,entries=3", "--iterations", "30")
    assert re.search(r"[12] of 83 input neurons are active \([123] inputs", said.out)


def test_what_the_input_steps_leave_out_is_said_so(command: Command) -> None:
    base = ("maximise", "celegans", "--inputs", "ALML", "--targets", "AVDR", "--steps", "1")
    assert command(*base).status == 0
    later = command(*base[:-1], "2", "--at-step", "1", "--input-steps", "1")
    assert later.status == 2
    assert (
        "AVDR (none of the right length from the input steps; the shortest walk has 1" in later.err
    )


def test_progress_is_shown(command: Command) -> None:
    assert "searching" in command(*ASK, "--iterations", "3").err


def test_gap_junctions(command: Command) -> None:
    said = command("info", "celegans+gap")
    assert "C. elegans with gap junctions" in said.out


def test_many_targets_and_types_are_summed_up(command: Command) -> None:
    said = command(
        *("maximise", "celegans", "--inputs", "role=sensory", "--targets", "role=inter"),
        *("--steps", "3", "--iterations", "1"),
    )
    assert re.search(r"and 69 more targets, mean attained 0\.\d{3}", said.out)
    assert re.search(r"and \d+ more types with weaker input", said.out)
    assert len(said.out.splitlines()) < 60


# Files.


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder as people keep them: two ways from s to m, and a neuron in between."""
    (tmp_path / "neurons.csv").write_text("id,cell_type\ns,S\ni,I\nm,M\n")
    (tmp_path / "edges.csv").write_text(
        "pre,post,count\ns,m,6\ns,i,4\ni,m,1\ni,m,1\n", encoding="utf-8"
    )
    return tmp_path


def test_info_of_files_says_what_was_read_and_merged(command: Command, files: Path) -> None:
    said = command("info", str(files))
    assert said.status == 0
    assert "3 of 3 cell types" in said.out
    assert "signs         none: give a sign rule" in said.out
    assert re.search(r"edges\.csv, SHA-256 [0-9a-f]{12}", said.out)
    assert "1 rows added to others of the same pair" in said.out


def test_convert_saves_what_info_and_maximise_read(command: Command, files: Path) -> None:
    saved = files / "saved"
    said = command("convert", str(files / "edges.csv"), str(saved), "--min-synapses", "3")
    assert said.status == 0, said.err
    assert f"saved: {saved}" in said.out
    assert "1 connections dropped" in said.out
    loaded = wg.Connectome.load(saved)
    assert loaded.n_edges == 2
    assert loaded.provenance["options"] == {"min_synapses": 3}
    assert "2 (0 of a neuron with itself)" in command("info", str(saved)).out


def test_maximise_of_files_needs_a_sign_rule_and_says_how(command: Command, files: Path) -> None:
    ask = ("maximise", str(files), "--inputs", "S", "--targets", "M", "--steps", "1")
    without = command(*ask)
    assert without.status == 2
    assert "the signs of the synapses are not known: pass sign=" in without.err
    said = command(*ask, "--sign", "I=-1,*=1", "--value", "0.9")
    assert said.status == 0, said.err
    assert "reached" in said.out


def test_the_report_says_how_to_repeat_with_files(command: Command, files: Path) -> None:
    page = files / "page.html"
    said = command(
        *("maximise", str(files), "--inputs", "S", "--targets", "M", "--steps", "1"),
        *("--sign", "1", "--out", str(page)),
    )
    assert said.status == 0, said.err
    assert f"wiregrad maximise {files}" in page.read_text(encoding="utf-8")


def test_all_options_of_convert(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("from\tto\tn\tnt\nx\ty\t2\tGABA\nx\tx\t3\tACh\nq\ty\t1\tACh\n")
    (tmp_path / "b.csv").write_text("key,kind\nx,X\ny,Y\n")
    said = command(
        *("convert", str(tmp_path / "a.tsv"), str(tmp_path / "out"), "--neurons"),
        *(str(tmp_path / "b.csv"), "--pre", "from", "--post", "to", "--count", "n", "--id", "key"),
        *("--cell-type", "kind", "--edge-sign", "nt", "--unit", "contacts", "--name", "mine"),
        *("--no-self-connections", "--drop-unlisted"),
    )
    assert said.status == 0, said.err
    loaded = wg.Connectome.load(tmp_path / "out")
    assert (loaded.name, loaded.unit, loaded.n_edges) == ("mine", "contacts", 1)
    assert loaded.weights().matrix.toarray().tolist() == [[0, 0], [-1, 0]]
    assert loaded.neurons["cell_type"].tolist() == ["X", "Y"]
    assert "1 rows of neurons that are not in the neurons table left out" in said.out


# One line for whatever is wrong.


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("info", "celegan"), "no connectome 'celegan': it is no file.*did you mean 'celegans'"),
        (("info", "celegans", "--min-synapses", "2"), "the bundled celegans takes no min_synapses"),
        (("convert", "celegans", "nowhere/x"), "there is no folder nowhere to save x in"),
        ((*ASK, "--sign", "AVA=2"), r"--sign holds AVA=2: a sign is 1, -1 or 0"),
        (("info",), "Missing argument.*see wiregrad info --help"),
        ((*ASK[:-2],), r"Missing option '--steps'.*see wiregrad maximise --help"),
        ((*ASK, "--targets", "AVX"), "'AVX' is neither the id nor the cell type.*did you mean 'AV"),
        ((*ASK, "--inputs", "rle=sensory"), "no column 'rle'.*did you mean 'role'"),
        ((*ASK, "--inputs", "role=sensoy"), "no neuron has role=sensoy.*did you mean 'sensory'"),
        ((*ASK, "--inputs", "/^Q/ and side=M"), "no neuron's id or cell type matches /\\^Q/"),
        ((*ASK, "--at-step", "4"), r"target step 4 is out of range: .* 3 steps \(1 to 3\)"),
        ((*ASK, "--steps", "0"), "'--steps'"),
        ((*ASK, "--steps", "three"), "'--steps'"),
        ((*ASK, "--value", "1.5"), "'--value'"),
        ((*ASK, "--unknown-sign", "2"), "'--unknown-sign'"),
        ((*ASK, "--sign", "polarity"), "no column 'polarity' to take signs from"),
        ((*ASK, "--group-by", "klass"), "no column 'klass' to group by"),
        ((*ASK, "--iterations", "0"), "'--iterations'"),
        ((*ASK, "--max-active", "few"), "--max-active is 'few': give a number of neurons, such as"),
        ((*ASK, "--max-active", "entries=x"), "--max-active is 'entries=x'"),
        ((*ASK, "--max-active", "entry=2"), "max_active has 'entry'.*did you mean 'entries'"),
        ((*ASK, "--max-active", "0"), "max_active is a whole number, at least 1, not 0"),
        (
            (*ASK, "--input-steps", "first"),
            "--input-steps is 'first': give steps from 0, the start",
        ),
        ((*ASK, "--input-steps", "0,3"), "input_steps holds 3: the stimulus of this network has"),
        ((*ASK, "--out", "nowhere/x.html"), "there is no folder .*nowhere"),
        ((*ASK, "--frobnicate"), "No such option.*--frobnicate"),
        (("minimise", "celegans"), "No such command 'minimise'"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line_and_status_2(
    command: Command, arguments: tuple[str, ...], line: str
) -> None:
    said = command(*arguments)
    assert said.status == 2
    assert said.err.count("\n") == 1
    assert said.err.startswith("wiregrad: error: ")
    assert re.search(line, said.err)
    assert "Traceback" not in said.err


def test_decision_19_status_2_only_if_no_target_can_be_reached(command: Command) -> None:
    base = ("maximise", "celegans", "--inputs", "ALML", "--steps", "1", "--targets")
    none = command(*base, "DA1")
    assert none.status == 2
    assert none.err == (
        "wiregrad: error: no target can be reached from the inputs in 1 step: DA1 (needs 2 steps)\n"
    )
    some = command(*base, "DA1", "--targets", "AVDR")
    assert some.status == 0
    assert "1 targets cannot be reached from the inputs in 1 step: DA1 (needs 2 steps)" in some.err
    assert re.search(r"DA1 .* unreachable", some.out)


def test_a_target_without_any_walk_is_said_so(command: Command) -> None:
    said = command("maximise", "celegans", "--inputs", "AVA", "--targets", "CANL", "--steps", "2")
    assert said.status == 2
    assert "CANL (no walk leads to it)" in said.err


def test_tracebacks_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREGRAD_DEBUG", "1")
    with pytest.raises(ValueError, match="no connectome 'x'"):
        wg.cli.main(["info", "x"])


# The report, and what it needs.


def test_a_report_that_was_asked_for_needs_plotly(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_report, "find_spec", lambda name: None)
    said = command(*ASK, "--out", str(tmp_path / "x.html"))
    assert said.status == 2
    assert 'pip install "wiregrad[plot]"' in said.err
    assert said.err.count("\n") == 1
    assert not said.out, "it says so before the search"


def test_the_demo_answers_without_plotly_too(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_report, "find_spec", lambda name: None)
    monkeypatch.chdir(tmp_path)
    said = command("demo")
    assert said.status == 0
    assert 'pip install "wiregrad[plot]"' in said.out
    assert "reached" in said.out
    assert not list(tmp_path.iterdir())


def test_the_demo_writes_its_report_here(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("demo").status == 0
    assert [path.name for path in tmp_path.iterdir()] == [str(_app.DEMO_REPORT)]


# Control-C.


def test_control_c_in_a_search_gives_the_best_so_far(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}

    def interrupted(*arguments: Any, **options: Any) -> wg.MaximisationResult:
        result = wg.activation_maximisation(*arguments, **options)
        result.interrupted = True
        found["result"] = result
        return result

    monkeypatch.setattr(_maximise, "activation_maximisation", interrupted)
    said = command(*ASK, "--iterations", "20")
    assert said.status == 130
    assert "the best found so far" in said.err
    assert "AVAL" in said.out


def test_control_c_elsewhere_leaves_at_once(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> wg.Connectome:
        raise KeyboardInterrupt

    monkeypatch.setitem(CONNECTOMES, "slow", interrupt)
    said = command("info", "slow")
    assert said.status == 130
    assert not said.out
    assert "Traceback" not in said.err


@pytest.mark.skipif(os.name == "nt", reason="sends a signal as a terminal does")
def test_a_real_control_c(tmp_path: Path) -> None:
    report = tmp_path / "x.html"
    question = "maximise flyvis_column --inputs role=input --targets T4a --steps 12 --out"
    run = subprocess.Popen(
        [sys.executable, "-m", "wiregrad", *question.split(), str(report)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stderr is not None
    shown = ""
    while not re.search(r"searching: [1-9]", shown):  # the first passes are done
        piece = run.stderr.read(20)
        assert piece, shown
        shown += piece
    run.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "the best found so far" in err
    assert "T4a" in out
    assert report.exists()
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("compiled", [True, False])
def test_says_so_where_the_first_run_takes_long(
    command: Command, monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    monkeypatch.setattr(_options, "is_compiled", lambda: compiled)
    said = command(*ASK, "--iterations", "2")
    assert ("compiling for this machine, this once" in said.out) != compiled


# Manipulations.


def test_neurons_are_silenced_and_clamped(command: Command) -> None:
    plain = command(*ASK, "--seed", "1").out
    done = ("--silence", "AVD", "--silence", "role=motor:both", "--clamp", "AVB=0.2@1,2")
    said = command(*ASK, "--seed", "1", *done)
    assert said.status == 0, said.err
    assert (
        "AVD silenced (outgoing); role=motor silenced (both); AVB held at 0.2 at steps 0 and 1"
        in said.out
    )
    assert said.out != plain


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--silence", "AVX", "'AVX' is neither the id nor the cell type of a neuron"),
        ("--clamp", "AVB", "is not SELECT=VALUE or SELECT=VALUE@STEPS"),
        ("--clamp", "AVB=1@0", "with steps counted from 1"),
        ("--clamp", "AVB=1@9", "num_layers=3"),
        ("--clamp", "AVB=2", "activation from 0 to 1"),
    ],
)
def test_manipulations_that_cannot_be_are_told(
    command: Command, option: str, text: str, message: str
) -> None:
    said = command(*ASK, option, text)
    assert said.status == 2
    assert message in said.err

"""What docs/sweep.md and docs/experiments.md tell their readers to type, typed."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import wiregrad as wg

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, EXPERIMENTS = (
    (DOCS / name).read_text(encoding="utf-8") for name in ("sweep.md", "experiments.md")
)


def blocks(language: str, page: str = PAGE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_experiments_run_from_top_to_bottom(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks("python", EXPERIMENTS):
        exec(compile(block, "experiments.md", "exec"), names)
    assert names["together"].shape == (3, 302, 4)
    assert len(names["found"]) == 118
    answers = []
    for kind in (names["LeakyRectified"], wg.LeakyRectified):
        names["eye"].dynamics = kind(50.0, 5.0).float()
        answers.append(names["eye"](names["flash"]))
    assert (answers[0][names["eye"].find("R1")] > 0.05).any()
    assert torch.equal(*answers)


def test_the_lesions_are_as_the_page_has_them() -> None:
    rows = re.findall(r"^\| (\w+) \| \d+ \| ([\d.]+) \| ([\d.]+) \|", EXPERIMENTS, re.MULTILINE)
    worm, found = wg.datasets.celegans(), []
    for unknown_sign in (0, 1):
        network = wg.MultilayeredNetwork.from_connectome(
            worm, ["ASH", "FLP"], 3, unknown_sign=unknown_sign, device="cpu"
        )
        touch = np.full((4, 3), 0.05)
        table = wg.lesion_screen(network, touch, "AVA", progress=False).to_frame()
        table = table[table["effect"].abs() >= 0.0005].head(12)
        found += [(r.group, f"{r.peak:.2f}", f"{r.response:.3f}") for r in table.itertuples()]
    assert rows == found


def test_python_runs_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "sweep.md", "exec"), names)
    assert wg.SweepResult("every-type").n_done == 118
    assert wg.SweepResult("back-and-forward").members["problem"].tolist() == ["back", "forward"]


def test_the_folder_is_as_described(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("python")[0], "sweep.md", "exec"), {})
    described = {name.partition("/")[0] for name in re.findall(r"^\| `(\S+)` \|", PAGE, re.M)}
    assert {path.name for path in Path("every-type").iterdir()} == described


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(sys.platform == "win32", reason="SLURM runs on POSIX")
def test_slurm_is_asked_as_its_cluster_understands() -> None:
    """Without SLURM: the script that each job would be."""
    jobqueue = pytest.importorskip(
        "dask_jobqueue", reason="dask-jobqueue, of the extra 'cluster', is not installed"
    )
    script = next(block for block in blocks("py") if "SLURMCluster(" in block)
    calls = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)]
    (call,) = [node for node in calls if ast.unparse(node.func) == "SLURMCluster"]
    options = {key.arg: ast.literal_eval(key.value) for key in call.keywords}
    with jobqueue.SLURMCluster(**options, scheduler_options={"dashboard_address": None}) as cluster:
        job = cluster.job_script()
    assert "#SBATCH -p cpu" in job
    assert "#SBATCH --cpus-per-task=8" in job
    assert re.search(r"--nthreads 1\b", job)
    assert re.search(r"--nworkers 8\b", job)

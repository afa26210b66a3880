"""What docs/sweep.md tells its readers to type, typed."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import wiregrad as wg

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sweep.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


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

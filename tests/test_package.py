"""The package as a whole: what importing it costs, which room uses which, and what is shipped."""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import runpy
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import wiregrad as wg

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "wiregrad"

#: Data flows down this list, and imports go up it.
ROOMS = [
    *("connectome", "product", "network", "tables", "circuits", "gradients", "training"),
    *("experiments", "show", "explore", "cli"),
]
#: Modules beside the rooms, and the room that each belongs to.
BESIDE = {"datasets": "connectome", "__main__": "cli"}
#: What every room may use.
SHARED = {
    *("_elsewhere", "_environment", "_index_keys", "_json_values", "_messages", "_saved_folder"),
    *("_version", "_whole_files"),
}
#: What a room never imports.
NEVER = {"connectome": {"torch"}}

OPTIONAL = {
    *("plotly", "matplotlib", "seaborn", "dash", "dash_cytoscape", "flask", "werkzeug"),
    *("dask", "dask_jobqueue", "distributed", "wandb", "tensorboard"),
}
SLOW_TO_LOAD = {"plotly", "matplotlib", "seaborn", "dash", "flask", "dask", "wandb", "numba"}

BUNDLED = {"celegans_cook2019.npz", "flyvis_column_spec.npz"}


# What importing costs

PROBE = """
import json, sys, time
import torch
start = time.perf_counter()
import wiregrad
seconds = time.perf_counter() - start
print(json.dumps([seconds, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.fixture(scope="module")
def imported() -> tuple[float, set[str]]:
    return import_afresh()


def import_afresh() -> tuple[float, set[str]]:
    """Import wiregrad in a new process: seconds beyond `import torch`, and what is loaded then."""
    command = [sys.executable, "-I", "-c", PROBE]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds, modules = json.loads(output)
    return seconds, set(modules)


def test_importing_loads_no_plotting_library_and_no_compiler(
    imported: tuple[float, set[str]],
) -> None:
    _, modules = imported
    assert not modules & SLOW_TO_LOAD


def test_importing_takes_under_a_second_beyond_torch(imported: tuple[float, set[str]]) -> None:
    seconds = [imported[0]]
    while len(seconds) < 5 and min(seconds) >= 1:  # a busy machine gets more tries
        seconds.append(import_afresh()[0])
    assert min(seconds) < 1


def test_every_public_name_is_there_and_in_order() -> None:
    for name in wg.__all__:
        assert hasattr(wg, name)

    def order(name: str) -> tuple[int, str]:  # constants, then classes, then the rest
        return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)

    assert wg.__all__ == sorted(set(wg.__all__), key=order)


WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def threads_wait(monkeypatch: pytest.MonkeyPatch, **settings: str) -> list[str | None]:
    """Set what wiregrad sets where there are some settings already; return them after."""
    environment = {name: value for name, value in os.environ.items() if name not in WAITING}
    monkeypatch.setattr(os, "environ", environment | settings)
    runpy.run_path(str(PACKAGE / "_environment.py"))
    return [os.environ.get(name) for name in WAITING]


def test_waiting_threads_soon_sleep_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert threads_wait(monkeypatch) == ["PASSIVE", "10000"]
    assert threads_wait(monkeypatch, OMP_WAIT_POLICY="ACTIVE") == ["ACTIVE", None]
    assert threads_wait(monkeypatch, GOMP_SPINCOUNT="7") == ["PASSIVE", "7"]


def test_how_threads_wait_is_set_before_pytorch_is_loaded() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    own = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level]
    assert [alias.name for alias in own[0].names] == ["_environment"]


# Which room uses which


class Import(NamedTuple):
    """One imported module, by its full name."""

    where: str
    module: str
    deferred: bool


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imports_of(path: Path) -> Iterator[Import]:
    """List what a module imports; deferred if only inside a function, or only for type checkers."""
    package = ["wiregrad", *path.relative_to(PACKAGE).parts[:-1]]

    def visit(node: ast.AST, deferred: bool) -> Iterator[Import]:
        where = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(where, alias.name, deferred)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else []
            for alias in node.names:
                module = [*start, *(node.module or "").split("."), alias.name]
                yield Import(where, ".".join(filter(None, module)), deferred)
        in_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            yield from visit(child, deferred or in_function or is_type_checking(node))

    return visit(ast.parse(path.read_text(encoding="utf-8")), False)


def room_of(module: str) -> str | None:
    """Name the room of a module of wiregrad; None for what every room may use."""
    name = module.removeprefix("wiregrad").lstrip(".").partition(".")[0]
    if name in SHARED:
        return None
    room = BESIDE.get(name, name)
    assert room in ROOMS, (
        f"{module} is in no room: import from the room itself, not from the package; a new module "
        "beside the rooms is entered in BESIDE or SHARED"
    )
    return room


def modules() -> list[Path]:
    """List the package's modules, without its own __init__, which re-exports from all of them."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def name_of(path: Path) -> str:
    return ".".join(["wiregrad", *path.relative_to(PACKAGE).with_suffix("").parts])


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_room_uses_only_the_rooms_above_it(path: Path) -> None:
    room = room_of(name_of(path))
    above = set() if room is None else set(ROOMS[: ROOMS.index(room) + 1])
    for where, module, _ in imports_of(path):
        if module.partition(".")[0] == "wiregrad":
            used = room_of(module)
            assert used is None or used in above, f"{where}: {room} uses {used}"
        assert module.partition(".")[0] not in NEVER.get(room or "", ()), f"{where}: {module}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_room_takes_from_another_what_that_one_gives(path: Path) -> None:
    room = room_of(name_of(path))
    for where, module, _ in imports_of(path):
        used, _, inside = module.removeprefix("wiregrad.").partition(".")
        if module.startswith("wiregrad.") and used in ROOMS and used != room:
            assert not inside.startswith("_"), f"{where}: {module}"


def test_every_room_is_in_the_list_and_in_the_table_for_who_works_here() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == set(ROOMS)
    table = re.findall(r"^\| `(\w+)/?` \|", text_of("CONTRIBUTING.md"), re.MULTILINE)
    assert [name for name in table if name in ROOMS] == ROOMS


def test_no_room_bears_the_name_of_something_public() -> None:
    assert not set(ROOMS) & set(wg.__all__)


@pytest.mark.parametrize("path", [PACKAGE / "__init__.py", *modules()], ids=name_of)
def test_optional_packages_are_imported_inside_functions(path: Path) -> None:
    for where, module, deferred in imports_of(path):
        assert deferred or module.partition(".")[0] not in OPTIONAL, f"{where}: {module}"


@pytest.mark.parametrize(
    ("source", "module", "deferred"),
    [
        ("import plotly.io as pio", "plotly.io", False),
        ("def f():\n    import dash", "dash", True),
        ("try:\n    import dash\nexcept ImportError:\n    pass", "dash", False),
        ("if TYPE_CHECKING:\n    import dash", "dash", True),
        ("from ..show import report", "wiregrad.show.report", False),
        ("from .. import show", "wiregrad.show", False),
        ("from ._walks import reach", "wiregrad.network._walks.reach", False),
        ("from wiregrad.cli import main", "wiregrad.cli.main", False),
    ],
)
def test_imports_are_seen_however_they_are_written(
    source: str, module: str, deferred: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    path = tmp_path / "network" / "_module.py"
    path.parent.mkdir()
    path.write_text(source)
    assert [found[1:] for found in imports_of(path)] == [(module, deferred)]


# What is shipped


def build(builder: str, folder: Path) -> Path:
    """Build a wheel or an sdist of this checkout with hatchling."""
    module = pytest.importorskip(
        f"hatchling.builders.{builder}", reason="hatchling, which builds the package, is absent"
    )
    make: Any = getattr(module, {"wheel": "WheelBuilder", "sdist": "SdistBuilder"}[builder])
    return Path(next(iter(make(str(ROOT)).build(directory=str(folder), versions=["standard"]))))


def test_the_wheel_holds_the_package_its_two_data_files_and_the_licences(tmp_path: Path) -> None:
    with zipfile.ZipFile(build("wheel", tmp_path)) as wheel:
        names = set(wheel.namelist())
    metadata = f"wiregrad-{wg.__version__}.dist-info"
    licences = {f"LICENSES/{path.name}" for path in (ROOT / "LICENSES").iterdir()}
    assert names == {
        *(f"wiregrad/{path.relative_to(PACKAGE).as_posix()}" for path in PACKAGE.rglob("*.py")),
        *(f"wiregrad/connectome/data/{name}" for name in BUNDLED),
        "wiregrad/py.typed",
        *(f"{metadata}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")),
        *(f"{metadata}/licenses/{name}" for name in {"LICENSE", *licences}),
    }


def test_the_sdist_holds_text_pictures_and_no_data_but_the_two_files(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as sdist:
        files = [Path(member.name) for member in sdist.getmembers() if member.isfile()]
    text = {".svg", ".png", ".cff", ".md", ".py", ".toml", ".txt"}
    bare = {".gitignore", "LICENSE", "Makefile", "PKG-INFO", "py.typed"}
    others = {path.name for path in files if path.suffix not in text and path.name not in bare}
    assert others == BUNDLED


def test_the_two_data_files_stay_small() -> None:
    data = list((PACKAGE / "connectome" / "data").iterdir())
    assert {path.name for path in data} == BUNDLED
    assert sum(path.stat().st_size for path in data) < 40_000


# What is written in more than one place


def text_of(name: str) -> str:
    """Read a file of the repository's root, or skip where it is absent."""
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("CITATION.cff", r"^version: (.+)$"), ("CHANGELOG.md", r"^## v?([0-9][^\s,]*)")],
)
def test_the_version_is_the_same_wherever_it_is_written(name: str, pattern: str) -> None:
    found = re.search(pattern, text_of(name), re.MULTILINE)
    assert found is not None
    assert found[1] == wg.__version__


def test_constraints_pin_whatever_the_project_asks_for() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    groups = [*project["project"]["optional-dependencies"].values()]
    groups += [*project["dependency-groups"].values(), project["build-system"]["requires"]]
    asked = {*project["project"]["dependencies"], *itertools.chain(*groups)}
    pinned = re.findall(r"^([\w.-]+)==\S+$", text_of("constraints.txt"), re.MULTILINE)
    assert {re.split(r"[<>=!~\[; ]", name)[0] for name in asked} <= set(pinned)
    assert re.search(r"^torch==2\.13\.0$", text_of("constraints.txt"), re.MULTILINE)

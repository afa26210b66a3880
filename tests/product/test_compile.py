"""Compiled functions are cached on disk, and made anew when a file that they share changes."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import pytest

from wiregrad.product import _compile
from wiregrad.product.compiled import is_on_disk, kernel, parallel_kernel

HERE = Path(__file__).parent


def double(x: int) -> int:
    return 2 * x


@pytest.mark.parametrize("decorate", [kernel, parallel_kernel])
def test_a_compiled_function_is_tied_to_the_shared_files(decorate: object) -> None:
    compiled = decorate(double)  # type: ignore[operator]
    own, shared = compiled._cache._cache_file._source_stamp
    assert shared == _compile._stamp(HERE)
    assert own == compiled._cache._impl.locator.get_source_stamp()


def test_it_is_compiled_anew_when_a_shared_file_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    def hits() -> int:
        compiled = kernel(double)
        assert compiled(2) == 4
        return sum(compiled.stats.cache_hits.values())  # type: ignore[attr-defined]

    hits()
    assert hits() == 1, "the second time it comes from the disk"
    monkeypatch.setattr(_compile, "_stamp", lambda folder: "another")
    assert not is_on_disk(kernel(double))
    assert hits() == 0
    assert is_on_disk(kernel(double))
    assert hits() == 1


def test_it_is_compiled_anew_when_kernels_beside_it_change(tmp_path: Path) -> None:
    """They may have been compiled into it."""
    stamps = [_compile._stamp(HERE), _compile._stamp(tmp_path)]
    _compile._stamp.cache_clear()
    (tmp_path / "_new_kernels.py").write_text("1")
    stamps.append(_compile._stamp(tmp_path))
    assert len(set(stamps)) == 2, "there are no kernels among the tests"
    network = Path(_compile.__file__).parents[1] / "network"
    before = _compile._stamp(network)
    shutil.copytree(network, tmp_path / "network")
    assert _compile._stamp(tmp_path / "network") == before != stamps[0]


@pytest.mark.parametrize(
    "module",
    [
        "product._rows",
        "product._tile_sums",
        "network._activate_kernels",
        "network._backward_kernels",
    ],
)
def test_every_kernel_of_a_module_has_a_name_of_its_own(module: str) -> None:
    """Else the linker may take one for the other, where several processes filled the cache."""
    found = importlib.import_module(f"wiregrad.{module}")
    kernels = {id(x): x for x in vars(found).values() if hasattr(x, "py_func")}.values()
    names = [x.py_func.__qualname__ for x in kernels if x.py_func.__module__ == found.__name__]
    assert len(names) > 2
    assert len(names) == len(set(names))


def test_what_one_factory_makes_is_named_after_what_it_was_made_with() -> None:
    def make(n: int) -> object:
        def add_to(x: int) -> int:
            return x + n

        return kernel(add_to)

    made = [make(n).py_func.__qualname__ for n in (2, 8)]  # type: ignore[attr-defined]
    assert [name.rpartition(".")[2] for name in made] == ["add_to_2", "add_to_8"]


def test_what_is_not_compiled_at_all_is_not_waited_for() -> None:
    """As with NUMBA_DISABLE_JIT."""
    assert is_on_disk(double)

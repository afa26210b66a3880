"""Compiled functions are cached on disk, and made anew when a file that they share changes."""

from __future__ import annotations

import pytest

from wiregrad.product import _compile
from wiregrad.product.compiled import is_on_disk, kernel, parallel_kernel


def double(x: int) -> int:
    return 2 * x


@pytest.mark.parametrize("decorate", [kernel, parallel_kernel])
def test_a_compiled_function_is_tied_to_the_shared_files(decorate: object) -> None:
    compiled = decorate(double)  # type: ignore[operator]
    own, shared = compiled._cache._cache_file._source_stamp
    assert shared == _compile._STAMP
    assert own == compiled._cache._impl.locator.get_source_stamp()


def test_it_is_compiled_anew_when_a_shared_file_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    def hits() -> int:
        compiled = kernel(double)
        assert compiled(2) == 4
        return sum(compiled.stats.cache_hits.values())  # type: ignore[attr-defined]

    hits()
    assert hits() == 1, "the second time it comes from the disk"
    monkeypatch.setattr(_compile, "_STAMP", "another")
    assert not is_on_disk(kernel(double))
    assert hits() == 0
    assert is_on_disk(kernel(double))
    assert hits() == 1


def test_what_is_not_compiled_at_all_is_not_waited_for() -> None:
    """As with NUMBA_DISABLE_JIT."""
    assert is_on_disk(double)

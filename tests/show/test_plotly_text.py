"""Text that stays text in plotly, and what is said where plotly is not installed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wiregrad.show._plotly import graph_objects, message_figure, plain, short


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("AVAL", "AVAL"),
        ("<b>", "&lt;b&gt;"),
        ("&lt;", "&amp;lt;"),
        ("$x$", "&#36;x&#36;"),
        ("two\r\nlines\tand\x00more\u2028", "two lines and more "),
        (7, "7"),
    ],
)
def test_what_plotly_would_read_is_escaped(text: object, escaped: str) -> None:
    assert plain(text) == escaped


@pytest.mark.parametrize(("text", "cut"), [("abc", "abc"), ("abcd", "ab…")])
def test_long_texts_are_cut(text: str, cut: str) -> None:
    assert short(text, 3) == cut


def test_a_message_is_escaped() -> None:
    assert message_figure("<b>").layout.annotations[0].text == "&lt;b&gt;"


def test_without_plotly_the_error_says_how_to_install_it(
    without_plotly: Callable[[], None],
) -> None:
    without_plotly()
    with pytest.raises(ModuleNotFoundError) as error:
        graph_objects()
    assert 'pip install "wiregrad[plot]"' in str(error.value)
    assert error.value.name == "plotly.graph_objects"


def test_another_missing_package_is_not_blamed_on_plotly(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError("No module named 'narwhals'", name="narwhals")

    monkeypatch.setattr("importlib.import_module", fail)
    with pytest.raises(ModuleNotFoundError, match="narwhals"):
        graph_objects()

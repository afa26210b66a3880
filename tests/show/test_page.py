"""The pieces of a page: what is text is escaped, and figures stand in it as data."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from urllib.parse import unquote

import pandas as pd
import pytest
from show_cases import HOSTILE, Parsed

from wiregrad.show._html import Page, code, csv_links, definitions, details, paragraph, table, tiles
from wiregrad.show._plotly import message_figure, new_figure


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_stay_text(name: str) -> None:
    pieces = [
        paragraph(name),
        definitions([(name, name)]),
        tiles({name: name}),
        code(name),
        details(name, ""),
        table({name: [name]}, name),
    ]
    for html in pieces:
        parsed = Parsed(html)
        assert name in parsed.text
        tags = {tag for tag, _ in parsed.elements}
        assert not tags & {"script", "b", "a", "img", "style"} or html is pieces[2]
    assert Parsed(pieces[2]).count("script") == 0


def test_a_table_puts_numbers_to_the_right_and_marks_what_sums_up() -> None:
    html = table({"Type": ["a", "2 others"], "n": ["1", "5"]}, numbers={"n"}, rest=[False, True])
    parsed = Parsed(html)
    assert parsed.cells == ["a", "1", "2 others", "5"]
    assert ("tr", {"class": "rest"}) in parsed.elements
    assert [a for tag, a in parsed.elements if tag == "td"] == [{}, {"class": "number"}] * 2
    assert ("th", {"class": "number", "scope": "col"}) in parsed.elements


def test_a_figure_is_data_that_cannot_end_its_script() -> None:
    page = Page("title", "", "")
    figure = new_figure(120, title={"text": "</script><script>alert(1)</script><!--"})
    html = page.figure(figure, 'a "label"', "a <caption>", min_width=300)
    parsed = Parsed(html)
    assert parsed.count("script") == 1
    (data,) = parsed.scripts
    assert json.loads(data)["layout"]["title"]["text"].startswith("</script><script>")
    assert "<" not in data
    place = next(attributes for _, attributes in parsed.elements if "data-figure" in attributes)
    assert place["aria-label"] == 'a "label"'
    assert place["style"] == "min-width:300px;height:120px"
    assert ("script", {"type": "application/json", "id": place["data-figure"]}) in parsed.elements


def test_escaping_does_not_rest_on_plotly() -> None:
    """Whatever JSON comes, it cannot end its script, and stays the same JSON."""
    raw = json.dumps({"name": "</script><!--&"})
    figure = SimpleNamespace(to_json=lambda: raw, layout=SimpleNamespace(height=100))
    (data,) = Parsed(Page("title", "", "").figure(figure, "", "")).scripts
    assert not set(data) & set("<>&")
    assert json.loads(data) == json.loads(raw)


def test_a_page_holds_plotly_once_and_links_to_its_sections() -> None:
    page = Page("A < B", paragraph("lead"), "end")
    page.add("One", page.figure(message_figure("x"), "x", "x"))
    page.add("Two & more", page.figure(message_figure("y"), "y", "y"))
    html = page.html()
    assert html.count("plotly.js v") == 1
    parsed = Parsed(html)
    assert [a["href"] for tag, a in parsed.elements if tag == "a"] == ["#section-1", "#section-2"]
    assert {a["id"] for tag, a in parsed.elements if tag == "section"} == {"section-1", "section-2"}
    assert parsed.count("title") == parsed.count("h1") == 1
    assert "Two & more" in parsed.text


def test_a_page_forbids_loading_anything() -> None:
    parsed = Parsed(Page("x", "", "").html())
    policy = next(
        attributes["content"]
        for tag, attributes in parsed.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_tables_to_take_away_are_whole_and_harmless() -> None:
    frame = pd.DataFrame({"name": [*HOSTILE, "=1+1", "ä → ö, ü"], "value": 0.1})
    html = csv_links({"<names>": frame, "nothing": frame[:0], "one": frame[:1]})
    page = Parsed(html)
    assert [tag for tag, _ in page.elements] == ["p", "a", "a"]
    assert page.text == "To take away, as CSV: <names> (10 rows), one (1 row)."
    address = str(page.elements[1][1]["href"])
    assert not set(address) & set("<>\"' \n")
    kind, _, text = address.partition(",")
    assert kind == "data:text/csv;charset=utf-8"
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(unquote(text))), frame)
    assert csv_links({"nothing": frame[:0]}) == ""

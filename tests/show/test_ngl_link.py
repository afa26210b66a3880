"""Links to neuroglancer, and the view of them in a notebook."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from wiregrad.show import get_ngl_link, neuroglancer_state

TABLE = pd.DataFrame({"neuron_id": [1, 2], "layer": [1, "a #b/ü"], "activation": [1.0, 0.5]})


def test_a_link_holds_the_whole_state() -> None:
    link = get_ngl_link(TABLE)
    assert link is not None
    address, _, fragment = link.partition("#!")
    assert address == "https://neuroglancer-demo.appspot.com/"
    assert not set(fragment) & set('"<> #{}')
    assert json.loads(unquote(fragment)) == neuroglancer_state(TABLE)


@pytest.mark.parametrize(
    ("options", "start"),
    [
        ({"source": None}, "https://neuroglancer-demo.appspot.com/#!"),
        ({"source": "banc"}, "https://spelunker.cave-explorer.org/#!"),
        ({"viewer": "http://localhost:8000/"}, "http://localhost:8000/#!"),
    ],
)
def test_viewers(options: dict[str, Any], start: str) -> None:
    link = get_ngl_link(TABLE, **options)
    assert link is not None
    assert link.startswith(start)


def test_a_call_as_of_the_reference_by_name_and_by_place() -> None:
    """All arguments of connectome_interpreter 2.9.1, in its order."""
    wide = pd.DataFrame({11: [0.2, 1.0], 12: [0.5, 0.0]}, index=[5, 6])
    named = {
        "no_connection_invisible": False,
        "group_by": {5: "a", 6: "b"},
        "colour_saturation": 0.2,
        "scene": None,
        "source": None,
        "normalise": "layer",
        "include_postsynaptic_neuron": True,
        "diff_colours_per_layer": True,
        "colors": ["#ff0000"],
        "colormap": "plasma",
        "df_format": "wide",
        "open_here": False,
        "width": 800,
        "height": 600,
    }
    link = get_ngl_link(wide, **named)  # type: ignore[arg-type]
    assert link is not None
    assert link == get_ngl_link(wide, *named.values())  # type: ignore[arg-type]
    layers = json.loads(unquote(link.partition("#!")[2]))["layers"]
    assert [layer["name"] for layer in layers] == ["11 a", "11 b", "12 a", "12 b"]
    assert layers[0]["segmentColors"] == {"5": "#ff0000", "11": "#43a7ff"}


def test_a_view_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    fake = ModuleType("IPython.display")
    fake.IFrame = lambda *where, **size: (where, size)  # type: ignore[attr-defined]
    fake.display = shown.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    assert get_ngl_link(TABLE, open_here=True, width=900, height=500) is None
    assert shown == [((get_ngl_link(TABLE),), {"width": 900, "height": 500})]
    for size in (0, -1, 0.5, float("inf"), float("nan"), True, "wide"):
        with pytest.raises(ValueError, match=r"height is .*: it is a number of pixels"):
            get_ngl_link(TABLE, open_here=True, height=size)  # type: ignore[arg-type]


def test_a_view_needs_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IPython", "IPython.display"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    with pytest.raises(ModuleNotFoundError, match=r"needs IPython.*leave open_here out") as caught:
        get_ngl_link(TABLE, open_here=True)
    assert str(caught.value.name).startswith("IPython")


def test_no_viewer() -> None:
    with pytest.raises(ValueError, match="viewer is 'here'"):
        get_ngl_link(TABLE, viewer="here")


def test_ten_thousand_neurons_fit_a_link_and_more_are_refused() -> None:
    def of(n: int) -> pd.DataFrame:
        ids = 720575940612345678 + np.arange(n)
        return pd.DataFrame({"neuron_id": ids, "layer": 1, "activation": 0.5})

    link = get_ngl_link(of(10_000))
    assert link is not None
    assert len(link) < 2_000_000
    with pytest.raises(ValueError, match=r"50,000 segments.*write_neuroglancer_state"):
        get_ngl_link(of(50_000))

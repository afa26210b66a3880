"""Names that the package has not: where they are is said, and nothing that probes is misled."""

from __future__ import annotations

import copy
import importlib
import pickle
import re

import numpy as np
import pytest

import wiregrad as wg
from wiregrad._elsewhere import ELSEWHERE


def test_a_name_of_the_reference_is_shown_the_way() -> None:
    message = (
        r"^wiregrad has no 'plot_layered_paths': it is in connectome_interpreter "
        r"\(connectome_interpreter\.plot_layered_paths\); wiregrad\.report and"
    )
    with pytest.raises(AttributeError, match=message) as error:
        wg.plot_layered_paths  # noqa: B018
    assert error.value.name == "plot_layered_paths"
    with pytest.raises(AttributeError, match=r"\(connectome_interpreter\.find_xor\)$"):
        wg.find_xor  # noqa: B018


@pytest.mark.parametrize("name", ["plot_layered_paths", "XORCircuit"])
def test_importing_a_name_of_the_reference_says_so_too(name: str) -> None:
    message = rf"wiregrad has no '{name}': it is in connectome_interpreter"
    with pytest.raises(ImportError, match=message):
        exec(f"from wiregrad import report, {name}")


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    message = r"^module 'wiregrad' has no attribute 'reprot'; did you mean 'report'\?$"
    with pytest.raises(AttributeError, match=message):
        wg.reprot  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'reprot' from 'wiregrad'"):
        exec("from wiregrad import reprot")


def test_python_adds_no_suggestion_of_its_own() -> None:
    """It looks for one in `obj`, when it prints an error that nothing catches."""
    with pytest.raises(AttributeError) as error:
        wg.reprot  # noqa: B018
    assert error.value.name == "reprot"
    assert error.value.obj is None


def test_probing_is_answered_as_of_any_module() -> None:
    for name in ("plot_layered_paths", "nothing", "__wrapped__", "_repr_html_"):
        assert not hasattr(wg, name)
        assert getattr(wg, name, None) is None
    with pytest.raises(AttributeError, match=r"^module 'wiregrad' has no attribute '__nothing__'$"):
        wg.__nothing__  # noqa: B018
    assert pickle.loads(pickle.dumps(wg.add_sign)) is wg.add_sign
    assert copy.deepcopy(wg.TargetActivation({0: {1: 1.0}})).batch_size == 1


def test_rooms_are_still_imported() -> None:
    assert importlib.import_module("wiregrad.cli").__name__ == "wiregrad.cli"
    found: dict[str, object] = {}
    exec("from wiregrad import cli, tables; from wiregrad import *", found)
    assert set(wg.__all__) | {"cli", "tables"} <= set(found)


def test_the_table_names_what_wiregrad_has_not() -> None:
    assert not set(ELSEWHERE) & set(wg.__all__)
    assert list(ELSEWHERE) == sorted(ELSEWHERE)


@pytest.mark.parametrize("own", sorted({own for own in ELSEWHERE.values() if own}))
def test_what_the_table_points_to_is_there(own: str) -> None:
    for path in re.findall(r"wiregrad(?:\.\w+)+", own):
        _, *names = path.split(".")
        found = wg
        for name in names:
            found = getattr(found, name)
    if own.startswith("network."):
        network = wg.MultilayeredNetwork(np.eye(2), [0], device="cpu")
        assert hasattr(network, "all_weights")
        assert network.weights.to_scipy().shape == (2, 2)

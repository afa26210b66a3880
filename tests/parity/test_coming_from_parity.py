"""The example for those who come from the reference, run by both packages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

pytestmark = pytest.mark.filterwarnings(
    # The reference makes sparse tensors without saying whether they are to be checked, and renames
    # columns in place.
    "ignore:Sparse invariant checks are implicitly disabled:UserWarning",
    "ignore:The inplace keyword in DataFrame",
)

Compare = Callable[[str, torch.Tensor, torch.Tensor], None]
Names = dict[str, Any]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coming-from-connectome-interpreter.md"
IMPORT = "import wiregrad as coin"


def run_example(package: str) -> Names:
    """Run all code of the example with one package, and return what it defines."""
    example = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = (text for text in example if text.startswith("The example\n"))
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL))
    assert code.count(IMPORT) == 1
    names: Names = {}
    code = code.replace(IMPORT, f"import {package} as coin")
    exec(compile(code, str(PAGE), "exec"), names)
    return names


@pytest.fixture(scope="module")
def both(reference: ModuleType) -> tuple[Names, Names]:
    return run_example("wiregrad"), run_example("connectome_interpreter")


def check(compare: Compare, name: str, ours: Any, theirs: Any) -> None:
    sides = (np.asarray(side).astype(np.float64, order="C") for side in (ours, theirs))
    compare(f"example: {name}", *(torch.from_numpy(side) for side in sides))


def check_tables(
    compare: Compare, name: str, ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str]
) -> None:
    """Compare the same rows, in whatever order (decision 31) and with whatever index."""
    assert list(ours.columns) == list(theirs.columns)
    ours, theirs = (table.sort_values(keys, ignore_index=True) for table in (ours, theirs))
    assert ours[keys].to_numpy().tolist() == theirs[keys].to_numpy().tolist()
    numbers = ours.columns.drop(keys)
    check(compare, name, ours[numbers], theirs[numbers])


def test_the_packages_are_two(both: tuple[Names, Names]) -> None:
    packages = [names["coin"].__name__ for names in both]
    assert packages == ["wiregrad", "connectome_interpreter"]
    ours, theirs = (type(names["model"]).__module__.split(".")[0] for names in both)
    assert (ours, theirs) == ("wiregrad", "connectome_interpreter")


@pytest.mark.parametrize("name", ["stimuli", "activations", "importance"])
def test_tensors(both: tuple[Names, Names], compare: Compare, name: str) -> None:
    ours, theirs = both
    check(compare, name, ours[name], theirs[name])


def test_weights(both: tuple[Names, Names], compare: Compare) -> None:
    ours, theirs = (names["weights"] for names in both)
    assert type(ours) is type(theirs)
    check(compare, "weights", ours.toarray(), theirs.toarray())


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("rates", ["batch_name", "group"]),
        ("along", ["layer", "pre", "post"]),
        ("by_column", ["time_step", "cell_group", "time_point", "normalised_column"]),
    ],
)
def test_tables(both: tuple[Names, Names], compare: Compare, name: str, keys: list[str]) -> None:
    ours, theirs = both
    check_tables(compare, name, ours[name], theirs[name], keys)


def test_what_neuroglancer_is_given(both: tuple[Names, Names], compare: Compare) -> None:
    keys = ["layer", "neuron_id"]
    ours, theirs = (names["listed"][[*keys, "activation"]] for names in both)
    check_tables(compare, "listed", ours, theirs, keys)


def test_paths_but_for_inhibition(both: tuple[Names, Names], compare: Compare) -> None:
    """Decision 23: the reference leaves out what inhibits."""
    ours, theirs = (names["paths"] for names in both)
    inhibition = ours["weight"] < 0
    assert ours.loc[inhibition, ["pre", "post"]].to_numpy().tolist() == [["A", "T"]]
    check_tables(compare, "paths", ours[~inhibition], theirs, ["layer", "pre", "post"])


@pytest.mark.parametrize("name", ["given", "summary"])
def test_tables_with_names_in_the_index(
    both: tuple[Names, Names], compare: Compare, name: str
) -> None:
    ours, theirs = (names[name].sort_index() for names in both)
    assert ours.index.tolist() == theirs.index.tolist()
    assert ours.columns.tolist() == theirs.columns.tolist()
    check(compare, name, ours, theirs)


def test_targets(both: tuple[Names, Names], compare: Compare) -> None:
    ours, theirs = (names["target"].targets_df for names in both)
    check_tables(compare, "target", ours, theirs, ["batch", "layer", "neuron"])


@pytest.mark.parametrize(
    ("name", "n_passes"), [("losses", 17), ("output_penalties", 17), ("input_penalties", 5)]
)
def test_losses_pass_by_pass(
    both: tuple[Names, Names], compare: Compare, name: str, n_passes: int
) -> None:
    """The reference lets inputs fall below 0 in the sixth pass, where their penalty grows again.

    Decision 13: they stay within bounds. Decision 14: the last entry is of the stimulus returned.
    """
    ours, theirs = (names[name] for names in both)
    assert len(ours) == 17 + 1
    check(compare, name, ours[:n_passes], theirs[:n_passes])
    penalties = [names["input_penalties"][5] for names in both]
    assert penalties[0] < penalties[1] - 1e-5


def test_what_comes_back_is_as_the_page_says(both: tuple[Names, Names]) -> None:
    """Decision 13: the reference passes the stimulus through tanh on the way out."""
    _, theirs = both
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    strongest, attained = theirs["stimulus"].max(), theirs["output"][19, 2]
    assert f"its strongest input is {strongest:.2f} and the cell does {attained:.2f}" in text
    for names in both:
        assert (names["stimulus"].shape, names["output"].shape) == ((8, 3), (25, 3))


def test_gradients_of_slopes(both: tuple[Names, Names], compare: Compare) -> None:
    ours, theirs = (names["slope_gradient"] for names in both)
    assert list(ours) == list(theirs)
    check(compare, "slope_gradient", list(ours.values()), list(theirs.values()))


def test_training_starts_from_the_same_loss_and_members(
    both: tuple[Names, Names], compare: Compare
) -> None:
    """After the first step they part: decisions 6 and 21."""
    ours, theirs = both
    for name in ("train_indices", "val_indices"):
        assert list(ours[name]) == list(theirs[name])
    first = [names["history"]["mse_loss"][:1] for names in both]
    check(compare, "first loss of training", *first)
    assert (ours["model"].biases > 0).any()
    assert not theirs["model"].biases.any()

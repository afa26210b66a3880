"""Problems: what belongs together, and what it is called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg
from wiregrad.experiments._problems import read_problems


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"layer": 2, **columns})


def test_a_column_makes_a_problem_of_each_of_its_values(network: wg.MultilayeredNetwork) -> None:
    problems = wg.problems_for(network, "cell_type", value=0.5)
    assert problems["problem"].nunique() == 118
    assert sorted(problems["neuron"]) == list(range(302))
    types = network.neurons["cell_type"].to_numpy()
    assert (types[problems["neuron"]] == problems["problem"]).all()
    assert set(problems["layer"]) == {2}
    assert set(problems["value"]) == {0.5}


def test_neurons_without_a_value_are_left_out(network: wg.MultilayeredNetwork) -> None:
    problems = wg.problems_for(network, "transmitter")
    known = network.neurons["transmitter"].notna()
    assert len(problems) == known.sum() < 302


def test_names_make_a_problem_each_in_their_order(network: wg.MultilayeredNetwork) -> None:
    problems = wg.problems_for(network, ["AVB", "AVAL", "role=motor"], layer=-2)
    assert list(problems["problem"].unique()) == ["AVB", "AVAL", "role=motor"]
    assert set(problems["layer"]) == {1}


def test_groups_of_a_network_without_a_table_of_neurons() -> None:
    bare = wg.MultilayeredNetwork(
        np.eye(3), [0], idx_to_group={0: "a", 1: "b", 2: "b"}, device="cpu"
    )
    assert wg.problems_for(bare, ["b"])["neuron"].tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"no table of neurons .*'cell_type' from: pass a list"):
        wg.problems_for(bare)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": "cell_typ"}, "no column 'cell_typ': .*did you mean 'cell_type'"),
        ({"groups": ["AVX"]}, "'AVX' is neither"),
        ({"groups": []}, "no groups"),
        ({"layer": 3}, "layer 3 is out of range: the network has num_layers=3"),
        ({"layer": True}, "layer True"),
        ({"value": 1.5}, "0 to 1, not 1.5"),
    ],
)
def test_problems_for_refuses(
    network: wg.MultilayeredNetwork, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        wg.problems_for(network, **arguments)


def test_a_column_without_values_is_refused(worm: wg.Connectome) -> None:
    empty = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", device="cpu")
    empty.neurons = empty.neurons.assign(lineage=pd.Series(pd.NA, range(302), dtype="string"))
    with pytest.raises(ValueError, match="'lineage' has no value for any neuron"):
        wg.problems_for(empty, "lineage")


def test_rows_of_a_label_are_one_problem_wherever_they_stand() -> None:
    problems = read_problems(frame(problem=["x", "y", "x"], neuron=[5, 6, 7]))
    assert problems.labels == ["x", "y"]
    (batch,) = problems.batches([0, 1], size=64)
    assert batch.targets["batch"].tolist() == [0, 0, 1]
    assert batch.targets["neuron"].tolist() == [5, 7, 6]
    assert batch.targets["value"].tolist() == [1, 1, 1]


def test_without_labels_the_neuron_is_the_label() -> None:
    assert read_problems(frame(neuron=["AVA", "AVB", "AVA"])).labels == ["AVA", "AVB"]
    assert read_problems(frame(neuron=[7, 3])).labels == [7, 3]


def test_labels_of_any_kind_are_text_in_files() -> None:
    assert read_problems(frame(problem=[("a", 1), 2], neuron=[0, 1])).labels == ["('a', 1)", "2"]
    with pytest.raises(ValueError, match="2 and '2' cannot be told apart"):
        read_problems(frame(problem=[2, "2"], neuron=[0, 1]))


def test_batches_hold_every_problem_once() -> None:
    problems = read_problems(frame(problem=[*"abcdea"], neuron=range(6)))
    batches = list(problems.batches([4, 0, 2], size=2))
    assert [batch.labels for batch in batches] == [["e", "a"], ["c"]]
    assert batches[0].targets["neuron"].tolist() == [4, 0, 5]
    first, second = batches[0].halves()
    assert (first.labels, first.targets["neuron"].tolist()) == (["e"], [4])
    assert (second.labels, second.targets["neuron"].tolist()) == (["a"], [0, 5])
    assert second.targets["batch"].tolist() == [0, 0]


def test_the_digest_is_of_what_is_asked_and_not_of_its_order() -> None:
    rows = frame(problem=["x", "y"], neuron=["AVA", 3], value=[0.5, 1])
    digest = read_problems(rows).digest()
    assert read_problems(rows.iloc[::-1]).digest() == digest
    for column, value in [("value", 0.6), ("neuron", "AVB"), ("layer", 1), ("problem", "z")]:
        changed = rows.astype({column: object}).copy()
        changed.loc[0, column] = value
        assert read_problems(changed).digest() != digest


@pytest.mark.parametrize(
    ("problems", "error", "message"),
    [
        (["AVA"], TypeError, "a DataFrame .*not list: wiregrad.problems_for makes one"),
        (pd.DataFrame({"layer": [1], "neurn": [1]}), ValueError, "lack .* neuron: .*did you mean"),
        (frame(neuron=[]), ValueError, "no rows"),
        (frame(problem=["x", None], neuron=[1, 2]), ValueError, "1 rows have no 'problem'.*: 1"),
        (frame(problem=[["x"], ["y"]], neuron=[1, 2]), TypeError, "must be hashable"),
    ],
)
def test_frames_that_are_no_problems_are_refused(
    problems: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_problems(problems)

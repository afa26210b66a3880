"""Networks that know the names of their neurons, and networks that do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import wiregrad as wg

MakeChain = Callable[..., wg.MultilayeredNetwork]


def make_tiny(tiny: wg.Connectome, **options: Any) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(tiny, "role=in", device="cpu", **options)


@pytest.fixture
def labelled(tiny: wg.Connectome) -> wg.MultilayeredNetwork:
    return make_tiny(tiny)


def test_weights_inputs_and_steps_come_from_the_connectome(tiny: wg.Connectome) -> None:
    network = make_tiny(tiny, steps=4)
    np.testing.assert_array_equal(network.all_weights.to_dense(), tiny.weights().matrix.toarray())
    assert network.sensory_indices.tolist() == [0, 1]
    assert network.num_layers == 4


def test_inputs_keep_the_order_they_are_named_in(tiny: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(tiny, ["m", "sr"], device="cpu")
    assert network.sensory_indices.tolist() == [4, 1]


def test_the_sign_rule_is_passed_on(tiny: wg.Connectome) -> None:
    network = make_tiny(tiny, sign=-1)
    assert (network.all_weights.values() < 0).all()


def test_options_are_passed_on(tiny: wg.Connectome) -> None:
    network = make_tiny(tiny, slope_dict={"S": 2.0}, threshold=0.1)
    assert network.slope[network.indices].tolist() == [2, 2, 5, 5, 5]
    assert network.threshold == 0.1


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        ("cell_type", ["S", "S", "I", "I", "m"]),
        ("role", ["in", "in", "inter", "inter", "out"]),
        ("side", ["L", "R", "i1", "i2", "L"]),
        ("id", ["sl", "sr", "i1", "i2", "m"]),
    ],
)
def test_groups_are_the_values_of_a_column(
    tiny: wg.Connectome, group_by: str, groups: list[str]
) -> None:
    """A neuron without a value is a group of its own, named after its id."""
    network = make_tiny(tiny, group_by=group_by)
    assert list(network.idx_to_group.values()) == groups
    assert len(network.slope) == len(set(groups))


def test_without_groups_the_labels_remain(tiny: wg.Connectome) -> None:
    network = make_tiny(tiny, group_by=None)
    assert network.slope is None
    assert network.idx_to_group is None
    assert network.find("S").tolist() == [0, 1]


def test_a_column_that_is_not_there(tiny: wg.Connectome) -> None:
    with pytest.raises(ValueError, match=r"no column 'sid' to group by: .*did you mean 'side'"):
        make_tiny(tiny, group_by="sid")


def test_inputs_that_match_nothing(tiny: wg.Connectome) -> None:
    with pytest.raises(ValueError, match=r"no neuron has role=im: .*did you mean 'in'"):
        wg.MultilayeredNetwork.from_connectome(tiny, "role=im")


@pytest.mark.parametrize(
    ("what", "indices"),
    [
        (2, [2]),
        ("i1", [2]),
        ("I", [2, 3]),
        ("role=out", [4]),
        ("/^i/", [2, 3]),
        ("S and side=R", [1]),
        (["m", "I", 0], [4, 2, 3, 0]),
        (("sr", "S"), [1, 0]),
        (np.array([3, 0]), [3, 0]),
        (np.array(["m", "I"]), [4, 2, 3]),
        (pd.Series(["m", "I"], index=[7, 8]), [4, 2, 3]),
        ([True, False, False, False, True], [0, 4]),
    ],
    ids=str,
)
def test_find_by_label(labelled: wg.MultilayeredNetwork, what: Any, indices: list[int]) -> None:
    assert labelled.find(what).tolist() == indices


@pytest.mark.parametrize("what", ["L", ["L"], ("L",), np.array(["L"]), pd.Index(["L"])])
def test_find_by_group_of_another_column(tiny: wg.Connectome, what: Any) -> None:
    """ "L" is neither an id nor a cell type: only the network's groups know it."""
    assert make_tiny(tiny, group_by="side").find(what).tolist() == [0, 4]


def test_a_group_goes_before_the_selection_language(tiny: wg.Connectome) -> None:
    """A text that names a group of the network means the group, whatever else it may mean."""
    renamed = tiny.neurons.assign(side=["i1", "i1", "R", "R", "R"])
    connectome = wg.Connectome(renamed, tiny.counts)
    assert make_tiny(connectome, group_by="side").find("i1").tolist() == [0, 1]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("Q", r"'Q' is neither the id nor the cell type of a neuron"),
        ("sx", r"'sx' is neither the id nor .*; did you mean 'S"),
        (9, r"9 is neither a neuron's index \(0 to 4\) nor a neuron's id"),
        ([], r"the selection is empty"),
        ([True, False], r"the mask has 2 entries but there are 5 neurons"),
        (["S", "Q"], r"'Q' is neither the id nor the cell type of a neuron"),
    ],
    ids=str,
)
def test_find_names_what_is_wrong(
    labelled: wg.MultilayeredNetwork, what: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        labelled.find(what)


@pytest.mark.parametrize(
    ("what", "indices"),
    [(1, [1]), ([2, 0], [2, 0]), (np.array([1, 2]), [1, 2]), ([False, True, True], [1, 2])],
    ids=str,
)
@pytest.mark.parametrize("grouped", [False, True])
def test_find_without_labels_takes_indices_and_masks(
    make_chain: MakeChain, grouped: bool, what: Any, indices: list[int]
) -> None:
    assert make_chain(grouped=grouped).find(what).tolist() == indices


@pytest.mark.parametrize("what", ["x", ["x"], np.array(["x"]), pd.Series(["x"])])
def test_find_without_labels_takes_groups(make_chain: MakeChain, what: Any) -> None:
    network = make_chain(idx_to_group={0: "x", 1: "y", 2: "x"})
    assert network.find(what).tolist() == [0, 2]


def test_find_without_labels_and_groups_says_what_to_use(make_chain: MakeChain) -> None:
    message = r"'AVA' is not the name of a group .* it has no groups; use indices, or from_conn"
    with pytest.raises(ValueError, match=message):
        make_chain().find("AVA")


def test_find_without_labels_names_the_nearest_group(make_chain: MakeChain) -> None:
    network = make_chain(idx_to_group={0: "AVAL", 1: "AVAR", 2: "PLM"})
    message = r"'PLN' is not the name of a group of this network; did you mean 'PLM'\?$"
    with pytest.raises(ValueError, match=message):
        network.find("PLN")


def test_find_without_labels_out_of_range(make_chain: MakeChain) -> None:
    with pytest.raises(ValueError, match=r"3 is neither a neuron's index \(0 to 2\)"):
        make_chain().find(3)


def test_provenance_says_what_the_network_was_made_from(tiny: wg.Connectome) -> None:
    network = make_tiny(tiny, unknown_sign=1)
    expected = {
        "connectome": "tiny",
        "checksum": tiny.checksum,
        "unit": "synapses",
        "n_neurons": 5,
        "n_edges": 6,
        "total_count": 21.0,
        "connectome_rows_merged": 0,
    }
    assert {name: network.provenance[name] for name in expected} == expected
    assert network.provenance["signs"] == tiny.weights(unknown_sign=1).signs.to_dict()
    assert network.neurons is tiny.neurons


def test_a_network_of_bare_weights_has_no_provenance(make_chain: MakeChain) -> None:
    network = make_chain()
    assert network.neurons is None
    assert network.provenance == {}


def test_the_worm_by_name(worm_network: wg.MultilayeredNetwork) -> None:
    found = worm_network.find(["AVA", "PLML"])
    assert worm_network.neurons["id"][found].tolist() == ["AVAL", "AVAR", "PLML"]
    assert worm_network(torch.ones(83, 4))[found].any()

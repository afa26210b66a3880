"""A name and a group for every neuron, whatever the network knows of them."""

from __future__ import annotations

import pandas as pd

import wiregrad as wg
from wiregrad.tables import neuron_labels, neuron_names


def connectome() -> wg.Connectome:
    neurons = pd.DataFrame(
        {"id": [7, 9, 11], "cell_type": ["S", None, "M"], "side": ["L", "R", "L"], "sign": 1}
    )
    edges = pd.DataFrame({"pre": [7, 9], "post": [9, 11], "count": [1, 1]})
    return wg.Connectome.from_edges(edges, neurons)


def make(**options: object) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(connectome(), "S", device="cpu", **options)


def test_the_groups_of_the_network_come_first() -> None:
    labels = neuron_labels(make(group_by="side"))
    assert labels["id"].tolist() == ["7", "9", "11"]
    assert labels["group"].tolist() == ["L", "R", "L"]


def test_without_groups_the_cell_types_do() -> None:
    labels = neuron_labels(make(group_by=None))
    assert labels["group"].tolist() == ["S", "9", "M"]


def test_without_names_the_index_is_all_there_is(bare_network: wg.MultilayeredNetwork) -> None:
    labels = neuron_labels(bare_network)
    assert labels["id"].tolist() == labels["group"].tolist() == ["0", "1", "2", "3"]


def test_groups_of_bare_weights_may_be_numbers(bare_network: wg.MultilayeredNetwork) -> None:
    network = wg.MultilayeredNetwork(
        bare_network.all_weights, [0], idx_to_group={0: 2, 1: 10, 2: 2, 3: 1}, device="cpu"
    )
    assert neuron_labels(network)["group"].tolist() == ["2", "10", "2", "1"]


def test_labels_are_text_in_the_order_of_the_neurons(worm_network: wg.MultilayeredNetwork) -> None:
    labels = neuron_labels(worm_network)
    assert (labels.dtypes == "string").all()
    assert labels.index.equals(pd.RangeIndex(302))
    assert labels["id"].tolist() == worm_network.neurons["id"].tolist()


def test_a_number_alone_is_no_name() -> None:
    assert neuron_names(make(group_by="side"), [0, 1, 2]) == ["S 7", "9", "M 11"]


def test_ids_that_are_words_are_names(worm_network: wg.MultilayeredNetwork) -> None:
    assert neuron_names(worm_network, range(302)) == neuron_labels(worm_network)["id"].tolist()


def test_without_labels_the_index_is_the_name(bare_network: wg.MultilayeredNetwork) -> None:
    assert neuron_names(bare_network, [2, 0]) == ["2", "0"]

"""What was asked of each group or neuron, and what it attains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg
from wiregrad.tables import neuron_labels, strongest_targets, targets_by_group

STATUSES = ["reached", "improved", "stuck", "unreachable"]


@pytest.fixture(scope="module")
def many(worm_network: wg.MultilayeredNetwork) -> pd.DataFrame:
    """Targets of all neurons at two steps, with numbers drawn at random."""
    rng = np.random.default_rng(0)
    n = 2 * worm_network.n_neurons
    walk = pd.array(rng.integers(0, 4, n), dtype="Int64")
    walk[walk == 0] = pd.NA
    return pd.DataFrame(
        {
            "batch": 0,
            "layer": np.repeat([1, 2], n // 2),
            "neuron": np.tile(np.arange(n // 2), 2),
            "value": rng.choice([0.5, 1.0], n),
            "attained": rng.random(n),
            "resting": rng.random(n) / 10,
            "status": rng.choice(STATUSES, n),
            "shortest_walk": walk,
        }
    )


def test_rows_equal_loops_over_the_targets(
    many: pd.DataFrame, worm_network: wg.MultilayeredNetwork
) -> None:
    table = targets_by_group(worm_network, many)
    group = neuron_labels(worm_network)["group"][many["neuron"]].to_numpy()
    for row in table.to_dict("records"):
        own = many[
            (many["layer"] == row["step"] - 1)
            & (group == row["group"])
            & (many["value"] == row["value"])
        ]
        assert row["n"] == len(own) > 0
        assert row["attained"] == pytest.approx(sum(own["attained"]) / len(own))
        assert row["resting"] == pytest.approx(sum(own["resting"]) / len(own))
        assert (row["lowest"], row["highest"]) == (min(own["attained"]), max(own["attained"]))
        assert [row[status] for status in STATUSES] == [
            sum(own["status"] == status) for status in STATUSES
        ]
        walks = own["shortest_walk"].dropna()
        assert pd.isna(row["shortest_walk"]) if walks.empty else row["shortest_walk"] == min(walks)
    assert table["n"].sum() == len(many)
    order = table[["step", "group", "value"]]
    assert order.equals(order.sort_values(["step", "group", "value"], ignore_index=True))
    assert not order.duplicated().any()


def test_neurons_one_by_one(worm_result: wg.MaximisationResult) -> None:
    table = targets_by_group(worm_result.network, worm_result.targets, by="id")
    assert table["group"].tolist() == ["AVAL", "AVAR", "VC4"]
    assert table["n"].tolist() == [1, 1, 1]
    assert table["attained"].tolist() == worm_result.targets["attained"].tolist()
    assert table["attained"].equals(table["lowest"])
    assert table["attained"].equals(table["highest"])


def test_types_are_the_same_when_there_is_nothing(worm_result: wg.MaximisationResult) -> None:
    some = targets_by_group(worm_result.network, worm_result.targets)
    none = targets_by_group(worm_result.network, worm_result.targets[:0])
    assert none.empty
    assert none.dtypes.equals(some.dtypes)
    assert some.dtypes.astype(str).to_dict() == {
        "step": "int64",
        "group": "string",
        "value": "float64",
        "n": "int64",
        **dict.fromkeys(["attained", "lowest", "highest", "resting"], "float64"),
        **dict.fromkeys(STATUSES, "int64"),
        "shortest_walk": "Int64",
    }


@pytest.mark.parametrize(
    ("by", "drop", "message"),
    [
        ("type", [], r"by is 'group' or 'id', not 'type'"),
        ("id", ["status", "attained"], r"targets lack the columns attained, status: pass result"),
    ],
)
def test_what_does_not_fit(
    worm_result: wg.MaximisationResult, by: str, drop: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        targets_by_group(worm_result.network, worm_result.targets.drop(columns=drop), by)


def test_the_strongest_stay_and_the_others_are_summed_up(
    many: pd.DataFrame, worm_network: wg.MultilayeredNetwork
) -> None:
    whole = targets_by_group(worm_network, many)
    short = strongest_targets(whole, 10)
    assert short["attained"][:10].tolist() == sorted(whole["attained"], reverse=True)[:10]
    rest, others = short.iloc[10], whole.sort_values("attained").iloc[:-10]
    assert rest["group"] == f"{len(others)} others"
    assert rest["n_groups"] == len(others)
    for column in ["n", *STATUSES]:
        assert short[column].sum() == whole[column].sum()
    assert rest["attained"] == pytest.approx(np.average(others["attained"], weights=others["n"]))
    assert (rest["lowest"], rest["highest"]) == (others["lowest"].min(), others["highest"].max())
    assert pd.isna(rest["step"])
    assert pd.isna(rest["value"])


def test_a_single_one_left_over_keeps_its_name(worm_result: wg.MaximisationResult) -> None:
    whole = targets_by_group(worm_result.network, worm_result.targets, "id")
    assert strongest_targets(whole, 2)["n_groups"].tolist() == [1, 1, 1]
    short = strongest_targets(whole, 1)
    assert short["group"].iloc[1] == "2 others"
    assert short["step"].tolist() == [3, 3]
    assert short.dtypes.equals(strongest_targets(whole).dtypes)
    assert strongest_targets(whole[:0]).dtypes.equals(short.dtypes)


def test_at_least_one_is_kept(worm_result: wg.MaximisationResult) -> None:
    whole = targets_by_group(worm_result.network, worm_result.targets)
    with pytest.raises(ValueError, match="limit is 0: keep at least 1 row"):
        strongest_targets(whole, 0)

"""Credit of channels: textbook chains and games worked by hand, and what has to hold for any paths."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_project.inference.attribution import (
    CoalitionWorth,
    Journeys,
    attribution_effects,
    removal_effects,
    shapley_exact,
    shapley_sampled,
    shapley_values,
)

#: C1 -> C2 -> C3 converts; C1 alone and C2 -> C3 are lost.
THREE = Journeys.of([(("C1", "C2", "C3"), 1, 0), (("C1",), 0, 1), (("C2", "C3"), 0, 1)])


def _paths(rows: list[tuple[str, int, int]]) -> pa.Table:
    return pa.table(
        {
            "path": [row[0] for row in rows],
            "path_set": [" > ".join(sorted(set(row[0].split(" > ")))) for row in rows],
            "conversions": [row[1] for row in rows],
            "non_conversions": [row[2] for row in rows],
        }
    )


def _credits(table: pa.Table, model: str, path_set: str = "") -> dict[str, float]:
    return {
        row["marketing_channel"]: row["credit"]
        for row in table.to_pylist()
        if row["attribution_model"] == model and row["path_set"] == path_set
    }


def test_removal_effects_of_three_channels() -> None:
    """By hand: start goes to C1 with 2/3 and to C2 with 1/3; C1 to C2 with 1/2; C2 to C3 always; C3 converts with 1/2.
    P = (2/3 * 1/2 + 1/3) * 1/2 = 1/3. Without C1 only 1/3 * 1/2 = 1/6 is left, without C2 or C3 nothing."""
    effects = removal_effects(THREE)
    assert effects == pytest.approx({"C1": 0.5, "C2": 1.0, "C3": 1.0})


def test_removal_effects_of_a_chain_with_a_loop() -> None:
    """a > b > a converts, a is lost, b > a is lost. a: of 4 visits 1 goes to b, 1 converts, 2 are lost; b always goes
    to a; start to a with 2/3. From a: p = p/4 + 1/4, so p = 1/3 wherever one starts; without b: 2/3 * 1/4 = 1/6."""
    effects = removal_effects(Journeys.of([(("a", "b", "a"), 1, 0), (("a",), 0, 1), (("b", "a"), 0, 1)]))
    assert effects == pytest.approx({"a": 1.0, "b": 0.5})


def test_a_second_order_chain_remembers_how_it_came() -> None:
    """a > c converts, b > c is lost. One channel of memory mixes the two at c: without b P falls from 1/2 to 1/4. Two
    channels tell them apart: b brings nothing."""
    journeys = Journeys.of([(("a", "c"), 1, 0), (("b", "c"), 0, 1)])
    assert removal_effects(journeys, order=1) == pytest.approx({"a": 0.5, "b": 0.5, "c": 1.0})
    assert removal_effects(journeys, order=2) == pytest.approx({"a": 1.0, "b": 0.0, "c": 1.0})


def test_without_conversions_no_channel_has_an_effect() -> None:
    assert removal_effects(Journeys.of([(("a", "b"), 0, 3)])) == {"a": 0.0, "b": 0.0}
    assert removal_effects(Journeys.of([])) == {}


def test_a_chain_needs_an_order() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        removal_effects(THREE, order=0)


def test_shapley_values_of_the_glove_game() -> None:
    """One left glove (player 0), two right ones (1, 2); a pair is worth 1: 2/3, 1/6, 1/6."""
    worth = np.array([1.0 if c & 1 and c & 6 else 0.0 for c in range(8)])
    assert shapley_exact(worth) == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_shapley_values_of_the_airport_game() -> None:
    """Runways that cost 8, 11, 13 and 18: 8/4; + 3/3; + 2/2; + 5."""
    costs = [8.0, 11.0, 13.0, 18.0]
    worth = np.array([max((costs[p] for p in range(4) if c >> p & 1), default=0.0) for c in range(16)])
    assert shapley_exact(worth) == pytest.approx([2.0, 3.0, 4.0, 9.0])


def test_shapley_values_of_conversions() -> None:
    """a: 4 conversions alone, b: 2, a and b together 6: a = 4 + 3, b = 2 + 3."""
    journeys = Journeys.of([(("a",), 4, 9), (("b",), 2, 9), (("a", "b"), 4, 0), (("b", "a", "b"), 2, 1)])
    values, errors, is_exact = shapley_values(journeys, ("a", "b"), "conversions", 12, 100, 1)
    assert values == pytest.approx([7.0, 5.0])
    assert is_exact
    assert not errors.any()


def test_shapley_values_of_rates() -> None:
    """a converts 1 of 4, b 1 of 2, both together 3 of 4: v = 1/4, 1/2, 3/4, so a = (1/4 + 1/4) / 2, b = 1/2."""
    journeys = Journeys.of([(("a",), 1, 3), (("b",), 1, 1), (("a", "b"), 3, 1)])
    values, _, _ = shapley_values(journeys, ("a", "b"), "rate", 12, 100, 1)
    assert values == pytest.approx([0.25, 0.5])


def test_a_worth_is_of_a_known_kind() -> None:
    with pytest.raises(ValueError, match="conversions or rate"):
        CoalitionWorth(THREE, THREE.channels, "sales")
    with pytest.raises(ValueError, match="coalitions"):
        shapley_exact(np.zeros(6))


def test_sampled_values_are_within_their_error_of_the_exact_ones() -> None:
    rng = np.random.default_rng(5)
    channels = [f"c{n:02}" for n in range(10)]
    rows = [
        (tuple(rng.choice(channels, size=int(rng.integers(1, 6)), replace=False)), int(rng.integers(0, 9)), 3)
        for _ in range(80)
    ]
    journeys = Journeys.of(rows)
    worth = CoalitionWorth(journeys, channels)
    exact = shapley_exact(worth.table())
    values, errors = shapley_sampled(len(channels), worth, 400, seed=3)
    assert values.sum() == pytest.approx(exact.sum())
    assert (errors > 0).all()
    assert (np.abs(values - exact) < 4 * errors).all()
    again, _ = shapley_sampled(len(channels), worth, 400, seed=3)
    assert (again == values).all()


def test_more_channels_than_can_be_enumerated_are_sampled_and_say_so() -> None:
    path = " > ".join(f"c{n:02}" for n in range(14))
    table = attribution_effects(_paths([(path, 3, 0), ("c00", 7, 1)]), shapley_samples=50)
    whole = [r for r in table.to_pylist() if r["attribution_model"] == "shapley" and r["path_set"] == ""]
    assert not any(row["is_exact"] for row in whole)
    assert sum(row["effect"] for row in whole) == pytest.approx(10)
    assert max(row["standard_error"] for row in whole) > 0
    assert sum(_credits(table, "shapley", path).values()) == pytest.approx(1)


def test_the_values_over_all_journeys_are_the_sum_over_conversions() -> None:
    rows = [("a", 4, 9), ("b > a", 2, 0), ("a > b > c", 3, 5), ("c", 0, 8), ("(none)", 5, 0)]
    table = attribution_effects(_paths(rows))
    summed: dict[str, float] = {}
    for path, won, _ in rows:
        if won and path != "(none)":
            for channel, share in _credits(table, "shapley", " > ".join(sorted(set(path.split(" > "))))).items():
                summed[channel] = summed.get(channel, 0.0) + won * share
    effects = {
        r["marketing_channel"]: r["effect"]
        for r in table.to_pylist()
        if r["attribution_model"] == "shapley" and r["path_set"] == ""
    }
    assert summed == pytest.approx(effects)
    assert "(none)" not in effects


CHANNELS = ("a", "b", "c", "d")
JOURNEYS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=6).map(tuple),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=12,
).map(Journeys.of)


@settings(max_examples=80, deadline=None)
@given(JOURNEYS, st.sampled_from(["conversions", "rate"]))
def test_values_are_efficient_and_never_negative(journeys: Journeys, kind: str) -> None:
    worth = CoalitionWorth(journeys, CHANNELS, kind)
    values, _, _ = shapley_values(journeys, CHANNELS, kind, 12, 10, 1)
    assert values.sum() == pytest.approx(worth((1 << len(CHANNELS)) - 1), abs=1e-9)
    assert (values > -1e-12).all()
    if kind == "conversions":
        assert values.sum() == pytest.approx(journeys.converted.sum(), abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(JOURNEYS, st.sampled_from(["conversions", "rate"]))
def test_channels_that_swap_roles_swap_values(journeys: Journeys, kind: str) -> None:
    swap = {"a": "b", "b": "a"}
    swapped = Journeys(
        tuple(tuple(swap.get(c, c) for c in path) for path in journeys.paths), journeys.converted, journeys.lost
    )
    here, _, _ = shapley_values(journeys, CHANNELS, kind, 12, 10, 1)
    there, _, _ = shapley_values(swapped, CHANNELS, kind, 12, 10, 1)
    assert here[[1, 0, 2, 3]] == pytest.approx(there, abs=1e-9)
    effects, others = removal_effects(journeys), removal_effects(swapped)
    assert {swap.get(c, c): e for c, e in effects.items()} == pytest.approx(others, abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(JOURNEYS)
def test_a_channel_that_adds_nothing_gets_nothing(journeys: Journeys) -> None:
    """A channel that never appears, and one that appears in lost journeys only."""
    lost = Journeys((*journeys.paths, ("nobody",)), np.append(journeys.converted, 0), np.append(journeys.lost, 4))
    values, _, _ = shapley_values(lost, (*CHANNELS, "nobody", "unseen"), "conversions", 12, 10, 1)
    assert values[4:] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert removal_effects(lost)["nobody"] == pytest.approx(0.0, abs=1e-9)
    assert "unseen" not in removal_effects(lost)


@settings(max_examples=80, deadline=None)
@given(JOURNEYS, st.integers(1, 3))
def test_removal_effects_are_shares_and_the_last_channel_of_all_has_all(journeys: Journeys, order: int) -> None:
    ending = Journeys(tuple((*path, "checkout") for path in journeys.paths), journeys.converted, journeys.lost)
    effects = removal_effects(ending, order)
    assert all(-1e-9 <= effect <= 1 + 1e-9 for effect in effects.values())
    assert effects["checkout"] == pytest.approx(1.0 if journeys.converted.sum() > 0 else 0.0)

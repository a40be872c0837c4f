"""Bounds come from the worst group, or there are none and it is said what it takes."""

from __future__ import annotations

from datetime import date

import pytest

from dongui.assessment.choosing import choose_bounds
from dongui.assessment.error_rates import Kind
from dongui.assessment.intervals import independent_needed
from dongui.assessment.limits import Limits
from dongui.assessment.measurement import Measurement
from dongui.assessment.needs import need_of
from dongui.assessment.point import point_of
from dongui.assessment.result import Method
from dongui.assessment.score_store import Bounds
from dongui.biometrics.operating_points import read_operating_point
from dongui.errors import Misuse, Refused
from simulators.assessment_people import MOMENT, made_up, made_up_people

METHOD = Method(confidence=0.95, draws=200, seed="ab" * 16)
LIMITS = Limits(max_fmr=0.05, max_fnmr=0.05, confidence=0.95)


def people(sizes: dict[str, int], *, spread: dict[str, float] | None = None, seed: int = 1) -> Measurement:
    """People of each group, two pictures each; a small ``spread`` makes a group's people look alike."""
    features, person, values = made_up_people(sizes, spread=spread or {}, seed=seed)
    return made_up(features, person, values, bounds=Bounds(0.5, 1.0))


def chosen(measured: Measurement, limits: Limits = LIMITS) -> Bounds:
    return choose_bounds(measured.grouping, measured.acquired, measured.store, limits=limits, method=METHOD)


def test_the_bounds_chosen_hold_in_every_group() -> None:
    """At what was chosen each group's governing interval keeps both limits, whoever looks alike."""
    sizes = {"one": 160, "other": 160}
    bounds = chosen(people(sizes, spread={"other": 0.6}))
    features, person, values = made_up_people(sizes, spread={"other": 0.6}, seed=1)
    again = made_up(features, person, values, bounds=bounds)
    for group in again.grouping.groups:
        within = again.rates_of(group, method=METHOD)
        need = need_of(within, LIMITS.max_fmr, LIMITS.max_fnmr, LIMITS.confidence)
        assert need.fmr_holds, group.name
        assert need.fnmr_holds, group.name
        assert need.more_people == 0


def test_the_worst_group_decides() -> None:
    """A group whose people look more alike brings the bound down for everybody."""
    even = chosen(people({"one": 160, "other": 160}))
    uneven = chosen(people({"one": 160, "other": 160}, spread={"other": 0.6}))
    assert uneven.mated_at_most < even.mated_at_most


def test_a_small_group_is_named_with_the_people_it_lacks() -> None:
    """Without an error seen the limit comes from people, not from their thousands of pairs."""
    with pytest.raises(Refused, match="of small") as refused:
        chosen(people({"large": 160, "small": 20}))
    needed = 2 * independent_needed(LIMITS.max_fmr, confidence=LIMITS.confidence)
    assert refused.value.name == "operating-point.worst-group"
    assert f"{needed - 20} more of small" in refused.value.detail
    assert "of large" not in refused.value.detail


def test_every_group_that_lacks_people_is_named() -> None:
    """However many groups there are: whoever looks for people has to know how many of each."""
    with pytest.raises(Refused) as refused:
        chosen(people({f"g{number:02}": 4 for number in range(12)}))
    assert all(f"more of g{number:02}" in refused.value.detail for number in range(12))


def test_as_many_people_as_were_asked_for_are_enough() -> None:
    """Who brings the people the refusal names, without an error among them, gets bounds."""
    needed = 2 * independent_needed(LIMITS.max_fmr, confidence=LIMITS.confidence)
    with pytest.raises(Refused):
        chosen(people({"all": needed - 2}))
    assert chosen(people({"all": needed})).mated_at_most > 0


def test_intersections_count_as_groups() -> None:
    """Two columns, each large enough by itself, do not hide a small intersection."""
    features, person, values = made_up_people({"a": 150, "b": 150}, spread={}, seed=3)
    said = [(value[0], "x" if index % 150 < 140 else "y") for index, value in enumerate(values)]
    measured = made_up(features, person, said, bounds=Bounds(0.5, 1.0), columns=("first", "second"))
    with pytest.raises(Refused, match="of a, y") as refused:
        chosen(measured)
    assert "of b, y" in refused.value.detail


def test_errors_never_make_it_easier() -> None:
    """A group in which one pair erred is held to no less than one in which none did."""
    needed = independent_needed(0.05, confidence=0.95)
    for hits in (0.5, 1.0, 2.0, 5.0):
        more = independent_needed(0.05, confidence=0.95, hits=hits)
        assert more > needed
        needed = more


def test_a_point_says_its_set_its_day_and_its_intervals() -> None:
    """What was chosen comes back from its file: counts, intervals by group, limits, pipeline."""
    sizes = {"one": 160, "other": 160}
    features, person, values = made_up_people(sizes, spread={}, seed=1)
    measured = made_up(features, person, values, bounds=chosen(people(sizes)))
    result = measured.result(
        method=METHOD, limits=LIMITS, title="A set", operating_point="mine", made_at=MOMENT
    )
    assert result.assessed_for_use
    point = point_of(
        measured, result, name="mine", method=METHOD, limits=LIMITS, measured_on=date(2026, 11, 22)
    )
    assert read_operating_point(point.to_toml().encode()) == point
    assert point.assessed_for_use
    assert point.chosen is not None
    assert {group.group for group in point.by_group} == {"one", "other"}
    for group, shown in zip((point.everyone, *point.by_group), result.groups, strict=True):
        assert (group.non_mated_accepted, group.non_mated) == (
            shown.rates[Kind.FMR].hits,
            shown.rates[Kind.FMR].trials,
        )
        assert group.fmr_interval is not None
        assert group.fmr_interval[1] == shown.rates[Kind.FMR].governing.high <= LIMITS.max_fmr
    point.require_pipeline(bytes.fromhex("22" * 32))
    with pytest.raises(Misuse, match="pipeline"):
        point.require_pipeline(bytes(32))

"""Error versus discard: a measure that knows who fails shows it, another does not, and no pair leaks."""

from __future__ import annotations

import json
import runpy
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.assessment.acquisition import Acquired
from dongui.assessment.det_curve import FEWEST_IN_A_BAR
from dongui.assessment.error_discard import DiscardPoint, discard_curve, error_discard
from dongui.assessment.error_discard_json import error_discard_json, read_error_discard
from simulators.biometric_data import REPOSITORY, data_folder

PEOPLE = 60
PERSON = np.repeat(np.arange(PEOPLE), 2)
ONE, OTHER = np.arange(0, 2 * PEOPLE, 2), np.arange(1, 2 * PEOPLE, 2)


def curve(quality: np.ndarray[tuple[int], np.dtype[np.float64]], missed: int) -> tuple[DiscardPoint, ...]:
    lost = np.arange(PEOPLE) < missed
    return discard_curve(quality, ONE, OTHER, PERSON[ONE], lost)


def test_a_measure_that_knows_who_fails_brings_the_error_to_nothing() -> None:
    """With the failing people's pictures lowest the share falls at every step, and ends at zero."""
    found = curve(np.arange(2 * PEOPLE, dtype=float), missed=20)
    assert found[0] == DiscardPoint(0.0, PEOPLE, 20)
    rates = [point.fnmr for point in found]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0
    assert [point.missed for point in found if point.discarded > 1 / 3] == [0] * 3


def test_a_measure_that_is_wrong_raises_it() -> None:
    """With the failing people's pictures best the share rises at every step, until all that is left fails."""
    rates = [point.fnmr for point in curve(-np.arange(2 * PEOPLE, dtype=float), missed=20)]
    assert all(later > earlier for earlier, later in pairwise(rates))
    assert rates[-1] == 1


def test_one_bad_picture_takes_its_comparison_along() -> None:
    """A comparison is left only while both of its pictures are."""
    quality = np.ones(2 * PEOPLE)
    quality[ONE[:12]] = 0.0
    found = curve(quality, missed=12)
    assert found == (DiscardPoint(0.0, 60, 12), DiscardPoint(0.1, 48, 0))


def test_equal_qualities_are_discarded_together_or_not_at_all() -> None:
    """A measure that says the same of everybody has one point; the order of the table decides nothing."""
    assert curve(np.full(2 * PEOPLE, 100.0), missed=9) == (DiscardPoint(0.0, 60, 9),)


def test_what_has_no_quality_goes_first() -> None:
    """Pictures in which nothing could be measured are the first left out."""
    quality = np.arange(2 * PEOPLE, dtype=float)
    quality[-24:] = np.nan
    found = curve(quality, missed=0)
    assert found[1] == DiscardPoint(0.2, 48, 0)


@settings(max_examples=60, deadline=None)
@given(
    quality=st.lists(st.integers(0, 100), min_size=2 * PEOPLE, max_size=2 * PEOPLE), missed=st.integers(0, 60)
)
def test_no_two_points_tell_of_fewer_than_ten_comparisons(quality: list[int], missed: int) -> None:
    """Whatever the qualities: subtracting two published points leaves no small number of comparisons."""
    found = curve(np.array(quality, dtype=float), missed)
    counts = [point.comparisons for point in found]
    assert counts[-1] >= FEWEST_IN_A_BAR
    assert all(more - fewer >= FEWEST_IN_A_BAR for more, fewer in pairwise(counts))


def test_too_few_comparisons_have_no_curve() -> None:
    """Nine comparisons of nine people, or ten of one: nothing is shown."""
    quality = np.arange(20, dtype=float)
    nine = discard_curve(quality[:18], ONE[:9], OTHER[:9], PERSON[ONE[:9]], np.zeros(9, bool))
    one = discard_curve(quality, ONE[:10], OTHER[:10], np.zeros(10, np.int64), np.zeros(10, bool))
    assert nine == one == ()


def acquired() -> Acquired:
    """Pictures whose mated distances are 0.10 to 0.40, person by person."""
    apart = np.linspace(0.10, 0.40, PEOPLE, dtype=np.float32)
    features = np.zeros((2 * PEOPLE, 1), np.float32)
    features[1::2, 0] = apart
    return Acquired.of(
        features,
        person=PERSON,
        session=np.full(2 * PEOPLE, -1),
        pictures=np.full(PEOPLE, 2),
        reasons={},
        at_once=4096,
    )


def test_the_second_distance_is_one_that_a_fifth_misses() -> None:
    """At the bound and at the largest whole hundredth that a fifth of the mated comparisons lies beyond."""
    quality = np.repeat(np.arange(PEOPLE, 0, -1.0), 2)[:, None]
    with acquired() as people:
        found = error_discard(people, quality, ["order"], mated_at_most=0.42)
    assert [one.beyond for one in found.at] == [0.42, 0.34]
    assert found.at[0].curves[0].points[0].missed == 0
    first, *_, last = found.at[1].curves[0].points
    assert 12 <= first.missed <= 15
    assert last.fnmr == 0


def test_a_curve_reads_back_and_a_changed_one_does_not() -> None:
    """JSON is read as it was written; another type, a zero under a fraction or a missing field is refused."""
    with acquired() as people:
        found = error_discard(people, np.arange(2.0 * PEOPLE)[:, None], ["order"], mated_at_most=0.42)
    written = json.loads(json.dumps(error_discard_json(found)))
    read = read_error_discard(written)
    assert read is not None
    assert error_discard_json(read) == written
    assert read_error_discard(None) is None
    for change in ({"comparisons": 0}, {"comparisons": True}, {"missed": "1"}, {"discarded": None}):
        wrong = json.loads(json.dumps(written))
        wrong[0]["curves"][0]["points"][0] |= change
        with pytest.raises((KeyError, TypeError, ValueError)):
            read_error_discard(wrong)
    with pytest.raises(KeyError):
        read_error_discard([{"beyond": 0.3}])


@pytest.mark.slow
def test_the_page_says_what_is_measured() -> None:
    """Run again, the command that wrote the page gives every figure of it."""
    quality = runpy.run_path(str(REPOSITORY / "benchmarks" / "quality.py"))
    page = (REPOSITORY / "docs" / "explanation" / "quality.md").read_text(encoding="utf-8")
    shown = page.split(quality["BEGIN"])[1].split(quality["END"])[0].strip()
    assert shown == quality["report"](data_folder() / "faces")

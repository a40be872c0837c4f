"""Forgetting is exact: whatever comes and goes, in whatever order, the bytes are those of who is left."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.custody.fixed_point import MAX_VALUE, FixedPoint, Whole
from dongui.custody.model_files import encode_parameters
from dongui.custody.statistics import MAX_PER_PERSON, Statistics

FORM = FixedPoint(bytes(32), 4, 11)
VALUES = st.integers(-MAX_VALUE, MAX_VALUE)


@st.composite
def people(draw: st.DrawFn) -> list[Whole]:
    """Between one and nine people with one to ten vectors each, any values within the bound."""
    found = []
    for _ in range(draw(st.integers(1, 9))):
        count = draw(st.integers(1, MAX_PER_PERSON))
        numbers = draw(st.lists(VALUES, min_size=4 * count, max_size=4 * count))
        found.append(np.array(numbers, np.int16).reshape(count, 4))
    return found


def of(one: Whole) -> Statistics:
    return Statistics.of_person(FORM, one)


def trained(crowd: list[Whole]) -> Statistics:
    """One training over everybody at once."""
    if not crowd:
        return Statistics.empty(FORM)
    counts = np.array([len(one) for one in crowd], np.int64)
    return Statistics.of_people(FORM, np.concatenate(crowd), counts)


@given(crowd=people(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_interleaving_of_coming_and_going_leaves_who_is_left(
    crowd: list[Whole], data: st.DataObject
) -> None:
    """People join and leave in any order, some again and again: statistics and model are those of a training
    over whoever is in at the end, and only of them."""
    inside: set[int] = set()
    running = Statistics.empty(FORM)
    for who in data.draw(st.lists(st.integers(0, len(crowd) - 1), max_size=30)):
        running = running.less(of(crowd[who])) if who in inside else running.plus(of(crowd[who]))
        inside ^= {who}
    left = data.draw(st.permutations(sorted(inside)))
    alone = trained([crowd[who] for who in left])
    assert running.encode() == alone.encode()
    assert encode_parameters(running.encode()) == encode_parameters(alone.encode())


@given(crowd=people(), data=st.data())
@settings(max_examples=100, deadline=None)
def test_forgetting_in_any_order_and_in_any_portions(crowd: list[Whole], data: st.DataObject) -> None:
    """Taken out one by one in any order, or several at once: the same bytes."""
    gone = data.draw(st.lists(st.sampled_from(range(len(crowd))), unique=True))
    one_by_one = trained(crowd)
    for who in gone:
        one_by_one = one_by_one.less(of(crowd[who]))
    at_once = trained(crowd).less(trained([crowd[who] for who in gone]))
    left = trained([one for who, one in enumerate(crowd) if who not in gone])
    assert one_by_one.encode() == at_once.encode() == left.encode()


@given(crowd=people())
@settings(max_examples=100, deadline=None)
def test_statistics_read_back_as_they_were_written(crowd: list[Whole]) -> None:
    """Encoding has one form."""
    encoded = trained(crowd).encode()
    assert Statistics.decode(encoded).encode() == encoded

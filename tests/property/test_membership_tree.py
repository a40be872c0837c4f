"""The tree as it is built, in blocks and heaps, against one folded bucket by bucket."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from math import exp, factorial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dongui.custody.membership import (
    BUCKET_BYTES,
    CAPACITY,
    HASH_BYTES,
    MAX_DEPTH,
    MAX_PATH_BYTES,
    depth_for,
    is_member,
)
from dongui.custody.membership_build import BuiltTree, build_tree, distinct_people
from dongui.custody.membership_tree import StoredTree
from dongui.custody.person_keys import KeyBlock
from dongui.custody.pseudonyms import pseudonym
from dongui.custody.record_columns import IdColumn
from dongui.errors import Misuse, Refused
from simulators.membership_drafting import Tree, drawn

RELEASE = drawn("release", 16)


def column(numbers: list[int], *, uuids: bool = False) -> IdColumn:
    if uuids:
        return np.array([number.to_bytes(16, "big") for number in numbers], dtype="S16")
    return np.array(numbers, dtype=np.uint32)


def cut(values: list[int], size: int, *, uuids: bool) -> Iterator[IdColumn]:
    for begin in range(0, len(values), size):
        yield column(values[begin : begin + size], uuids=uuids)


def key(number: int) -> bytes:
    return drawn(f"key {number}")


def key_blocks(numbers: list[int], size: int, *, uuids: bool) -> Iterator[KeyBlock]:
    for part in cut(numbers, size, uuids=uuids):
        # numpy's own byte strings come back without their last zeroes.
        numbers_here = [
            int.from_bytes(one.ljust(16, b"\0"), "big") if uuids else one for one in part.tolist()
        ]
        drawn_keys = [key(number) for number in numbers_here]
        yield KeyBlock(part, np.frombuffer(b"".join(drawn_keys), np.uint8).reshape(-1, 32))


def build(folder: Path, records: list[int], known: list[int], size: int, *, uuids: bool = False) -> BuiltTree:
    return build_tree(
        lambda: cut(records, size, uuids=uuids),
        key_blocks(known, max(1, size - 1), uuids=uuids),
        release=RELEASE,
        folder=folder,
    )


people_sets = st.lists(st.integers(1, 3000), unique=True, max_size=600).map(sorted)


@settings(max_examples=40, deadline=None)
@given(people=people_sets, size=st.integers(2, 70), uuids=st.booleans(), more=st.integers(0, 5))
@example(people=[256], size=2, uuids=True, more=0)
def test_root_and_every_path_are_those_of_the_plain_tree(
    people: list[int], size: int, uuids: bool, more: int
) -> None:
    """However the columns are cut, root and paths are those of a tree folded bucket by bucket."""
    records = sorted(people * 2)[len(people) % 2 :] if people else []
    wanted = sorted(set(records))
    plain = Tree(RELEASE, [pseudonym(key(number), RELEASE) for number in wanted])
    with tempfile.TemporaryDirectory() as name:
        built = build(Path(name), records, sorted({*wanted, *range(3001, 3001 + more)}), size, uuids=uuids)
        assert (built.people, built.root) == (len(wanted), plain.root())
        stored = StoredTree(Path(name), release=RELEASE, people=built.people, root=built.root)
        for number in [*wanted[:20], 4000, 4001, 4002]:
            found = pseudonym(key(number), RELEASE)
            path, drafted = stored.path(found), plain.path(plain.place(found))
            assert (path.bucket, path.siblings) == (drafted.bucket, drafted.siblings)
            inside = is_member(found, path, release=RELEASE, people=built.people, root=built.root)
            assert inside is (number in wanted)


@pytest.mark.parametrize("people", [255, 256, 257, 1025, 20_000])
def test_trees_around_the_number_of_heaps_are_the_plain_ones(people: int, tmp_path: Path) -> None:
    """Where the heaps, or the nodes that are kept, begin and end, nothing goes missing."""
    numbers = list(range(people))
    built = build(tmp_path, numbers, numbers, 5000)
    names = [pseudonym(key(number), RELEASE) for number in numbers]
    assert built.root == Tree(RELEASE, names).root()
    stored = StoredTree(tmp_path, release=RELEASE, people=people, root=built.root)
    for name in names[:: max(1, people // 50)]:
        path = stored.path(name)
        assert is_member(name, path, release=RELEASE, people=people, root=built.root)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["nodes", "pseudonyms"]


def test_several_processes_build_the_same_tree(tmp_path: Path) -> None:
    """Who builds which heap changes nothing."""
    numbers = np.arange(200_500, dtype=np.uint32)
    keys = np.random.default_rng(7).integers(0, 256, (len(numbers), 32), dtype=np.uint8)
    built = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        built.append(
            build_tree(
                lambda: iter([numbers]),
                [KeyBlock(numbers, keys)],
                release=RELEASE,
                folder=folder,
                processes=processes,
            )
        )
    assert built[0] == built[1]
    for name in ("nodes", "pseudonyms"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.integers(0, 40), max_size=80).map(sorted), size=st.integers(1, 9))
def test_everybody_counts_once_however_the_column_is_cut(values: list[int], size: int) -> None:
    """A person's many records are one person, also across blocks."""
    found = [int(one) for block in distinct_people(cut(values, size, uuids=False)) for one in block]
    assert found == sorted(set(values))


def test_people_that_do_not_rise_are_refused() -> None:
    """An unsorted column would count somebody twice."""
    with pytest.raises(Misuse, match=r"snapshot\.unsorted"):
        list(distinct_people(iter([column([1, 3]), column([2])])))


def test_one_key_for_two_people_is_refused(tmp_path: Path) -> None:
    """Else one of the two could prove what is true of the other."""
    keys = np.zeros((3, 32), dtype=np.uint8)
    with pytest.raises(Refused, match=r"membership\.pseudonym-twice"):
        build_tree(
            lambda: iter([column([1, 2, 3])]),
            [KeyBlock(column([1, 2, 3]), keys)],
            release=RELEASE,
            folder=tmp_path,
        )


def test_a_path_stays_below_its_limit_at_any_size() -> None:
    """At most 1,200 bytes with the CBOR heads, for every depth a tree can have; presence or absence alike."""
    heads = 3 + 3
    assert all(BUCKET_BYTES + depth * HASH_BYTES + heads <= MAX_PATH_BYTES for depth in range(MAX_DEPTH + 1))
    assert depth_for(177_600_000) == 28
    assert depth_for(60_000_000) == 26
    assert depth_for(2**MAX_DEPTH) == MAX_DEPTH


@pytest.mark.parametrize("people", [60_000_000, 177_600_000, 2**28, 2**26, 2**20, 1000])
def test_an_overfull_bucket_is_less_likely_than_one_in_three_million(people: int) -> None:
    """Poisson's tail beyond the capacity, over all buckets: the page's figures."""
    mean = people / 2 ** depth_for(people)
    tail = sum(exp(-mean) * mean**size / factorial(size) for size in range(CAPACITY + 1, CAPACITY + 60))
    assert tail * 2 ** depth_for(people) < 1 / 3_000_000


def test_buckets_fill_as_poissons_law_says() -> None:
    """Two million drawn pseudonyms in their buckets: the counts of each size lie within five deviations."""
    people, depth = 2_000_000, 21
    places = np.random.default_rng(3).integers(0, 2**depth, people)
    sizes = np.bincount(np.bincount(places, minlength=2**depth), minlength=12)
    mean = people / 2**depth
    for size in range(8):
        wanted = 2**depth * exp(-mean) * mean**size / factorial(size)
        assert abs(sizes[size] - wanted) < 5 * wanted**0.5 + 1
    assert sizes[CAPACITY + 1 :].sum() == 0

"""Statistics in whole numbers: bounds, forms, and what they are sums of."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import dongui
from dongui.biometrics.cards import card
from dongui.custody.fixed_point import MAX_VALUE, FixedPoint, fixed_point_for
from dongui.custody.model_files import encode_parameters
from dongui.custody.statistics import BLOCK_VECTORS, COMMON, MAX_PER_PERSON, MAX_VECTORS, Statistics
from dongui.encoding import cbor
from dongui.errors import Misuse, Refused

SMALL = FixedPoint(bytes(32), 3, 11)


def person(count: int, *, value: int | None = None, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    drawn = chance.integers(-MAX_VALUE, MAX_VALUE + 1, (count, 3))
    return (drawn if value is None else np.full((count, 3), value)).astype(np.int16)


def test_quantising_rounds_half_to_even_and_is_bounded() -> None:
    """The constants are 1/2048, 2047 and zero; nothing of them depends on the vectors."""
    halves = np.array([[0.5 / 2048, 1.5 / 2048, -0.5 / 2048]], np.float32)
    assert SMALL.quantise(halves).tolist() == [[0, 2, 0]]
    assert SMALL.quantise(np.array([[9.0, -9.0, 0.25]], np.float32)).tolist() == [[2047, -2047, 512]]
    beside = np.concatenate([halves, np.full((5, 3), 100, np.float32)])
    assert SMALL.quantise(beside)[0].tolist() == [0, 2, 0]


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((1, 3)),
        np.zeros((1, 4), np.float32),
        np.zeros(3, np.float32),
        np.full((1, 3), np.nan, np.float32),
        np.full((1, 3), np.inf, np.float32),
    ],
)
def test_what_is_no_vector_is_not_quantised(vectors: np.ndarray) -> None:
    """Another type, another shape, a number that is none: never silently zero."""
    with pytest.raises(ValueError, match=r"vector"):
        SMALL.quantise(vectors)


def test_only_a_recogniser_with_constants_can_be_trained_over() -> None:
    """Constants are written down by card; the detector's card has none."""
    assert fixed_point_for(card("dlib-resnet-v1")).dimensions == 128
    with pytest.raises(Misuse) as refused:
        fixed_point_for(card("dlib-five-points"))
    assert refused.value.name == "model.recogniser-without-constants"


def test_the_sums_are_what_the_specification_says() -> None:
    """Each of the six sums, against plain arithmetic over fractions."""
    people = [person(count, seed=count) for count in (1, 2, 3, 7, 10)]
    counts = np.array([len(one) for one in people], np.int64)
    found = Statistics.of_people(SMALL, np.concatenate(people), counts)
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    total, grouped = [], []
    for i, j in pairs:
        total.append(sum(int(q[i]) * int(q[j]) for one in people for q in one))
        means = (Fraction(COMMON, len(one)) * int(one[:, i].sum()) * int(one[:, j].sum()) for one in people)
        grouped.append(sum(means))
    assert (found.people, found.vectors, found.squares) == (5, 23, 163)
    assert found.sum.tolist() == [int(np.concatenate(people)[:, i].sum()) for i in range(3)]
    assert found.total.tolist() == total
    assert found.grouped.tolist() == grouped


def test_the_largest_block_of_the_largest_numbers_is_exact() -> None:
    """Where every product is as large as it can be, binary64 still holds every whole number."""
    counts = np.full(BLOCK_VECTORS // MAX_PER_PERSON, MAX_PER_PERSON, np.int64)
    vectors = np.full((int(counts.sum()), 3), MAX_VALUE, np.int16)
    found = Statistics.of_people(SMALL, vectors, counts)
    assert set(found.grouped.tolist()) == {COMMON * MAX_VALUE**2 * len(vectors)}
    assert set(found.total.tolist()) == {MAX_VALUE**2 * len(vectors)}


def test_the_most_vectors_there_can_be_fit_into_64_bits() -> None:
    """800 million vectors, all at the bound: no sum wraps around; one more is refused."""
    most = MAX_VECTORS // MAX_PER_PERSON
    extreme = COMMON * MAX_VALUE**2 * MAX_VECTORS
    assert extreme < 2**63
    entries = np.full(6, extreme, np.int64)
    full = Statistics(
        SMALL,
        most,
        MAX_VECTORS,
        MAX_VECTORS * MAX_PER_PERSON,
        np.full(3, MAX_VALUE * MAX_VECTORS, np.int64),
        np.full(6, MAX_VALUE**2 * MAX_VECTORS, np.int64),
        entries,
    )
    one = Statistics.of_person(SMALL, person(10, value=MAX_VALUE))
    assert full.less(one).plus(one).encode() == full.encode()
    assert Statistics.decode(full.encode()).grouped.tolist() == [extreme] * 6
    with pytest.raises(Misuse) as refused:
        full.plus(one)
    assert refused.value.name == "model.too-many-vectors"


@pytest.mark.parametrize(
    ("vectors", "counts"),
    [
        (person(11), [11]),
        (person(3), [2]),
        (person(3), [3, 0]),
        (np.full((1, 3), 2048, np.int16), [1]),
        (np.zeros((1, 3)), [1]),
    ],
)
def test_nothing_beyond_the_bounds_gets_in(vectors: np.ndarray, counts: list[int]) -> None:
    """More than ten vectors a person, other counts, values or types: refused, or the bound would not hold."""
    with pytest.raises(ValueError, match=r"."):
        Statistics.of_people(SMALL, vectors, np.array(counts, np.int64))


def test_statistics_of_different_recognisers_never_mix() -> None:
    """Another card, or another unit: refused. So is taking out more than there is."""
    ours = Statistics.of_person(SMALL, person(2))
    for form in (FixedPoint(b"\1" * 32, 3, 11), FixedPoint(bytes(32), 3, 10)):
        for act in (ours.plus, ours.less):
            with pytest.raises(Misuse) as refused:
                act(Statistics.empty(form))
            assert refused.value.name == "model.statistics-of-another"
    with pytest.raises(Misuse) as refused:
        Statistics.empty(SMALL).less(ours)
    assert refused.value.name == "model.statistics-of-another"


def spoiled(change: int, value: object) -> bytes:
    parts = cbor.loads(
        Statistics.of_person(SMALL, person(2)).encode(),
        limits=cbor.Limits(max_bytes=9999, max_depth=3, max_items=99),
    )
    assert isinstance(parts, list)
    parts[change] = value  # type: ignore[call-overload]
    return cbor.dumps(parts)


@pytest.mark.parametrize(
    "data",
    [
        spoiled(0, "dongui-model"),
        spoiled(1, 2),
        spoiled(2, bytes(31)),
        spoiled(3, [3, 11, 4095, 10]),
        spoiled(3, [3, 11, 2047, 11]),
        spoiled(3, [0, 11, 2047, 10]),
        spoiled(3, [4096, 11, 2047, 10]),
        spoiled(1, True),
        spoiled(4, [True, 2, 4]),
        spoiled(4, [1, 0, 0]),
        spoiled(4, [1, MAX_VECTORS + 1, 2**40]),
        spoiled(4, [1, 2, 21]),
        spoiled(5, bytes(23)),
        spoiled(6, bytes(40)),
    ],
)
def test_malformed_statistics_are_refused(data: bytes) -> None:
    """Other constants, impossible counts, sums of another length: nothing of it becomes statistics."""
    with pytest.raises(Refused) as refused:
        Statistics.decode(data)
    assert refused.value.name == "model.statistics-malformed"


_DERIVE = """
import hashlib, sys
from dongui.custody.model_files import encode_parameters
from dongui.custody.statistics import Statistics
from dongui.custody.fixed_point import FixedPoint
import numpy as np
chance = np.random.default_rng(5)
counts = np.full(2000, 5)
drawn = np.repeat(chance.integers(-400, 400, (2000, 96)), counts, 0) + chance.integers(-200, 200, (10000, 96))
form = FixedPoint(bytes(32), 96, 11)
encoded = Statistics.of_people(form, drawn.astype(np.int16), counts).encode()
print(hashlib.sha256(encoded).hexdigest(), hashlib.sha256(encode_parameters(encoded)).hexdigest())
"""


PINNED = [
    "ca6e926672f98f715ab014bbd49382cdeaca9dfcac48a4a7a6e6322278c47266",
    "3cc678722f0cbc6b0bbf1174dc2546b4504bcf6e6a54659dda05e6a779ec4eee",
]


@pytest.mark.parametrize(
    "surroundings",
    [
        {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"},
        {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "1"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"},
    ],
)
def test_threads_and_processor_change_no_bit(surroundings: dict[str, str]) -> None:
    """One thread or two, other matrix kernels, without wide vectors or fused operations: one result.

    The expected digests were made on another run: they pin the bytes for every machine this runs on.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _DERIVE],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(dongui.__file__).parents[1]), **surroundings},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == PINNED, os.linesep.join([done.stdout, done.stderr])


def test_the_same_people_give_the_same_model_to_the_bit() -> None:
    """In this process too: derived twice, and after a person came and went."""
    chance = np.random.default_rng(7)
    counts = np.full(200, 4)
    vectors = np.repeat(chance.integers(-300, 300, (200, 3)), counts, 0) + chance.integers(-99, 99, (800, 3))
    base = Statistics.of_people(SMALL, vectors.astype(np.int16), counts)
    guest = Statistics.of_person(SMALL, person(6))
    encoded = base.plus(guest).less(guest).encode()
    assert encoded == base.encode()
    assert sha256(encode_parameters(encoded)).digest() == sha256(encode_parameters(base.encode())).digest()

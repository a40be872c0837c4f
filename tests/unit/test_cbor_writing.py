"""Deterministic writing, against the examples of RFC 8949, appendix A."""

from __future__ import annotations

import math

import pytest

from dongui.encoding import cbor
from dongui.encoding.cbor import Limits
from dongui.errors import Refused

LIMITS = Limits(max_bytes=1000, max_depth=8, max_items=100)

RFC_8949_APPENDIX_A = [
    (0, "00"),
    (23, "17"),
    (24, "1818"),
    (1000, "1903e8"),
    (1000000, "1a000f4240"),
    (18446744073709551615, "1bffffffffffffffff"),
    (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"),
    (0.0, "f90000"),
    (1.1, "fb3ff199999999999a"),
    (1.5, "f93e00"),
    (100000.0, "fa47c35000"),
    (math.inf, "f97c00"),
    (False, "f4"),
    (True, "f5"),
    (None, "f6"),
    (b"\x01\x02\x03\x04", "4401020304"),
    ("ü", "62c3bc"),
    ([1, [2, 3], [4, 5]], "8301820203820405"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    (cbor.Tagged(0, "2013-03-21T20:04:00Z"), "c074323031332d30332d32315432303a30343a30305a"),
    (cbor.embed(b"dIETF"), "d818456449455446"),
]


@pytest.mark.parametrize(("value", "expect"), RFC_8949_APPENDIX_A)
def test_the_examples_of_the_standard(value: object, expect: str) -> None:
    """RFC 8949, appendix A: these values have these encodings, and read back."""
    assert cbor.dumps(value).hex() == expect
    assert cbor.loads_canonical(bytes.fromhex(expect), limits=LIMITS) == value


@pytest.mark.parametrize("data", ["1817", "1900ff", "a2616201616101", "fb3ff8000000000000", "d81858026161"])
def test_a_second_spelling_is_not_canonical(data: str) -> None:
    """Long heads, unsorted keys, wide floats: legal CBOR, and refused where bytes are compared."""
    cbor.loads(bytes.fromhex(data), limits=LIMITS)
    with pytest.raises(Refused, match=r"cbor\.not-canonical"):
        cbor.loads_canonical(bytes.fromhex(data), limits=LIMITS)


@pytest.mark.parametrize("value", [{True: 1}, {1.0: 1}, {None: 1}, object(), {1, 2}])
def test_what_has_no_form_is_a_type_error(value: object) -> None:
    """A value without a CBOR form here is the programmer's mistake, not a refusal of a document."""
    with pytest.raises(TypeError):
        cbor.dumps(value)


@pytest.mark.parametrize("value", [2**64, -(2**64) - 1])
def test_integers_beyond_64_bits_have_no_form(value: int) -> None:
    """Bignums are a tag nobody here reads, so none is ever written."""
    with pytest.raises(ValueError, match="64 bits"):
        cbor.dumps(value)


def test_bytes_like_values_are_written_without_a_copy_of_their_own() -> None:
    """A view and a bytearray are byte strings."""
    assert cbor.dumps([memoryview(b"ab"), bytearray(b"ab")]) == cbor.dumps([b"ab", b"ab"])

"""CBOR built to exhaust or confuse a reader: each form is refused by its own name."""

from __future__ import annotations

import tracemalloc

import pytest

from dongui.encoding import cbor
from dongui.encoding.cbor import Limits
from dongui.errors import Refused

LIMITS = Limits(max_bytes=1_000_000, max_depth=16, max_items=10_000)

BOMBS = {
    "a byte string of 4 GiB": ("5b00000001 00000000 00", "cbor.truncated"),
    "a byte string of 2^64-1 bytes": ("5bffffffffffffffff", "cbor.truncated"),
    "a text of 4 GiB": ("7b0000000100000000 61", "cbor.truncated"),
    "an array of 4 billion": ("9affffffff 00", "cbor.too-many-items"),
    "an array of 2^64-1": ("9bffffffffffffffff", "cbor.too-many-items"),
    "a map of 2^63 pairs": ("bb8000000000000000", "cbor.too-many-items"),
    "an array of more items than bytes": ("9903e8 00", "cbor.truncated"),
    "an embedded item of 4 GiB": ("d818 5b0000000100000000 00", "cbor.truncated"),
    "an embedded item that is no byte string": ("d818 6161", "cbor.malformed"),
    "an embedded item of indefinite length": ("d818 5f4101ff", "cbor.indefinite-length"),
    "seventeen arrays": ("81" * 17 + "00", "cbor.too-deep"),
    "a hundred thousand arrays": ("81" * 100_000 + "00", "cbor.too-deep"),
    "a hundred thousand tags": ("c0" * 100_000 + "00", "cbor.too-deep"),
    "an array of indefinite length": ("9f01ff", "cbor.indefinite-length"),
    "a map of indefinite length": ("bf0101ff", "cbor.indefinite-length"),
    "a text of indefinite length": ("7f6161ff", "cbor.indefinite-length"),
    "bytes of indefinite length": ("5f4101ff", "cbor.indefinite-length"),
    "an integer of indefinite length": ("1f", "cbor.malformed"),
    "reserved additional information": ("1c", "cbor.malformed"),
    "a stray break": ("ff", "cbor.unsupported-value"),
    "undefined": ("f7", "cbor.unsupported-value"),
    "a simple value": ("f8ff", "cbor.unsupported-value"),
    "nothing": ("", "cbor.truncated"),
    "half a head": ("19ff", "cbor.truncated"),
    "two items": ("0000", "cbor.trailing-bytes"),
    "a key twice": ("a201000101", "cbor.duplicate-key"),
    "a key twice, spelled differently": ("a20100180101", "cbor.duplicate-key"),
    "a text key twice": ("a2616100616101", "cbor.duplicate-key"),
    "a key twice, deep inside": ("81a101a201000101", "cbor.duplicate-key"),
    "an array as a key": ("a1800 0".replace(" ", ""), "cbor.key-type"),
    "true as a key": ("a1f500", "cbor.key-type"),
    "a float as a key": ("a1f93c0000", "cbor.key-type"),
    "a tag as a key": ("a1c06000", "cbor.key-type"),
    "a text that is not UTF-8": ("62c328", "cbor.not-utf8"),
    "a surrogate": ("63eda080", "cbor.not-utf8"),
}


@pytest.mark.parametrize(("data", "expect"), BOMBS.values(), ids=BOMBS.keys())
def test_each_bomb_is_refused_by_its_own_name(data: str, expect: str) -> None:
    """A hostile form is refused with one name, and the refusal costs less memory than two megabytes."""
    encoded = bytes.fromhex(data)
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as refusal:
            cbor.loads(encoded, limits=LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert refusal.value.name == expect


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    """A file over the limit is refused for its size whatever stands in it."""
    with pytest.raises(Refused, match=r"cbor\.too-large: 11 bytes; the limit is 10"):
        cbor.loads(b"\xff" * 11, limits=Limits(max_bytes=10, max_depth=1, max_items=1))


def test_items_are_counted_across_containers() -> None:
    """Ten thousand items are too many also when no single container declares them."""
    data = b"\x98\x64" + b"\x98\x64" + b"\x00" * 100 + (b"\x98\x64" + b"\x00" * 100) * 99
    with pytest.raises(Refused, match=r"cbor\.too-many-items"):
        cbor.loads(data, limits=LIMITS)


def test_tags_that_share_or_refer_are_not_followed() -> None:
    """Value sharing and string references (tags 28, 29, 25, 256) stay plain tags: nothing expands."""
    data = bytes.fromhex("82 d81c 80 d81d 00")
    assert cbor.loads(data, limits=LIMITS) == [cbor.Tagged(28, []), cbor.Tagged(29, 0)]


def test_dates_stay_the_text_that_was_signed() -> None:
    """A tagged date is not turned into a moment and back: its exact text matters to whoever judges it."""
    assert cbor.loads(cbor.dumps(cbor.Tagged(0, "2020-10-01T13:30:02Z")), limits=LIMITS) == cbor.Tagged(
        0, "2020-10-01T13:30:02Z"
    )

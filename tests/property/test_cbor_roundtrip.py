"""Laws of the CBOR reader that hold for every input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue, EmbeddedCbor, Limits, Tagged
from dongui.errors import Refused, failures

LIMITS = Limits(max_bytes=4096, max_depth=12, max_items=400)

_integers = st.integers(min_value=-(2**64), max_value=2**64 - 1)
_keys: st.SearchStrategy[CborKey] = _integers | st.text(max_size=8) | st.binary(max_size=8)
_scalars: st.SearchStrategy[CborValue] = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False)
    | _keys
    | st.builds(cbor.embed, st.binary(max_size=8))
)


def _containers(inner: st.SearchStrategy[CborValue]) -> st.SearchStrategy[CborValue]:
    tagged = st.builds(Tagged, st.sampled_from((0, 1, 2, 25, 28, 29, 256, 1004, 2**63)), inner)
    return st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4) | tagged


_values = st.recursive(_scalars, _containers, max_leaves=12)

CBOR_NAMES = {"read"} | {name for name in failures() if name.startswith("cbor.")}


def _outcome(data: bytes) -> str:
    try:
        value = cbor.loads(data, limits=LIMITS)
    except Refused as refusal:
        return refusal.name
    cbor.dumps(value)
    return "read"


@given(_values)
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_back_and_is_canonical(value: CborValue) -> None:
    """Every value survives writing and strict reading, and our own writing is always canonical."""
    assert cbor.loads_canonical(cbor.dumps(value), limits=LIMITS) == value


@given(st.binary(max_size=200))
@settings(max_examples=600, deadline=None)
def test_any_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    """No input makes the reader raise anything but a named refusal; what it reads, it can write."""
    assert _outcome(data) in CBOR_NAMES


@given(_values, st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_is_read_or_refused_by_name(value: CborValue, data: st.DataObject) -> None:
    """Nearly valid input is where readers break: one byte changed or cut still gives a value or a name."""
    encoded = bytearray(cbor.dumps(value))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(encoded)))
    assert _outcome(bytes(encoded[:cut])) in CBOR_NAMES


def _respelled(value: CborValue) -> CborValue:
    """The value with each embedded item in the shortest form, wherever it came from."""
    match value:
        case EmbeddedCbor():
            return cbor.embed(value.content)
        case Tagged():
            return Tagged(value.number, _respelled(value.value))
        case list():
            return [_respelled(item) for item in value]
        case dict():
            return {key: _respelled(item) for key, item in value.items()}
        case _:
            return value


_WIDE = {0: (24, 1), 1: (25, 2), 2: (26, 4), 3: (27, 8)}


@st.composite
def _spelled(draw: st.DrawFn) -> bytes:
    """A map or array of small items, some of them in a longer form than they need, keys in any order."""

    def head(major: int, argument: int) -> bytes:
        if argument < 24 and draw(st.booleans()):
            return bytes((major << 5 | argument,))
        info, size = _WIDE[draw(st.integers(0, 3))]
        return bytes((major << 5 | info,)) + argument.to_bytes(size, "big")

    def item(depth: int) -> bytes:
        kind = draw(st.integers(0, 7 if depth else 4))
        if kind < 2:
            return head(kind, draw(st.integers(0, 255)))
        if kind < 4:
            return head(kind, 1) + draw(st.sampled_from((b"a", b"b")))
        if kind == 4:
            return bytes.fromhex(
                draw(st.sampled_from(("f93e00", "fa3fc00000", "fa47c35000", "f97e00", "fb3ff8000000000000")))
            )
        count = draw(st.integers(0, 3))
        if kind == 5:
            return head(4, count) + b"".join(item(depth - 1) for _ in range(count))
        if kind == 6:
            return head(6, draw(st.sampled_from((0, 25)))) + item(depth - 1)
        keys = [head(0, draw(st.integers(0, 40))) for _ in range(count)]
        return head(5, count) + b"".join(key + item(depth - 1) for key in keys)

    return item(3)


@given(_spelled() | st.binary(max_size=40))
@settings(max_examples=400, deadline=None)
def test_canonical_is_what_is_written_again_to_the_same_bytes(data: bytes) -> None:
    """RFC 8949, 4.2.1: the scan's judgement while reading is that of writing again and comparing."""
    try:
        value = cbor.loads(data, limits=LIMITS)
    except Refused:
        return
    if cbor.dumps(_respelled(value)) == data:
        cbor.loads_canonical(data, limits=LIMITS)
    else:
        with pytest.raises(Refused, match=r"cbor\.not-canonical"):
            cbor.loads_canonical(data, limits=LIMITS)


@given(st.dictionaries(_keys, st.integers(0, 9), min_size=2, max_size=6))
@settings(max_examples=100, deadline=None)
def test_keys_are_written_in_byte_order(value: dict[CborKey, int]) -> None:
    """RFC 8949, 4.2.1: the encoded keys of a map stand in bytewise order, whatever order they came in."""
    encoded = sorted(cbor.dumps(key) + cbor.dumps(item) for key, item in value.items())
    assert cbor.dumps(value)[1:] == b"".join(encoded)
    assert cbor.dumps(dict(reversed(list(value.items())))) == cbor.dumps(value)


@given(st.lists(st.binary(max_size=30), max_size=6), st.booleans())
@settings(max_examples=100, deadline=None)
def test_embedded_items_keep_their_own_bytes(contents: list[bytes], as_view: bool) -> None:
    """Each item of tag 24 comes back with exactly the bytes it had, also when its length is not shortest."""
    long_form = [b"\xd9\x00\x18\x59" + len(c).to_bytes(2, "big") + c for c in contents]
    data = bytes((0x80 | len(contents),)) + b"".join(long_form)
    value = cbor.loads(memoryview(data) if as_view else data, limits=LIMITS)
    assert isinstance(value, list)
    assert [bytes(item.raw) for item in value if isinstance(item, EmbeddedCbor)] == long_form
    assert [item.content for item in value if isinstance(item, EmbeddedCbor)] == contents
    assert cbor.dumps(value) == data
    if contents:
        with pytest.raises(Refused, match=r"cbor\.not-canonical"):
            cbor.loads_canonical(data, limits=LIMITS)

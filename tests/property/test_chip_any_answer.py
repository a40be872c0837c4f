"""Whatever a chip answers: a named failure, within few commands, or the files as they were signed."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dongui.documents.passport.chip.apdu import Command
from dongui.documents.passport.chip.ciphers import CipherSuite, pad, unpad
from dongui.documents.passport.chip.secure_messaging import SecureMessaging
from dongui.documents.passport.tlv import write
from dongui.documents.trust.curve_points import add, affine, multiply
from dongui.documents.trust.explicit_curves import named_curves
from simulators.chip_answers import Scripted, Spoiling, outcome
from simulators.chip_documents import Wishes, chip

LIBRARY = (ec.SECP224R1(), ec.SECP256R1(), ec.SECP521R1(), ec.BrainpoolP256R1(), ec.BrainpoolP512R1())
STATUS = st.sampled_from([b"\x90\x00", b"\x62\x82", b"\x6a\x82", b"\x63\x00", b"\x61\x10", b"\x6c\x10"])
ANSWER = st.builds(lambda data, status: data + status, st.binary(max_size=64), STATUS)
BUILT = st.builds(
    lambda outer, inner, value, status: write(outer, write(inner, value)) + status,
    st.sampled_from([0x7C, 0x31, 0x60, 0x77, 0x87, 0x99]),
    st.sampled_from([0x80, 0x82, 0x84, 0x86, 0x30, 0x99, 0x8E]),
    st.binary(max_size=70),
    STATUS,
)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=48), ANSWER, BUILT), min_size=1, max_size=12))
@example([b"\x00\x61\x00"])  # one byte, and more waits, without an end
def test_any_answers(answers: list[bytes]) -> None:
    """Bytes of no meaning, and of some: always a named failure, and soon."""
    on_reader = Scripted(answers)
    assert outcome(on_reader).startswith(("chip.", "passport."))
    assert on_reader.commands < 20_000


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([Wishes(), Wishes(pace=((2, 12),)), Wishes(chip_authentication=None)]),
    st.integers(0, 36),
    st.integers(0, 400),
    st.binary(max_size=5),
    st.integers(0, 4),
)
def test_one_answer_exchanged(wishes: Wishes, at: int, place: int, run: bytes, taken: int) -> None:
    """A sound reading with a few bytes of one answer put in, taken out or exchanged."""
    found = outcome(Spoiling(chip(wishes), at, place, run, taken))
    assert found.startswith(("chip.", "passport.", "read"))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(CipherSuite),
    st.binary(max_size=300),
    st.one_of(st.none(), st.integers(1, 65_536)),
    st.integers(0, 2**64 - 1),
)
def test_a_protected_command_hides_its_data(
    suite: CipherSuite, data: bytes, expected: int | None, counter: int
) -> None:
    """Nothing of 16 bytes or more shows through, two alike never look alike, the header is what it was."""
    messaging = SecureMessaging.from_secret(suite, b"agreed", counter)
    command = Command(0x00, 0xA4, 0x04, 0x0C, data=data, expected=expected)
    first, second = (messaging.protect(command).encode() for _ in range(2))
    assert first != second
    assert first[:4] == b"\x0c\xa4\x04\x0c"
    assert len(data) < 16 or data not in first


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=70), st.sampled_from([8, 16]))
def test_padding(data: bytes, size: int) -> None:
    """It comes off as it went on, and always fills blocks."""
    padded = pad(data, size)
    assert unpad(padded) == data
    assert len(padded) % size == 0
    assert len(padded) > len(data)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(LIBRARY), st.integers(1, 2**600), st.integers(1, 2**512), st.integers(1, 2**200))
def test_points_as_the_library_computes_them(
    library: ec.EllipticCurve, scalar: int, blind: int, other: int
) -> None:
    """Our multiplication is the library's, whatever blinds it, and it distributes over addition."""
    curve = named_curves()[library.name]
    generator = (curve.x, curve.y)
    scalar = scalar % (curve.n - 1) + 1
    numbers = ec.derive_private_key(scalar, library).public_key().public_numbers()
    product = multiply(curve, scalar, generator, blind=blind)
    assert product == (numbers.x, numbers.y)
    added = multiply(curve, other, generator, blind=blind + 1)
    assert added is not None
    total = affine(curve, add(curve, (*product, 1), (*added, 1)))
    assert total == multiply(curve, scalar + other, generator, blind=1)
    assert multiply(curve, curve.n, generator, blind=blind) is None
    assert multiply(curve, curve.n - 1, generator, blind=blind) == (curve.x, curve.p - curve.y)


def test_an_endless_file() -> None:
    """A chip that gives a file byte by byte is stopped, not followed."""
    head = b"\x60\x82\xff\xff" + bytes(2) + b"\x90\x00"
    assert outcome(Scripted([b"\x90\x00", head, b"\x00\x90\x00"])) == "chip.malformed-response"
    assert outcome(Scripted([b"\x90\x00", b"\x31\x83\xff\xff\xff\x00\x90\x00"])) == "chip.file-too-large"

"""The border of the confined process reads strictly, whatever stands on the other side."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.consent.purpose import DEFAULT_HOLDER_BINDINGS
from dongui.documents.authenticated import HolderBinding
from dongui.documents.authenticating import HolderEvidence
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.recognising import Kind
from dongui.documents.trust import TrustAnchors
from dongui.encoding import cbor
from dongui.errors import Refused, Trouble, Undetermined
from dongui.examination import Examination, Order
from dongui.receipts.issuing import PresentedDocument
from dongui.receipts.statement import Comparison
from simulators.mdoc_issuance import an_issuer

FACTS = PresentedDocument("mdoc", "org.iso.18013.5.1.mDL", HolderBinding.DEVICE_MAC, b"s" * 64)
COMPARED = Comparison("dlib-resnet", b"d" * 32)
MATED = Examination(FACTS, "nose-parallax", COMPARED, None, {"document": 1.25, "comparison": 0.5})
ORDER = Order(
    judged_at=datetime(2026, 11, 22, tzinfo=UTC),
    kind=Kind.MDOC,
    trust=DocumentTrust.for_mdocs(
        TrustAnchors.from_certificates([an_issuer().root.public_bytes(Encoding.DER)])
    ),
    holder=HolderEvidence(b"t", ec.generate_private_key(ec.SECP256R1()), "n", None, None),
    handle_key=b"k",
    handle=b"h",
    challenge=Challenge(Side.PICTURE_LEFT),
    documents=("org.iso.18013.5.1.mDL",),
    holder_bindings=DEFAULT_HOLDER_BINDINGS,
    operating_point="point",
    accept_unassessed=True,
)


def test_an_order_comes_back_whole() -> None:
    """What goes in is what was sent."""
    encoded = ORDER.to_bytes()
    assert Order.from_bytes(encoded).to_bytes() == encoded


def test_an_examination_comes_back_whole() -> None:
    """What comes out is what was found."""
    assert Examination.from_bytes(MATED.to_bytes()) == MATED


def test_a_failure_keeps_its_name_and_family() -> None:
    """Refused stays refused, undetermined stays undetermined, with the same name and detail."""
    for failure in (Refused("consent.other-person", "x"), Trouble("clock.implausible", "y")):
        back = Examination.from_bytes(Examination(None, None, None, failure, {}).to_bytes()).failure
        assert type(back) is type(failure)
        assert (back.name, back.detail) == (failure.name, failure.detail)


@pytest.mark.parametrize(
    "outcome",
    [
        [],
        ["MATED"],
        ["mated", 1],
        ["verified"],
        ["refused"],
        ["refused", "no.such", "x"],
        ["misuse", "a", "b"],
        [None],
    ],
)
def test_no_malformed_outcome_reads_as_mated(outcome: list[object]) -> None:
    """Only the exact word is a positive decision: anything else from inside is trouble."""
    fields = cbor.loads(MATED.to_bytes(), limits=cbor.Limits(10_000, 8, 100))
    assert isinstance(fields, dict)
    with pytest.raises(Trouble, match="examination.malformed"):
        Examination.from_bytes(cbor.dumps({**fields, "outcome": outcome}))


@pytest.mark.parametrize("name", ["document", "comparison", "outcome", "microseconds", "attack_detection"])
def test_every_field_must_be_there_and_of_its_kind(name: str) -> None:
    """A missing field or one of another kind is trouble, not a default."""
    fields = cbor.loads(MATED.to_bytes(), limits=cbor.Limits(10_000, 8, 100))
    assert isinstance(fields, dict)
    without = {key: value for key, value in fields.items() if key != name}
    for data in (without, {**fields, name: 7}, {**fields, name: ["x"]}):
        with pytest.raises(Trouble, match="examination.malformed"):
            Examination.from_bytes(cbor.dumps(data))


@given(st.binary(max_size=200))
def test_no_bytes_from_inside_can_break_the_reader(data: bytes) -> None:
    """Whatever the confined process sends, the answer is an examination or one named trouble."""
    with pytest.raises(Trouble, match="examination.malformed"):
        Examination.from_bytes(data)


def test_undetermined_is_not_refused() -> None:
    """The two families cannot be confused on the way."""
    failure = Undetermined("document.subject-missing", "x")
    assert not isinstance(
        Examination.from_bytes(Examination(None, None, None, failure, {}).to_bytes()).failure, Refused
    )

"""The holder's side: what is shown, to whom, and with which proof."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.mdoc.holder import Holder, HolderMethod
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.encoding.cbor import dumps
from dongui.errors import Misuse
from simulators.mdoc_issuance import (
    a_licence,
    a_presentation,
    a_reader_key,
    a_staff_card,
    a_transcript,
    an_issuer,
)

NAMESPACE = "org.iso.18013.5.1"
ISSUER = an_issuer()
HOLDER = a_licence(ISSUER)


def test_only_what_was_asked_for_is_shown() -> None:
    """Selective disclosure: neither value nor name of another element is in the response."""
    shown = a_presentation(HOLDER, a_transcript(), disclose={NAMESPACE: ["age_over_18", "portrait"]})
    assert b"age_over_18" in shown
    assert b"family_name" not in shown
    assert b"Haneul" not in shown
    assert b"family_name" in a_presentation(HOLDER, a_transcript())


def test_the_order_asked_for_is_not_the_order_shown() -> None:
    """Two readers asking in different orders see the same bytes but for the device's proof."""
    names = ["age_over_18", "portrait"]
    one, two = (
        a_presentation(HOLDER, a_transcript(), disclose={NAMESPACE: order}) for order in (names, names[::-1])
    )
    assert one[: one.index(b"deviceSignature")][:-200] == two[: two.index(b"deviceSignature")][:-200]
    at = [one.index(name.encode()) for name in names]
    assert at == [two.index(name.encode()) for name in names]


def test_an_element_not_held_is_a_named_misuse() -> None:
    """Neither another element nor another namespace is silently left out."""
    for disclose in ({NAMESPACE: ["shoe_size"]}, {"org.example": ["portrait"]}):
        with pytest.raises(Misuse) as caught:
            a_presentation(HOLDER, a_transcript(), disclose=disclose)
        assert caught.value.name == "issuing.element-not-held"


def test_a_mac_needs_a_key_it_can_agree_with() -> None:
    """Without the reader's key, on another curve, or with a key that only signs, there is no MAC."""
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
    ed25519 = a_licence(ISSUER, device_algorithm=SigningAlgorithm.EDDSA)
    for holder, key, name in (
        (HOLDER, None, "issuing.reader-key-needed"),
        (HOLDER, p384, "issuing.reader-key-unsuitable"),
        (ed25519, a_reader_key().public_key(), "issuing.reader-key-unsuitable"),
    ):
        with pytest.raises(Misuse) as caught:
            holder.present(a_transcript(), disclose={}, method=HolderMethod.MAC, reader_public_key=key)
        assert caught.value.name == name


@pytest.mark.parametrize(
    "transcript", [b"", b"\x83\x01\x02", dumps([1, 2]), dumps({}), b"\x9f\x01\x02\x03\xff"]
)
def test_a_transcript_is_an_array_of_three(transcript: bytes) -> None:
    """Bytes set into the signed structure unread could make it say something else."""
    with pytest.raises(Misuse) as caught:
        a_presentation(HOLDER, transcript)
    assert caught.value.name == "mdoc.session-transcript-malformed"


def test_a_document_of_another_device_is_not_taken() -> None:
    """A holder who takes a document it cannot prove would find out at the gate."""
    with pytest.raises(Misuse) as caught:
        Holder.receive(HOLDER.issuer_signed, key=SigningAlgorithm.ES256.generate_key())
    assert caught.value.name == "issuing.other-device-key"


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
def test_a_holder_survives_its_file(algorithm: SigningAlgorithm) -> None:
    """Document and key read back, on every curve."""
    holder = a_licence(ISSUER, device_algorithm=algorithm)
    again = Holder.from_bytes(holder.to_bytes())
    assert again.issuer_signed == holder.issuer_signed
    assert again.key.public_key() == holder.key.public_key()


def test_a_cut_document_is_no_document() -> None:
    """However it is cut, the holder's side says so by name and with nothing of its content."""
    data = a_staff_card(ISSUER).issuer_signed
    for bad in (b"", data[:-1], data[10:], dumps([]), dumps({"nameSpaces": {}, "issuerAuth": []})):
        with pytest.raises(Misuse) as caught:
            Holder.receive(bad, key=HOLDER.key)
        assert caught.value.name == "issuing.not-a-document"
        assert "Haneul" not in str(caught.value)


def test_representations_show_neither_key_nor_person() -> None:
    """A traceback with a holder in it tells the document's type alone."""
    assert "Haneul" not in repr(HOLDER)
    assert "Private" not in repr(HOLDER)
    assert "org.iso.18013.5.1.mDL" in repr(HOLDER)

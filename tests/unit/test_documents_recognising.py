"""Every kind of document is known by how it begins, and judged by nobody's rules but its own."""

from __future__ import annotations

import io
import zipfile

import pytest

from dongui.documents.authenticated import Treatment
from dongui.documents.authenticating import HolderEvidence, authenticate, passport_files
from dongui.documents.document_trust import DocumentTrust, PassportTrust, SdJwtTrust, StaffCardTrust
from dongui.documents.looking import look
from dongui.documents.passport.files import SOD, LdsFiles
from dongui.documents.passport.packing import pack_passport
from dongui.documents.recognising import Kind, recognise, require_known
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.encoding import cbor
from dongui.environment import FixedClock
from dongui.errors import Misuse, Refused
from simulators.passport_country import NOW, files_of, passport, utopia
from simulators.sd_jwt_issuance import an_authority, an_issuance
from simulators.staff_cards import CardOffice

COUNTRY = utopia()
FILES = files_of(passport(COUNTRY))
OFFICE = CardOffice()


def archive(files: LdsFiles) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for number in files:
            opened.writestr(f"DG{number}.bin", files.group(number))
        opened.writestr("EF_SOD.bin", files.security_object or b"")
    return stream.getvalue()


GENUINE: dict[str, tuple[Kind, bytes]] = {
    "packed": (Kind.PASSPORT, bytes(pack_passport(FILES))),
    "zip": (Kind.PASSPORT, archive(FILES)),
    "credential": (Kind.SD_JWT, an_issuance().present()),
    "card": (Kind.STAFF_CARD, OFFICE.issue().text.encode()),
    "licence": (Kind.MDOC, cbor.dumps({"version": "1.0", "status": 0})),
}
ROOT = an_authority().certificate_pem()
TRUST = DocumentTrust(
    mdoc=TrustAnchors.from_certificates([ROOT]),
    passport=PassportTrust(COUNTRY.anchors, RevocationLists.none_given()),
    sd_jwt=SdJwtTrust(TrustAnchors.from_certificates([ROOT]), {}),
    staff_card=StaffCardTrust({}, None),
    status=StatusEvidence.none(),
)


@pytest.mark.parametrize("name", GENUINE)
def test_each_kind_is_known_by_its_first_bytes(name: str) -> None:
    """A passport by zip or EF.SOD, a credential by its tilde, a card by its text, everything else is CBOR."""
    kind, data = GENUINE[name]
    assert recognise(data) is kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", Kind.STAFF_CARD),
        (b"\xff\xd8\xff\xe0", Kind.STAFF_CARD),
        (b"6BF" + b"0" * 60, Kind.STAFF_CARD),
        (b"A20123456789" * 8, Kind.MDOC),  # hexadecimal digits are Base45's, too
        (b'{"payload": 1}', Kind.SD_JWT),
        (b"eyJhbGciOiJFUzI1NiJ9.e30.c2ln", Kind.MDOC),  # a JWT without a tilde is no credential
        (b"", Kind.MDOC),
    ],
)
def test_what_else_begins_like_a_kind(data: bytes, kind: Kind) -> None:
    """Pictures are looked at for a code; hexadecimal text is no card; a bare token is no credential."""
    assert recognise(data) is kind


BARE_TOKEN = b"eyJhbGciOiJFUzI1NiJ9.e30.c2ln"


@pytest.mark.parametrize(
    "data", [b"", b"Dear reader", "편지".encode(), BARE_TOKEN, b"%PDF-1.7", b"\x80", b"\x00"]
)
def test_what_is_no_document_is_told_what_would_be_one(data: bytes) -> None:
    """Judged or only looked at, it is refused by one name of its own, before anybody's anchors are asked."""
    nobody = DocumentTrust(None, None, None, None, StatusEvidence.none())
    for reading in (
        lambda: authenticate(data, trust=nobody, clock=FixedClock(NOW.moment), holder=HolderEvidence.none()),
        lambda: look(data, treatment=Treatment.UNVERIFIED, at=NOW.moment),
    ):
        with pytest.raises(Refused) as caught:
            reading()
        assert caught.value.name == "document.kind-unknown"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "it is empty"),
        (b"Dear reader", "it begins as text"),
        ("편지".encode() * 40, "it begins as text"),
        (b"\x5b\x00\x00\x00\x01\x00\x00\x00\x00abc", "a byte string of 4294967296 bytes, and 3 bytes follow"),
        (b"\x9b" + b"\xff" * 8, "an array of 18446744073709551615 items, and 0 bytes follow"),
        (b"\x5b\x00", "a byte string, and 1 bytes follow"),
        (b"\x5f\xff", "a byte string, and 1 bytes follow"),
        (b"\x80", "an array of 0 items, and 0 bytes follow"),
        (b"\xd8\x18\x41\x00", "a tag, and 3 bytes follow"),
        (b"\x00\x01", "a number, and 1 bytes follow"),
    ],
)
def test_attack_a_length_nobody_brought_is_named_with_what_is_there(data: bytes, found: str) -> None:
    """What stands in a map's place is told, with what it declares; of its contents nothing."""
    with pytest.raises(Refused) as caught:
        require_known(data)
    assert caught.value.name == "document.kind-unknown"
    assert found in caught.value.detail
    assert "known are" in caught.value.detail
    assert "abc" not in caught.value.detail


MARKS = (b"PK\x03\x04", b"\x77\x03abc", b"\x89PNG\r\n\x1a\n", b"eyJ.e30.c2ln~")
DISGUISED = [
    (name, mark) for name, (kind, _) in GENUINE.items() for mark in MARKS if recognise(mark) is not kind
]


@pytest.mark.parametrize(("name", "mark"), DISGUISED)
def test_a_document_in_another_kinds_clothes_is_refused(name: str, mark: bytes) -> None:
    """Attack: put another kind's first bytes before a genuine document. Law: no reader takes it."""
    _, data = GENUINE[name]
    with pytest.raises((Refused, Misuse)):
        authenticate(mark + data, trust=TRUST, clock=FixedClock(NOW.moment), holder=HolderEvidence.none())


def test_one_kinds_anchors_vouch_for_no_other() -> None:
    """With its own part taken away a genuine document is believed on nobody else's word."""
    nobody = DocumentTrust(None, None, None, None, StatusEvidence.none())
    for kind in (Kind.MDOC, Kind.SD_JWT, Kind.STAFF_CARD):
        with pytest.raises(Misuse):
            nobody.part_for(kind)
        part = TRUST.part_for(kind)
        held = {Kind.MDOC: part.mdoc, Kind.SD_JWT: part.sd_jwt, Kind.STAFF_CARD: part.staff_card}
        assert held.pop(kind) is not None
        assert set(held.values()) | {part.passport} == {None}


@pytest.mark.parametrize("kind", list(Kind))
def test_trust_comes_back_from_the_other_process_whole(kind: Kind) -> None:
    """What was sent is what is believed there, list ages and all."""
    part = TRUST.part_for(kind)
    sent = cbor.dumps(part.to_cbor())
    limits = cbor.Limits(max_bytes=2**20, max_depth=8, max_items=1_000)
    assert cbor.dumps(DocumentTrust.from_cbor(cbor.loads_canonical(sent, limits=limits)).to_cbor()) == sent


def test_packed_files_come_back_byte_for_byte() -> None:
    """Digests are over files as read: packing keeps every byte, and refuses a file that is there twice."""
    packed = bytes(pack_passport(FILES))
    assert passport_files(packed).groups == FILES.groups
    assert passport_files(packed).security_object == FILES.security_object
    for spoilt, name in (
        (packed + packed, "passport.file-twice"),
        (packed[:-1], "passport.tlv-truncated"),
        (packed + b"\x04\x01a", "passport.data-group-tag"),
    ):
        with pytest.raises(Refused, match=name):
            passport_files(spoilt)
    with pytest.raises(Refused, match="passport.security-object-missing"):
        pack_passport(LdsFiles.from_numbers({n: c for n, c in passport(COUNTRY).items() if n != SOD}))

"""Visits of somebody who does not exist, one with each kind of document, played before anybody arrives.

The first use of a library imports decoders, builds tables and touches memory. In a process that is forked for
each person that cost would be every person's; played once before the fork it is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import resources

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.protected_templates import PROTECTED_TEMPLATE_BYTES
from dongui.consent.purpose import HOLDER_BINDINGS
from dongui.consent.subject import HANDLE_KEY_BYTES, subject_handle
from dongui.documents.authenticating import HolderEvidence, authenticate
from dongui.documents.document_trust import DocumentTrust, PassportTrust, SdJwtTrust, StaffCardTrust
from dongui.documents.mdoc.authority import Authority
from dongui.documents.mdoc.certificates import AuthorityProfile
from dongui.documents.mdoc.document_data import LICENCE, read_document_data
from dongui.documents.mdoc.holder import Holder, HolderMethod
from dongui.documents.mdoc.issuing import DigestAlgorithm, ValidityPeriod, issue
from dongui.documents.mdoc.session_transcript import qr_handover
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.passport.files import SOD, LdsFiles
from dongui.documents.passport.issuing import PassportHolder, build_data_groups
from dongui.documents.passport.mrz import MrzFormat, Sex
from dongui.documents.passport.packing import pack_passport
from dongui.documents.passport.signature_choice import SignatureChoice
from dongui.documents.passport.signing import CountryAuthority
from dongui.documents.recognising import Kind
from dongui.documents.sd_jwt.holder import SdJwtHolder
from dongui.documents.sd_jwt.issuing import CredentialSigner, portrait_claim
from dongui.documents.sd_jwt.issuing import issue as issue_credential
from dongui.documents.sd_jwt.key_binding import KeyBindingExpectation
from dongui.documents.staff_card.encryption import SiteKey
from dongui.documents.staff_card.issuing import StaffCardIssuer
from dongui.documents.staff_card.issuing import issue as issue_card
from dongui.documents.staff_card.register import SECRET_BYTES, OneCard, RegisteredCard
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.environment import FixedClock, SystemEntropy
from dongui.examination import Order
from dongui.memory import SecretBuffer

__all__ = ["rehearse"]

_MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
_CLOCK = FixedClock(_MOMENT)
_ENTROPY = SystemEntropy()
_CREDENTIAL, _PASSPORT = "rehearsal", "icao.9303.emrtd"
# As many as the turn is judged from at least, so that judging it is rehearsed too. Once: a clip is looked at
# in the same way whatever the document, and the other visits' clips are one frame long.
_FRAMES = 8


def rehearse(examine: Callable[[bytes, Sequence[SecretBuffer]], bytes], *, operating_point: str) -> None:
    """Let ``examine`` meet each kind of document and, once, a still clip; its answers are dropped."""
    picture = (resources.files("dongui.biometrics.models") / "rehearsal.jpg").read_bytes()
    visits = (*_licences(picture), _credential(picture), _passport(picture))
    for visit, frames in zip(visits, (_FRAMES, 1, 1, 1), strict=True):
        order = Order(
            judged_at=_MOMENT,
            kind=visit.kind,
            trust=visit.trust,
            holder=visit.holder,
            handle_key=bytes(HANDLE_KEY_BYTES),
            handle=_handle(visit),
            challenge=Challenge(Side.PICTURE_LEFT),
            documents=(visit.document_type,),
            holder_bindings=HOLDER_BINDINGS,
            operating_point=operating_point,
            accept_unassessed=True,
        )
        pictures = [SecretBuffer(bytearray(picture)) for _ in range(frames)]
        examine(order.to_bytes(), [SecretBuffer(bytearray(visit.shown)), *pictures])
    _read_a_card()


@dataclass(frozen=True, slots=True)
class _Visit:
    """One document held out, and what a verifier has to judge it by."""

    kind: Kind
    document_type: str
    shown: bytes = field(repr=False)
    trust: DocumentTrust = field(repr=False)
    holder: HolderEvidence = field(repr=False)


def _handle(visit: _Visit) -> bytes:
    document = authenticate(visit.shown, trust=visit.trust, clock=_CLOCK, holder=visit.holder)
    return subject_handle(bytes(HANDLE_KEY_BYTES), document.subject or b"nobody")


def _licences(picture: bytes) -> Iterator[_Visit]:
    """A licence by signature, and by MAC."""
    holder, anchors = _licence(picture)
    reader = ec.generate_private_key(ec.SECP256R1())
    transcript = qr_handover(b"\xa0", reader.public_key())
    for method in HolderMethod:
        shown = holder.present(
            transcript, disclose=holder.everything(), method=method, reader_public_key=reader.public_key()
        )
        evidence = HolderEvidence(transcript, reader, None, None, None)
        yield _Visit(Kind.MDOC, LICENCE.document_type, shown, DocumentTrust.for_mdocs(anchors), evidence)


def _credential(picture: bytes) -> _Visit:
    """A wallet's credential, bound to a request."""
    authority = _authority()
    signer = CredentialSigner.create(
        authority,
        issuer="https://rehearsal.example/",
        algorithm=SigningAlgorithm.ES256,
        lifetime=timedelta(days=300),
        clock=_CLOCK,
        entropy=_ENTROPY,
    )
    key = ec.generate_private_key(ec.SECP256R1())
    issued = issue_credential(
        {"document_number": "0", "portrait": portrait_claim(picture)},
        document_type=_CREDENTIAL,
        signer=signer,
        holder_key=key.public_key(),
        validity=ValidityPeriod(_MOMENT, _MOMENT + timedelta(days=1)),
        status=None,
        clock=_CLOCK,
        entropy=_ENTROPY,
    )
    held = SdJwtHolder.receive(issued, key=key)
    expectation = KeyBindingExpectation("rehearsal-nonce-0", "rehearsal")
    shown = held.present(held.everything(), expectation=expectation, clock=_CLOCK)
    trust = DocumentTrust(None, None, SdJwtTrust(_anchors(authority), {}), None, StatusEvidence.none())
    evidence = HolderEvidence(None, None, expectation.nonce, expectation.audience, None)
    return _Visit(Kind.SD_JWT, _CREDENTIAL, shown, trust, evidence)


def _passport(picture: bytes) -> _Visit:
    """A passport's files."""
    choice = SignatureChoice.ECDSA_P256_SHA256
    country = CountryAuthority.create("UT", choice=choice, clock=_CLOCK, entropy=_ENTROPY)
    signer = country.document_signer(choice=choice, clock=_CLOCK, entropy=_ENTROPY)
    groups = build_data_groups(
        PassportHolder(
            format=MrzFormat.TD3,
            document_code="P",
            issuing_state="UTO",
            number="000000000",
            surname="Nobody",
            given_names="At all",
            nationality="UTO",
            birth=date(1990, 1, 1),
            sex=Sex.UNSPECIFIED,
            expiry=date(2031, 1, 1),
        ),
        picture,
    )
    files = LdsFiles.from_numbers({**groups, SOD: signer.sign(groups, clock=_CLOCK)})
    anchors = CscaAnchors.from_certificates([country.encoded])
    believed = PassportTrust(anchors, RevocationLists.none_given())
    trust = DocumentTrust(None, believed, None, None, StatusEvidence.none())
    return _Visit(Kind.PASSPORT, _PASSPORT, bytes(pack_passport(files)), trust, HolderEvidence.none())


def _read_a_card() -> None:
    """A card's template is of one set of instruments: its document alone is rehearsed."""
    issuer, site = (
        StaffCardIssuer("rehearsal", ec.generate_private_key(ec.SECP256R1())),
        SiteKey.generate(entropy=_ENTROPY),
    )
    secret = _ENTROPY.draw(SECRET_BYTES)
    card = issue_card(
        "0",
        bytes(PROTECTED_TEMPLATE_BYTES),
        secret=secret,
        issuer=issuer,
        sites=[site.public],
        valid_for=timedelta(days=1),
        status=None,
        clock=_CLOCK,
        entropy=_ENTROPY,
    )
    public = issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    believed = StaffCardTrust({"rehearsal.pem": public}, site)
    authenticate(
        card.text.encode("ascii"),
        trust=DocumentTrust(None, None, None, believed, StatusEvidence.none()),
        clock=_CLOCK,
        holder=HolderEvidence.none(),
        cards=OneCard(RegisteredCard(card.card_id, secret, card.valid_until)),
    )


def _authority() -> Authority:
    profile = AuthorityProfile(
        "UT", "Rehearsal", "Rehearsal root", "x@rehearsal.example", "https://rehearsal.example/"
    )
    return Authority.create(
        profile,
        algorithm=SigningAlgorithm.ES256,
        lifetime=timedelta(days=400),
        clock=_CLOCK,
        entropy=_ENTROPY,
    )


def _anchors(authority: Authority) -> TrustAnchors:
    return TrustAnchors.from_certificates([authority.certificate.public_bytes(Encoding.DER)])


def _licence(portrait: bytes) -> tuple[Holder, TrustAnchors]:
    authority = _authority()
    signer = authority.document_signer(
        "Rehearsal signer",
        algorithm=SigningAlgorithm.ES256,
        lifetime=timedelta(days=300),
        clock=_CLOCK,
        entropy=_ENTROPY,
    )
    key = ec.generate_private_key(ec.SECP256R1())
    data = {
        "family_name": "Nobody",
        "given_name": "At all",
        "birth_date": "1990-01-01",
        "issue_date": "2026-01-01",
        "expiry_date": "2031-01-01",
        "issuing_country": "UT",
        "issuing_authority": "Rehearsal",
        "document_number": "0",
        "un_distinguishing_sign": "UTO",
        "driving_privileges": [{"vehicle_category_code": "B"}],
    }
    document = issue(
        read_document_data(LICENCE, data, portrait=portrait),
        signer=signer,
        device_key=key.public_key(),
        digest=DigestAlgorithm.SHA_256,
        validity=ValidityPeriod(_MOMENT, _MOMENT + timedelta(days=1)),
        clock=_CLOCK,
        entropy=_ENTROPY,
    )
    return Holder.receive(document, key=key), _anchors(authority)

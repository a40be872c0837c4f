"""One visit of somebody who does not exist, played before anybody arrives.

The first use of a library imports decoders, builds tables and touches memory. In a process that is forked for
each person that cost would be every person's; played once before the fork it is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.consent.purpose import DEFAULT_HOLDER_BINDINGS
from dongui.consent.subject import HANDLE_KEY_BYTES, subject_handle
from dongui.documents.authenticating import HolderEvidence
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.mdoc.authority import Authority
from dongui.documents.mdoc.certificates import AuthorityProfile
from dongui.documents.mdoc.document_data import LICENCE, read_document_data
from dongui.documents.mdoc.holder import Holder, HolderMethod
from dongui.documents.mdoc.issuing import DigestAlgorithm, ValidityPeriod, issue
from dongui.documents.mdoc.session_transcript import qr_handover
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.recognising import Kind
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.environment import FixedClock, SystemEntropy
from dongui.examination import Order
from dongui.memory import SecretBuffer

__all__ = ["rehearse"]

_MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
_CLOCK = FixedClock(_MOMENT)
# As many as the turn is judged from at least, so that judging it is rehearsed too.
_FRAMES = 8


def rehearse(examine: Callable[[bytes, Sequence[SecretBuffer]], bytes], *, operating_point: str) -> None:
    """Let ``examine`` meet a licence and a still clip of its holder; whatever it answers is thrown away."""
    picture = (resources.files("dongui.biometrics.models") / "rehearsal.jpg").read_bytes()
    holder, anchors = _licence(picture)
    reader = ec.generate_private_key(ec.SECP256R1())
    transcript = qr_handover(b"\xa0", reader.public_key())
    for method in HolderMethod:
        shown = holder.present(
            transcript, disclose=holder.everything(), method=method, reader_public_key=reader.public_key()
        )
        order = Order(
            judged_at=_MOMENT,
            kind=Kind.MDOC,
            trust=DocumentTrust.for_mdocs(anchors),
            holder=HolderEvidence(transcript, reader, None, None, None),
            handle_key=bytes(HANDLE_KEY_BYTES),
            handle=_handle(holder, anchors),
            challenge=Challenge(Side.PICTURE_LEFT),
            documents=(LICENCE.document_type,),
            holder_bindings=DEFAULT_HOLDER_BINDINGS,
            operating_point=operating_point,
            accept_unassessed=True,
        )
        pictures = [SecretBuffer(bytearray(picture)) for _ in range(_FRAMES)]
        examine(order.to_bytes(), [SecretBuffer(bytearray(shown)), *pictures])


def _handle(holder: Holder, anchors: TrustAnchors) -> bytes:
    document = authenticate(
        holder.issuer_signed,
        trust_anchors=anchors,
        clock=_CLOCK,
        status=StatusEvidence.none(),
        session_transcript=None,
        reader_key=None,
    )
    return subject_handle(bytes(HANDLE_KEY_BYTES), document.subject or b"nobody")


def _licence(portrait: bytes) -> tuple[Holder, TrustAnchors]:
    entropy = SystemEntropy()
    profile = AuthorityProfile(
        "UT", "Rehearsal", "Rehearsal root", "x@rehearsal.example", "https://rehearsal.example/"
    )
    authority = Authority.create(
        profile,
        algorithm=SigningAlgorithm.ES256,
        lifetime=timedelta(days=400),
        clock=_CLOCK,
        entropy=entropy,
    )
    signer = authority.document_signer(
        "Rehearsal signer",
        algorithm=SigningAlgorithm.ES256,
        lifetime=timedelta(days=300),
        clock=_CLOCK,
        entropy=entropy,
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
        entropy=entropy,
    )
    root = authority.certificate.public_bytes(Encoding.DER)
    return Holder.receive(document, key=key), TrustAnchors.from_certificates([root])

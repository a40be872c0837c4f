"""What every kind of document ends in once its proofs hold: one frozen, authenticated shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = ["AuthenticatedDocument", "Element", "HolderBinding", "Treatment", "TrustStep"]


class HolderBinding(StrEnum):
    """How the document was shown to be in its holder's hands, not copied."""

    DEVICE_SIGNATURE = "device-signature"  # ISO/IEC 18013-5, 9.1.3.6
    DEVICE_MAC = "device-mac"  # ISO/IEC 18013-5, 9.1.3.5
    KEY_BINDING = "key-binding"  # RFC 9901, 4.3: a key-binding JWT over the session's nonce and audience
    GENUINE_CHIP = "genuine-chip"  # ICAO 9303-11, 6: chip or active authentication; not a copy
    COPYABLE = "copyable"  # a chip that cannot prove itself, or its files alone: read, maybe copied
    BEARER = "bearer"  # paper or a picture of a code: whoever holds it out
    NOT_BOUND = "not-bound"  # nothing was proved; verification refuses it


class Treatment(StrEnum):
    """What became of one field of a document. There is no fourth way: nothing is silently passed."""

    VERIFIED = "verified"  # covered by the issuer's signature and checked
    UNVERIFIED = "carried-unverified"  # named, shown, never used
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Element:
    """One field: where it stands, its value, and how it was treated. ``repr`` never shows the value."""

    namespace: str
    identifier: str
    value: object = field(repr=False)
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class TrustStep:
    """One certificate on the path from what the verifier trusts down to who signed the document."""

    name: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class AuthenticatedDocument:
    """A document whose issuer, integrity and validity were proved at ``judged_at``.

    Only the verifying functions of :mod:`dongui.documents` make one. ``portrait`` holds the encoded image
    as authenticated, undecoded; ``repr`` shows neither it nor anything about the person.

    ``subject`` names the person to the issuer, canonically encoded (issuing country, authority and document
    number); it is only ever used under a keyed hash. ``issuer_signed`` is at least 32 high-entropy bytes
    under the issuer's signature, for the receipt's salted digest. ``template`` is the protected biometric
    template a card carries in place of a portrait, as authenticated. ``remarks`` name what was tolerated or
    found on the way, and must reach the receipt and the screen (:mod:`dongui.documents.remarks`).
    ``trust_path`` is the anchor's certificate and then the signer's; empty where bare keys are trusted.
    """

    kind: str  # "mdoc", "passport", "sd-jwt", "staff-card"
    document_type: str  # "org.iso.18013.5.1.mDL", "icao.9303.emrtd", a vct, "dongui.staff-card"
    issuer: str  # RFC 4514 name of the trust anchor the path ended in
    signed_at: datetime
    valid_from: datetime
    valid_until: datetime
    judged_at: datetime
    holder_binding: HolderBinding
    elements: tuple[Element, ...] = field(repr=False)
    portrait: bytes | None = field(repr=False)
    subject: bytes | None = field(repr=False)
    issuer_signed: bytes = field(repr=False)
    template: bytes | None = field(default=None, repr=False)
    remarks: tuple[str, ...] = ()
    trust_path: tuple[TrustStep, ...] = field(default=(), repr=False)

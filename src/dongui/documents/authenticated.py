"""What every kind of document ends in once its proofs hold: one frozen, authenticated shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

__all__ = ["AuthenticatedDocument", "Element", "HolderBinding", "Treatment"]


class HolderBinding(StrEnum):
    """How the document was shown to be in its holder's hands, not copied."""

    DEVICE_SIGNATURE = "device-signature"  # ISO/IEC 18013-5, 9.1.3.6
    DEVICE_MAC = "device-mac"  # ISO/IEC 18013-5, 9.1.3.5
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
class AuthenticatedDocument:
    """A document whose issuer, integrity and validity were proved at ``judged_at``.

    Only the verifying functions of :mod:`dongui.documents` make one. ``portrait`` holds the encoded image
    as authenticated, undecoded; ``repr`` shows neither it nor anything about the person.

    ``subject`` names the person to the issuer, canonically encoded (issuing country, authority and document
    number); it is only ever used under a keyed hash. ``issuer_signed`` is at least 32 high-entropy bytes
    under the issuer's signature, for the receipt's salted digest.
    """

    kind: str  # "mdoc"
    document_type: str  # "org.iso.18013.5.1.mDL"
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

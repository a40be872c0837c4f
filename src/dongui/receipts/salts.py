"""What is handed to the person apart from the receipt: the salts that open its two salted digests.

Without its salt a digest tells nothing, not even to somebody who holds the document or the consent record.
With one salt the person shows one thing, that the receipt is about their document or stands on their consent
record, and not the other. The operator keeps neither.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from dongui.encoding import cbor
from dongui.encoding.cbor import Limits
from dongui.environment import Entropy
from dongui.errors import Refused
from dongui.receipts.code_text import read_either, to_code
from dongui.receipts.reading import Fields, malformed, read_canonical

__all__ = [
    "MAX_SALTS_BYTES",
    "SALTS_PREFIX",
    "SALT_BYTES",
    "Disclosure",
    "consent_reference",
    "document_digest",
    "draw_disclosure",
]

SALT_BYTES = 16
SALTS_PREFIX = "DS1:"
MAX_SALTS_BYTES = 256
_ID_BYTES = 16
_FORMAT = 1
_LIMITS = Limits(max_bytes=128, max_depth=1, max_items=8)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The salts of one receipt, for the person alone. ``repr`` does not show them."""

    receipt_id: bytes
    consent_salt: bytes = field(repr=False)
    document_salt: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the canonical encoding."""
        return cbor.dumps([_FORMAT, self.receipt_id, self.consent_salt, self.document_salt])

    def to_text(self) -> str:
        """Return the form that can be printed as a code of its own, kept apart from the receipt's."""
        return to_code(self.to_bytes(), prefix=SALTS_PREFIX)

    @classmethod
    def read(cls, data: bytes) -> Disclosure:
        """Read either form, as it stands in a file. Raises as :meth:`from_bytes`."""
        if len(data) > MAX_SALTS_BYTES:
            raise Refused("receipt.too-large", f"it has {len(data)} bytes; the limit is {MAX_SALTS_BYTES}")
        return cls.from_bytes(read_either(data, prefix=SALTS_PREFIX))

    @classmethod
    def from_bytes(cls, data: bytes) -> Disclosure:
        """Read what :meth:`to_bytes` wrote. Raises ``Refused``: ``receipt.malformed``, ``.too-large``."""
        items = Fields(read_canonical(data, limits=_LIMITS), what="disclosure", size=4)
        if items.required(0, int) != _FORMAT:
            raise malformed("the disclosure has an unknown format")
        found = cls(items.required(1, bytes), items.required(2, bytes), items.required(3, bytes))
        sizes = (len(found.receipt_id), len(found.consent_salt), len(found.document_salt))
        if sizes != (_ID_BYTES, SALT_BYTES, SALT_BYTES):
            raise malformed("a value of the disclosure has the wrong length")
        return found


def draw_disclosure(receipt_id: bytes, *, entropy: Entropy) -> Disclosure:
    """Draw fresh salts for one receipt: two receipts never share one, or they could be linked."""
    return Disclosure(receipt_id, entropy.draw(SALT_BYTES), entropy.draw(SALT_BYTES))


def consent_reference(consent_record: str, *, salt: bytes) -> bytes:
    """Return the 32 bytes by which one receipt refers to a consent record."""
    return _salted(b"dongui/consent-reference/1\x00", consent_record.encode(), salt)


def document_digest(issuer_signed: bytes, *, salt: bytes) -> bytes:
    """Return the 32 bytes by which one receipt refers to a document.

    ``issuer_signed`` are the high-entropy bytes under the issuer's signature: a number that could be guessed
    must never be digested here, because the salt reaches whoever the person shows it to.
    """
    return _salted(b"dongui/document-digest/1\x00", issuer_signed, salt)


def _salted(label: bytes, value: bytes, salt: bytes) -> bytes:
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return hmac.digest(salt, label + value, "sha256")

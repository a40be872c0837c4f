"""Signed messages (CMS, RFC 5652) with one signer, as EF.SOD and master lists are."""

from __future__ import annotations

import hashlib
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.documents.passport.signature_choice import PrivateKey, SignatureChoice, digest_algorithm
from dongui.encoding.der import encode, encode_integer, encode_oid

__all__ = ["sign_message"]

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"


def sign_message(
    content: bytes,
    *,
    content_type: str,
    certificate: x509.Certificate,
    key: PrivateKey,
    choice: SignatureChoice,
    signed_at: datetime,
) -> bytes:
    """Return a ContentInfo in DER: the content, its kind, the signer's certificate, the signing time."""
    algorithm = digest_algorithm(choice.digest)
    attributes = _attributes(content, content_type, choice.digest, signed_at)
    signer = encode(
        0x30,
        encode_integer(1),
        encode(0x30, certificate.issuer.public_bytes(), encode_integer(certificate.serial_number)),
        algorithm,
        encode(0xA0, attributes),
        choice.identifier,
        encode(0x04, choice.sign(key, encode(0x31, attributes))),
    )
    signed = encode(
        0x30,
        encode_integer(3),
        encode(0x31, algorithm),
        encode(0x30, encode_oid(content_type), encode(0xA0, encode(0x04, content))),
        encode(0xA0, certificate.public_bytes(Encoding.DER)),
        encode(0x31, signer),
    )
    return encode(0x30, encode_oid(_SIGNED_DATA), encode(0xA0, signed))


def _attributes(content: bytes, content_type: str, digest: str, signed_at: datetime) -> bytes:
    """The content of the SET of signed attributes, in DER's order."""
    values = {
        _CONTENT_TYPE: encode_oid(content_type),
        _SIGNING_TIME: encode(0x17, f"{signed_at:%y%m%d%H%M%S}Z".encode()),
        _MESSAGE_DIGEST: encode(0x04, hashlib.new(digest, content).digest()),
    }
    entries = [encode(0x30, encode_oid(oid), encode(0x31, value)) for oid, value in values.items()]
    return b"".join(sorted(entries))

"""The form in which keys that issue or present documents are kept: one canonical CBOR map.

``{"format": "dongui.<what>", "version": 1, "key": PKCS#8 PEM, "certificate": DER | absent,
"document": IssuerSigned bytes | absent}``. The key is not encrypted: whoever writes the file makes it
readable by its owner alone. Nothing here touches a disk.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.trust.certificate import read_certificate
from dongui.encoding.cbor import CborKey, CborValue, Limits, dumps, loads_canonical
from dongui.encoding.cose import PrivateKey
from dongui.errors import Misuse, Refused

__all__ = ["KeyFile", "open_key_file", "seal_key_file"]

_VERSION = 1
_LIMITS = Limits(max_bytes=1024 * 1024, max_depth=2, max_items=16)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file held. ``repr`` shows no key and no document."""

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate | None
    document: bytes | None = field(repr=False)

    def require_certificate(self) -> x509.Certificate:
        """Return the certificate. Raises ``Misuse`` ``issuing.bad-key-file`` if none or another's."""
        if self.certificate is None:
            raise _bad("it holds no certificate")
        if self.certificate.public_key() != self.key.public_key():
            raise _bad("its key is not the certificate's")
        return self.certificate

    def require_document(self) -> bytes:
        """Return the document. Raises ``Misuse`` ``issuing.bad-key-file`` if there is none."""
        if self.document is None:
            raise _bad("it holds no document")
        return self.document


def seal_key_file(
    what: str,
    *,
    key: PrivateKey,
    certificate: x509.Certificate | None = None,
    document: bytes | None = None,
) -> bytes:
    """Return the bytes of a key file of the kind ``what``."""
    content: dict[CborKey, CborValue] = {
        "format": f"dongui.{what}",
        "version": _VERSION,
        "key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    if certificate is not None:
        content["certificate"] = certificate.public_bytes(serialization.Encoding.DER)
    if document is not None:
        content["document"] = document
    return dumps(content)


def open_key_file(what: str, data: bytes) -> KeyFile:
    """Read a key file of the kind ``what``. Raises ``Misuse`` ``issuing.bad-key-file``."""
    try:
        content = loads_canonical(data, limits=_LIMITS)
    except Refused as error:
        raise _bad(error.detail) from None
    if not isinstance(content, dict) or content.get("format") != f"dongui.{what}":
        raise _bad(f"it is not a file of the format dongui.{what}")
    if content.get("version") != _VERSION:
        raise _bad(f"its version is not {_VERSION}")
    certificate, document = content.get("certificate"), content.get("document")
    return KeyFile(
        key=_read_key(content.get("key")),
        certificate=None if certificate is None else _read_certificate(certificate),
        document=document if isinstance(document, bytes) else None,
    )


def _read_key(value: CborValue) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(value if isinstance(value, bytes) else b"", password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey | Ed25519PrivateKey):
            SigningAlgorithm.of_key(key)
            return key
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _bad("its key is not PKCS#8 on a curve of the standard") from None
    raise _bad("its key is neither ECDSA nor Ed25519")


def _read_certificate(value: CborValue) -> x509.Certificate:
    encoded = value if isinstance(value, bytes) else b""
    try:
        # Read to the last extension first: the library leaves names, key and extensions for later, and a
        # damaged one would surface wherever it is looked at.
        known = read_certificate(encoded)
    except Refused:
        raise _bad("its certificate cannot be read") from None
    if known.key is None:
        raise _bad("its certificate's key is of no known kind")
    return x509.load_der_x509_certificate(encoded)


def _bad(why: str) -> Misuse:
    return Misuse("issuing.bad-key-file", f"the key file cannot be used: {why}")

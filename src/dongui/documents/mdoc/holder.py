"""The holder's side: an mdoc with its device key, presented to a reader (ISO/IEC 18013-5, 9.1.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dongui.documents.mdoc.held_document import HeldDocument
from dongui.documents.mdoc.key_files import open_key_file, seal_key_file
from dongui.encoding.cbor import CborKey, CborValue, Limits, dumps, embed, loads
from dongui.encoding.cose import PrivateKey, mac0, sign1
from dongui.errors import Misuse, Refused

__all__ = ["Holder", "HolderMethod"]

_TRANSCRIPT_LIMITS = Limits(max_bytes=64 * 1024, max_depth=16, max_items=1024)
_NO_DEVICE_ELEMENTS = embed(dumps({}))


class HolderMethod(StrEnum):
    """How the device proves that it holds the key: 9.1.3.6 or 9.1.3.5."""

    SIGNATURE = "signature"  # anybody can check it later
    MAC = "mac"  # only the reader can: what is left afterwards proves nothing to others


@dataclass(frozen=True, slots=True)
class Holder:
    """One document and the device key it is bound to. ``repr`` shows neither.

    On a phone the key stays in secure hardware; here it is in memory and in a file, for tests, demonstrations
    and test documents.
    """

    issuer_signed: bytes = field(repr=False)
    key: PrivateKey = field(repr=False)
    document: HeldDocument

    @classmethod
    def receive(cls, issuer_signed: bytes, *, key: PrivateKey) -> Holder:
        """Take a document the issuer bound to ``key``. Does not judge the issuer.

        Raises ``Misuse``: ``issuing.not-a-document``, ``issuing.other-device-key``.
        """
        document = HeldDocument.read(issuer_signed)
        if document.device_key != key.public_key():
            raise Misuse("issuing.other-device-key", "the document is bound to another device key")
        return cls(issuer_signed, key, document)

    def everything(self) -> dict[str, list[str]]:
        """Return the identifiers of every element held, by namespace: a value for ``disclose``."""
        return {namespace: list(items) for namespace, items in self.document.items.items()}

    def present(
        self,
        session_transcript: bytes,
        *,
        disclose: Mapping[str, Collection[str]],
        method: HolderMethod,
        reader_public_key: ec.EllipticCurvePublicKey | None,
    ) -> bytes:
        """Return a DeviceResponse (8.3.2.1.2.2) disclosing these elements in this session.

        ``session_transcript`` is the encoded SessionTranscript array. ``reader_public_key`` is the reader's
        ephemeral key on the device key's curve: a MAC needs it, a signature takes no notice of it.

        Raises ``Misuse``: ``issuing.bad-session-transcript``, ``issuing.element-not-held``,
        ``issuing.reader-key-needed``, ``issuing.reader-key-unsuitable``.
        """
        _require_array(session_transcript)
        issuer_signed = self.document.select(disclose)
        to_be_proved = self._device_authentication(session_transcript)
        proof: dict[CborKey, CborValue]
        if method is HolderMethod.SIGNATURE:
            proof = {"deviceSignature": sign1(to_be_proved, key=self.key, detached=True).to_cbor()}
        else:
            mac_key = self._mac_key(session_transcript, reader_public_key)
            proof = {"deviceMac": mac0(to_be_proved, key=mac_key, detached=True).to_cbor()}
        document: dict[CborKey, CborValue] = {
            "docType": self.document.document_type,
            "issuerSigned": issuer_signed,
            "deviceSigned": {"nameSpaces": _NO_DEVICE_ELEMENTS, "deviceAuth": proof},
        }
        return dumps({"version": "1.0", "documents": [document], "status": 0})

    def to_bytes(self) -> bytes:
        """Return the document with its unencrypted device key, for a file only its owner may read."""
        return seal_key_file("holder", key=self.key, document=self.issuer_signed)

    @classmethod
    def from_bytes(cls, data: bytes) -> Holder:
        """Read what :meth:`to_bytes` wrote.

        Raises ``Misuse``: ``issuing.bad-key-file``, and those of :meth:`receive`.
        """
        content = open_key_file("holder", data)
        return cls.receive(content.require_document(), key=content.key)

    def _device_authentication(self, session_transcript: bytes) -> bytes:
        """DeviceAuthenticationBytes (9.1.3.4).

        It holds the transcript exactly as both sides have it, so the bytes are set in place, never decoded
        and written again.
        """
        parts = (
            b"\x84",  # an array of four
            dumps("DeviceAuthentication"),
            session_transcript,
            dumps(self.document.document_type),
            dumps(_NO_DEVICE_ELEMENTS),
        )
        return dumps(embed(b"".join(parts)))

    def _mac_key(
        self, session_transcript: bytes, reader_public_key: ec.EllipticCurvePublicKey | None
    ) -> bytes:
        """EMacKey (9.1.3.5), from the two keys' agreement and this session's transcript."""
        if reader_public_key is None:
            raise Misuse("issuing.reader-key-needed", "a MAC needs the reader's public key")
        if not isinstance(self.key, ec.EllipticCurvePrivateKey):
            raise Misuse("issuing.reader-key-unsuitable", "an Ed25519 device key cannot agree on a MAC key")
        device_curve, reader_curve = self.key.curve.name, reader_public_key.curve.name
        if device_curve != reader_curve:
            raise Misuse(
                "issuing.reader-key-unsuitable",
                f"the reader's key is on {reader_curve}, the device's on {device_curve}",
            )
        digest = hashes.Hash(hashes.SHA256())
        digest.update(dumps(embed(session_transcript)))
        derivation = HKDF(hashes.SHA256(), length=32, salt=digest.finalize(), info=b"EMacKey")
        return derivation.derive(self.key.exchange(ec.ECDH(), reader_public_key))


def _require_array(session_transcript: bytes) -> None:
    try:
        value = loads(session_transcript, limits=_TRANSCRIPT_LIMITS)
    except Refused as error:
        raise Misuse("issuing.bad-session-transcript", error.detail) from None
    if not isinstance(value, list) or len(value) != 3:
        raise Misuse("issuing.bad-session-transcript", "a SessionTranscript is a CBOR array of three")

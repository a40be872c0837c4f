"""The holder's side: an mdoc with its device key, presented to a reader (ISO/IEC 18013-5, 9.1.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.mdoc.device_authentication import mac_key
from dongui.documents.mdoc.held_document import HeldDocument
from dongui.documents.mdoc.key_files import open_key_file, seal_key_file
from dongui.documents.mdoc.session_transcript import check_session_transcript, device_authentication
from dongui.encoding.cbor import CborKey, CborValue, dumps, embed
from dongui.encoding.cose import PrivateKey, mac0, sign1
from dongui.errors import Misuse

__all__ = ["Holder", "HolderMethod"]

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

        Raises ``Misuse``: ``mdoc.session-transcript-malformed``, ``issuing.element-not-held``,
        ``issuing.reader-key-needed``, ``issuing.reader-key-unsuitable``.
        """
        check_session_transcript(session_transcript)
        issuer_signed = self.document.select(disclose)
        # 9.1.3.4: what the device proves itself over. It discloses no elements of its own.
        to_be_proved = device_authentication(
            session_transcript, self.document.document_type, _NO_DEVICE_ELEMENTS.raw
        )
        proof: dict[CborKey, CborValue]
        if method is HolderMethod.SIGNATURE:
            proof = {"deviceSignature": sign1(to_be_proved, key=self.key, detached=True).to_cbor()}
        else:
            key = self._mac_key(session_transcript, reader_public_key)
            proof = {"deviceMac": mac0(to_be_proved, key=key, detached=True).to_cbor()}
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
        return mac_key(self.key, reader_public_key, session_transcript)

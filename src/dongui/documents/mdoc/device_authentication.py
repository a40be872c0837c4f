"""Device authentication: the holder's device answered this session (ISO/IEC 18013-5:2021, 9.1.3)."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dongui.documents.authenticated import HolderBinding
from dongui.documents.mdoc.reading import DeviceSigned
from dongui.documents.mdoc.security_object import SecurityObject
from dongui.documents.mdoc.session_transcript import device_authentication, transcript_bytes
from dongui.encoding import cose
from dongui.encoding.cose import SIGNATURE_ALGORITHMS, CoseMessage, PublicKey
from dongui.errors import Refused

__all__ = ["authenticate_device", "check_authorizations", "mac_key"]


def check_authorizations(device: DeviceSigned, security_object: SecurityObject) -> None:
    """9.1.3.4: every element the device signed is one the issuer allowed it to sign.

    Raises ``mdoc.device-namespace-unauthorized``, ``mdoc.device-element-unauthorized``.
    """
    for namespace, elements in device.namespaces.items():
        for identifier in elements:
            security_object.authorizations.check(namespace, identifier)


def authenticate_device(
    device: DeviceSigned,
    security_object: SecurityObject,
    *,
    session_transcript: bytes,
    reader_key: EllipticCurvePrivateKey | None,
) -> HolderBinding:
    """Verify the device's signature or MAC over this session with the key the issuer signed.

    Raises ``Refused``: ``mdoc.device-signature-invalid``, ``mdoc.device-mac-invalid``,
    ``mdoc.device-mac-curve``, ``mdoc.reader-key-missing``, ``cose.*``.
    """
    # 9.1.3.4: the detached payload. The document type is the issuer's, which equals the one presented.
    payload = device_authentication(session_transcript, security_object.document_type, device.received)
    if device.signature is not None:
        _verify_signature(device.signature, security_object.device_key, payload)
        return HolderBinding.DEVICE_SIGNATURE
    if device.mac is None:
        raise Refused("mdoc.device-auth-missing", "deviceAuth holds neither a signature nor a MAC")
    if reader_key is None:
        raise Refused("mdoc.reader-key-missing", "a MAC is checked with the session's reader key")
    _verify_mac(device.mac, mac_key(reader_key, security_object.device_key, session_transcript), payload)
    return HolderBinding.DEVICE_MAC


def mac_key(private: EllipticCurvePrivateKey, public: PublicKey, session_transcript: bytes) -> bytes:
    """EMacKey (9.1.3.5): ECDH, then HKDF-SHA-256 salted with the hash of SessionTranscriptBytes; 32 bytes.

    The reader derives it from its ephemeral private key and the device key, the device from its own
    private key and the reader's. Raises ``Refused`` (``mdoc.device-mac-curve``) for keys that cannot agree.
    """
    if not isinstance(public, EllipticCurvePublicKey) or public.curve.name != private.curve.name:
        raise Refused("mdoc.device-mac-curve", f"the device key is not on the reader's {private.curve.name}")
    salt = sha256(transcript_bytes(session_transcript)).digest()
    shared = private.exchange(ECDH(), public)
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"EMacKey").derive(shared)


def _verify_signature(signature: CoseMessage, key: PublicKey, payload: bytes) -> None:
    try:
        cose.verify_sign1(signature, key=key, algorithms=SIGNATURE_ALGORITHMS, detached_payload=payload)
    except Refused as refusal:
        if refusal.name != "cose.signature-invalid":
            raise
        raise Refused(
            "mdoc.device-signature-invalid",
            "the device signed another session, another document, or did not sign",
        ) from None


def _verify_mac(mac: CoseMessage, key: bytes, payload: bytes) -> None:
    try:
        cose.verify_mac0(mac, key=key, detached_payload=payload)
    except Refused as refusal:
        if refusal.name != "cose.mac-invalid":
            raise
        raise Refused(
            "mdoc.device-mac-invalid",
            "the code is for another session, another document, or made with another key",
        ) from None

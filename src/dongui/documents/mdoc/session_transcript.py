"""The session transcript: what a presentation is bound to, so that it cannot be used anywhere else.

Each function returns the plain CBOR array of three (ISO/IEC 18013-5:2021, 9.1.5.1); the tagged form the
standard calls SessionTranscriptBytes is made where it is needed.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from dongui.encoding import cbor, cose_key
from dongui.encoding.cbor import Limits
from dongui.errors import Misuse, Refused

__all__ = [
    "MAX_TRANSCRIPT_BYTES",
    "check_session_transcript",
    "device_authentication",
    "openid4vp_handover",
    "qr_handover",
    "transcript_bytes",
]

MAX_TRANSCRIPT_BYTES = 64 * 1024
_TRANSCRIPT = Limits(max_bytes=MAX_TRANSCRIPT_BYTES, max_depth=12, max_items=1_000)
_ENGAGEMENT = Limits(max_bytes=4 * 1024, max_depth=8, max_items=200)
_THUMBPRINT_BYTES = 32


def openid4vp_handover(client_id: str, nonce: str, jwk_thumbprint: bytes | None, response_uri: str) -> bytes:
    """The transcript of OpenID for Verifiable Presentations 1.0, B.2.6.1 (invocation by redirects).

    ``client_id`` with its prefix, ``nonce`` and ``response_uri`` as in the request; ``jwk_thumbprint`` is
    the SHA-256 thumbprint (RFC 7638, 32 bytes) of the key the response is encrypted to, ``None`` without
    encryption. Raises ``ValueError`` for an empty text or a thumbprint of another length.
    """
    if not (client_id and nonce and response_uri):
        raise ValueError("client_id, nonce and response_uri must not be empty")
    if jwk_thumbprint is not None and len(jwk_thumbprint) != _THUMBPRINT_BYTES:
        raise ValueError(f"jwk_thumbprint has {len(jwk_thumbprint)} bytes; SHA-256 makes {_THUMBPRINT_BYTES}")
    # The hash is over the encoded array itself, not over a byte string holding it.
    info = cbor.dumps([client_id, nonce, jwk_thumbprint, response_uri])
    return cbor.dumps([None, None, ["OpenID4VPHandover", sha256(info).digest()]])


def qr_handover(device_engagement: bytes, reader_key: EllipticCurvePublicKey) -> bytes:
    """The transcript of a session begun from a QR code: Handover is null (9.1.5.1).

    ``device_engagement`` is the encoded DeviceEngagement as scanned, ``reader_key`` the session's ephemeral
    public key. Raises ``Misuse`` (``mdoc.device-engagement-malformed``): whatever else was scanned, no device
    will ever answer to it.
    """
    _check_device_engagement(device_engagement)
    encoded_key = cbor.dumps(cose_key.write_public_key(reader_key))
    return cbor.dumps([cbor.embed(device_engagement), cbor.embed(encoded_key), None])


def _check_device_engagement(engagement: bytes) -> None:
    """8.2.1.1: a map; what it holds is the device's affair, and is bound as scanned."""
    try:
        value = cbor.loads(engagement, limits=_ENGAGEMENT)
    except Refused as refusal:
        raise Misuse("mdoc.device-engagement-malformed", str(refusal)) from None
    if not isinstance(value, dict):
        raise Misuse("mdoc.device-engagement-malformed", "a device engagement is a map")


def check_session_transcript(transcript: bytes) -> None:
    """Raises ``Misuse`` (``mdoc.session-transcript-malformed``) unless this is an encoded array of three."""
    try:
        value = cbor.loads(transcript, limits=_TRANSCRIPT)
    except Refused as refusal:
        raise Misuse("mdoc.session-transcript-malformed", str(refusal)) from None
    if isinstance(value, cbor.EmbeddedCbor):
        raise Misuse(
            "mdoc.session-transcript-malformed", "this is the tagged form; give the array inside the tag"
        )
    if not isinstance(value, list) or len(value) != 3:
        raise Misuse("mdoc.session-transcript-malformed", "the transcript is an array of three")


def transcript_bytes(transcript: bytes) -> bytes:
    """SessionTranscriptBytes: the array as an item of tag 24, over which the EMacKey's salt is taken."""
    return bytes(cbor.embed(transcript).raw)


def device_authentication(
    transcript: bytes, document_type: str, device_namespaces: bytes | memoryview
) -> bytes:
    """DeviceAuthenticationBytes (9.1.3.4): what the device signs or authenticates, detached.

    ``device_namespaces`` is the tagged item as received; it and the transcript enter byte for byte.
    """
    authentication = b"".join(
        (
            b"\x84",
            cbor.dumps("DeviceAuthentication"),
            transcript,
            cbor.dumps(document_type),
            device_namespaces,
        )
    )
    return bytes(cbor.embed(authentication).raw)

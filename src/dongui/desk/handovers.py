"""The two ways a presentation travels, as far as the session transcript depends on them."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.mdoc.session_transcript import openid4vp_handover, qr_handover
from dongui.session import jwk_thumbprint

__all__ = ["OpenID4VPHandover", "QrHandover"]


@dataclass(frozen=True, slots=True)
class OpenID4VPHandover:
    """The reader asks first (OpenID4VP 1.0, annex B.2.6.1): nonce and reader key enter the transcript.

    ``client_id`` with its prefix and ``response_uri`` as in the request.
    """

    client_id: str
    response_uri: str

    def transcript(self, *, nonce: bytes, reader_key: ec.EllipticCurvePublicKey) -> bytes:
        """Return the encoded SessionTranscript; the nonce travels as base64url, as in the request."""
        text = base64.urlsafe_b64encode(nonce).rstrip(b"=").decode()
        return openid4vp_handover(self.client_id, text, jwk_thumbprint(reader_key), self.response_uri)


@dataclass(frozen=True, slots=True)
class QrHandover:
    """The phone shows its QR code first (ISO/IEC 18013-5, 9.1.5.1): its engagement enters the transcript.

    ``device_engagement`` is the encoded DeviceEngagement as scanned, at most 4 KiB.
    """

    device_engagement: bytes = field(repr=False)

    def transcript(self, *, nonce: bytes, reader_key: ec.EllipticCurvePublicKey) -> bytes:
        """Return the encoded SessionTranscript. The fresh reader key does the nonce's work here."""
        del nonce
        return qr_handover(self.device_engagement, reader_key)

"""The published mdocs, read from the shared data: who signed them, when they were valid, what opens them.

``annex_d()`` is ISO/IEC 18013-5 Annex D: a device response with a MAC, its session and the reader's key.
``france()`` is a device response over the same issuer part, signed over a session nobody published.
``bdr()`` is a bare issuer-signed document; its issuer published the signer's certificate and no root.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.encoding import cbor
from dongui.encoding.cbor import EmbeddedCbor, Limits
from dongui.environment import FixedClock

__all__ = ["DATA", "LIMITS", "Published", "annex_d", "bdr", "france", "needs_published_mdocs"]

DATA = os.environ.get("DONGUI_TEST_DATA")
LIMITS = Limits(max_bytes=1 << 20, max_depth=16, max_items=20_000)
needs_published_mdocs = pytest.mark.skipif(
    DATA is None, reason="DONGUI_TEST_DATA unset: published mdocs (Annex D, bdr, france) skipped"
)


@dataclass(frozen=True)
class Published:
    """One published document and everything needed to judge it."""

    data: bytes
    root: bytes | None
    pinned: bytes | None
    moment: datetime
    transcript: bytes | None = None
    reader_key: ec.EllipticCurvePrivateKey | None = None

    @property
    def anchors(self) -> TrustAnchors:
        """The root where one was published, else the signer, pinned by name."""
        return TrustAnchors.from_certificates(
            [self.root] if self.root else [], pinned_document_signers=[self.pinned] if self.pinned else []
        )

    def authenticate(
        self, data: bytes | memoryview | None = None, *, at: datetime | None = None, bound: bool = True
    ) -> AuthenticatedDocument:
        """Judge this document, or other bytes in its place, at a moment it was valid or at another one."""
        return authenticate(
            self.data if data is None else data,
            trust_anchors=self.anchors,
            clock=FixedClock(at or self.moment),
            status=StatusEvidence.none(),
            session_transcript=self.transcript if bound else None,
            reader_key=self.reader_key,
        )


def _folder() -> Path:
    return Path(DATA or ".") / "vectors" / "mdoc"


def _annex_d_fields() -> dict[str, str]:
    fields: dict[str, str] = json.loads((_folder() / "annex-d.json").read_text(encoding="utf-8"))
    return fields


def annex_d() -> Published:
    """ISO/IEC 18013-5:2021, Annex D: signed 2020-10-01, device MAC, reader's key published."""
    fields = _annex_d_fields()
    transcript = cbor.loads(bytes.fromhex(fields["session_transcript_bytes"]), limits=LIMITS)
    assert isinstance(transcript, EmbeddedCbor)
    return Published(
        data=bytes.fromhex(fields["device_response"]),
        root=(_folder() / "annex-d-iaca-root.pem").read_bytes(),
        pinned=None,
        moment=datetime(2021, 3, 1, tzinfo=UTC),
        transcript=transcript.content,
        reader_key=ec.derive_private_key(int(fields["ephemeral_reader_key_d"], 16), ec.SECP256R1()),
    )


def france() -> Published:
    """A device response whose session is unknown; its signer is Annex D's, and so is its root."""
    return Published(
        data=(_folder() / "france-device-response.cbor").read_bytes(),
        root=(_folder() / "annex-d-iaca-root.pem").read_bytes(),
        pinned=None,
        moment=datetime(2021, 3, 1, tzinfo=UTC),
    )


def bdr() -> Published:
    """A bare IssuerSigned of 2025; the published certificate is the document signer's own."""
    return Published(
        data=(_folder() / "bdr-issuer-signed.cbor").read_bytes(),
        root=None,
        pinned=(_folder() / "bdr-certificate.pem").read_bytes(),
        moment=datetime(2025, 6, 1, tzinfo=UTC),
    )

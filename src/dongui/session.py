"""A session: one purpose, one consent record, one document, one comparison.

What makes an old presentation worthless is drawn here: the nonce and the reader key enter the ISO/IEC 18013-5
session transcript that the holder's device signs, the challenge is what the person is asked to do in front of
the camera, and the session is consumed, durably, before its one comparison.

A session is *open* (:class:`Session`) and then *consumed* (:class:`ConsumedSession`), which only
:meth:`SessionStore.consume` makes: whatever needs a consumed session cannot be given an open one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from dongui.biometrics.attack_detection.challenge import Challenge
from dongui.documents.mdoc.session_transcript import openid4vp_handover, qr_handover
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse, Refused, Trouble

__all__ = [
    "NONCE_BYTES",
    "REDEMPTION_WINDOW",
    "SESSION_LIFETIME",
    "ConsumedSession",
    "Handover",
    "OpenID4VPHandover",
    "QrHandover",
    "Redemption",
    "Session",
    "SessionStore",
    "frame_digest",
    "jwk_thumbprint",
    "open_session",
    "require_live",
]

SESSION_LIFETIME = timedelta(minutes=5)
"""How long a session may wait for its presentation and capture."""

REDEMPTION_WINDOW = timedelta(minutes=5)
"""How long after a session's expiry its receipt may be redeemed; then nothing of the session is kept."""

NONCE_BYTES = 32
_ID_BYTES = 16
_BINDING_BYTES = 16
# Order of the P-256 group, SEC 2 section 2.4.2.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. ``repr`` shows neither its secrets nor the consent record it stands on.

    ``id`` is 32 hexadecimal digits, random. ``nonce`` has 32 bytes. ``audience`` is whom a wallet's
    key-binding JWT must be made for, ``None`` where no request names the verifier. ``opened`` and ``expires``
    are aware UTC moments in whole seconds.
    """

    id: str
    purpose: str
    consent_record: str = field(repr=False)
    controller: str
    nonce: bytes = field(repr=False)
    reader_key: ec.EllipticCurvePrivateKey = field(repr=False)
    challenge: Challenge = field(repr=False)
    transcript: bytes = field(repr=False)
    audience: str | None
    opened: datetime
    expires: datetime

    @property
    def nonce_text(self) -> str:
        """The nonce as it stands in a request: base64url without padding."""
        return _base64url(self.nonce)

    @property
    def binding(self) -> bytes:
        """16 bytes that name this session in its receipt and tell nothing to whoever lacks id and nonce."""
        label = b"dongui/session-binding/1\x00"
        return hashlib.sha256(label + bytes.fromhex(self.id) + self.nonce).digest()[:_BINDING_BYTES]

    def require_for(self, purpose: str, controller: str) -> None:
        """Check that the session was opened for this purpose, by this controller.

        Raises ``Misuse``: ``session.other-purpose``, ``session.other-controller``.
        """
        if self.purpose != purpose:
            detail = f"the session was opened for {self.purpose}; it is used for {purpose}"
            raise Misuse("session.other-purpose", detail)
        if self.controller != controller:
            detail = f"the session was opened by {self.controller}; {controller} uses it"
            raise Misuse("session.other-controller", detail)


@dataclass(frozen=True, slots=True)
class ConsumedSession:
    """A session that nobody can use again, on disk. Only :meth:`SessionStore.consume` makes one."""

    session: Session
    consumed_at: datetime


@dataclass(frozen=True, slots=True)
class Redemption:
    """What a relying system holds out to redeem a receipt.

    ``controller`` is who redeems, ``receipt_controller`` and ``receipt_binding`` stand in the receipt, whose
    signature and inclusion were checked before.
    """

    session_id: str
    controller: str
    receipt_controller: str
    receipt_binding: bytes = field(repr=False)


class Handover(Protocol):
    """How request and presentation travel, as far as what the holder's key signs depends on it."""

    @property
    def audience(self) -> str | None:
        """Whom the request names as the one who asks; ``None`` where nothing does."""

    def transcript(self, *, nonce: bytes, reader_key: ec.EllipticCurvePublicKey) -> bytes:
        """Return the encoded SessionTranscript array of ISO/IEC 18013-5, 9.1.5.1."""


@dataclass(frozen=True, slots=True)
class OpenID4VPHandover:
    """The handover of OpenID for Verifiable Presentations 1.0, B.2.6.1, with an encrypted response.

    ``client_id`` carries its prefix, for example ``x509_san_dns:gate.example``; ``response_uri`` is where the
    wallet sends its answer. The response is encrypted to the reader key.
    """

    client_id: str
    response_uri: str

    @property
    def audience(self) -> str:
        """The ``client_id``: what the ``aud`` of a key-binding JWT must be (B.3.6)."""
        return self.client_id

    def transcript(self, *, nonce: bytes, reader_key: ec.EllipticCurvePublicKey) -> bytes:
        """Return the transcript; the nonce stands in it as base64url without padding, as in the request."""
        thumbprint = jwk_thumbprint(reader_key)
        return openid4vp_handover(self.client_id, _base64url(nonce), thumbprint, self.response_uri)


@dataclass(frozen=True, slots=True)
class QrHandover:
    """The handover of a session begun from the phone's QR code (ISO/IEC 18013-5, 9.1.5.1).

    ``device_engagement`` is the encoded DeviceEngagement as scanned.
    """

    device_engagement: bytes = field(repr=False)

    @property
    def audience(self) -> None:
        """Nobody: over this way no credential with a key-binding JWT is asked for."""
        return None

    def transcript(self, *, nonce: bytes, reader_key: ec.EllipticCurvePublicKey) -> bytes:
        """Return the transcript. The reader key, fresh in every session, does the nonce's work here."""
        del nonce
        return qr_handover(self.device_engagement, reader_key)


class SessionStore(Protocol):
    """Where sessions live. Each method is one durable transaction: it holds for other processes, and after a
    crash, from the moment it returns.

    Moments are given by the caller as ``at``. A moment before a session's opening is ``Trouble``
    (``clock.implausible``). Storage failures are ``Trouble`` (``storage.*``).
    """

    def save(self, session: Session) -> None:
        """Keep an open session. Raises ``Refused`` ``session.consumed`` where its id was used before."""

    def load(self, session_id: str, *, at: datetime) -> Session:
        """Return an open session without consuming it.

        Raises ``Refused``: ``session.unknown``, ``session.expired``, ``session.consumed``.
        """

    def consume(self, session_id: str, *, at: datetime) -> ConsumedSession:
        """Consume a session: of all processes that ask, at any time, exactly one gets it.

        Raises ``Refused``: ``session.unknown``, ``session.expired``, ``session.consumed``.
        """

    def claim_capture(self, digests: Sequence[bytes], *, at: datetime) -> None:
        """Claim frames, each by its :func:`frame_digest`, for the day (UTC) of ``at``; all or none.

        Raises ``Refused`` ``capture.already-used`` if any of them was claimed on that day.
        """

    def redeem(self, redemption: Redemption, *, at: datetime) -> None:
        """Redeem the one receipt of a consumed session, once, until :data:`REDEMPTION_WINDOW` has passed.

        Raises ``Refused``: ``receipt.other-controller``, ``receipt.other-session``, ``receipt.redeemed``,
        ``session.unknown`` (also when the window has passed: nothing is left to compare with).
        """

    def purge(self, *, at: datetime) -> int:
        """Delete what replay protection no longer needs; return the number of sessions deleted."""


def open_session(
    *,
    purpose: str,
    consent_record: str,
    controller: str,
    handover: Handover,
    clock: Clock,
    entropy: Entropy,
) -> Session:
    """Open a session for one purpose and one consent record. It is nowhere kept until it is saved.

    Raises ``Trouble`` (``clock.implausible``).
    """
    opened = clock.now().replace(microsecond=0)
    nonce = entropy.draw(NONCE_BYTES)
    reader_key = _draw_reader_key(entropy)
    return Session(
        id=entropy.draw(_ID_BYTES).hex(),
        purpose=purpose,
        consent_record=consent_record,
        controller=controller,
        nonce=nonce,
        reader_key=reader_key,
        challenge=Challenge.draw(entropy=entropy),
        transcript=handover.transcript(nonce=nonce, reader_key=reader_key.public_key()),
        audience=handover.audience,
        opened=opened,
        expires=opened + SESSION_LIFETIME,
    )


def require_live(session: Session, *, at: datetime) -> None:
    """Check that ``at`` lies within the session's lifetime, its opening included and its expiry excluded.

    Raises ``Refused`` (``session.expired``), ``Trouble`` (``clock.implausible``).
    """
    if at < session.opened:
        raise Trouble(
            "clock.implausible",
            f"the clock says {at:%Y-%m-%d %H:%M:%SZ}, before the opening, {session.opened:%H:%M:%SZ}",
        )
    if at >= session.expires:
        minutes = (session.expires - session.opened) // timedelta(minutes=1)
        raise Refused(
            "session.expired", f"the session ended at {session.expires:%H:%M:%SZ}; it lives {minutes} minutes"
        )


def frame_digest(frame: memoryview) -> bytes:
    """Return the SHA-256 of a frame's encoded bytes, by which its second use is recognised.

    Only the very same bytes are recognised: a frame encoded anew is another frame to this check, and is what
    the session's challenge is for.
    """
    return hashlib.sha256(frame).digest()


def jwk_thumbprint(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the RFC 7638 SHA-256 thumbprint of a P-256 public key, 32 bytes."""
    numbers = key.public_numbers()
    x, y = (_base64url(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
    members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    # RFC 7638 section 3: members in lexicographic order, no whitespace.
    return hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _draw_reader_key(entropy: Entropy) -> ec.EllipticCurvePrivateKey:
    """Draw a P-256 key as FIPS 186-5 A.2.1 does: 64 bits more than the order has make the bias negligible."""
    scalar = int.from_bytes(entropy.draw(40), "big") % (_P256_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())

"""A session binds one purpose, one document and one comparison, for a short time."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dongui.encoding import cbor
from dongui.errors import Refused, Trouble
from dongui.session import SESSION_LIFETIME, frame_digest, jwk_thumbprint, require_live
from simulators.sessions import HANDOVER, NOON, a_session


def test_two_sessions_share_no_secret() -> None:
    """Everything that makes a presentation fresh is drawn for one session alone."""
    first, second = a_session(), a_session()
    assert first.id != second.id
    assert first.nonce != second.nonce
    assert first.transcript != second.transcript
    assert first.binding != second.binding
    assert first.reader_key.private_numbers() != second.reader_key.private_numbers()


def test_a_session_lives_from_its_opening_until_before_its_expiry() -> None:
    """The opening belongs to the session's life, the expiry does not."""
    session = a_session()
    assert session.expires - session.opened == SESSION_LIFETIME
    require_live(session, at=session.opened)
    require_live(session, at=session.expires - timedelta(microseconds=1))
    with pytest.raises(Refused, match="session.expired"):
        require_live(session, at=session.expires)


def test_a_clock_set_back_is_not_a_refusal() -> None:
    """A moment before the opening says something about the clock, nothing about the person."""
    with pytest.raises(Trouble, match="clock.implausible"):
        require_live(a_session(opened=NOON), at=NOON - timedelta(seconds=1))


def test_repr_shows_no_secret_and_no_consent_record() -> None:
    """A session may reach a log by accident; its secrets must not."""
    session = a_session(consent_record="record-of-somebody")
    shown = repr(session)
    assert "record-of-somebody" not in shown
    assert "PrivateKey" not in shown
    assert repr(session.nonce) not in shown


def test_thumbprint_is_that_of_the_standard() -> None:
    """RFC 7638: SHA-256 over the required members in lexicographic order, without white space.

    The key is that of RFC 7517, appendix A.1; the value was computed by its letter with another tool
    (``openssl dgst -sha256`` over the one line of JSON).
    """
    key = ec.EllipticCurvePublicNumbers(
        x=int("30a0424cd21c2944838a2d75c92b37e76ea20d9f00893a3b4eee8a3c0aafec3e", 16),
        y=int("e04b65e92456d9888b52b379bdfbd51ee869ef1f0fc65b6659695b6cce081723", 16),
        curve=ec.SECP256R1(),
    ).public_key()
    assert jwk_thumbprint(key).hex() == "727f88fd634c0a57a1895a79d62ff4569384356d6ea447ab03cb046a6e619feb"


def test_the_transcript_is_the_standards() -> None:
    """The session's nonce and key enter the transcript as OpenID4VP 1.0, B.2.6.1 says."""
    session = a_session()
    nonce = base64.urlsafe_b64encode(session.nonce).decode().rstrip("=")
    thumbprint = jwk_thumbprint(session.reader_key.public_key())
    info = cbor.dumps([HANDOVER.client_id, nonce, thumbprint, HANDOVER.response_uri])
    digest = hashlib.sha256(info).digest()
    assert session.transcript == cbor.dumps([None, None, ["OpenID4VPHandover", digest]])


def test_a_frame_is_known_by_its_bytes() -> None:
    """The digest is over the encoded bytes: equal bytes, equal digest; one bit apart, another."""
    frame = bytearray(b"\xff\xd8 a picture")
    first = frame_digest(memoryview(frame))
    assert frame_digest(memoryview(bytes(frame))) == first
    frame[-1] ^= 1
    assert frame_digest(memoryview(frame)) != first
    assert len(first) == 32

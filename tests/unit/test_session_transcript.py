"""The session transcript, against the published examples."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.mdoc.session_transcript import (
    check_session_transcript,
    openid4vp_handover,
    qr_handover,
)
from dongui.encoding import cbor
from dongui.encoding.cbor import EmbeddedCbor
from dongui.errors import Misuse
from simulators.published_mdocs import LIMITS, annex_d, needs_published_mdocs

# OpenID for Verifiable Presentations 1.0, B.2.6.1, the example of a redirect with an encrypted response.
CLIENT_ID = "x509_san_dns:example.com"
NONCE = "exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA"
RESPONSE_URI = "https://example.com/response"
THUMBPRINT = bytes.fromhex("4283ec927ae0f208daaa2d026a814f2b22dca52cf85ffa8f3f8626c6bd669047")
TRANSCRIPT = bytes.fromhex(
    "83f6f682714f70656e494434565048616e646f7665725820048bc053c00442af9b8eed494cefdd9d95240d254b046b11"
    "b68013722aad38ac"
)


def test_the_example_of_openid4vp() -> None:
    """The example's client, nonce, key thumbprint and response address give its session transcript."""
    assert openid4vp_handover(CLIENT_ID, NONCE, THUMBPRINT, RESPONSE_URI) == TRANSCRIPT


def test_an_unencrypted_response_has_null_for_the_thumbprint() -> None:
    """B.2.6.1: without encryption the third element is null, and the transcript another one."""
    info = cbor.dumps([CLIENT_ID, NONCE, None, RESPONSE_URI])
    expected = cbor.dumps([None, None, ["OpenID4VPHandover", sha256(info).digest()]])
    assert openid4vp_handover(CLIENT_ID, NONCE, None, RESPONSE_URI) == expected


def test_every_parameter_is_bound() -> None:
    """Another client, nonce, key or address is another session."""
    transcripts = {
        openid4vp_handover(CLIENT_ID, NONCE, THUMBPRINT, RESPONSE_URI),
        openid4vp_handover(CLIENT_ID + "x", NONCE, THUMBPRINT, RESPONSE_URI),
        openid4vp_handover(CLIENT_ID, NONCE + "x", THUMBPRINT, RESPONSE_URI),
        openid4vp_handover(CLIENT_ID, NONCE, bytes(32), RESPONSE_URI),
        openid4vp_handover(CLIENT_ID, NONCE, THUMBPRINT, RESPONSE_URI + "x"),
    }
    assert len(transcripts) == 5


@pytest.mark.parametrize(
    ("client_id", "nonce", "thumbprint", "uri"),
    [("", "n", None, "u"), ("c", "", None, "u"), ("c", "n", None, ""), ("c", "n", b"short", "u")],
)
def test_parameters_that_bind_nothing(client_id: str, nonce: str, thumbprint: bytes | None, uri: str) -> None:
    """An empty parameter or a thumbprint of another hash would bind less than the caller believes."""
    with pytest.raises(ValueError, match=r"empty|bytes"):
        openid4vp_handover(client_id, nonce, thumbprint, uri)


@needs_published_mdocs
def test_a_qr_session_is_annex_ds_but_for_the_handover() -> None:
    """Annex D's engagement and reader key, in its own bytes; it began by NFC, where a QR code leaves null."""
    vector = annex_d()
    assert vector.transcript is not None
    assert vector.reader_key is not None
    value = cbor.loads(vector.transcript, limits=LIMITS)
    assert isinstance(value, list)
    engagement = value[0]
    assert isinstance(engagement, EmbeddedCbor)
    ours = qr_handover(engagement.content, vector.reader_key.public_key())
    assert ours == cbor.dumps([engagement, value[1], None])


def test_a_qr_session_is_read_back() -> None:
    """What is made here passes the check a verifier makes of it."""
    check_session_transcript(qr_handover(b"\xa0", ec.generate_private_key(ec.SECP256R1()).public_key()))
    check_session_transcript(TRANSCRIPT)


@pytest.mark.parametrize(
    "transcript",
    [
        b"",
        b"\x80",
        b"\x82\xf6\xf6",
        b"\x84\xf6\xf6\xf6\xf6",
        b"\xa0",
        b"\x83\xf6\xf6",
        cbor.dumps(cbor.embed(TRANSCRIPT)),
    ],
)
def test_what_is_no_transcript_is_misuse(transcript: bytes) -> None:
    """The transcript is the caller's own: another shape, or the tagged form, is told to the caller."""
    with pytest.raises(Misuse, match=r"mdoc\.session-transcript-malformed"):
        check_session_transcript(transcript)


@pytest.mark.parametrize(
    "scanned", [b"", b"mdoc:owBjMS4w", b"\x80", b"\xa0\xa0", b"\xba\xff\xff\xff\xff", b"\x81" * 4096]
)
def test_what_is_no_engagement_begins_no_session(scanned: bytes) -> None:
    """Whatever was scanned instead of a wallet's code, no device would ever answer to it: named at once."""
    with pytest.raises(Misuse) as caught:
        qr_handover(scanned, ec.generate_private_key(ec.SECP256R1()).public_key())
    assert caught.value.name == "mdoc.device-engagement-malformed"

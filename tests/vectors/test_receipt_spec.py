"""The digest rules of ``spec/receipt.md``, byte for byte, made with nothing but ``hashlib`` and ``hmac``.

Each vector is held three ways: the page's own line, what a reader of the page would compute, and the code.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.log.entry import commitment
from dongui.receipts.salts import consent_reference, document_digest
from dongui.receipts.statement import receipt_id
from simulators.mdoc_issuance import CLOCK, a_licence, an_issuer
from simulators.sessions import a_session

_PAGE = (Path(__file__).parents[2] / "spec" / "receipt.md").read_text(encoding="utf-8")
_LINE = re.compile(r"^\| (?P<name>[a-z ]+) \| (?P<inputs>[^|]*`[^|]*) \| `(?P<result>[0-9a-f]+)` \|$", re.M)
VECTORS = {
    line["name"]: (re.findall(r"`([0-9a-f]+)`", line["inputs"]), line["result"])
    for line in _LINE.finditer(_PAGE.partition("## Test vectors")[2].partition("\n## ")[0])
}


def vector(name: str) -> tuple[list[str], bytes]:
    inputs, result = VECTORS[name]
    return inputs, bytes.fromhex(result)


def salted(label: bytes, value: bytes, salt: str) -> bytes:
    return hmac.new(bytes.fromhex(salt), label + b"\x00" + value, hashlib.sha256).digest()


def test_every_digest_rule_has_a_vector() -> None:
    """The page holds one line for each of its five rules."""
    assert set(VECTORS) == {
        "receipt number",
        "session binding",
        "consent reference",
        "document digest",
        "log commitment",
    }


def test_receipt_number() -> None:
    """The first 16 bytes of a digest over the blind."""
    (blind,), expected = vector("receipt number")
    value = bytes.fromhex(blind)
    assert hashlib.sha256(b"dongui/receipt-id/1\x00" + value).digest()[:16] == expected
    assert receipt_id(value) == expected


def test_session_binding() -> None:
    """The first 16 bytes of a digest over session id and nonce."""
    (session, nonce), expected = vector("session binding")
    content = b"dongui/session-binding/1\x00" + bytes.fromhex(session) + bytes.fromhex(nonce)
    assert hashlib.sha256(content).digest()[:16] == expected
    assert replace(a_session(), id=session, nonce=bytes.fromhex(nonce)).binding == expected


def test_consent_reference() -> None:
    """The record's identifier is keyed as text, not as the bytes it spells."""
    (salt, record), expected = vector("consent reference")
    assert salted(b"dongui/consent-reference/1", record.encode(), salt) == expected
    assert consent_reference(record, salt=bytes.fromhex(salt)) == expected


def test_document_digest() -> None:
    """SHA-256 of the issuer's payload, and no signature, is what is keyed."""
    (salt, payload), expected = vector("document digest")
    signed = hashlib.sha256(bytes.fromhex(payload)).digest()
    assert salted(b"dongui/document-digest/1", signed, salt) == expected
    assert document_digest(signed, salt=bytes.fromhex(salt)) == expected


def test_log_commitment() -> None:
    """The domain is a digest of its own; blind and receipt follow."""
    (blind, receipt), expected = vector("log commitment")
    domain = hashlib.sha256(b"dongui.log-entry.commitment.1").digest()
    value, content = bytes.fromhex(blind), bytes.fromhex(receipt)
    assert hashlib.sha256(domain + value + content).digest() == expected
    assert commitment(content, blind=value) == expected


@pytest.mark.parametrize("number", ["UT-1", "UT-2"])
def test_a_documents_bytes_are_the_digest_of_what_was_signed(number: str) -> None:
    """Of an authenticated mdoc the code digests what the page says: the payload of ``issuerAuth`` alone."""
    issuer = an_issuer(clock=CLOCK)
    holder = a_licence(issuer, elements={"document_number": number}, clock=CLOCK)
    found = authenticate(
        holder.issuer_signed,
        trust_anchors=TrustAnchors.from_certificates([issuer.root.public_bytes(Encoding.DER)]),
        clock=CLOCK,
        status=StatusEvidence.none(),
        session_transcript=None,
        reader_key=None,
    )
    _protected, _unprotected, payload, _signature = cbor2.loads(holder.issuer_signed)["issuerAuth"]
    assert found.issuer_signed == hashlib.sha256(payload).digest()

"""Drafts of staff cards and Claim 169 tokens: everything can be spoilt, one thing at a time.

Shares no line with ``dongui.documents.staff_card`` or ``dongui.encoding``: Base45, CBOR, COSE and the key
derivation are written here a second time, from the standards. Keys and randoms follow from labels.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulators.plain_cbor import Tag, plain

__all__ = [
    "AT",
    "CARD_ID",
    "ISSUER",
    "NOW",
    "SECRET",
    "SITE",
    "Draft",
    "Key",
    "audience",
    "base45",
    "es256_key",
    "issuer_key",
    "pem",
    "seal",
    "sealed",
    "sign",
    "site_key",
]

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = int(AT.timestamp())
ISSUER = "cards.saebom.example"
SITE = "head office"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

Key = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
Json = Any


def drawn(label: str, size: int) -> bytes:
    """Bytes that follow from a label."""
    return hashlib.shake_256(f"staff card {label}".encode()).digest(size)


CARD_ID = drawn("card id", 16)
SECRET = drawn("secret", 32)


def issuer_key(label: str = "issuer") -> ed25519.Ed25519PrivateKey:
    """An issuer's signing key."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(drawn(label, 32))


def es256_key(label: str = "issuer") -> ec.EllipticCurvePrivateKey:
    """An issuer's signing key on P-256."""
    return ec.derive_private_key(int.from_bytes(drawn(f"{label} P-256", 31), "big"), ec.SECP256R1())


def site_key(label: str = SITE) -> x25519.X25519PrivateKey:
    """A site's private key."""
    return x25519.X25519PrivateKey.from_private_bytes(drawn(f"site {label}", 32))


def audience(label: str = SITE) -> str:
    """A site's short name."""
    key = plain({1: 1, -1: 4, -2: site_key(label).public_key().public_bytes_raw()})
    return urlsafe_b64encode(hashlib.sha256(key).digest()[:9]).decode()


def pem(key: Key) -> bytes:
    """The public half in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def sealed(number: str) -> str:
    """A staff number as it stands on a card: XOR with HMAC-SHA-256 of the secret."""
    stream = hmac.new(SECRET, b"dongui staff number 1\0", "sha256").digest()
    padded = number.encode() + bytes(18 - len(number.encode()))
    return urlsafe_b64encode(bytes(a ^ b for a, b in zip(padded, stream[:18], strict=True))).decode()


def base45(data: bytes) -> str:
    """RFC 9285, 4, digit by digit."""
    text = ""
    for start in range(0, len(data) - 1, 2):
        number = data[start] * 256 + data[start + 1]
        text += _ALPHABET[number % 45] + _ALPHABET[number // 45 % 45] + _ALPHABET[number // 2025]
    if len(data) % 2:
        text += _ALPHABET[data[-1] % 45] + _ALPHABET[data[-1] // 45]
    return text


def _same(value: Json) -> Json:
    return value


@dataclass
class Draft:
    """One card. ``edits`` change a part after it is made, by its name: see the calls of ``_edit``."""

    number: str = "E-10234"
    template: bytes = b"\x01" + drawn("pipeline", 16) + drawn("template", 128)
    key: Key = field(default_factory=issuer_key)
    claims: dict[Json, Json] = field(default_factory=dict)
    drop: tuple[int, ...] = ()
    audience: list[Json] = field(default_factory=lambda: [audience()])
    sites: list[str] = field(default_factory=lambda: [SITE])
    edits: dict[str, Callable[[Json], Json]] = field(default_factory=dict)

    def _edit(self, what: str, value: Json) -> Json:
        return self.edits.get(what, _same)(value)

    def payload(self) -> bytes:
        """The encoded claims, in the deterministic order of RFC 8949, 4.2.1."""
        face = self._edit("face", [{0: self.template, 1: 1, 2: 100}])
        identity = self._edit("identity", {1: sealed(self.number), 62: face})
        made = {1: ISSUER, 3: self.audience, 4: NOW + 86_400, 6: NOW - 3_600, 7: CARD_ID, 169: identity}
        made |= self.claims
        made = {label: value for label, value in made.items() if label not in self.drop}
        ordered = dict(sorted(made.items(), key=lambda pair: plain(pair[0])))
        return bytes(plain(self._edit("claims", ordered)))

    def token(self) -> bytes:
        """The signed token."""
        algorithm = -8 if isinstance(self.key, ed25519.Ed25519PrivateKey) else -7
        protected = plain(self._edit("protected", {1: algorithm}))
        payload = self._edit("payload", self.payload())
        signature = self._edit("signature", sign(self.key, plain(["Signature1", protected, b"", payload])))
        sign1 = self._edit("sign1", [protected, {}, payload, signature])
        return bytes(self._edit("cwt", plain(self._edit("tagged", Tag(18, sign1)))))

    def build(self) -> str:
        """The text of the card's code."""
        envelope = self._edit("envelope", seal(self.token(), self.sites, self.edits))
        return str(self._edit("text", base45(self._edit("bytes", plain(envelope)))))

    def build_claim_169(self) -> str:
        """The token as others issue it: compressed, not encrypted."""
        cwt = plain(Tag(61, Tag(18, [b"\xa1\x01\x27", {}, *_signed(self)])))
        return str(self._edit("text", base45(self._edit("compressed", zlib.compress(cwt, 9)))))


def _signed(draft: Draft) -> tuple[bytes, bytes]:
    payload = draft.payload()
    signature = sign(draft.key, plain(["Signature1", b"\xa1\x01\x27", b"", payload]))
    return payload, draft._edit("signature", signature)


def seal(content: bytes, sites: list[str], edits: dict[str, Callable[[Json], Json]]) -> Tag:
    """Encrypt to sites (RFC 9052, 5.3 and 5.4; RFC 9053, 5.2 and 6.4.1)."""

    def edit(what: str, value: Json) -> Json:
        return edits.get(what, _same)(value)

    header = plain(edit("header", {1: 1}))
    key, iv = drawn("content key", 16), drawn("iv", 12)
    ciphertext = edit("ciphertext", AESGCM(key).encrypt(iv, content, plain(["Encrypt", header, b""])))
    recipients = edit("recipients", [edit("recipient", recipient(key, site)) for site in sites])
    return Tag(96, [header, edit("unprotected", {5: iv}), ciphertext, recipients])


def recipient(key: bytes, site: str) -> list[Json]:
    """One site's share of the content key."""
    protected = plain({1: -29})
    ephemeral = x25519.X25519PrivateKey.from_private_bytes(drawn(f"ephemeral {site}", 32))
    context = plain([-3, [None, None, None], [None, None, None], [128, protected]])
    derive = HKDF(algorithm=hashes.SHA256(), length=16, salt=None, info=context)
    kek = derive.derive(ephemeral.exchange(site_key(site).public_key()))
    public = {1: 1, -1: 4, -2: ephemeral.public_key().public_bytes_raw()}
    return [protected, {-1: public}, aes_key_wrap(kek, key)]


def sign(key: Key, message: bytes) -> bytes:
    """A signature as COSE writes it (RFC 9053, 2), the same on every machine."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    signature = key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = utils.decode_dss_signature(signature)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")

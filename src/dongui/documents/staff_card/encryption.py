"""Encryption of a card to the sites that may read it: COSE_Encrypt (RFC 9052, 5.1), one recipient a site.

Content under AES-128-GCM, its key wrapped for each site by ECDH-ES with A128KW over X25519 (RFC 9053, 6.4.1),
with an ephemeral key for each card and site. 128 bits throughout, because that is what the curve gives; a
longer key would cost 16 bytes a site on the paper and protect nothing more.

Recipients carry no key identifier. A site tries each one (the key wrap's own check says which is its own), so
that a photograph of the card does not tell where its holder works.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from dongui.encoding import cbor
from dongui.encoding.cbor import CborValue, Limits, Tagged
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused

__all__ = ["MAX_SITES", "SiteKey", "SitePublicKey", "decrypt", "encrypt", "is_encrypted"]

MAX_SITES = 16
"""Recipients that are tried at most: each costs a key agreement."""

_TAG = 96  # RFC 9052, table 1: cose-encrypt
_ALG, _IV, _EPHEMERAL = 1, 5, -1  # RFC 9052, 3.1; RFC 9053, 6.3
_A128GCM, _A128KW, _ECDH_ES_A128KW = 1, -3, -29  # RFC 9053, 4.1, 6.2.1, 6.4.1
_KEY_BYTES, _IV_BYTES, _PUBLIC_BYTES = 16, 12, 32
_OKP, _X25519 = 1, 4  # RFC 9053, 7.1
_LIMITS = Limits(max_bytes=4_096, max_depth=6, max_items=512)
_BODY_HEADER = cbor.dumps({_ALG: _A128GCM})
_RECIPIENT_HEADER = cbor.dumps({_ALG: _ECDH_ES_A128KW})
_THUMBPRINT_BYTES = 9


@dataclass(frozen=True, slots=True)
class SitePublicKey:
    """The public key of a site: a place whose readers share one key. 32 bytes, X25519."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != _PUBLIC_BYTES:
            raise Misuse("staff-card.site-key-malformed", f"a site's key has {_PUBLIC_BYTES} bytes")

    @property
    def audience(self) -> str:
        """The site's name in a card's ``aud``: 12 characters of its key's thumbprint (RFC 9679).

        72 bits: nobody makes a second key of the same name, so nobody passes a card on in a site's name.
        """
        key = cbor.dumps({1: _OKP, -1: _X25519, -2: self.raw})
        return urlsafe_b64encode(hashlib.sha256(key).digest()[:_THUMBPRINT_BYTES]).decode()


@dataclass(frozen=True, slots=True)
class SiteKey:
    """The private key of a site, 32 bytes. ``repr`` does not show it."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _PUBLIC_BYTES:
            raise Misuse("staff-card.site-key-malformed", f"a site's key has {_PUBLIC_BYTES} bytes")

    @classmethod
    def generate(cls, *, entropy: Entropy) -> Self:
        """Draw a new key."""
        return cls(entropy.draw(_PUBLIC_BYTES))

    @property
    def public(self) -> SitePublicKey:
        """The public half, for whoever issues cards."""
        return SitePublicKey(_private(self.raw).public_key().public_bytes_raw())


def is_encrypted(data: bytes) -> bool:
    """Whether ``data`` begins as a COSE_Encrypt."""
    return data[:2] == bytes((0xD8, _TAG))


def encrypt(plaintext: bytes, *, sites: Sequence[SitePublicKey], entropy: Entropy) -> bytes:
    """Encrypt to each of 1 to 16 different sites; nobody else, the issuer included, can read the result.

    Raises ``Misuse``: ``staff-card.no-sites``, ``staff-card.too-many-sites``.
    """
    if not sites:
        raise Misuse("staff-card.no-sites", "a card is encrypted to at least one site")
    if len(set(sites)) != len(sites) or len(sites) > MAX_SITES:
        raise Misuse("staff-card.too-many-sites", f"{len(sites)} sites; at most {MAX_SITES}, each once")
    key = entropy.draw(_KEY_BYTES)
    iv = entropy.draw(_KEY_BYTES)[:_IV_BYTES]
    ciphertext = AESGCM(key).encrypt(iv, plaintext, _enc_structure(_BODY_HEADER))
    recipients: list[CborValue] = [_wrapped(key, site, entropy.draw(_PUBLIC_BYTES)) for site in sites]
    return cbor.dumps(Tagged(_TAG, [_BODY_HEADER, {_IV: iv}, ciphertext, recipients]))


def decrypt(data: bytes, *, site_key: SiteKey) -> bytes:
    """Return the plaintext.

    Raises ``Refused``: ``cbor.*``, ``staff-card.encryption-malformed``, ``staff-card.not-for-this-site`` (no
    recipient is this key's), ``staff-card.ciphertext-altered``.
    """
    iv, ciphertext, recipients = _read(cbor.loads_canonical(data, limits=_LIMITS))
    for ephemeral, wrapped in recipients:
        key = _unwrapped(ephemeral, wrapped, site_key)
        if key is not None:
            return _content(key, iv, ciphertext)
    return _refuse("staff-card.not-for-this-site", f"none of {len(recipients)} recipients is this site")


def _content(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(iv, ciphertext, _enc_structure(_BODY_HEADER))
    except InvalidTag:
        return _refuse("staff-card.ciphertext-altered", "the content's authentication code does not verify")


def _wrapped(key: bytes, site: SitePublicKey, ephemeral: bytes) -> list[CborValue]:
    private = _private(ephemeral)
    kek = _key_encryption_key(private.exchange(X25519PublicKey.from_public_bytes(site.raw)))
    cose_key: CborValue = {1: _OKP, -1: _X25519, -2: private.public_key().public_bytes_raw()}
    return [_RECIPIENT_HEADER, {_EPHEMERAL: cose_key}, aes_key_wrap(kek, key)]


def _unwrapped(ephemeral: bytes, wrapped: bytes, site_key: SiteKey) -> bytes | None:
    try:
        shared = _private(site_key.raw).exchange(X25519PublicKey.from_public_bytes(ephemeral))
        return aes_key_unwrap(_key_encryption_key(shared), wrapped)
    except ValueError:
        # RFC 7748, 6.1: a point of small order makes the secret known to everybody.
        return None
    except InvalidUnwrap:
        return None


def _key_encryption_key(shared: bytes) -> bytes:
    """HKDF-SHA-256 over the agreed secret with the COSE_KDF_Context of RFC 9053, 5.2."""
    nobody: list[CborValue] = [None, None, None]
    context = cbor.dumps([_A128KW, nobody, nobody, [8 * _KEY_BYTES, _RECIPIENT_HEADER]])
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=context).derive(shared)


def _enc_structure(protected: bytes) -> bytes:
    return cbor.dumps(["Encrypt", protected, b""])  # RFC 9052, 5.3


def _private(raw: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(raw)


def _read(value: CborValue) -> tuple[bytes, bytes, list[tuple[bytes, bytes]]]:
    if not isinstance(value, Tagged) or value.number != _TAG:
        _malformed("it is no COSE_Encrypt")
    match value.value:
        case [bytes(header), dict(unprotected), bytes(ciphertext), list(recipients)]:
            iv = unprotected.get(_IV)
        case _:
            _malformed("a COSE_Encrypt is an array of four")
    # One algorithm, one shape: a second one would be a way for whoever carries the card to choose.
    if header != _BODY_HEADER or not isinstance(iv, bytes) or len(iv) != _IV_BYTES or len(unprotected) != 1:
        _malformed("its headers are not A128GCM with an IV of 12 bytes")
    if not 1 <= len(recipients) <= MAX_SITES:
        _malformed(f"it has {len(recipients)} recipients; 1 to {MAX_SITES} are read")
    return iv, ciphertext, [_recipient(recipient) for recipient in recipients]


def _recipient(value: CborValue) -> tuple[bytes, bytes]:
    match value:
        case [bytes(header), dict(unprotected), bytes(wrapped)] if header == _RECIPIENT_HEADER:
            key = unprotected.get(_EPHEMERAL)
        case _:
            _malformed("a recipient is not ECDH-ES with A128KW")
    if not isinstance(key, dict) or len(unprotected) != 1:
        _malformed("a recipient's header holds its ephemeral key and nothing else")
    point = key.get(-2)
    if (
        key != {1: _OKP, -1: _X25519, -2: point}
        or not isinstance(point, bytes)
        or len(point) != _PUBLIC_BYTES
    ):
        _malformed("an ephemeral key is not on X25519")
    if point[-1] & 0x80:
        # RFC 7748, 5, has readers ignore this bit: two spellings of one card. No encoder sets it.
        _malformed("an ephemeral key has its unused bit set")
    return point, wrapped


def _malformed(why: str) -> NoReturn:
    _refuse("staff-card.encryption-malformed", why)


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)

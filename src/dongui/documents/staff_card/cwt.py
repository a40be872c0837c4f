"""CBOR Web Tokens (RFC 8392) as cards carry them: read, then verified against the issuers that count."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from dongui.encoding import cbor, cose
from dongui.encoding.cbor import CborKey, CborValue, Limits, Tagged
from dongui.encoding.cose import Algorithm, CoseMessage, PublicKey
from dongui.errors import Misuse, Refused

__all__ = ["MAX_KEY_FILE_BYTES", "StaffCardIssuers", "Token", "VerifiedToken", "read_token", "verify_token"]

MAX_KEY_FILE_BYTES = 8 * 1024
ISS, SUB, AUD, EXP, NBF, IAT, CTI, STATUS = 1, 2, 3, 4, 5, 6, 7, 65535  # IANA, CWT claims

_CWT_TAG, _SIGN1_TAG = 61, 18
_ALGORITHMS = frozenset({Algorithm.EDDSA, Algorithm.ES256})
_LIMITS = Limits(max_bytes=16 * 1024, max_depth=8, max_items=512)
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
_MAX_KEYS = 8
_ISSUER = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class StaffCardIssuers:
    """Whose cards count: public keys (Ed25519 or P-256) by the token's ``iss``.

    Several keys of one issuer are all good: the old one while its cards are out. Raises ``Misuse``:
    ``staff-card.no-issuers``; a verifier that believes nobody in particular would believe the card itself.
    """

    keys: Mapping[str, tuple[PublicKey, ...]] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.keys or not all(self.keys.values()):
            raise Misuse("staff-card.no-issuers", "no issuer's key was given")

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """Take PEM files, each with one issuer's public keys, named ``<iss>.pem``.

        Raises ``Misuse``: ``staff-card.issuer-key-unreadable`` (naming the file), ``staff-card.no-issuers``.
        """
        return cls({name.removesuffix(".pem"): _keys(name, content) for name, content in files.items()})


@dataclass(frozen=True, slots=True)
class Token:
    """A token as read; nothing in it is verified yet."""

    message: CoseMessage = field(repr=False)
    claims: Mapping[CborKey, CborValue] = field(repr=False)


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token whose issuer and validity were proved. Only :func:`verify_token` makes one.

    ``digest`` is the SHA-256 of what was signed. ``issuer_keys`` are all of this issuer's keys.
    """

    issuer: str
    issuer_keys: tuple[PublicKey, ...] = field(repr=False)
    claims: Mapping[CborKey, CborValue] = field(repr=False)
    message: CoseMessage = field(repr=False)
    digest: bytes
    signed_at: datetime
    valid_from: datetime
    valid_until: datetime


def read_token(data: bytes) -> Token:
    """Read a CWT: COSE_Sign1, with or without the tags 61 and 18.

    Raises ``Refused``: ``cbor.*``, ``cose.*``, ``staff-card.unsigned`` (a MAC, or another message),
    ``staff-card.claims-malformed``.
    """
    value = cbor.loads(data, limits=_LIMITS)
    if isinstance(value, Tagged) and value.number == _CWT_TAG:
        value = value.value
    if isinstance(value, Tagged) and value.number != _SIGN1_TAG:
        _refuse("staff-card.unsigned", f"the token is tagged {value.number}, not as signed (18)")
    message = cose.read_sign1(value)
    claims = cbor.loads(message.payload, limits=_LIMITS) if message.payload else None
    if not isinstance(claims, dict):
        _refuse("staff-card.claims-malformed", "the claims are missing, or no map")
    return Token(message, claims)


def verify_token(token: Token, *, issuers: StaffCardIssuers, at: datetime) -> VerifiedToken:
    """Prove issuer, signature and validity at ``at`` (RFC 8392, 7.2).

    Raises ``Refused``: ``cose.*``, ``staff-card.unsigned`` (an empty signature),
    ``staff-card.issuer-unknown``, ``staff-card.claims-malformed``, ``staff-card.expiry-missing``,
    ``staff-card.expired``, ``staff-card.not-yet-valid``,
    ``staff-card.issued-in-future``.
    """
    if not token.message.proof:
        # Published samples leave the signature empty; a reader that skipped it would believe anybody.
        _refuse("staff-card.unsigned", "the signature has no bytes")
    issuer = token.claims.get(ISS)
    if not isinstance(issuer, str) or issuer not in issuers.keys:
        _refuse("staff-card.issuer-unknown", "the token's iss is not among the issuers that were given")
    keys = issuers.keys[issuer]
    payload = _verified_payload(token.message, keys)
    signed_at, valid_from, valid_until = _validity(token.claims, at)
    return VerifiedToken(
        issuer=issuer,
        issuer_keys=keys,
        claims=token.claims,
        message=token.message,
        digest=hashlib.sha256(token.message.protected + payload).digest(),
        signed_at=signed_at,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def moment(claims: Mapping[CborKey, CborValue], label: int) -> datetime | None:
    """Return a NumericDate claim (RFC 8392, 2), or ``None``. Raises ``staff-card.claims-malformed``."""
    value = claims.get(label)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        _refuse("staff-card.claims-malformed", f"claim {label} is not a number of seconds since 1970")
    return datetime.fromtimestamp(int(value), UTC)


def _verified_payload(message: CoseMessage, keys: tuple[PublicKey, ...]) -> bytes:
    refusals: list[Refused] = []
    for key in keys:
        try:
            return cose.verify_sign1(message, key=key, algorithms=_ALGORITHMS)
        except Refused as refusal:
            refusals.append(refusal)
    # Of several keys one may be of another kind than the signature; what the signature itself says counts.
    named = [each for each in refusals if each.name != "cose.key-mismatch"]
    raise (named or refusals)[0]


def _validity(claims: Mapping[CborKey, CborValue], at: datetime) -> tuple[datetime, datetime, datetime]:
    issued, begins, ends = (moment(claims, label) for label in (IAT, NBF, EXP))
    if ends is None:
        _refuse("staff-card.expiry-missing", "the token names no exp")
    if issued is None:
        _refuse("staff-card.claims-malformed", "the token names no iat")
    if issued > at:
        _refuse("staff-card.issued-in-future", f"issued {issued:%Y-%m-%d}; judged {at:%Y-%m-%d}")
    if begins is not None and begins > at:
        _refuse("staff-card.not-yet-valid", f"valid from {begins:%Y-%m-%d}; judged {at:%Y-%m-%d}")
    if at >= ends:
        _refuse("staff-card.expired", f"valid until {ends:%Y-%m-%d}; judged {at:%Y-%m-%d}")
    return issued, begins or issued, ends


_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


def _keys(name: str, content: bytes) -> tuple[PublicKey, ...]:
    if not name.endswith(".pem") or not _ISSUER.fullmatch(name.removesuffix(".pem")):
        raise _unreadable(name, "a file of keys is named <iss>.pem")
    blocks = _PEM.findall(content[:MAX_KEY_FILE_BYTES])
    if not 1 <= len(blocks) <= _MAX_KEYS or len(content) > MAX_KEY_FILE_BYTES:
        raise _unreadable(name, f"it holds {len(blocks)} public keys in PEM; 1 to {_MAX_KEYS} are read")
    return tuple(_key(name, block) for block in blocks)


def _key(name: str, block: bytes) -> PublicKey:
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm):
        raise _unreadable(name, "a key cannot be read") from None
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return key
    raise _unreadable(name, "a key is neither Ed25519 nor on P-256")


def _unreadable(name: str, why: str) -> Misuse:
    return Misuse("staff-card.issuer-key-unreadable", f"{name}: {why}")


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)

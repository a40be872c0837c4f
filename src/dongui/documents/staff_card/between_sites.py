"""What two sites send each other about a card: its secret, and that it was revoked.

Both are tokens (RFC 8392) signed with the key of the desk that issued the card, told apart from each other
and from cards by a type in the protected header (RFC 9596). A secret is encrypted to the one site it is for,
as cards are; a revocation is no secret: it holds a random id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from dongui.documents.staff_card.cwt import (
    AUD,
    CTI,
    EXP,
    IAT,
    ISS,
    StaffCardIssuers,
    read_token,
    verify_token,
)
from dongui.documents.staff_card.encryption import SiteKey, SitePublicKey, decrypt, encrypt
from dongui.documents.staff_card.issuing import StaffCardIssuer
from dongui.documents.staff_card.register import CARD_ID_BYTES, SECRET_BYTES, RegisteredCard
from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue, Limits, Tagged
from dongui.encoding.cose import sign1
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse, Refused

__all__ = [
    "MAX_TRANSFER",
    "ReceivedSecret",
    "Revocation",
    "open_secret",
    "read_revocation",
    "seal_secret",
    "sign_revocation",
]

MAX_TRANSFER = timedelta(days=31)
"""How long a secret may be under way: a file that lies about is good for no longer."""
_SECRET_TYPE, _REVOCATION_TYPE = "dongui-card-secret", "dongui-card-revocation"
_TYPE, _SIGN1_TAG = 16, 18
_ENDS, _SECRET = "ends", "secret"
_LIMITS = Limits(max_bytes=4_096, max_depth=4, max_items=64)
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z


@dataclass(frozen=True, slots=True)
class ReceivedSecret:
    """A card's secret as another site sent it, and the name of the issuer who signed it."""

    card: RegisteredCard
    issuer: str


@dataclass(frozen=True, slots=True)
class Revocation:
    """That an issuer revoked a card, and when the card would have ended."""

    card_id: bytes
    issuer: str
    valid_until: datetime


def seal_secret(
    card: RegisteredCard,
    *,
    issuer: StaffCardIssuer,
    site: SitePublicKey,
    valid_for: timedelta,
    clock: Clock,
    entropy: Entropy,
) -> bytes:
    """Return a card's secret, signed and encrypted to one site, good for ``valid_for`` or the card's life.

    Raises ``Misuse`` (``staff-card.validity-malformed``) beyond :data:`MAX_TRANSFER`.
    """
    if not timedelta(0) < valid_for <= MAX_TRANSFER:
        raise Misuse("staff-card.validity-malformed", f"a secret is under way for at most {MAX_TRANSFER}")
    now, ends = clock.now(), int(card.valid_until.timestamp())
    claims: dict[CborKey, CborValue] = {
        AUD: site.audience,
        EXP: min(int((now + valid_for).timestamp()), ends),
        CTI: card.card_id,
        _ENDS: ends,
        _SECRET: card.secret,
    }
    return encrypt(_signed(claims, _SECRET_TYPE, issuer, now), sites=(site,), entropy=entropy)


def open_secret(data: bytes, *, issuers: StaffCardIssuers, site_key: SiteKey, clock: Clock) -> ReceivedSecret:
    """Return what :func:`seal_secret` sealed for this site.

    Raises ``Refused``: as :func:`.encryption.decrypt` (``staff-card.not-for-this-site``),
    :func:`.verify_token` (``staff-card.issuer-unknown``, ``staff-card.expired``),
    ``staff-card.other-audience`` (the issuer sealed it for another site, which passed it on),
    ``card.file-malformed``.
    """
    issuer, claims = _verified(decrypt(data, site_key=site_key), _SECRET_TYPE, issuers, clock)
    if claims.get(AUD) != site_key.public.audience:
        raise Refused("staff-card.other-audience", "the issuer sealed this secret for another site")
    secret = claims.get(_SECRET)
    if claims.keys() != {ISS, AUD, EXP, IAT, CTI, _ENDS, _SECRET}:
        _malformed("its claims are not those of a card's secret")
    if not isinstance(secret, bytes) or len(secret) != SECRET_BYTES:
        _malformed(f"a secret has {SECRET_BYTES} bytes")
    ends = claims[_ENDS]
    if (
        not isinstance(ends, int)
        or isinstance(ends, bool)
        or not clock.now().timestamp() < ends <= _LAST_SECOND
    ):
        _malformed("the card's end has passed, or is no moment")
    return ReceivedSecret(RegisteredCard(_card_id(claims), secret, datetime.fromtimestamp(ends, UTC)), issuer)


def sign_revocation(card_id: bytes, *, valid_until: datetime, issuer: StaffCardIssuer, clock: Clock) -> bytes:
    """Return the notice that a card of this issuer is revoked. It counts until the card would have ended."""
    claims: dict[CborKey, CborValue] = {EXP: int(valid_until.timestamp()), CTI: card_id}
    return _signed(claims, _REVOCATION_TYPE, issuer, clock.now())


def read_revocation(data: bytes, *, issuers: StaffCardIssuers, clock: Clock) -> Revocation:
    """Return what :func:`sign_revocation` signed.

    Raises ``Refused``: as :func:`.verify_token`; ``card.file-malformed``. It says whose word it is; whether
    that issuer may revoke this card is the register's to know.
    """
    issuer, claims = _verified(data, _REVOCATION_TYPE, issuers, clock)
    ends = claims.get(EXP)
    if claims.keys() != {ISS, EXP, IAT, CTI} or not isinstance(ends, int):
        _malformed("its claims are not those of a revocation")
    return Revocation(_card_id(claims), issuer, datetime.fromtimestamp(ends, UTC))


def _signed(claims: dict[CborKey, CborValue], kind: str, issuer: StaffCardIssuer, now: datetime) -> bytes:
    payload = cbor.dumps(claims | {ISS: issuer.name, IAT: int(now.timestamp())})
    return cbor.dumps(Tagged(_SIGN1_TAG, sign1(payload, key=issuer.key, protected={_TYPE: kind}).to_cbor()))


def _verified(
    data: bytes, kind: str, issuers: StaffCardIssuers, clock: Clock
) -> tuple[str, Mapping[CborKey, CborValue]]:
    cbor.loads_canonical(data, limits=_LIMITS)
    token = read_token(data)
    # One key signs cards, secrets and revocations: without the type one could be held out as another.
    headers = token.message.headers
    if token.message.unprotected or set(headers) != {1, _TYPE} or headers[_TYPE] != kind:
        _malformed("its signature has other headers than its algorithm and this type")
    verified = verify_token(token, issuers=issuers, at=clock.now())
    cbor.loads_canonical(token.message.payload or b"", limits=_LIMITS)
    return verified.issuer, verified.claims


def _card_id(claims: Mapping[CborKey, CborValue]) -> bytes:
    card_id = claims.get(CTI)
    if not isinstance(card_id, bytes) or len(card_id) != CARD_ID_BYTES:
        _malformed(f"a card's id has {CARD_ID_BYTES} bytes")
    return card_id


def _malformed(why: str) -> NoReturn:
    raise Refused("card.file-malformed", why)
